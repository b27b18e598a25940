"""Priority, deadlines, routing: from scores and topics to the ledger."""
