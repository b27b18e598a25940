"""A first model card for a model a user trains; people's edits to it are never overwritten."""

from pathlib import Path
from typing import Any

CARD_FILE = "MODEL_CARD.md"


def write_card(folder: Path, manifest: dict[str, Any]) -> None:
    """Write ``MODEL_CARD.md`` from the manifest, unless the folder has one."""
    path = folder / CARD_FILE
    if path.exists():
        return
    training = manifest["training"]
    lines = [
        f"# Model card: {manifest['name']}",
        "",
        f"A small network over hashed character n-grams (orders 1 to {manifest['orders']}, 2^{manifest['bits']} buckets of "
        f"{manifest['width']} numbers), pooled over clauses, {manifest['hidden']} hidden units.",
        "",
        "## Data",
        "",
        "| table | rows | labels | SHA-256 |",
        "|---|---|---|---|",
        *(f"| {source['file']} | {source['rows']} | {source['labels']} | {source['sha256'][:12]} |" for source in training["sources"]),
        "",
        "## Figures on held-out texts",
        "",
        "| texts | figure | value |",
        "|---|---|---|",
        *(f"| {part} | {name} | {value:g} |" for part, figures in training["held_out"].items() for name, value in figures.items()),
        "",
        "State here where the texts come from, their licences, what the model is for, and what it gets wrong.",
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
