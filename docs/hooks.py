"""What the site takes from files that stand elsewhere in the project, with their links turned into links of the site."""

import posixpath
import re
from pathlib import Path

import click
from mkdocs.structure.files import File

ROOT = Path(__file__).parent.parent
#: Page of the site -> file of the project.
PAGES = {
    "changelog.md": "CHANGELOG.md",
    "model-card.md": "models/default/MODEL_CARD.md",
    "benchmarks.md": "benchmarks/README.md",
    "zh.md": "README.zh-CN.md",
}
#: Where the help of all commands is put in.
COMMANDS = "<!-- commands -->"
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


def on_page_markdown(markdown, page, config, files):
    """Put in the help of the commands."""
    if COMMANDS not in markdown:
        return markdown
    from feedback_nlp.cli import cli

    return markdown.replace(COMMANDS, "\n".join(helped(cli, "feedback-nlp", 2)))


def helped(command, name, level, parent=None):
    """Headings and texts of a command and of all below it, as ``--help`` shows them."""
    context = click.Context(command, info_name=name, parent=parent, terminal_width=80, **command.context_settings)
    yield f"{'#' * level} {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    for inner, each in sorted(getattr(command, "commands", {}).items()):
        yield from helped(each, inner, level + 1, context)
