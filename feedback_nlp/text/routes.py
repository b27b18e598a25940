"""The most probable words of a text by their frequencies: jieba's word graph and its best path, for many texts at once.

Between two places that no word of the lexicon crosses stands a segment. What is best in one does not depend on the others, segments
are short, and all of them are worked on side by side: the number of steps is the length of the longest one.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from feedback_nlp.text.lexicon import LATIN, Bools, Floats, Ints, Lexicon, kinds, places

#: Two readings whose log probabilities differ by less are equally good, and the one with the longer first word is taken. jieba does so
#: for equal numbers, but its sums carry rounding errors (about 1e-13) that depend on the rest of the sentence.
EQUAL = 1e-9


@dataclass(frozen=True, eq=False)
class Words:
    """Words of two or more characters in a text, (n,) each.

    start, length: int64. slot: int64, their slots in the lexicon. weight: float64, their log probabilities.
    """

    start: Ints
    length: Ints
    slot: Ints
    weight: Floats

    def take(self, chosen: Ints | Bools) -> "Words":
        """Some of them."""
        return Words(self.start[chosen], self.length[chosen], self.slot[chosen], self.weight[chosen])


def join(parts: list[Words]) -> Words:
    """All words of the parts, which are one or more."""
    return Words(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("start", "length", "slot", "weight")))


def best_words(codes: Ints, lexicon: Lexicon) -> tuple[Words, Words]:
    """Find the words of the most probable reading.

    codes: int64 (n_chars,), rows that end in BREAK.
    Returns (the words of that reading, in no particular order; all words there are, shorter ones first). Characters in no word of the
    reading stand alone.
    """
    words = all_words(codes, lexicon)
    cuts = _cuts(len(codes), words)
    single = lexicon.single.take(codes)
    # A segment of two characters holds one word, and has two readings.
    two = (words.length == 2) & cuts.take(words.start) & cuts.take(words.start + words.length)
    pairs = places(two)
    start = words.start[pairs]
    short = words.take(pairs[words.weight[pairs] > single[start] + single[start + 1] - EQUAL])
    rest = words.take(places(~two))
    bounds = places(cuts)
    lengths = bounds[1:] - bounds[:-1]
    long = places(lengths > 2)
    chosen = _best_of_many(rest, single, bounds[long], lengths[long])
    return join([short, rest.take(chosen)]), words


def all_words(codes: Ints, lexicon: Lexicon) -> Words:
    """Find every word of the lexicon of two or more characters, shorter ones first, then from left to right."""
    slots = lexicon.follow(lexicon.first.take(codes[:-1]), codes[1:])
    at, length = places(slots >= 0), 2
    slots = slots[at]
    found = [Words(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    while len(at):
        weight = lexicon.weight.take(slots)
        ends = places(weight > -np.inf)
        found.append(Words(at[ends], np.full(len(ends), length), slots[ends], weight[ends]))
        slots = lexicon.follow(slots, codes[at + length])  # a row ends in BREAK, so this never runs over the end
        on = places(slots >= 0)
        at, slots, length = at[on], slots[on], length + 1
    words = join(found)
    return words if lexicon.whole is None else words.take(~_inside_latin(codes, words, lexicon.whole))


def _inside_latin(codes: Ints, words: Words, whole: Bools) -> Bools:
    """bool (n_words,): a user word that begins or ends within a longer run of Latin letters and digits."""
    latin = kinds().take(codes) == LATIN
    inner = np.zeros(len(codes) + 1, np.bool_)  # place i stands between characters i - 1 and i
    inner[1:-1] = latin[1:] & latin[:-1]
    cut_off: Bools = whole[words.slot] & (inner[words.start] | inner[words.start + words.length])
    return cut_off


def _cuts(n_chars: int, words: Words) -> Bools:
    """bool (n_chars + 1,): the places no word crosses, both ends included."""
    ends = np.arange(1, n_chars + 1, dtype=np.int32)
    reach = ends.copy()
    reach[words.start] = words.start + words.length  # words come shorter first, so the longest stays
    cuts = np.ones(n_chars + 1, np.bool_)
    np.equal(np.maximum.accumulate(reach), ends, out=cuts[1:])
    return cuts


def _best_of_many(words: Words, single: Floats, starts: Ints, lengths: Ints) -> Ints:
    """Choose the words of the best path of each segment, jieba's ``calc`` from the end to the start.

    words: those in the segments. single: float64 (n_chars,), weights of characters. starts, lengths: int64 (n_segments,), of the
    segments. Returns int64 (n_chosen,), positions in ``words``.
    """
    if not len(starts):
        return np.zeros(0, np.int64)
    # Every segment gets a place more than it has characters: its end, where the path has cost nothing yet.
    number = np.repeat(np.arange(len(starts)), lengths)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    chars = np.arange(offsets[-1]) + (starts - offsets[:-1])[number]
    here = np.arange(offsets[-1]) + number
    left = offsets[1:][number] - np.arange(offsets[-1])  # characters up to the segment's end
    local = np.empty(len(single), np.int64)
    local[chars] = np.arange(offsets[-1])
    word_at = local[words.start]
    # All steps of the graph: single characters, then words; in the order in which they are worked on.
    step_from = np.concatenate([here, here[word_at]])
    step_left = np.concatenate([left, left[word_at]])
    step_size = np.concatenate([np.ones(len(here), np.int64), words.length])
    order = np.argsort((step_left * (offsets[-1] + len(starts)) + step_from) * (int(step_size.max()) + 1) + step_size)
    value = np.concatenate([single[chars], words.weight])[order]
    step_from, step_to = step_from[order], (step_from + step_size)[order]
    bounds = np.concatenate([[0], np.cumsum(np.bincount(step_left))]).tolist()
    taken = _walk_back(value, step_from, step_to, bounds, len(here) + len(starts))
    chosen = order[_follow(taken, step_to, offsets[:-1] + np.arange(len(starts)))]
    return chosen[chosen >= len(here)] - len(here)


def _walk_back(value: Floats, step_from: Ints, step_to: Ints, bounds: list[int], n_places: int) -> Ints:
    """int64 (n_places,): the best step from each place, -1 at an end. Steps ``bounds[i]`` to ``bounds[i + 1]`` start i places before it."""
    route, taken = np.zeros(n_places), np.full(n_places, -1, np.int64)
    opens = np.concatenate([[True], step_from[1:] != step_from[:-1]])
    for first, last in pairwise(bounds[1:]):
        here = step_from[first:last]
        total = value[first:last] + route[step_to[first:last]]
        groups = places(opens[first:last])
        route[here[groups]] = np.maximum.reduceat(total, groups)
        good = places(total > route[here] - EQUAL)
        taken[here[good]] = good + first  # of several the last stays, the longest
    return taken


def _follow(taken: Ints, step_to: Ints, at: Ints) -> Ints:
    """int64 (n_chosen,): the steps on the way from each place to its end."""
    steps = [np.zeros(0, np.int64)]
    while len(at):
        step = taken[at]
        step = step[step >= 0]
        steps.append(step)
        at = step_to[step]
    return np.concatenate(steps)
