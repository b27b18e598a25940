"""What ``feedback-nlp doctor`` looks at: each check answers with one or more findings, and never with customers' text or a secret."""

import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from feedback_nlp.errors import FeedbackError
from feedback_nlp.messages import asked_language, say

State = Literal["ok", "note", "broken"]
#: Extras for people who work on the package itself.
NOT_FOR_USERS = frozenset({"test", "lint", "docs"})
#: Free space below which a run of some million rows may not end.
LEAST_FREE = 1 << 30
#: Made up; what the model must say of them: type and sign of the sentiment.
SENTENCES = {
    "我的软件总是闪退，太影响工作了": ("defect", -1),
    "很好用，推荐给大家": ("praise", 1),
    "请问怎么开发票？": ("inquiry", 0),
}
SAMPLE_ROWS = 10
_REQUIREMENT = re.compile(r"([\w.-]+)(?:\[[\w,]+\])?(?:>=([\d.]+))?")


@dataclass(frozen=True)
class Finding:
    """What was found. state: note is something that is missing and not needed. advice: what to do, "" where nothing."""

    name: str
    state: State
    detail: str
    advice: str = ""


def check_versions() -> Iterator[Finding]:
    """Python, the package, and what it requires."""
    system = f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    new_enough = sys.version_info >= (3, 11)
    yield Finding("python", "ok" if new_enough else "broken", system, "" if new_enough else say("install Python 3.11 or later"))
    yield Finding("feedback_nlp", "ok", metadata.version("feedback_nlp"))
    for name, least in requirements("").items():
        yield _package(name, least, extra="")


def check_extras() -> Iterator[Finding]:
    """Optional packages, by the extra that brings them."""
    for extra in sorted(set(metadata.metadata("feedback_nlp").get_all("Provides-Extra") or ()) - NOT_FOR_USERS):
        wanted = requirements(extra)
        if not wanted:
            continue
        found = [_package(name, least, extra=extra) for name, least in wanted.items()]
        state: State = "ok" if all(each.state == "ok" for each in found) else "note"
        advice = "" if state == "ok" else say("to use it: python -m pip install 'feedback_nlp[{extra}]'", extra=extra)
        yield Finding(f"extra {extra}", state, ", ".join(f"{each.name} {each.detail}" for each in found), advice)
        if extra == "spark" and state == "ok":
            yield _java()


def requirements(extra: str) -> dict[str, str]:
    """Package -> least version, "" for any: of an extra, or what is always required."""
    lines = (line.partition(";") for line in metadata.requires("feedback_nlp") or ())
    wanted = (line for line, _, marker in lines if (f'"{extra}"' in marker.replace("'", '"') if extra else "extra" not in marker))
    found = (_REQUIREMENT.match(line.strip()) for line in wanted)
    return {match[1]: match[2] or "" for match in found if match}


def _package(name: str, least: str, *, extra: str) -> Finding:
    missing: State = "note" if extra else "broken"
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(name, missing, say("not installed"), f"python -m pip install '{name}{f'>={least}' if least else ''}'")
    if _numbers(version) < _numbers(least):
        detail = say("{version}, which is older than {least}", version=version, least=least)
        return Finding(name, missing, detail, f"python -m pip install --upgrade '{name}>={least}'")
    return Finding(name, "ok", version)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version.partition("+")[0])[:3]]


def _java() -> Finding:
    home = os.environ.get("JAVA_HOME", "")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if found:
        return Finding("java", "ok", found)
    return Finding(
        "java", "note", say("not found"), say("Spark needs Java 17 or later: install it, and set JAVA_HOME if it is not on the PATH")
    )


def check_compiled() -> Iterator[Finding]:
    """The C extensions, each of which has a twin in numpy."""
    from feedback_nlp.text import cutting
    from feedback_nlp.text.native import MODULE, native
    from feedback_nlp.topics import kernels

    known = {MODULE: native() is not None, "_feedback_nlp_cut": cutting.compiled(), "_feedback_nlp_minhash": kernels.compiled()}
    for name, there in known.items():
        detail = say("compiled") if there else say("missing; numpy does the same work, slower")
        advice = "" if there else say("install a wheel, or a C compiler and the package again")
        yield Finding(name, "ok" if there else "note", detail, advice)


def check_machine() -> Iterator[Finding]:
    """Cores, the temporary folder, the locale and the terminal's encoding."""
    from feedback_nlp.engines.local import LocalEngine

    yield Finding("cores", "ok", str(LocalEngine(-1).processes))
    yield _temporary_folder()
    locale = next((f"{name}={os.environ[name]}" for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), say("not set"))
    yield Finding("locale", "ok", f"{locale} → {asked_language() or say('results Chinese, messages English')}")
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        "反馈台账".encode(encoding)
    except (UnicodeError, LookupError):
        advice = say("set PYTHONUTF8=1 (Windows: also run chcp 65001), or results on the terminal are question marks")
        yield Finding("encoding", "note", say("{encoding} cannot write Chinese", encoding=encoding), advice)
    else:
        yield Finding("encoding", "ok", encoding)


def _temporary_folder() -> Finding:
    advice = say("set TMPDIR (Windows: TEMP) to a folder that can be written and has room")
    try:
        folder = tempfile.gettempdir()
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0" * 4096)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding("temporary folder", "broken", say("cannot be written: {why}", why=error.strerror or error), advice)
    detail = say("{folder}, {free:.1f} GB free", folder=folder, free=free / 1e9)
    return Finding("temporary folder", "ok" if free >= LEAST_FREE else "note", detail, "" if free >= LEAST_FREE else advice)


def check_model() -> Iterator[Finding]:
    """The bundled model: every byte as its manifest says."""
    from feedback_nlp.scorer.model import load_model

    try:
        yield Finding("bundled model", "ok", say("{signature}, checksum verified", signature=load_model().signature))
    except (FeedbackError, OSError) as error:
        yield Finding(
            "bundled model", "broken", str(error), say("install the package again: python -m pip install --force-reinstall feedback_nlp")
        )


def check_fonts() -> Iterator[Finding]:
    """A font for Chinese in figures."""
    from feedback_nlp.plots.fonts import advice, find_font, need_matplotlib

    try:
        need_matplotlib()
    except FeedbackError:
        yield Finding(
            "font",
            "note",
            say("no figures without matplotlib"),
            say("to use it: python -m pip install 'feedback_nlp[{extra}]'", extra="plot"),
        )
        return
    try:
        font = find_font()
    except FeedbackError as error:
        yield Finding("font", "broken", str(error), say("set FEEDBACK_NLP_FONT to another font, or unset it"))
        return
    name = f"{font.families[0]}, {font.path}" if font.families else font.path
    if font.chinese:
        yield Finding("font", "ok", name)
    else:
        yield Finding("font", "note", say("none for Chinese; figures are drawn in English with {name}", name=font.families[0]), advice())


def check_work() -> Iterator[Finding]:
    """The thing itself: three sentences scored, ten rows analysed."""
    from feedback_nlp.pipeline import analyze
    from feedback_nlp.scorer.scorer import BatchScorer

    broken = say("report it, with what this command shows; or install the package again")
    try:
        scored = BatchScorer.load().score(list(SENTENCES))
        said = [(kind, (level > 0) - (level < 0)) for kind, level in zip(scored["type"], scored["sentiment"].astype(int), strict=True)]
        state: State = "ok" if said == list(SENTENCES.values()) else "broken"
        yield Finding("scores", state, ", ".join(f"{kind} {sign:+d}" for kind, sign in said), "" if state == "ok" else broken)
        texts = [f"{text}{number}" for number in range(SAMPLE_ROWS) for text in SENTENCES][:SAMPLE_ROWS]
        items = len(analyze(texts).ledger)
        yield Finding(
            "analysis",
            "ok" if items == SAMPLE_ROWS else "broken",
            say("{items} items", items=items),
            "" if items == SAMPLE_ROWS else broken,
        )
    except Exception as error:  # whatever is broken is what is asked for
        yield Finding("self test", "broken", f"{type(error).__name__}: {error}", broken)


#: In the order in which they are shown.
CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    check_versions,
    check_compiled,
    check_machine,
    check_model,
    check_work,
    check_fonts,
    check_extras,
)
