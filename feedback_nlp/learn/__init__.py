"""Users' own labels: classifiers that begin with the bundled model and learn from a few texts more."""
