"""Accuracy, speed and scaling of feedback_nlp, measured by scripts that anyone with the data can run again."""
