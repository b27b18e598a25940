"""Themes: how well discovered ones meet classes that people gave, how their words hold together, and how stable they are.

    python -m benchmarks.themes [--bertopic PYTHON] [--quick] [--only NAME] [--scale] [--data DIR] [--record]

Ours beside LDA, NMF, k-means and BERTopic on the same texts, one table for each of three data sets; then seconds and memory of ours.
``--record`` renews the section of the README.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import theme_metrics as metrics
from benchmarks.common import ROOT, SEED, forget_peak, markdown_table, peak_mib, read_table, record, signature, use_data_folder
from benchmarks.texts import read_texts, write_texts
from benchmarks.theme_bertopic import FREE, REDUCED
from benchmarks.theme_peers import GIVEN_NUMBER, Contender, Corpus, Found, bertopic, bertopic_python, ours, read_corpus

START, END = "<!-- themes:start -->", "<!-- themes:end -->"

#: Texts of a data set at most; and with --quick.
MOST, QUICK_MOST = 20_000, 1_000
#: Runs in another order, and as many on a part of the texts.
REPEATS, SHARE = 3, 0.9
#: From this many texts on, contenders that take long, and the second look at ours, are repeated once only.
MANY, SLOW = 5_000, ("ours, upper level", "LDA", "SVD, k-means", FREE, REDUCED)
SCALE = (10_000, 100_000)
HEADER = (
    "contender",
    "themes",
    "assigned",
    "NMI: assigned / all, rest one / all, rest alone",
    "purity: assigned / all, rest one / all, rest alone",
    "ARI: assigned / all",
    "NPMI: own words / same rule",
    "diversity: own / same rule",
    "stability: shuffled / 90 %",
    "s",
)


def city_categories() -> tuple[list[str], list[str]]:
    """Letters to a city, and the field of government each was passed to."""
    table = read_table("city_categories").drop_duplicates("text")
    return table["text"].tolist(), table["category"].tolist()


def car_aspects() -> tuple[list[str], list[str]]:
    """Posts on cars that are labelled with one aspect only; those with several are left out."""
    table = read_table("aspects_car").drop_duplicates(["text", "aspect"])
    table = table[~table["text"].duplicated(keep=False)]
    return table["text"].tolist(), table["aspect"].tolist()


def shopping_products() -> tuple[list[str], list[str]]:
    """Reviews of ten kinds of products in their natural shares."""
    table = read_table("sentiment")
    table = table[table["source"] == "shopping"].drop_duplicates("text")
    return table["text"].tolist(), table["product"].tolist()


DATA_SETS = {"city letters, field": city_categories, "car posts, aspect": car_aspects, "reviews, product": shopping_products}


@dataclass(frozen=True)
class Runs:
    """A corpus in several orders. rows: the items of each run: all, ``repeats`` times shuffled, ``repeats`` times a part."""

    corpus: Corpus
    rows: list[NDArray[np.intp]]
    corpora: list[Corpus]
    repeats: int

    @classmethod
    def of(cls, corpus: Corpus, repeats: int) -> "Runs":
        """Orders and parts by seed."""
        random, n = np.random.default_rng(SEED), len(corpus.texts)
        shuffles = [random.permutation(n) for _ in range(repeats)]
        parts = [np.sort(random.choice(n, round(SHARE * n), replace=False)) for _ in range(repeats)]
        rows = [np.arange(n), *shuffles, *parts]
        return cls(corpus, rows, [corpus, *(corpus.take(chosen) for chosen in rows[1:])], repeats)

    def places(self, name: str) -> list[int]:
        """The runs that a contender does: all, or the first of each kind."""
        slow = name in SLOW and len(self.corpus.texts) > MANY
        return [0, 1, 1 + self.repeats] if slow and self.repeats else list(range(len(self.rows)))


def load(name: str, most: int) -> Corpus:
    """A data set in an order by seed, so that classes do not stand together; at most ``most`` texts."""
    texts, classes = DATA_SETS[name]()
    chosen = np.random.default_rng(SEED).permutation(len(texts))[:most].tolist()
    gold = np.unique([classes[row] for row in chosen], return_inverse=True)[1]
    return read_corpus(name, [texts[row] for row in chosen], gold)


def contenders(n_classes: int) -> dict[str, Contender]:
    """Each by its name; those that need a number of themes get that of the classes."""
    given = {name: partial(find, n_themes=n_classes) for name, find in {"ours, k themes": ours, **GIVEN_NUMBER}.items()}
    return {"ours": partial(ours, n_themes=None), "ours, upper level": partial(ours, n_themes=None, upper=True), **given}


def figures(runs: Runs, places: list[int], found: list[Found], reference: metrics.Reference) -> list[str]:
    """One row of the table without its name. found: of the runs at ``places``, the first of them all items in their order."""
    first, gold = found[0], runs.corpus.gold
    labels, assigned = first.labels, first.labels >= 0
    ways = [(labels[assigned], gold[assigned]), (metrics.one_extra(labels), gold), (metrics.each_alone(labels), gold)]
    same = metrics.typical_words(runs.corpus.words, labels)
    shuffled = [k for k, place in enumerate(places) if place <= runs.repeats]
    parts = [k for k, place in enumerate(places) if not 0 < place <= runs.repeats]
    stable = [metrics.stability([(runs.rows[places[k]], found[k].labels) for k in chosen], len(gold)) for chosen in (shuffled, parts)]
    return [
        str(len(np.unique(labels[assigned]))),
        f"{assigned.mean():.3f}",
        _joined(metrics.nmi(*way) for way in ways),
        _joined(metrics.purity(*way) for way in ways),
        _joined(metrics.ari(*way) for way in ways[:2]),
        _joined(map(reference.coherence, (first.words, same))),
        _joined(map(metrics.diversity, (first.words, same))),
        _joined(stable),
        f"{first.seconds:.1f}",
    ]


def _joined(values: Any) -> str:
    return " / ".join("-" if np.isnan(value) else f"{value:.3f}" for value in values)


def data_set_table(corpus: Corpus, *, repeats: int, only: str | None, python: str | None) -> str:
    """The table of one data set. python: interpreter with BERTopic, None to leave it out."""
    runs, reference, rows, note = Runs.of(corpus, repeats), metrics.Reference(corpus.tokens), [], ""
    for name, find in contenders(corpus.n_classes).items():
        if only is None or only in name:
            places = runs.places(name)
            _tell(f"{corpus.name}: {name}")
            rows.append([name, *figures(runs, places, [find(runs.corpora[place]) for place in places], reference)])
    if python and (only is None or only in FREE):
        places = runs.places(FREE)
        _tell(f"{corpus.name}: {FREE}")
        ways, note = bertopic(python, [runs.corpora[place] for place in places], corpus.n_classes)
        rows += [[name, *figures(runs, places, found, reference)] for name, found in ways.items()]
    elif only is None:
        rows.append([FREE, *["not run"] * (len(HEADER) - 1)])
    shares = np.bincount(corpus.gold) / len(corpus.gold)
    title = (
        f"**{corpus.name}**: {len(corpus.texts):,} texts, {np.mean(list(map(len, corpus.texts))):.0f} characters on average, "
        f"k = {corpus.n_classes} classes of {shares.min():.1%} to {shares.max():.1%}.{f' {note}.' if note else ''}"
    )
    return f"{title}\n\n{markdown_table(HEADER, rows)}"


def many_texts(size: int) -> list[str]:
    """``size`` texts of the shared tables in an order by seed; where they are too few, clauses of theirs joined at random."""
    names = [name for name in ("sentiment", "bank_app_unlabelled", "stream_app_reviews", "stream_hotel") if _has(name)]
    found = list(dict.fromkeys(text for name in names for text in read_table(name)["text"] if text))
    random = np.random.default_rng(SEED)
    texts = [found[row] for row in random.permutation(len(found))[:size].tolist()]
    clauses = [clause for text in found for clause in text.replace("。", "，").split("，") if clause]
    drawn = random.integers(len(clauses), size=(max(size - len(texts), 0), 4)).tolist()
    return texts + ["，".join([clauses[place] for place in row]) for row in drawn]


def _has(name: str) -> bool:
    return (use_data_folder(None) / f"{name}.parquet").is_file()


def scale_table(sizes: Sequence[int]) -> str:
    """Seconds and peak memory of ours, each size in a fresh process that reads nothing but the texts."""
    texts, rows = many_texts(max(sizes)), []
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            _tell(f"scale: {size:,} texts")
            path = write_texts(Path(folder) / f"{size}.json", texts[:size])
            command = [sys.executable, "-m", "benchmarks.themes", "--measure", str(path)]
            done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
            length = np.mean(list(map(len, texts[:size])))
            rows.append([f"{size:,}", f"{length:.0f}", *done.stdout.split()])
    return markdown_table(["texts", "characters", "s, from texts to themes", "MiB before", "peak MiB", "themes", "assigned"], rows)


def measure(path: str) -> str:
    """What the fresh process answers: seconds, MiB with libraries and texts, peak MiB, themes, assigned share."""
    texts = read_texts(path)
    ours(_raw(["物流很慢", "客服态度很好", "物流太慢了", "客服态度差"] * 25), None)  # the dictionaries are loaded before the clock starts
    forget_peak()
    before = peak_mib()
    found = ours(_raw(texts), None)
    assigned = found.labels >= 0
    counted = f"{len(np.unique(found.labels[assigned]))} {assigned.mean():.3f}"
    return f"{found.seconds:.1f} {before:.0f} {peak_mib():.0f} {counted}"


def _raw(texts: list[str]) -> Corpus:
    return Corpus("", texts, np.zeros(len(texts), np.intp), [], [], 0.0)


def _tell(what: str) -> None:
    print(f"{what} ...", file=sys.stderr, flush=True)


def parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.themes", description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder of the labelled tables")
    parser.add_argument("--bertopic", metavar="PYTHON", help="interpreter of an environment with bertopic; else it is not run")
    parser.add_argument("--quick", action="store_true", help=f"at most {QUICK_MOST:,} texts a data set, one repeat, no BERTopic, no scale")
    parser.add_argument("--only", metavar="NAME", help="contenders with NAME in their name: ours, LDA, NMF, k-means, BERTopic")
    parser.add_argument("--scale", action="store_true", help="seconds and memory of ours alone")
    parser.add_argument("--record", action="store_true", help="write the figures into benchmarks/README.md")
    parser.add_argument("--measure", metavar="FILE", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.record and (options.quick or options.only or options.scale):
        parser.error("--record takes the whole run: leave out --quick, --only and --scale")
    return options


def report(options: argparse.Namespace) -> Iterator[str]:
    """Everything that was asked for, as Markdown, part by part."""
    yield signature()
    if not options.scale:
        most, repeats = (QUICK_MOST, 1) if options.quick else (MOST, REPEATS)
        python = None if options.quick else bertopic_python(options.bertopic)
        for name in DATA_SETS:
            yield data_set_table(load(name, most), repeats=repeats, only=options.only, python=python)
    if options.scale or not (options.quick or options.only):
        yield scale_table(SCALE)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    options = parsed(argv)
    if options.measure:
        print(measure(options.measure))
        return 0
    use_data_folder(options.data)
    parts = []
    for part in report(options):
        print(part, end="\n\n", flush=True)
        parts.append(part)
    if options.record:
        record(ROOT / "benchmarks" / "README.md", "\n\n".join(parts), start=START, end=END)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
