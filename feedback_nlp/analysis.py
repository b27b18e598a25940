"""The result of ``analyze``: frozen tables that know how to show and save themselves."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from feedback_nlp.errors import InputError
from feedback_nlp.io import write_csv, write_json, write_parquet
from feedback_nlp.ledger.assemble import HEADERS
from feedback_nlp.topics import Themes, write_themes

#: The languages of headers in files for people.
LANGUAGES = ("zh", "en")

MANIFEST = "manifest.json"
TABLES = ("ledger", "themes", "keywords", "phrases", "duplicates", "aspects", "trends", "quarantine")
THEMES = "themes.json"
FILES = ("ledger.csv", *(f"{name}.parquet" for name in TABLES), "summary.json", THEMES)


def check_folder(folder: Path, source: Path | None = None) -> None:
    """Raise InputError where saving into ``folder`` would replace the input or a file that is not ours."""
    try:
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{folder}: expected a folder, got a file; give another --out")
        if source is not None and source.exists() and source.resolve().parent == folder.resolve() and source.name in FILES:
            raise InputError(f"{source}: the results in {folder} would replace the input; give another --out")
        manifest = folder / MANIFEST
        if manifest.is_file() and '"signature"' not in manifest.read_text(encoding="utf-8", errors="replace"):
            raise InputError(f"{manifest} was not written by feedback_nlp and would be replaced; give another --out")
    except OSError as error:
        raise InputError(f"{folder}: expected a folder that can be written ({error.strerror}); give another --out") from error


@dataclass(frozen=True, eq=False)
class Analysis:
    """What came out of a heap of feedback.

    ledger: DataFrame, one row per feedback, most urgent first.
    themes: DataFrame, one row per theme, largest first. keywords, phrases: DataFrames of the whole, weightiest first.
    duplicates: DataFrame, one row per group of items that say the same, largest first. aspects: DataFrame, one row per aspect and product.
    trends: DataFrame, items per theme and day. summary: figures of the whole, plain values that JSON can hold.
    quarantine: DataFrame [source_line, reason, raw], the rows that are not in the ledger; personal data masked.
    theme_model: the themes themselves, for ``themes`` of the next analysis; they can be renamed, merged and pinned.
    signature: model, policy, scheme, options and version: what produced this. timings: seconds per step, in order.

    Rows read = len(ledger) + len(quarantine), always.
    """

    ledger: pd.DataFrame
    themes: pd.DataFrame
    keywords: pd.DataFrame
    phrases: pd.DataFrame
    duplicates: pd.DataFrame
    aspects: pd.DataFrame
    trends: pd.DataFrame
    summary: dict[str, Any]
    quarantine: pd.DataFrame
    theme_model: Themes = field(repr=False)
    signature: dict[str, Any]
    timings: Mapping[str, float] = field(repr=False)

    def __repr__(self) -> str:
        counts = ", ".join(f"{level} {count}" for level, count in self.summary["priority"].items())
        return f"<Analysis: {len(self.ledger)} items ({counts}), {len(self.themes)} themes, {len(self.quarantine)} quarantined>"

    def save(self, folder: str | Path, *, lang: str = "zh", bom: bool = False) -> Path:
        """Write all tables into ``folder`` (made if missing) and return it.

        ledger.parquet (English column names, for machines), ledger.csv (headers in ``lang``, "zh" or "en", for people; figures to four
        decimals; ``bom``: with a byte order mark, which Excel needs to take it for UTF-8), the other tables as .parquet, summary.json,
        themes.json (for the next analysis), and last manifest.json with the signature and each file's checksum.
        Every file is written under a temporary name and moved into place. Equal input gives equal bytes.
        Raises InputError where the folder cannot be written.
        """
        if lang not in LANGUAGES:
            raise InputError(f"unknown language {lang!r}; expected one of {', '.join(LANGUAGES)}")
        folder = Path(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            check_folder(folder)
            # An old manifest would vouch for files that are about to change.
            (folder / MANIFEST).unlink(missing_ok=True)
        except OSError as error:
            raise InputError(f"{folder}: expected a folder that can be written ({error.strerror}); give another --out") from error
        figures = self.ledger.select_dtypes("float").columns
        write_csv(self.ledger.round(dict.fromkeys(figures, 4)), folder / "ledger.csv", headers=HEADERS if lang == "zh" else None, bom=bom)
        for name in TABLES:
            write_parquet(getattr(self, name), folder / f"{name}.parquet")
        write_json(self.summary, folder / "summary.json")
        write_themes(self.theme_model, folder / THEMES)
        files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in sorted(FILES)}
        write_json({"signature": self.signature, "files": files}, folder / MANIFEST)
        return folder
