"""A user's program under strict type checking: what the library gives has types that a checker knows."""

from pathlib import Path

import feedback_nlp as fn


def urgent(path: Path, out: Path) -> list[str]:
    """The ids of the most urgent items of a file, which is analysed into a folder unless that is done already."""
    made: bool = fn.run_files(path, out, max_quarantine=0.01, progress=lambda step, done, rows: None)
    analysis: fn.Analysis = fn.Analysis.load(out, rows=10)
    if made:
        analysis.report(out / "report.html", lang="zh", top=20)
    return [str(name) for name in analysis.ledger["feedback_id"]]


def types(texts: list[str]) -> list[str]:
    """The type of each text."""
    scorer: fn.BatchScorer = fn.BatchScorer.load()
    return [str(kind) for kind in scorer.score(texts, abstain=True)["type"]]


def words(texts: list[str]) -> list[list[str]]:
    """The words of each text."""
    tokenizer = fn.Tokenizer(user_dictionary=["融e联"])
    return tokenizer.tokenize(texts).to_lists()


def main() -> None:
    """Print them for the file beside this one."""
    try:
        print(urgent(Path("feedback.csv"), Path("out")))
    except fn.QuarantineError as error:
        print(f"too many rows cannot be used: {error}")
    except fn.FeedbackError as error:
        print(error)


if __name__ == "__main__":
    main()
