"""The most probable words of a text by their frequencies: jieba's word graph and its best path, for many texts at once.

Between two places that no word of the lexicon crosses stands a segment. What is best in one does not depend on the others, segments
are short, and all of them are worked on side by side: the number of steps is the length of the longest one.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from feedback_nlp.text.lexicon import LATIN, Bools, Floats, Ints, Lexicon, kinds

#: Two readings whose log probabilities differ by less are equally good, and the one with the longer first word is taken. jieba does so
#: for equal numbers, but its sums carry rounding errors (about 1e-13) that depend on the rest of the sentence.
EQUAL = 1e-9


@dataclass(frozen=True, eq=False)
class Words:
    """Words of two or more characters in a text. start: int64 (n,). length: int64 (n,). slot: int64 (n,), slots of the lexicon."""

    start: Ints
    length: Ints
    slot: Ints

    def take(self, chosen: Ints | Bools) -> "Words":
        """Some of them."""
        return Words(self.start[chosen], self.length[chosen], self.slot[chosen])

    def join(self, other: "Words") -> "Words":
        """These, then the others."""
        pairs = ((self.start, other.start), (self.length, other.length), (self.slot, other.slot))
        return Words(*map(np.concatenate, pairs))


def best_words(codes: Ints, lexicon: Lexicon) -> tuple[Words, Words]:
    """Find the words of the most probable reading.

    codes: int64 (n_chars,), rows that end in BREAK.
    Returns (the words of that reading, in no particular order; all words there are, shorter ones first). Characters in no word of the
    reading stand alone.
    """
    words = all_words(codes, lexicon)
    bounds = _segments(len(codes), words)
    lengths = np.diff(bounds)
    single, weight = lexicon.single.take(codes), lexicon.weight.take(words.slot)
    long = np.flatnonzero(lengths > 2)
    size = np.repeat(np.minimum(lengths, 3), lengths)[words.start]
    pairs = np.flatnonzero(size == 2)  # a segment of two characters holds one word, and two readings
    start = words.start[pairs]
    short = words.take(pairs[weight[pairs] > single[start] + single[start + 1] - EQUAL])
    many = np.flatnonzero(size == 3)
    chosen = _best_of_many(words.take(many), weight[many], single, bounds[long], lengths[long])
    return short.join(words.take(many[chosen])), words


def all_words(codes: Ints, lexicon: Lexicon) -> Words:
    """Find every word of the lexicon of two or more characters, shorter ones first, then from left to right."""
    slots = lexicon.follow(lexicon.first.take(codes[:-1]), codes[1:])
    at, length = np.flatnonzero(slots >= 0), 2
    slots = slots[at]
    starts, found, lengths = [], [], []
    while len(at):
        is_word = lexicon.weight.take(slots) > -np.inf
        starts.append(at[is_word])
        found.append(slots[is_word])
        lengths.append(np.full(len(starts[-1]), length))
        slots = lexicon.follow(slots, codes[at + length])  # a row ends in BREAK, so this never runs over the end
        on = np.flatnonzero(slots >= 0)
        at, slots, length = at[on], slots[on], length + 1
    none = np.zeros(0, np.int64)
    words = Words(*(np.concatenate([none, *part]) for part in (starts, lengths, found)))
    return words if lexicon.whole is None else words.take(~_inside_latin(codes, words, lexicon.whole))


def _inside_latin(codes: Ints, words: Words, whole: Bools) -> Bools:
    """bool (n_words,): a user word that begins or ends within a longer run of Latin letters and digits."""
    latin = kinds().take(codes) == LATIN
    inner = np.zeros(len(codes) + 1, np.bool_)  # place i stands between characters i - 1 and i
    inner[1:-1] = latin[1:] & latin[:-1]
    cut_off: Bools = whole[words.slot] & (inner[words.start] | inner[words.start + words.length])
    return cut_off


def _segments(n_chars: int, words: Words) -> Ints:
    """int64 (n_segments + 1,): the places no word crosses, both ends included."""
    ends = np.arange(1, n_chars + 1)
    reach = ends.copy()
    reach[words.start] = words.start + words.length  # words come shorter first, so the longest stays
    np.maximum.accumulate(reach, out=reach)
    return np.concatenate([[0], ends[reach == ends]])


def _best_of_many(words: Words, weight: Floats, single: Floats, starts: Ints, lengths: Ints) -> Ints:
    """Choose the words of the best path of each segment, jieba's ``calc`` from the end to the start.

    words: those in the segments. weight: float64 (n_words,). single: float64 (n_chars,).
    starts, lengths: int64 (n_segments,), of the segments. Returns int64 (n_chosen,), positions in ``words``.
    """
    if not len(starts):
        return np.zeros(0, np.int64)
    # Every segment gets a place more than it has characters: its end, where the path has cost nothing yet.
    number = np.repeat(np.arange(len(starts)), lengths)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    chars = np.arange(offsets[-1]) + (starts - offsets[:-1])[number]
    places = np.arange(offsets[-1]) + number
    left = offsets[1:][number] - np.arange(offsets[-1])  # characters up to the segment's end
    local = np.empty(len(single), np.int64)
    local[chars] = np.arange(offsets[-1])
    word_at = local[words.start]
    # All steps of the graph: single characters, then words; in the order in which they are worked on.
    step_from = np.concatenate([places, places[word_at]])
    step_left = np.concatenate([left, left[word_at]])
    step_size = np.concatenate([np.ones(len(places), np.int64), words.length])
    order = np.argsort((step_left * (offsets[-1] + len(starts)) + step_from) * (int(step_size.max()) + 1) + step_size)
    value = np.concatenate([single[chars], weight])[order]
    step_from, step_to = step_from[order], (step_from + step_size)[order]
    bounds = np.concatenate([[0], np.cumsum(np.bincount(step_left))]).tolist()
    taken = _walk_back(value, step_from, step_to, bounds, len(places) + len(starts))
    chosen = order[_follow(taken, step_to, offsets[:-1] + np.arange(len(starts)))]
    return chosen[chosen >= len(places)] - len(places)


def _walk_back(value: Floats, step_from: Ints, step_to: Ints, bounds: list[int], n_places: int) -> Ints:
    """int64 (n_places,): the best step from each place, -1 at an end. Steps ``bounds[i]`` to ``bounds[i + 1]`` start i places before it."""
    route, taken = np.zeros(n_places), np.full(n_places, -1, np.int64)
    opens = np.concatenate([[True], step_from[1:] != step_from[:-1]])
    for first, last in pairwise(bounds[1:]):
        here = step_from[first:last]
        total = value[first:last] + route[step_to[first:last]]
        groups = np.flatnonzero(opens[first:last])
        route[here[groups]] = np.maximum.reduceat(total, groups)
        good = np.flatnonzero(total > route[here] - EQUAL)
        taken[here[good]] = good + first  # of several the last stays, the longest
    return taken


def _follow(taken: Ints, step_to: Ints, places: Ints) -> Ints:
    """int64 (n_chosen,): the steps on the way from each place to its end."""
    steps = [np.zeros(0, np.int64)]
    while len(places):
        step = taken[places]
        step = step[step >= 0]
        steps.append(step)
        places = step_to[step]
    return np.concatenate(steps)
