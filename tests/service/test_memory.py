"""Sixteen threads on one object, for thousands of calls: nothing of a call is left behind, neither in Python nor in C.

What is held is counted, not what is resident: allocators keep memory for the next call, and how much of it is chance.
"""

import ctypes
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import shared_use
from shared_use import TEXTS, THREADS

from benchmarks.soak import SIZES, heap_mib, held, in_fresh_process, soak
from benchmarks.texts import write_texts

#: Calls of each thread in a round. Two rounds fill the stores of free objects that each thread has, the third is measured.
CALLS = 60
#: What a call may leave behind on average: a fifth of an object, and bytes of C's heap.
BLOCKS, BYTES = 0.2, 100

SCORER, TOKENIZER = shared_use.BatchScorer.load(), shared_use.Tokenizer()


def left_behind(ask):
    """Blocks of Python and bytes of C's heap that each call of ``ask(texts)`` leaves behind; no two calls have the same texts."""
    gate = threading.Barrier(THREADS)

    def work(first):
        gate.wait()
        for number in range(first, first + CALLS):
            ask([f"{text}{number}" for text in TEXTS[number % 7 :: 8]])

    with ThreadPoolExecutor(THREADS) as pool:
        for turn in range(3):
            before = held()
            for _ in pool.map(work, range(turn * THREADS * CALLS, (turn + 1) * THREADS * CALLS, CALLS)):
                pass
        after = held()
    heap = 0.0 if after.heap is None else 2**20 * (after.heap - before.heap)
    return (after.blocks - before.blocks) / (THREADS * CALLS), heap / (THREADS * CALLS)


@pytest.mark.parametrize("ask", [SCORER.score, SCORER.probabilities, TOKENIZER.tokenize], ids=["score", "probabilities", "tokenize"])
def test_a_call_leaves_nothing_behind(ask):
    blocks, heap = left_behind(ask)
    assert blocks < BLOCKS and heap < BYTES, (blocks, heap)


def leaks():
    """Ways to lose memory, each a little at every call."""
    kept, own = [], threading.local()

    def in_each_thread(texts):
        own.kept = [*getattr(own, "kept", ()), object()]

    def in_c(texts):
        ctypes.pythonapi.PyMem_RawMalloc(2 * BYTES)

    return {
        "texts": lambda texts: kept.append(texts[0]),
        "results": lambda texts: kept.append(np.zeros(len(texts))),
        "in each thread": in_each_thread,
        "in C": pytest.param(in_c, marks=pytest.mark.skipif(heap_mib() is None, reason="this C library does not tell its heap")),
    }


@pytest.mark.parametrize("leak", leaks().values(), ids=leaks().keys())
def test_a_leak_would_show(leak):
    """Or the limits would mean nothing."""

    def ask(texts):
        SCORER.score(texts)
        leak(texts)

    blocks, heap = left_behind(ask)
    assert blocks >= BLOCKS or heap >= BYTES, (blocks, heap)


class Forgetful:
    """A scorer that gives every third caller the answer for other texts."""

    def __init__(self):
        self.calls = 0

    def score(self, texts):
        self.calls += 1
        return SCORER.score(["很好用"] * len(texts) if self.calls > len(SIZES) and self.calls % 3 == 0 else texts)


POOL = (TEXTS * 110)[: 1000 * len(SIZES)]


def test_the_soak_counts_wrong_answers():
    found = soak(Forgetful(), POOL, seconds=0.5, threads=4)
    assert 0 < found.wrong < found.calls


def test_the_soak_of_a_fresh_process(tmp_path):
    """All figures of the table are there, and the environment of the process is the one that was asked for."""
    found = in_fresh_process(write_texts(tmp_path / "texts.json", POOL), seconds=0.5, threads=4, settings={"MALLOC_ARENA_MAX": "1"})
    assert found.wrong == 0 and found.calls > 0 and len(found.rows()) == len(dict(found.rows())) == 9
