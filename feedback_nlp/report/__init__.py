"""The ledger for readers: workbook and one-file report."""
