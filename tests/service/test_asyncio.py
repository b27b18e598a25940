"""A scorer behind an event loop: a batch in a thread does not stop the loop, and a batch on the loop does."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from shared_use import TEXTS

from feedback_nlp import BatchScorer

SCORER = BatchScorer.load()
BIG = TEXTS * 1500


async def ticks_during(work):
    """How often the loop came round while ``work`` was awaited, and what it gave."""
    ticks, over = 0, False

    async def tick():
        nonlocal ticks
        while not over:
            ticks += 1
            await asyncio.sleep(0.001)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0)
    before = ticks
    result = await work()
    counted, over = ticks - before, True
    await ticking
    return counted, result


async def to_thread():
    return await asyncio.to_thread(SCORER.score, BIG)


async def in_executor():
    with ThreadPoolExecutor(1) as executor:
        return await asyncio.get_running_loop().run_in_executor(executor, SCORER.score, BIG)


async def in_chunks():
    parts = [await asyncio.to_thread(SCORER.score, BIG[first : first + 1000]) for first in range(0, len(BIG), 1000)]
    return sum(map(len, parts))


async def on_the_loop():
    return SCORER.score(BIG)


@pytest.mark.parametrize("work", [to_thread, in_executor, in_chunks], ids=lambda work: work.__name__)
def test_the_loop_runs_on(work):
    """The kernels let go of the interpreter: the loop comes round many times within one big batch, whatever the machine does beside."""
    assert asyncio.run(ticks_during(work))[0] >= 10


def test_without_a_thread_the_loop_stands_still():
    """Or the ticks above would show nothing."""
    assert asyncio.run(ticks_during(on_the_loop))[0] == 0


def test_callers_at_once_get_their_own_answers():
    async def many():
        return await asyncio.gather(*(asyncio.to_thread(SCORER.score, [text]) for text in TEXTS))

    alone = [SCORER.score([text]) for text in TEXTS]
    for found, expected in zip(asyncio.run(many()), alone, strict=True):
        assert found.equals(expected)
