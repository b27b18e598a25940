"""Chinese customer feedback in, a priority ledger out."""
