"""Names of themes: the phrase most of a theme's documents contain, else its most typical words."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.topics.counts import ThemeCounts
from feedback_nlp.topics.stream import SUBJECT, spell

#: A phrase names a theme if it stands in this share of its documents: both words the theme's own, one of another theme's, one a quality.
INNER_SHARE, OUTER_SHARE, QUALITY_SHARE = 0.12, 0.22, 0.4
#: A second word joins a name if it stands in this share of the theme's documents.
SECOND_SHARE = 0.3
#: A phrase is listed among the keywords if it stands in this share of the theme's documents, and in two at least.
LISTED_SHARE = 0.01
MIN_PHRASE = 2
#: Entries of a theme's keyword list, and how many of them may be phrases.
KEYWORDS, KEY_PHRASES = 6, 3
JOIN = "・"


@dataclass(frozen=True, eq=False)
class Phrases:
    """Ordered pairs of terms that touch: first, second, documents, int64 (n,) each, and whether one of the two is a quality."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    documents: NDArray[np.int64]
    quality: NDArray[np.bool_]


def find_phrases(counts: ThemeCounts) -> Phrases:
    """List the pairs that touch in two documents or more."""
    first, second = np.nonzero(counts.touching >= MIN_PHRASE)
    other = counts.kinds != SUBJECT
    return Phrases(first, second, counts.touching[first, second], other[first] | other[second])


def describe(counts: ThemeCounts, groups: list[NDArray[np.int64]], sizes: NDArray[np.int64]) -> tuple[list[str], list[list[str]]]:
    """Name each theme and list its keywords.

    groups: positions of each theme's terms, most typical first; sizes: int64, documents of each theme. Earlier themes choose names first.
    Returns (names, keywords): distinct names; at most six keywords a theme, frequent phrases before words they do not contain.
    """
    phrases = find_phrases(counts)
    taken: set[str] = set()
    names: list[str] = []
    keywords: list[list[str]] = []
    for group, size in zip(groups, sizes.tolist(), strict=True):
        naming, listed = _phrases(counts, phrases, group, size)
        options = naming + _words(counts, group, size)
        name = next((option for option in options if option not in taken), f"{options[0]}{JOIN}{len(names) + 1}")
        taken.add(name)
        names.append(name)
        words = [word for word in counts.terms[group].tolist() if not any(word in phrase for phrase in listed)]
        keywords.append((listed + words)[:KEYWORDS])
    return names, keywords


def _phrases(counts: ThemeCounts, phrases: Phrases, group: NDArray[np.int64], size: int) -> tuple[list[str], list[str]]:
    """Phrases with a word of the theme: those frequent enough to be its name, best first, and the most frequent ones."""
    inside = np.zeros(len(counts.terms), bool)
    inside[group] = True
    own = np.flatnonzero(inside[phrases.first] | inside[phrases.second])
    a, b, found = phrases.first[own], phrases.second[own], phrases.documents[own]
    share = np.where(phrases.quality[own], QUALITY_SHARE, np.where(inside[a] & inside[b], INNER_SHARE, OUTER_SHARE))
    texts = spell(counts.terms[a], counts.terms[b])
    naming = np.lexsort((b, a, -found / share))
    listed = np.lexsort((b, a, -found))
    return (
        texts[naming[(found >= share * size)[naming]]].tolist(),
        texts[listed[(found >= LISTED_SHARE * size)[listed]][:KEY_PHRASES]].tolist(),
    )


def _words(counts: ThemeCounts, group: NDArray[np.int64], size: int) -> list[str]:
    """One or two typical words, then other combinations for a name already taken."""
    words = counts.terms[group].tolist()
    frequency = np.diag(counts.together)[group].tolist()
    seconds = [
        w for w, f in zip(words[1:], frequency[1:], strict=True) if f >= SECOND_SHARE * size and w not in words[0] and words[0] not in w
    ]
    return [words[0] + JOIN + word for word in seconds[:1]] + [JOIN.join(words[:n]) for n in range(1, len(words) + 1)]
