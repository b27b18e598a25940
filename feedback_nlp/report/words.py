"""The words of reports and workbooks: written in Chinese where they are used, looked up where another language is asked for."""

import tomllib
from collections.abc import Callable
from importlib import resources

from feedback_nlp.errors import InputError
from feedback_nlp.trends.operations_words import LANGUAGES

#: A Chinese word to the language of a report; what has no translation (customers' words, themes) stays as it is.
Words = Callable[[str], str]

ENGLISH = "report_words_en.toml"


def asset(name: str) -> str:
    """The text of a file that ships with reports, lines ending in a line feed."""
    return resources.files("feedback_nlp.report").joinpath("assets", name).read_text(encoding="utf-8")


def words_of(lang: str) -> Words:
    """How things are called in a language. lang: "zh" or "en". Raises InputError for another one."""
    if lang not in LANGUAGES:
        raise InputError(f"unknown lang {lang!r}; expected one of {', '.join(LANGUAGES)}")
    if lang == "zh":
        return str
    english = tomllib.loads(asset(ENGLISH))["words"]
    return lambda word: str(english.get(word, word))
