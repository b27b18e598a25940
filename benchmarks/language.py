"""The language table: what a careful native reader answers on short cases and minimal pairs, against what the bundled model answers.

    python -m benchmarks.language [--record]

``--record`` writes the numbers of passed cases to ``tests/language/floors.json``, where the tests hold the model to them, and the table
with the failures between the two markers of the model card. A row of ``tests/language/cases.csv`` says what is expected of one text:

    expect         label                                    holds when
    sign           negative, neutral, positive              the polarity lies on that side; see the constants
    type, urgency  a code                                   it is the one chosen
    risk           a flag, or one with ! before it          its probability is at least one half, or is not
    lower, higher  the text of the first row of the pair    the polarity is lower, or higher, than the polarity of that text

Labels of sign, type and urgency may be several, joined by ``|``, where careful readers would differ.
"""

import argparse
import json
import runpy
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.accuracy import signature_line
from benchmarks.common import ROOT, markdown_table, record
from feedback_nlp import BatchScorer
from feedback_nlp.scorer.model import BUNDLED, bundled_models
from feedback_nlp.vocabulary import RISK_CODES, TYPE_CODES, URGENCY_CODES

START, END = "<!-- language:start -->", "<!-- language:end -->"
FOLDER = ROOT / "tests" / "language"
CASES, FLOORS = FOLDER / "cases.csv", FOLDER / "floors.json"
RECORD_COMMAND = "python -m benchmarks.language --record"

COLUMNS = ("phenomenon", "pair", "text", "expect", "label")
#: A text that begins like this is the one ``long_texts.py`` builds under the name that follows.
LONG = "@long:"
#: Phenomena of the table and what they are.
PHENOMENA = {
    "negation": "不, 没有",
    "double_negation": "没有一次不, 不是不",
    "degree": "有点, 太",
    "contrast": "虽然…但是",
    "comparison": "比, 不如",
    "rhetorical": "这也叫客服？",
    "wish": "希望, 要是…就好了",
    "sarcasm": "praise that is none",
    "traditional": "繁體, words of Taiwan",
    "cantonese": "粤语",
    "emoji": "emoji and [表情]",
    "english": "English and mixed",
    "short": "one word",
    "question": "questions, and complaints that ask",
    "idiom": "成语, words of the web",
    "hypothetical": "如果, 就算",
    "past_fixed": "before against now",
    "danger": "danger, and words that only sound like it",
    "request": "proposals",
    "type_pair": "one subject, several types",
    "risk": "flags, and words that only sound like them",
    "polite": "polite phrases",
    "attribution": "what others said",
    "noise": "markup, misspelling, repetition",
    "urgency": "how much it matters",
    "long": "long texts",
}

NEGATIVE_BELOW = -0.1
POSITIVE_ABOVE = 0.1
#: A text may well lean to one side and still be neutral: the ranges overlap.
NEUTRAL_WITHIN = 0.35
RISK_RAISED = 0.5
#: Failures of one phenomenon that the model card shows.
SHOWN = 12

SIGNS = ("negative", "neutral", "positive")
ORDERS = ("lower", "higher")
#: What is expected -> labels that may be joined by ``|``.
JOINED = {"sign": SIGNS, "type": TYPE_CODES, "urgency": URGENCY_CODES}
FLAGS = (*RISK_CODES, *(f"!{code}" for code in RISK_CODES))


@dataclass(frozen=True)
class Result:
    """One case and what the model answered, both in words."""

    phenomenon: str
    text: str
    expected: str
    got: str
    passed: bool


@dataclass(frozen=True)
class Tally:
    """Passed cases among all of one kind."""

    passed: int
    cases: int

    @property
    def share(self) -> float:
        """Share passed, 0 of no cases."""
        return self.passed / self.cases if self.cases else 0.0


def read_cases(path: Path = CASES) -> pd.DataFrame:
    """The table, every cell a str."""
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")


def long_texts() -> dict[str, str]:
    """The texts too long for the table, by name."""
    return runpy.run_path(str(FOLDER / "long_texts.py"))["TEXTS"]


def full_texts(texts: Iterable[str]) -> list[str]:
    """The texts to score: ``@long:NAME`` is replaced by the text it stands for."""
    built = long_texts()
    return [built[text.removeprefix(LONG)] if text.startswith(LONG) else text for text in texts]


def firsts(cases: pd.DataFrame) -> dict[str, int]:
    """Pair -> row of its first member."""
    rows: dict[str, int] = {}
    for row, pair in enumerate(cases["pair"]):
        rows.setdefault(pair, row)
    return rows


def problems(cases: pd.DataFrame) -> list[str]:
    """All faults of a table, in words; a sound one has none. Lines are counted as in the file, its header being line 1."""
    if tuple(cases.columns) != COLUMNS:
        return [f"expected the columns {', '.join(COLUMNS)}, got {', '.join(cases.columns)}"]
    first, built, found = firsts(cases), long_texts(), []
    for line, case in enumerate(cases.itertuples(index=False), start=2):
        if case.phenomenon not in PHENOMENA:
            found.append(f"line {line}: expected a phenomenon of {', '.join(PHENOMENA)}, got {case.phenomenon!r}")
        if not case.text.strip() or (case.text.startswith(LONG) and case.text.removeprefix(LONG) not in built):
            found.append(f"line {line}: expected a text, or {LONG} and one of {', '.join(built)}, got {case.text!r}")
        first_text = cases["text"].iloc[first[case.pair]] if case.pair else None
        if not label_is_valid(case.expect, case.label, case.text, first_text):
            found.append(f"line {line}: {case.label!r} is no label of {case.expect!r}")
    for row in cases.duplicated(["text", "expect"]).to_numpy().nonzero()[0]:
        found.append(f"line {row + 2}: {cases['text'].iloc[row]!r} has {cases['expect'].iloc[row]!r} twice")
    paired = cases[cases["pair"] != ""].groupby("pair")
    found += [f"pair {pair}: expected at least two texts, got one" for pair, size in paired["text"].nunique().items() if size < 2]
    found += [f"pair {pair}: expected one phenomenon, got {size}" for pair, size in paired["phenomenon"].nunique().items() if size > 1]
    return found


def label_is_valid(expect: str, label: str, text: str, first_text: str | None) -> bool:
    """Whether a case says something that can be checked. first_text: text of the first row of its pair, None outside of pairs."""
    if expect in ORDERS:
        return label == first_text != text
    if expect == "risk":
        return label in FLAGS
    parts = label.split("|")
    return expect in JOINED and set(parts) <= set(JOINED[expect]) and len(set(parts)) == len(parts)


def sign_holds(label: str, polarity: float) -> bool:
    """Whether the polarity has one of the signs in the label."""
    holds = {
        "negative": polarity < NEGATIVE_BELOW,
        "neutral": -NEUTRAL_WITHIN <= polarity <= NEUTRAL_WITHIN,
        "positive": polarity > POSITIVE_ABOVE,
    }
    return any(holds[sign] for sign in label.split("|"))


def answer(expect: str, label: str, score: Any, first_polarity: float) -> tuple[bool, str]:
    """Whether one row of scores is what was expected, and what it is, in words."""
    polarity = f"{score.polarity:.2f}"
    if expect == "sign":
        return sign_holds(label, score.polarity), polarity
    if expect in ORDERS:
        difference = score.polarity - first_polarity
        return (difference < 0 if expect == "lower" else difference > 0), f"{polarity} against {first_polarity:.2f}"
    if expect == "risk":
        probability = getattr(score, f"risk_{label.removeprefix('!')}")
        return (probability >= RISK_RAISED) != label.startswith("!"), f"{probability:.2f}"
    chosen = getattr(score, expect)
    return chosen in label.split("|"), chosen


def evaluate(cases: pd.DataFrame, scores: pd.DataFrame) -> list[Result]:
    """Every case against the scores of its text. scores: columns of ``Scores.to_frame``, row by row those of the table."""
    first, polarity = firsts(cases), scores["polarity"].to_numpy()
    results = []
    for case, score in zip(cases.itertuples(index=False), scores.itertuples(index=False), strict=True):
        passed, got = answer(case.expect, case.label, score, float(polarity[first[case.pair]]))
        expected = f"{case.expect} than `{case.label}`" if case.expect in ORDERS else f"{case.expect} {case.label}"
        results.append(Result(case.phenomenon, case.text, expected, got, bool(passed)))
    return results


def evaluate_model(cases: pd.DataFrame, scorer: BatchScorer) -> list[Result]:
    """Every case against the model, in one call."""
    return evaluate(cases, scorer.score(full_texts(cases["text"])))


def tallies(results: Iterable[Result]) -> dict[str, Tally]:
    """What passed of each phenomenon, and under ``all`` of everything."""
    passed: Counter[str] = Counter()
    counted: Counter[str] = Counter()
    for result in results:
        for name in ("all", result.phenomenon):
            counted[name] += 1
            passed[name] += result.passed
    return {name: Tally(passed[name], counted[name]) for name in ("all", *PHENOMENA) if name in counted}


def read_floors(path: Path = FLOORS) -> dict[str, Tally]:
    """The recorded numbers."""
    return {name: Tally(**numbers) for name, numbers in json.loads(path.read_text(encoding="utf-8")).items()}


def write_floors(counts: dict[str, Tally], path: Path = FLOORS) -> None:
    """Record the numbers."""
    numbers = {name: {"passed": count.passed, "cases": count.cases} for name, count in counts.items()}
    path.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")


def summary(results: Iterable[Result]) -> str:
    """Passed and share of each phenomenon, as a table."""
    rows = [
        [f"{name}: {PHENOMENA[name]}" if name in PHENOMENA else name, count.passed, count.cases, f"{count.share:.3f}"]
        for name, count in tallies(results).items()
    ]
    return markdown_table(["phenomenon", "passed", "cases", "share"], rows)


def failures(results: Sequence[Result], shown: int | None = None) -> str:
    """What did not pass, by phenomenon, in the order of the table: the first ``shown`` of each, or all."""
    parts = []
    for name in PHENOMENA:
        failed = [result for result in results if result.phenomenon == name and not result.passed]
        if failed:
            lines = [f"- `{result.text}`: expected {result.expected}, got {result.got}" for result in failed[:shown]]
            rest = [f"- and {len(failed) - len(lines)} more"] if len(failed) > len(lines) else []
            parts.append("\n".join([f"Failed, {name} ({len(failed)}):", "", *lines, *rest]))
    return "\n\n".join(parts)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table and the failures; record them when asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.language", description=__doc__.splitlines()[0])
    parser.add_argument("--record", action="store_true", help="write floors.json and the block of the model card")
    options = parser.parse_args(argv)
    cases = read_cases()
    if faults := problems(cases):
        raise SystemExit("\n".join([f"{CASES}:", *faults]))
    scorer = BatchScorer.load()
    results = evaluate_model(cases, scorer)
    head = f"{signature_line(scorer)}\n\n{summary(results)}"
    print(f"{head}\n\n{failures(results)}")
    if options.record:
        write_floors(tallies(results))
        card = bundled_models() / BUNDLED / "MODEL_CARD.md"
        record(card, f"{head}\n\n{failures(results, SHOWN)}", start=START, end=END)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
