"""An evaluation on the terminal: figures per head and class, the commonest confusions, a few of the worst errors."""

from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from feedback_nlp.evaluate.files import TRAINED_ON
from feedback_nlp.evaluate.labels import HEAD_NAMES, label_name
from feedback_nlp.evaluate.page import number, percent
from feedback_nlp.evaluate.report import Evaluation
from feedback_nlp.terminal import make_console, plain_text, print_quarantine

TOP_ERRORS = 3
TOP_CONFUSIONS = 3
TOP_SUGGESTIONS = 10

#: Longest piece of a text in a table.
SHOWN_LENGTH = 60


def print_evaluation(evaluation: Evaluation, quarantine: pd.DataFrame, folder: Path | None) -> None:
    """Everything that fits a terminal; the whole is in ``folder``, if there is one."""
    console = make_console()
    console.print(plain_text(f"模型 {evaluation.signature['model']}，{evaluation.rows} 行"), soft_wrap=True)
    for source in evaluation.signature["sources"]:
        if source["labels"] == TRAINED_ON:
            console.print(plain_text(f"注意：模型用 {source['file']} 训练过，下面的数字偏高，不能说明问题", style="bold red"))
    console.print(_head_table(evaluation.heads))
    for row in evaluation.heads[evaluation.heads["top_recall"].notna()].to_dict("records"):
        found, possible = percent(row["top_recall"]), percent(row["top_recall_possible"])
        console.print(Text(f"紧急得分最高的十分之一里，有全部高紧急反馈的 {found} %（最多能有 {possible} %）"))
    for head in evaluation.heads.loc[evaluation.heads["rows"] > 0, "head"]:
        console.print(_class_table(evaluation.classes[evaluation.classes["head"] == head], head))
        _print_confusions(console, evaluation.confusion[evaluation.confusion["head"] == head], head)
        errors = evaluation.errors[evaluation.errors["head"] == head]
        if len(errors):
            console.print(_text_table(f"{HEAD_NAMES[head]}：最自信的错误", errors.head(TOP_ERRORS), ("truth", "chosen", "confidence")))
    if evaluation.suggestions is not None:
        _print_suggestions(console, evaluation.suggestions)
    print_quarantine(quarantine, rest="同样没有参加评估")
    if folder is not None:
        console.print(plain_text(f"结果：{folder}"), soft_wrap=True)


def _rate(row: dict[str, float], figure: str) -> Text:
    """A figure in per cent with its interval, which moves to a line of its own where the table is narrow."""
    text = Text(percent(row[figure]))
    if row[figure] == row[figure]:
        text.append(f" {percent(row[f'{figure}_low'])}–{percent(row[f'{figure}_high'])}", style="dim")
    return text


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(columns[0], no_wrap=True)
    for column in columns[1:]:
        table.add_column(column, justify="right", overflow="fold")
    return table


def _head_table(heads: pd.DataFrame) -> Table:
    table = _table("总览（%，95 % 区间）", "任务", "行", "未标注", "准确率", "宏平均 F1", "校准误差", "加权 κ")
    for row in heads.to_dict("records"):
        figures = (percent(row["calibration_error"]), number(row["kappa"]))
        table.add_row(row["name"], str(row["rows"]), str(row["left_out"]), _rate(row, "accuracy"), _rate(row, "macro_f1"), *figures)
    return table


def _class_table(classes: pd.DataFrame, head: str) -> Table:
    table = _table(HEAD_NAMES[head], "类别", "标注", "判为", "精确率", "召回率", "F1")
    for row in classes.to_dict("records"):
        rates = (_rate(row, figure) for figure in ("precision", "recall", "f1"))
        table.add_row(row["name"], str(row["support"]), str(row["chosen"]), *rates, style="" if row["support"] else "dim")
    return table


def _print_confusions(console: Console, confusion: pd.DataFrame, head: str) -> None:
    wrong = confusion[(confusion["truth"] != confusion["chosen"]) & (confusion["rows"] > 0)]
    most = wrong.sort_values("rows", ascending=False, kind="stable").head(TOP_CONFUSIONS)
    if len(most):
        pairs = (f"{label_name(head, row['truth'])} → {label_name(head, row['chosen'])} {row['rows']}" for row in most.to_dict("records"))
        console.print(Text(f"最常混淆：{'，'.join(pairs)}"))


def _text_table(title: str, rows: pd.DataFrame, columns: tuple[str, str, str]) -> Table:
    """Texts with two labels and a share."""
    table = Table(title=title, title_justify="left")
    headers = {"truth": "标注", "chosen": "判断", "confidence": "置信度", "given": "标注", "suggested": "建议", "quality": "可信度"}
    table.add_column("位置", overflow="fold", ratio=3)
    table.add_column("文本", overflow="fold", ratio=8)
    for column in columns:
        table.add_column(headers[column], overflow="fold", min_width=6)
    for row in rows.to_dict("records"):
        text = row["text"] if len(row["text"]) <= SHOWN_LENGTH else row["text"][:SHOWN_LENGTH] + "…"
        first, second = (label_name(row["head"], row[column]) for column in columns[:2])
        table.add_row(plain_text(row["row"]), plain_text(text), first, second, percent(row[columns[2]]))
    return table


def _print_suggestions(console: Console, suggestions: pd.DataFrame) -> None:
    if not len(suggestions):
        console.print(Text("没有发现可疑的标注"))
        return
    worst = suggestions.sort_values("quality", kind="stable").head(TOP_SUGGESTIONS)
    title = f"可疑标注 {len(suggestions)} 条" + (f"，最可疑的 {len(worst)} 条" if len(worst) < len(suggestions) else "")
    console.print(_text_table(title, worst, ("given", "suggested", "quality")))
