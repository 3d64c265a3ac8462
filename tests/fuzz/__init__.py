"""Random inputs by the million against what the classifier and the service promise for any input."""
