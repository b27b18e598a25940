"""Training a scorer model from labelled tables (needs scikit-learn; never imported for scoring)."""
