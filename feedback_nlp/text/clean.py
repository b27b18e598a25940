"""Cleaning: what every later step reads, and what people read in the ledger.

Almost all work is table look-ups over flat arrays; the rows that hold mark-up, traditional characters, mojibake or composed
sequences (about one in a hundred) go through ``rules.py`` first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.characters import DROP, KEEP_RUN, N_CODE_POINTS, RARE, SPACE, CharacterTable, character_table
from feedback_nlp.text.native import native
from feedback_nlp.text.rules import apply_rules

#: A character repeated more often than this is shortened to it (啊啊啊啊啊啊 -> 啊啊啊); digits and * never are.
MAX_RUN = 3


@dataclass(frozen=True)
class CleanTexts:
    """Cleaned texts, row by row those that went in.

    batch: the cleaned rows.
    no_information: bool (n_rows,), True where a row says nothing: empty after cleaning, or a platform's template text.
    damaged: bool (n_rows,), True where characters were lost before the text came here (U+FFFD, 锟斤拷).
    """

    batch: TextBatch
    no_information: NDArray[np.bool_]
    damaged: NDArray[np.bool_]

    def texts(self) -> list[str]:
        """The cleaned rows as strings."""
        return self.batch.to_texts()


def clean(texts: Sequence[str]) -> CleanTexts:
    """Clean a sequence of str; each row is treated alone, so order and neighbours change nothing.

    NFKC (Chinese punctuation is spared), zero-width and control characters, HTML, links, @user, #topic#, pinyin annotations,
    mojibake, traditional characters, white space, runs of more than ``MAX_RUN`` equal characters. Emoji and [表情] codes stay.
    """
    batch, rare = tidy(TextBatch.from_texts(texts))
    damaged = np.zeros(batch.n_rows, dtype=bool)
    if rare.size:
        ruled = [apply_rules(texts[row]) for row in rare.tolist()]
        damaged[rare] = ["\ufffd" in text or "锟斤拷" in text for text in ruled]
        batch = batch.replace_rows(rare, tidy(TextBatch.from_texts(ruled), ruled=True)[0])
    return CleanTexts(batch, _no_information(batch), damaged)


def tidy(batch: TextBatch, *, ruled: bool = False) -> tuple[TextBatch, NDArray[np.intp]]:
    """What can be cleaned character by character, and the rows that cannot.

    ruled: the rows went through ``rules.apply_rules``, so none needs it.
    Returns the cleaned batch, and intp (n_rare,), the rows that need the rules; these are empty in it.
    """
    module, table = native(), character_table()
    if module is None:
        return tidy_numpy(batch, ruled=ruled)
    codes, indptr, rare = np.empty_like(batch.codes), np.empty_like(batch.indptr), np.empty(batch.n_rows, np.bool_)
    module.clean(batch.codes, batch.indptr, table.clean, table.flags, codes, indptr, rare, not ruled)
    return TextBatch(codes[: indptr[-1]], indptr), rare.nonzero()[0]


def tidy_numpy(batch: TextBatch, *, ruled: bool = False) -> tuple[TextBatch, NDArray[np.intp]]:
    """What ``tidy`` returns, without compiled code."""
    table = character_table()
    rare = np.zeros(0, np.intp) if ruled else _rare_rows(batch, table)
    keep = (table.flags[batch.codes] & DROP) == 0
    for row in rare.tolist():
        keep[batch.indptr[row] : batch.indptr[row + 1]] = False
    visible = batch.select(keep)
    mapped = TextBatch(table.clean[visible.codes], visible.indptr)
    return _strip(_shorten_runs(mapped, table)), rare


def _rare_rows(batch: TextBatch, table: CharacterTable) -> NDArray[np.intp]:
    """Rows that need the row-wise rules. A dot counts only in 「www.」, a slash only in 「://」 or 「</」."""
    codes = batch.codes
    positions = np.flatnonzero(table.flags[codes] & RARE)
    if not positions.size:
        return positions
    rows = np.searchsorted(batch.indptr, positions, side="right") - 1
    previous = np.where(positions > batch.indptr[rows], codes[positions - 1], 0)
    here = codes[positions]
    harmless = ((here == ord(".")) & ((previous | 0x20) != ord("w"))) | ((here == ord("/")) & (previous != ord("/")))
    return np.unique(rows[~harmless])


def _row_starts(batch: TextBatch) -> NDArray[np.int64]:
    """Positions at which a row starts, empty rows left out."""
    return batch.indptr[:-1][batch.lengths > 0]


def _shorten_runs(batch: TextBatch, table: CharacterTable) -> TextBatch:
    """White space to one blank, other runs to ``MAX_RUN``."""
    codes = batch.codes
    same = np.zeros(len(codes), dtype=bool)
    np.equal(codes[1:], codes[:-1], out=same[1:])
    same[_row_starts(batch)] = False
    if not same.any():
        return batch
    long_run = same.copy()
    for step in range(1, MAX_RUN):
        long_run[step:] &= same[:-step]
    positions = np.flatnonzero(same)
    flags = table.flags[codes[positions]]
    keep = np.ones(len(codes), dtype=bool)
    keep[positions] = ((flags & SPACE) == 0) & (((flags & KEEP_RUN) != 0) | ~long_run[positions])
    return batch.select(keep)


def _strip(batch: TextBatch) -> TextBatch:
    """No blank at either end of a row. Expects runs of blanks shortened to one."""
    ends = np.concatenate([_row_starts(batch), batch.indptr[1:][batch.lengths > 0] - 1])
    blank = ends[batch.codes[ends] == 0x20]
    if not blank.size:
        return batch
    keep = np.ones(len(batch.codes), dtype=bool)
    keep[blank] = False
    return batch.select(keep)


@cache
def template_texts() -> frozenset[str]:
    """Texts that platforms fill in where a customer wrote nothing (``data/templates.txt``)."""
    lines = resources.files("feedback_nlp").joinpath("data/templates.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("# "))


#: Left out at the end of a text before it is compared with a template.
_FINAL_PUNCTUATION = "。.!！~"


@cache
def _template_characters() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """bool (0x110000,) each: characters that open a template, and those left out at its end."""
    heads, finals = np.zeros((2, N_CODE_POINTS), dtype=bool)
    heads[[ord(text[0]) for text in template_texts()]] = True
    finals[[*map(ord, _FINAL_PUNCTUATION)]] = True
    return heads, finals


def _no_information(batch: TextBatch) -> NDArray[np.bool_]:
    """Rows that are empty or are a template once final punctuation is left out."""
    templates = template_texts()
    longest = max(map(len, templates))
    lengths = batch.lengths
    result: NDArray[np.bool_] = lengths == 0
    # Only rows that share the first character and may have the length of a template are looked at as strings.
    heads, finals = _template_characters()
    rows = np.flatnonzero(~result)
    short = (lengths[rows] <= longest) | finals[batch.codes[batch.indptr[rows + 1] - 1]]
    for row in rows[short & heads[batch.codes[batch.indptr[rows]]]].tolist():
        codes = batch.codes[batch.indptr[row] : batch.indptr[row + 1]]
        result[row] = codes.tobytes().decode("utf-32-le").rstrip(_FINAL_PUNCTUATION) in templates
    return result
