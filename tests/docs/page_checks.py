"""Checks of code that is not run: it is at least the language it says, and what it names of this library is there."""

import ast
import inspect
import json
import re
import shlex
import subprocess
import tomllib

import feedback_nlp
from feedback_nlp.cli import cli

_CRON = re.compile(r"^(?:[\d*/,-]+\s+){5}(?P<command>\S.*)$")
_NAME = re.compile(r"^[A-Z_]+=")


def check_python(source, where):
    """It compiles, and every ``fn.name`` is there and is called with arguments it has."""
    tree = ast.parse(source, str(where))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _root(node) == "fn":
            _resolve(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _root(node.func) == "fn":
            named = {keyword.arg: None for keyword in node.keywords if keyword.arg}
            inspect.signature(_resolve(node.func)).bind(*node.args, **named)


def _root(node):
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _resolve(node):
    if isinstance(node, ast.Name):
        return feedback_nlp
    return getattr(_resolve(node.value), node.attr)


def check_shell(source):
    """bash can read it, and every call of ours has options that exist."""
    done = subprocess.run(["bash", "-n"], input=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for call in re.findall(r"feedback-nlp (.*?)(?=$|[|;)]|&&|\d?>)", source.replace("\\\n", " "), re.M):
        check_call(shlex.split(re.sub(r"\"?\$\([^)]*\)?\"?|\s#.*$", "X", call)))


def check_call(arguments):
    """The command and its options are there; what they name need not."""
    context, command = None, cli
    while hasattr(command, "commands"):
        context = command.make_context(command.name, arguments, parent=context)
        name, command, arguments = command.resolve_command(context, [*context._protected_args, *context.args])
    command.make_context(name, list(arguments), parent=context)


def check_cron(source):
    """Lines of a table of cron: settings, or five fields and a command."""
    for line in source.splitlines():
        if line and not line.startswith("#") and not _NAME.match(line):
            found = _CRON.match(line)
            assert found, f"expected five fields and a command: {line}"
            # cron takes a bare % for the end of the line.
            assert not re.search(r"(?<!\\)%", found["command"]), line
            check_shell(found["command"].replace("\\%", "%"))


DATA = {"toml": tomllib.loads, "json": json.loads}
