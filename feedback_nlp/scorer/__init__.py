"""The batch scorer: hashed n-grams against one table, all heads in one pass."""
