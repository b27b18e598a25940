"""Trends and effect: what is rising, since when, and did the fix help."""
