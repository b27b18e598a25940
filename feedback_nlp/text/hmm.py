"""Words no dictionary knows: jieba's hidden Markov model over the characters left alone, for many runs of them at once.

Each character begins a word, stands in its middle, ends it, or is a word by itself (B, M, E, S). The numbers are jieba's, read from the
installed package; sums are formed in the same order as there, so that even ties fall alike.
"""

import importlib.util
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from types import ModuleType

import numpy as np

from feedback_nlp.text.lexicon import Bools, Floats, Ints, jieba_file

#: Log probability of what never happened in jieba's training texts.
NEVER = -3.14e100
FIRST_HAN, N_HAN = 0x4E00, 0x9FD6 - 0x4E00

STATES = B, M, E, S = tuple(range(4))
#: Each state may follow two; of equally good ones jieba takes that with the later letter, here OTHER.
ONE, OTHER = np.array([E, B, B, E]), np.array([S, M, M, S])
BEFORE = np.stack([ONE, OTHER], axis=1)
ENDS = np.array([False, False, True, True])


@dataclass(frozen=True, eq=False)
class Model:
    """start: float64 (4,). move: float64 (4, 4), from, to. emit: float64 (4, N_HAN), one column a character from U+4E00 on."""

    start: Floats
    move: Floats
    emit: Floats


@cache
def jieba_model() -> Model:
    """jieba's model, read on the first call and shared."""
    start, move, emit = (_load(f"prob_{part}").P for part in ("start", "trans", "emit"))
    letters = "BMES"
    table = np.full((4, N_HAN), NEVER)
    for row, letter in enumerate(letters):
        codes = np.fromiter(map(ord, emit[letter]), np.int64) - FIRST_HAN
        values = np.fromiter(emit[letter].values(), np.float64)
        table[row, codes] = values
    moves = [[move[before].get(after, NEVER) for after in letters] for before in letters]
    return Model(np.array([start[letter] for letter in letters]), np.array(moves), table)


def _load(name: str) -> ModuleType:
    """One of jieba's tables, without importing jieba: that would touch loggers and compile its dictionary's patterns."""
    spec = importlib.util.spec_from_file_location(f"_jieba_{name}", jieba_file("finalseg", f"{name}.py"))
    if spec is None or spec.loader is None:
        raise ImportError(f"jieba/finalseg/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def joins(codes: Ints, indptr: Ints) -> Bools:
    """Say where the most probable words go on.

    codes: int64 (n_chars,), Chinese characters (kind HAN) of all runs. indptr: int64 (n_runs + 1,), no run is empty.
    Returns bool (n_chars,): the character belongs to the same word as the one before it in its run.
    """
    # Longer runs first: those still going on at a step are then the first so many rows.
    lengths = indptr[1:] - indptr[:-1]
    order = np.argsort(-lengths, kind="stable")
    starts, lengths = indptr[:-1][order], lengths[order]
    going = (len(lengths) - np.searchsorted(lengths[::-1], np.arange(1, lengths.max(initial=0) + 1))).tolist()
    place = np.concatenate([np.zeros(0, np.int64), *(starts[:rows] + step for step, rows in enumerate(going))])
    ends = np.zeros(len(codes), np.bool_)
    ends[place] = _ends(codes[place] - FIRST_HAN, going, jieba_model())
    ends[indptr[1:] - 1] = True
    return np.concatenate([[False], ~ends[:-1]])[: len(codes)]


def _ends(chars: Ints, going: list[int], model: Model) -> Bools:
    """bool (n_chars,): a word ends here on the best path (Viterbi). The first characters of all runs come first, then the second ones."""
    emit = model.emit.take(chars, axis=1)
    one, other = model.move[ONE, STATES][:, None], model.move[OTHER, STATES][:, None]
    offsets = np.concatenate([[0], np.cumsum(going)]).tolist()
    came: list[Bools] = []
    value = last = model.start[:, None] + emit[:, : offsets[1]] if going else emit
    last = last.copy()
    for (begin, stop), rows in zip(pairwise(offsets[1:]), going[1:], strict=True):
        first = value[ONE, :rows] + one + emit[:, begin:stop]
        second = value[OTHER, :rows] + other + emit[:, begin:stop]
        came.append(second >= first)
        value = np.maximum(first, second)
        last[:, :rows] = value
    # Back from the last state of each run to its first.
    ends = np.empty(len(chars), np.bool_)
    state = np.where(last[S] >= last[E], S, E)
    for begin, rows in reversed(list(zip(offsets, going, strict=False))):
        ends[begin : begin + rows] = ENDS[state[:rows]]
        if begin:
            state[:rows] = BEFORE[state[:rows], came.pop()[state[:rows], np.arange(rows)].view(np.int8)]
    return ends
