"""Prints the sports headlines of a ticker: python script.py 'one • two • three'."""

import sys

import classifier
from classifier import ticker

model = classifier.load()
for answer in model.classify(ticker.read(" ".join(sys.argv[1:])).headlines):
    if answer.label == "sport":
        print(f"{answer.confidence:.0%}  {answer.headline}")
