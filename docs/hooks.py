"""What the site takes from files that stand elsewhere in the project, with their links turned into links of the site."""

import posixpath
import re
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).parent.parent
#: Page of the site -> file of the project.
PAGES = {
    "changelog.md": "CHANGELOG.md",
    "model-card.md": "models/default/MODEL_CARD.md",
    "benchmarks.md": "benchmarks/README.md",
    "zh.md": "README.zh-CN.md",
}
_LINK = re.compile(r"\[([^\]\n]+)\]\(([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files, config):
    """Add the pages."""
    for page, source in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=relinked(text, source)))
    return files


def relinked(text, source):
    """Links of a file as links of a page at the root of the site; what the site does not have becomes plain text."""
    found = {path: page for page, path in PAGES.items()} | {"README.md": "index.md"}

    def link(match):
        words, target, anchor = match[1], match[2], match[3] or ""
        if ":" in target:
            return match[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        page = found.get(path) or (path.removeprefix("docs/") if path.startswith("docs/") else None)
        return f"[{words}]({page}{anchor})" if page else words

    return _LINK.sub(link, text)
