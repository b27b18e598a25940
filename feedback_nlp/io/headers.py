"""Header cells of a file to column names: every column has one, no two are the same."""

from collections import Counter
from collections.abc import Sequence

from feedback_nlp.errors import InputError
from feedback_nlp.text.privacy import mask_texts


def clean_headers(cells: Sequence[object], *, where: str) -> list[str]:
    """Return header names without surrounding blanks; the empty header of column 3 becomes ``column_3``.

    Raises InputError naming headers that occur more than once.
    """
    # A lone surrogate, which JSON can spell, has no place in an index of pandas.
    texts = ["" if cell is None else str(cell).encode("utf-8", "replace").decode("utf-8") for cell in cells]
    names = [text.replace("\ufeff", "").strip() for text in texts]
    repeated = [name for name, times in Counter(names).items() if name and times > 1]
    if repeated:
        raise InputError(
            f"{where}: expected different headers, got {', '.join(mask_texts(repeated))} more than once; rename or remove one of each"
        )
    taken = set(names)
    for position, name in enumerate(names):
        if not name:
            names[position] = free_name(f"column_{position + 1}", taken)
            taken.add(names[position])
    return names


def free_name(name: str, taken: set[str]) -> str:
    """Return the name, or the name with the first free number behind it: text, text_2, text_3."""
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    return candidate
