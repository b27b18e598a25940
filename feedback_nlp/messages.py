"""What the command line says, in Chinese or English.

English stands in the code; the Chinese is in ``data/locale/zh/LC_MESSAGES/feedback_nlp.po``, beside its compiled ``.mo``, for `gettext`.
The language is that of ``FEEDBACK_NLP_LANG`` (zh or en), else of the locale: the first of LC_ALL, LC_MESSAGES and LANG that is set. Where
neither says one (C, POSIX, Windows), results are Chinese, as the ledger is, and help and errors English. The files that are written do not
depend on it; their headers are chosen by ``--lang``. Texts of the library's own errors and warnings are English in every language, for
they end in logs and in other programs: only the lines of the command line around them are translated.
"""

import gettext
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Literal

Lang = Literal["zh", "en"]

#: Chooses the language, whatever the locale says.
VARIABLE = "FEEDBACK_NLP_LANG"
LANGUAGES: tuple[Lang, ...] = ("zh", "en")
DOMAIN = "feedback_nlp"


def catalogues() -> Path:
    """The folder of the translations."""
    return Path(str(resources.files("feedback_nlp"))) / "data" / "locale"


def asked_language() -> Lang | None:
    """The language the user asks for; None where neither ``FEEDBACK_NLP_LANG`` nor the locale says one."""
    given = next((lang for lang in LANGUAGES if lang == os.environ.get(VARIABLE, "")), None)
    return given or _of_locale(next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "C"))


def _of_locale(name: str) -> Lang | None:
    """The language of a locale such as zh_CN.UTF-8; English for those in which nothing is written here, None for C and POSIX."""
    language = name.partition(".")[0].partition("_")[0].casefold()
    if language in ("c", "posix"):
        return None
    return "zh" if language in ("zh", "chinese") else "en"


def result_language() -> Lang:
    """The language results are shown in: Chinese where the user asks for none."""
    return asked_language() or "zh"


def help_language() -> Lang:
    """The language of help, errors and notes: English where the user asks for none."""
    return asked_language() or "en"


def show(text: str, **values: object) -> str:
    """A text of the results. text: English, with ``values`` in braces."""
    return translate(text, result_language()).format(**values)


def say(text: str, **values: object) -> str:
    """A text of help, errors or notes. text: English, with ``values`` in braces."""
    return translate(text, help_language()).format(**values)


def show_list(words: Iterable[object]) -> str:
    """Words of a result with commas between them."""
    return ("、" if result_language() == "zh" else ", ").join(map(str, words))


def result_word(chinese: str, english: object) -> str:
    """A word of the domain, which has its Chinese name in the library's own tables."""
    return chinese if result_language() == "zh" else str(english)


def translate(text: str, lang: Lang) -> str:
    """The text in a language; itself where it is not in the catalogue."""
    return gettext.translation(DOMAIN, catalogues(), [lang], fallback=True).gettext(text) if text else text


@contextmanager
def click_speaks(lang: Lang) -> Iterator[None]:
    """Let what click itself says be translated: it asks `gettext` for the domain and language of the process."""
    language, domain = os.environ.get("LANGUAGE"), gettext.textdomain()
    gettext.bindtextdomain(DOMAIN, str(catalogues()))
    gettext.textdomain(DOMAIN)
    os.environ["LANGUAGE"] = lang
    try:
        yield
    finally:
        gettext.textdomain(domain)
        if language is None:
            del os.environ["LANGUAGE"]
        else:
            os.environ["LANGUAGE"] = language
