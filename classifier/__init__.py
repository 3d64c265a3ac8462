"""News-ticker headlines -> topics: `sport`, `politics`, `economy`, `weather`, `other`, or an honest no answer.

>>> import classifier
>>> model = classifier.load()
>>> model.classify(["Botola : le Raja bat le Wydad (2-1)"])[0].label
'sport'
"""

from classifier.errors import ClassifierError, InputError, ModelError
from classifier.model import Classifier, Driver, Explanation, Prediction
from classifier.storage import load

__all__ = [
    "Classifier",
    "ClassifierError",
    "Driver",
    "Explanation",
    "InputError",
    "ModelError",
    "Prediction",
    "load",
]
