"""``feedback-nlp doctor``: what this machine has, whether it works, and what to do where it does not."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import click

from feedback_nlp.commands.checks import CHECKS, Finding
from feedback_nlp.commands.helping import examples
from feedback_nlp.messages import say

EXIT_BROKEN = 1
_MARKS = {"ok": ("✓", "green"), "note": ("–", "yellow"), "broken": ("✗", "bold red")}


@click.command(epilog=examples("feedback-nlp doctor", "feedback-nlp doctor --json > doctor.json"))
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def doctor(as_json: bool) -> int:
    """Check this installation: versions, compiled code, model, fonts, extras, and a small run.

    Ends with 0 where all that is needed works, else with 1. It shows no customers' text and no passwords.
    """
    findings = list(_look())
    broken = [finding.name for finding in findings if finding.state == "broken"]
    if as_json:
        click.echo(json.dumps({"ok": not broken, "findings": [asdict(finding) for finding in findings]}, ensure_ascii=False, indent=2))
    else:
        _print(findings, broken)
    return EXIT_BROKEN if broken else 0


def _look() -> Iterator[Finding]:
    for check in CHECKS:
        try:
            yield from check()
        except Exception as error:  # a package that cannot be imported must not hide what else is wrong
            advice = say("install the package again: python -m pip install --force-reinstall feedback_nlp")
            yield Finding(check.__name__.removeprefix("check_"), "broken", f"{type(error).__name__}: {error}", advice)


def _print(findings: Sequence[Finding], broken: Sequence[str]) -> None:
    from rich.table import Table
    from rich.text import Text

    from feedback_nlp.terminal import make_console, plain_text

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        mark, style = _MARKS[finding.state]
        table.add_row(Text(mark, style=style), plain_text(say(finding.name)), plain_text(finding.detail))
        if finding.advice:
            table.add_row("", "", plain_text(f"→ {finding.advice}", style=style))
    console = make_console()
    console.print(table)
    end = say("Broken: {names}", names=", ".join(map(say, broken))) if broken else say("All that is needed works.")
    console.print(plain_text(end, style=_MARKS["broken" if broken else "ok"][1]))
