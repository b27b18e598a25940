"""Logs of a run on standard error, a line of text or of JSON for each step that ends; figures and names of steps alone."""

import logging
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from feedback_nlp.batch.steps import Progress

NAME = "feedback_nlp.run"


def logger(form: str) -> logging.Logger:
    """A logger of its own, which no other logger hears. form: text or json."""
    found = logging.Logger(NAME, logging.INFO)
    handler = logging.StreamHandler(sys.stderr)
    if form == "json":
        from pythonjsonlogger.json import JsonFormatter

        handler.setFormatter(JsonFormatter("{asctime}{levelname}{message}", style="{", json_ensure_ascii=False))
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    found.addHandler(handler)
    return found


def log_event(to: logging.Logger, event: str, figures: Mapping[str, Any]) -> None:
    """One line: what happened, and its figures."""
    text = " ".join(f"{name}={value}" for name, value in figures.items())
    if any(type(handler.formatter) is not logging.Formatter for handler in to.handlers):
        to.info(event, extra=dict(figures))
    else:
        to.info("%s %s", event, text)


def log_steps(form: str) -> "Progress":
    """What ``analyze`` and `run_files` call as ``progress``: a line when a step has ended."""
    to = logger(form)
    began: dict[str, float] = {}

    def report(step: str, done: int, rows: int) -> None:
        began.setdefault(step, time.perf_counter())
        if rows and done >= rows:
            seconds = time.perf_counter() - began.pop(step)
            log_event(to, "step", {"step": step, "seconds": round(seconds, 3), **({"rows": rows} if rows > 1 else {})})

    return report
