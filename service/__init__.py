"""HTTP around a classifier. Flask lives here and only here."""
