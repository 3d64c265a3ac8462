"""Adds a column of labels to a table: python column.py headlines.csv labelled.csv."""

import sys

import pandas as pd

import classifier

table = pd.read_csv(sys.argv[1])
answers = classifier.load().classify(table["headline"])
table["label"] = [answer.label for answer in answers]
table["confidence"] = [round(answer.confidence, 3) for answer in answers]
table.to_csv(sys.argv[2], index=False)
