"""Sentiment: levels, polarity, and a second opinion."""
