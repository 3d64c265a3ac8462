"""Labelled lines -> model. scikit-learn and joblib live here and only here."""
