"""What the classifier is timed against, each loaded or trained from the same corpus."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classifier import Classifier, load, storage
from classifier.sums import COMPILED
from classifier.terms import fold
from training import publish, read

NAMES = ("classifier", "classifier, not compiled", "scikit-learn pipeline", "fastText, subwords 2 to 5")


@dataclass(frozen=True)
class Contender:
    one: Callable[[str], object]
    many: Callable[[list[str]], object]


def contender(name: str, models: Path) -> Contender | None:
    """Return a contender, None if it is not installed."""
    if name in NAMES[:2]:
        ours = load(models)
        if name == NAMES[1]:
            ours = Classifier(ours.weights, ours.version, compiled=False)
        elif not COMPILED:
            return None
        return Contender(lambda text: ours.classify([text]), ours.probabilities)
    if name == NAMES[2]:
        pipeline = publish.load_pipeline(models / storage.current(models))
        return Contender(lambda text: pipeline.predict_proba([text]), pipeline.predict_proba)
    return _fasttext()


def _fasttext() -> Contender | None:
    try:
        import fasttext
    except ImportError:
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "train.txt"
        lines = read.read([read.OWN]).lines
        file.write_text("".join(f"__label__{line.topic} {fold(line.text)}\n" for line in lines), encoding="utf-8")
        model = fasttext.train_supervised(str(file), minn=2, maxn=5, epoch=5, thread=1, verbose=0)

    def one(text: str) -> object:
        # What the package's own predict() does, which fails with numpy 2; and folded, as what it was trained on.
        probabilities, labels = zip(*model.f.predict(fold(text) + "\n", 5, 0.0, "strict"), strict=True)
        return labels, np.array(probabilities)

    return Contender(one, lambda texts: [one(text) for text in texts])
