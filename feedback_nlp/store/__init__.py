"""The ledger between runs: merged with what people changed, kept in a database, with its history."""

from feedback_nlp.store.corrected import corrections
from feedback_nlp.store.ledger_store import LedgerStore
from feedback_nlp.store.merge import Merged, merge_ledger

__all__ = ["LedgerStore", "Merged", "corrections", "merge_ledger"]
