"""Feedback type, urgency and risk: the meaning of the scorer's logits."""
