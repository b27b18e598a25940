"""An evaluation on the terminal: figures per head and class, the commonest confusions, a few of the worst errors."""

from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from feedback_nlp.evaluate.files import TRAINED_ON
from feedback_nlp.evaluate.page import number, percent
from feedback_nlp.evaluate.report import Evaluation
from feedback_nlp.messages import result_word, show
from feedback_nlp.terminal import make_console, plain_text, print_quarantine
from feedback_nlp.train.given import HEAD_NAMES, label_name

TOP_ERRORS = 3
TOP_CONFUSIONS = 3
TOP_SUGGESTIONS = 10

#: Longest piece of a text in a table.
SHOWN_LENGTH = 60


def print_evaluation(evaluation: Evaluation, quarantine: pd.DataFrame, folder: Path | None) -> None:
    """Everything that fits a terminal; the whole is in ``folder``, if there is one."""
    console = make_console()
    console.print(plain_text(show("Model {model}, {rows} rows", model=evaluation.signature["model"], rows=evaluation.rows)), soft_wrap=True)
    for source in evaluation.signature["sources"]:
        if source["labels"] == TRAINED_ON:
            warning = show("Beware: the model was trained on {file}; the figures below are too good and prove nothing", file=source["file"])
            console.print(plain_text(warning, style="bold red"))
    console.print(_head_table(evaluation.heads))
    for row in evaluation.heads[evaluation.heads["top_recall"].notna()].to_dict("records"):
        found, possible = percent(row["top_recall"]), percent(row["top_recall_possible"])
        said = "The tenth with the highest urgency holds {found} % of all urgent feedback ({possible} % at best)"
        console.print(Text(show(said, found=found, possible=possible)))
    for head in evaluation.heads.loc[evaluation.heads["rows"] > 0, "head"]:
        console.print(_class_table(evaluation.classes[evaluation.classes["head"] == head], head))
        _print_confusions(console, evaluation.confusion[evaluation.confusion["head"] == head], head)
        errors = evaluation.errors[evaluation.errors["head"] == head]
        if len(errors):
            console.print(
                _text_table(
                    show("{head}: the surest mistakes", head=_head(head)), errors.head(TOP_ERRORS), ("truth", "chosen", "confidence")
                )
            )
    if evaluation.suggestions is not None:
        _print_suggestions(console, evaluation.suggestions)
    print_quarantine(quarantine, rest="not evaluated either")
    if folder is not None:
        console.print(plain_text(show("Results: {folder}", folder=folder)), soft_wrap=True)


def _head(head: str) -> str:
    return result_word(HEAD_NAMES[head], head)


def _label(head: str, label: str) -> str:
    return result_word(label_name(head, label), label or "none")


def _rate(row: dict[str, float], figure: str) -> Text:
    """A figure in per cent with its interval, which moves to a line of its own where the table is narrow."""
    text = Text(percent(row[figure]))
    if row[figure] == row[figure]:
        text.append(f" {percent(row[f'{figure}_low'])}–{percent(row[f'{figure}_high'])}", style="dim")
    return text


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(show(columns[0]), no_wrap=True)
    for column in columns[1:]:
        table.add_column(show(column), justify="right", overflow="fold")
    return table


def _head_table(heads: pd.DataFrame) -> Table:
    table = _table(show("Overview (%, 95 % intervals)"), "head", "rows", "no label", "accuracy", "macro F1", "calib. error", "weighted κ")
    for row in heads.to_dict("records"):
        figures = (percent(row["calibration_error"]), number(row["kappa"]))
        table.add_row(_head(row["head"]), str(row["rows"]), str(row["left_out"]), _rate(row, "accuracy"), _rate(row, "macro_f1"), *figures)
    return table


def _class_table(classes: pd.DataFrame, head: str) -> Table:
    table = _table(_head(head), "class", "labelled", "judged", "precision", "recall", "F1")
    for row in classes.to_dict("records"):
        rates = (_rate(row, figure) for figure in ("precision", "recall", "f1"))
        table.add_row(_label(head, row["label"]), str(row["support"]), str(row["chosen"]), *rates, style="" if row["support"] else "dim")
    return table


def _print_confusions(console: Console, confusion: pd.DataFrame, head: str) -> None:
    wrong = confusion[(confusion["truth"] != confusion["chosen"]) & (confusion["rows"] > 0)]
    most = wrong.sort_values("rows", ascending=False, kind="stable").head(TOP_CONFUSIONS)
    if len(most):
        pairs = (f"{_label(head, row['truth'])} → {_label(head, row['chosen'])} {row['rows']}" for row in most.to_dict("records"))
        console.print(Text(show("Most often confused: {pairs}", pairs=show(", ").join(pairs))))


def _text_table(title: str, rows: pd.DataFrame, columns: tuple[str, str, str]) -> Table:
    """Texts with two labels and a share."""
    table = Table(title=title, title_justify="left")
    headers = {
        **{"truth": "label", "chosen": "model", "confidence": "confidence"},
        **{"given": "label", "suggested": "suggestion", "quality": "credibility"},
    }
    table.add_column(show("place"), overflow="fold", ratio=3)
    table.add_column(show("text of the feedback"), overflow="fold", ratio=8)
    for column in columns:
        table.add_column(show(headers[column]), overflow="fold", min_width=6)
    for row in rows.to_dict("records"):
        text = row["text"] if len(row["text"]) <= SHOWN_LENGTH else row["text"][:SHOWN_LENGTH] + "…"
        first, second = (_label(row["head"], row[column]) for column in columns[:2])
        table.add_row(plain_text(row["row"]), plain_text(text), first, second, percent(row[columns[2]]))
    return table


def _print_suggestions(console: Console, suggestions: pd.DataFrame) -> None:
    if not len(suggestions):
        console.print(Text(show("No suspicious labels were found")))
        return
    worst = suggestions.sort_values("quality", kind="stable").head(TOP_SUGGESTIONS)
    title = show("{count} suspicious labels", count=len(suggestions))
    if len(worst) < len(suggestions):
        title += show(", the {count} worst", count=len(worst))
    console.print(_text_table(title, worst, ("given", "suggested", "quality")))
