"""The result of ``analyze``: frozen tables that know how to show and save themselves."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from feedback_nlp.errors import InputError
from feedback_nlp.io import write_csv, write_json, write_parquet
from feedback_nlp.io.cells import to_frame
from feedback_nlp.ledger.assemble import HEADERS
from feedback_nlp.summary import in_order
from feedback_nlp.topics import Themes, read_themes, write_themes

if TYPE_CHECKING:
    from feedback_nlp.ledger.explain import ItemExplanation
    from feedback_nlp.scorer.scorer import BatchScorer

#: The languages of headers in files for people.
LANGUAGES = ("zh", "en")

MANIFEST = "manifest.json"
TABLES = ("ledger", "themes", "keywords", "phrases", "duplicates", "aspects", "trends", "quarantine", "history")
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

    history: DataFrame [feedback_id, column, from, to, who, run, at], what merging with ``previous`` changed in items known before.

    Rows read = len(ledger) + len(quarantine), always; with ``previous``, items of the ledger before that were not read are kept as well.
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
    history: pd.DataFrame
    theme_model: Themes = field(repr=False)
    signature: dict[str, Any]
    timings: Mapping[str, float] = field(repr=False)

    def __repr__(self) -> str:
        counts = ", ".join(f"{level} {count}" for level, count in self.summary["priority"].items())
        return f"<Analysis: {len(self.ledger)} items ({counts}), {len(self.themes)} themes, {len(self.quarantine)} quarantined>"

    def _repr_html_(self) -> str:
        from feedback_nlp.report.notebook import analysis_html

        return analysis_html(self)

    def explain(self, feedback_id: str, *, policy: str | Path | None = None, scorer: "BatchScorer | None" = None) -> "ItemExplanation":
        """Why an item has its priority: components, rules, and its words; see `explain_item`.

        policy: needed where the analysis was made with one given by path. scorer: also marks what the model read in the text.
        Raises InputError where there is no such item.
        """
        from feedback_nlp.ledger.explain import explain_item

        return explain_item(self.ledger, feedback_id, policy=policy or self.signature["policy"].partition("/")[0], scorer=scorer)

    def report(self, path: str | Path, *, lang: str = "zh", as_of: str | pd.Timestamp | None = None, top: int = 50) -> Path:
        """Write a report of one HTML file that needs no network; see `feedback_nlp.report.write_report`."""
        from feedback_nlp.report.page import write_report

        return write_report(self, path, lang=lang, as_of=as_of, top=top)

    def workbook(self, path: str | Path, *, lang: str = "zh") -> Path:
        """Write the ledger as an Excel workbook; needs the extra ``excel``; see `feedback_nlp.report.write_workbook`."""
        from feedback_nlp.report.workbook import write_workbook

        return write_workbook(self.ledger, path, summary=self.summary, themes=self.themes, trends=self.trends, lang=lang)

    @classmethod
    def load(cls, folder: str | Path, *, rows: int | None = None, columns: Collection[str] | None = None) -> "Analysis":
        """What ``save`` or `run_files` wrote.

        rows: read only so many rows of the ledger, the most urgent; the summary stays that of all. columns: read only these of it, where
        they are there.

        Raises InputError where the folder is not one of theirs, or not whole.
        """
        folder = Path(folder)
        try:
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            tables = {name: _read_table(folder / f"{name}.parquet") for name in TABLES if name != "ledger"}
            ledger = _read_table(folder / "ledger.parquet", rows, columns)
            summary = in_order(json.loads((folder / "summary.json").read_text(encoding="utf-8")))
            signature = manifest["signature"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{folder}: expected the folder of a finished analysis, got one that cannot be read ({error})") from error
        themes = read_themes(folder / THEMES)
        return cls(ledger=ledger, **tables, summary=summary, theme_model=themes, signature=signature, timings={})

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


def _read_table(path: Path, rows: int | None = None, columns: Collection[str] | None = None) -> pd.DataFrame:
    """The first rows of a Parquet file, all for None, and these columns of them; the rest is not read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    # One file, mapped: pandas would open it as a data set of files, which takes a multiple of the memory traffic.
    with pq.ParquetFile(path, memory_map=True) as file:
        chosen = [name for name in file.schema_arrow.names if columns is None or name in columns]
        if rows is None:
            table = file.read(columns=chosen)
        else:
            batches = file.iter_batches(batch_size=max(rows, 1), columns=chosen)
            table = pa.Table.from_batches(list(islice(batches, 1)), file.schema_arrow.empty_table().select(chosen).schema)[:rows]
    return to_frame(table)
