"""The ledger between runs: merged with what people changed, kept in a database, with its history."""
