"""The texts the speed benchmark reads: real reviews, drawn by seed so that they are 73 characters long on average."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import SEED, read_table

MEAN_CHARS = 73
SHORTEST, LONGEST = 20, 300
SOURCES = ("shopping", "app", "takeaway", "aircon")
POOL = 30_000


def review_pool(size: int = POOL) -> list[str]:
    """``size`` different reviews; the shares below and above the mean length are chosen so that it is ``MEAN_CHARS``."""
    table = read_table("sentiment")
    texts = table.loc[table["source"].isin(SOURCES), "text"].drop_duplicates()
    lengths = texts.str.len()
    texts = texts[lengths.between(SHORTEST, LONGEST)]
    short, long = texts[texts.str.len() < MEAN_CHARS], texts[texts.str.len() >= MEAN_CHARS]
    low, high = short.str.len().mean(), long.str.len().mean()
    wanted = round(size * (MEAN_CHARS - low) / (high - low))
    chosen = [*long.sample(wanted, random_state=SEED), *short.sample(size - wanted, random_state=SEED)]
    return in_random_order(chosen)


def in_random_order(texts: Sequence[str]) -> list[str]:
    """The texts in an order that depends on the seed alone."""
    import numpy as np

    return [texts[row] for row in np.random.default_rng(SEED).permutation(len(texts)).tolist()]


def like_the_pool(pool: Sequence[str], size: int) -> list[str]:
    """``size`` texts of the pool with its distribution of lengths: every so many-th in order of length, in random order again."""
    ranked = sorted(pool, key=len)
    return in_random_order([ranked[(2 * k + 1) * len(ranked) // (2 * size)] for k in range(size)])


def mean_length(texts: Sequence[str]) -> float:
    """Characters per text."""
    return sum(map(len, texts)) / len(texts)


def write_texts(path: Path, texts: Sequence[str]) -> Path:
    """Texts to a JSON file for a measured process, which then needs no pandas to read them."""
    path.write_text(json.dumps(list(texts)), encoding="utf-8")
    return path


def read_texts(path: str) -> Any:
    """The texts of ``write_texts``."""
    return json.loads(Path(path).read_text(encoding="utf-8"))
