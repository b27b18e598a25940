"""What scoring costs beside the least a machine could do: reading the text once, and reading as many random rows of the table.

python -m benchmarks.bounds TEXTS   in a fresh process on one core; one JSON line. ``benchmarks.speed`` starts it.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.common import SEED, machine
from benchmarks.texts import read_texts

REPEATS = 9

#: Random rows read at a time: indices and what is read stay in the caches near the core, so that the table alone is what misses them.
BLOCK = 1024


def fastest(function: Callable[[], object]) -> float:
    """Seconds of the fastest of ``REPEATS`` calls after a first one: a bound is what the machine can do when nothing disturbs it."""
    function()
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def reading(texts: Sequence[str]) -> dict[str, float]:
    """Bytes of the texts as UTF-8, and the seconds to sum and to copy them."""
    import numpy as np

    content = "".join(texts).encode()
    content += bytes(-len(content) % 8)
    numbers = np.frombuffer(content, np.uint64)
    copy = np.empty_like(numbers)
    return {"bytes": len(content), "sum": fastest(numbers.sum), "copy": fastest(lambda: np.copyto(copy, numbers))}


def gathering(scorer: Any, texts: Sequence[str]) -> dict[str, float]:
    """Table rows that the texts' n-grams read, and the seconds to read as many random ones: all of the table, and 64 rows of it."""
    import numpy as np

    from feedback_nlp.scorer.clauses import fold_and_split
    from feedback_nlp.scorer.ngrams import bucket_slots
    from feedback_nlp.text.clean import clean

    model = scorer.model
    folded, clause_ptr, text_ptr = fold_and_split(clean(texts).batch)
    slots = bucket_slots(folded, clause_ptr[text_ptr], orders=model.orders, bits=len(model.embedding).bit_length() - 1)
    count = int(np.count_nonzero(slots < len(model.embedding)))
    table = model.embedding.view(np.uint64) if model.embedding.shape[1] % 8 == 0 else model.embedding
    found = {"rows": count, "row_bytes": int(model.embedding.shape[1]), "table_bytes": int(model.embedding.nbytes)}
    for name, rows in (("random", len(table)), ("near", 64)):
        blocks = np.random.default_rng(SEED).integers(0, rows, (-(-count // BLOCK), BLOCK))
        out = np.empty((BLOCK, table.shape[1]), table.dtype)
        found[name] = fastest(lambda blocks=blocks, out=out: [table.take(block, axis=0, out=out, mode="clip") for block in blocks])
    return found


def steps(scorer: Any, texts: list[str]) -> dict[str, float]:
    """Seconds of each step of ``BatchScorer.score``, part by part as it works."""
    import numpy as np

    from feedback_nlp.scorer.clauses import fold_and_split
    from feedback_nlp.scorer.pool import aligned, pool_logits
    from feedback_nlp.scorer.scorer import as_texts, text_chunks
    from feedback_nlp.scorer.scores import Scores
    from feedback_nlp.text.batch import TextBatch
    from feedback_nlp.text.clean import clean

    model, chunks = scorer.model, list(text_chunks(texts))
    cleaned = [clean(chunk) for chunk in chunks]
    parts = [fold_and_split(part.batch) for part in cleaned]
    logits = [scorer.logits(part.batch) for part in cleaned]
    scores = scorer.score_clean(iter(cleaned))
    options = {"orders": model.orders, "norm_limit": model.norm_limit, "table": model.table}
    near = aligned(model.embedding[:64])
    near_options = options | {"table": None if model.table is None else np.vstack([model.table[:64], model.table[-1:]])}

    def each(function: Callable[..., object], *lists: Sequence[Any]) -> Callable[[], None]:
        def run() -> None:
            for arguments in zip(*lists, strict=True):
                function(*arguments)

        return run

    work = {
        "all": lambda: scorer.score(texts),
        "chunks": lambda: list(text_chunks(as_texts(texts))),
        "codes": each(TextBatch.from_texts, chunks),
        "clean": each(clean, chunks),
        "split": each(lambda part: fold_and_split(part.batch), cleaned),
        "logits": each(lambda part: pool_logits(*part, model.embedding, model.scale, model.dense, **options), parts),
        "near": each(lambda part: pool_logits(*part, near, model.scale, model.dense, **near_options), parts),
        "decode": each(lambda found, part: Scores.from_logits(found, part.no_information, model.decision), logits, cleaned),
        "frame": scores.to_frame,
    }
    return {name: fastest(function) for name, function in work.items()}


def rows(found: dict[str, Any]) -> list[list[str]]:
    """Cells of the table: what, microseconds a text, share of the whole, bytes of text per second."""
    text, table, taken, count = found["reading"], found["gathering"], found["steps"], found["texts"]
    lines = [
        ("BatchScorer.score", taken["all"]),
        ("- list of str checked and cut to parts", taken["chunks"]),
        ("- str to code points", taken["codes"]),
        ("- cleaning", taken["clean"] - taken["codes"]),
        ("- folding and clauses", taken["split"]),
        ("- n-grams hashed, summed, dense layers", taken["logits"]),
        ("-- of it what the same costs with a table of 64 rows", taken["near"]),
        ("- decoding to labels and probabilities", taken["decode"]),
        ("- DataFrame", taken["frame"]),
        (f"{table['rows'] / count:,.0f} random rows of {table['row_bytes']} bytes of the table (numpy take)", table["random"]),
        ("the same out of 64 rows: the overhead of take", table["near"]),
        ("plain read of the text (numpy sum)", text["sum"]),
        ("copy of the text", text["copy"]),
    ]
    return [
        [what, f"{seconds / count * 1e6:.3f}", f"{seconds / taken['all']:.1%}", f"{text['bytes'] / seconds / 1e6:,.0f}"]
        for what, seconds in lines
    ]


HEADER = ["step or bound", "us/text", "of score", "MB of text/s"]


def main(argv: Sequence[str]) -> int:
    """Measure and print one JSON line."""
    from feedback_nlp import BatchScorer

    texts = read_texts(argv[0])
    scorer = BatchScorer.load()
    found = {"texts": len(texts), "reading": reading(texts), "gathering": gathering(scorer, texts), "steps": steps(scorer, texts)}
    print(json.dumps({**found, "machine": machine()}), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
