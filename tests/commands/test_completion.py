"""What a shell offers after Tab."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from feedback_nlp.cli import cli, main
from feedback_nlp.commands.completion import SHELLS
from feedback_nlp.commands.values import shipped_names
from feedback_nlp.ledger.settings import shipped
from feedback_nlp.topics.aspect_words import SHIPPED
from feedback_nlp.vocabulary import STATUSES, TYPE_CODES

SCRIPT = Path(sys.executable).parent / "feedback-nlp"


def offered(*words):
    """What is offered for the last word: values, or the kind of place to look in."""
    *before, typed = words
    found = ShellComplete(cli, {}, "feedback-nlp", "_FEEDBACK_NLP_COMPLETE").get_completions(before, typed)
    return [item.value if item.type == "plain" else f"<{item.type}>" for item in found]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["do"], ["doctor"]),
        (["ledger", "re"], ["reopen"]),
        (["run", "x.csv", "--pol"], ["--policy"]),
        (["run", "x.csv", "--policy", ""], sorted(shipped("policies"))),
        (["run", "x.csv", "--policy", "handling-m"], ["handling-measures"]),
        (["run", "x.csv", "--policy", "./own"], ["<file>"]),
        (["run", "x.csv", "--scheme", "channel"], ["channel-plan"]),
        (["demo", "--aspects", ""], sorted(SHIPPED)),
        (["demo", "--aspects", "z"], []),
        (["demo", "--engine", "d"], ["dask"]),
        (["demo", "--lang", ""], ["zh", "en"]),
        (["demo", "--out", "o"], ["<dir>"]),
        (["demo", "--report", "o"], ["<file>"]),
        (["run", "f"], ["<file>"]),
        (["score", "f"], ["<file>"]),
        (["train", "f"], ["<file>"]),
        (["evaluate", "f.csv", "--model", ""], ["<dir>"]),
        (["evaluate", "f.csv", "--head", "u"], ["urgency"]),
        (["policies", "improvement"], ["improvement-plan"]),
        (["schemes", "own.t"], ["<file>"]),
        (["ledger", "--policy", "coll"], ["collection-template"]),
        (["ledger", "list", "--status", ""], list(STATUSES)),
        (["ledger", "correct", "x", "--type", ""], list(TYPE_CODES)),
        (["completion", ""], ["bash", "zsh", "fish"]),
    ],
    ids=" ".join,
)
def test_what_is_offered(words, expected):
    assert offered(*words) == expected


def test_names_are_found_without_the_library():
    """And are those the library knows."""
    assert shipped_names("policies", "*.toml") == sorted(shipped("policies"))
    assert shipped_names("schemes", "*.toml") == sorted(shipped("schemes"))
    assert shipped_names("", "aspects_*.txt") == sorted(SHIPPED)
    code = "import sys; from feedback_nlp.cli import main; main([]); sys.exit('pandas' in sys.modules or 'numpy' in sys.modules)"
    environment = {**os.environ, "COMP_WORDS": "feedback-nlp run --policy h", "COMP_CWORD": "3", "_FEEDBACK_NLP_COMPLETE": "zsh_complete"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, ["plain", "handling-measures", "_"])


@pytest.mark.parametrize("shell", SHELLS)
def test_the_scripts(capsys, shell):
    assert main(["completion", shell]) == 0
    out = capsys.readouterr().out
    assert f"_FEEDBACK_NLP_COMPLETE={shell}_complete" in out and "feedback-nlp" in out


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_takes_its_script(capsys, shell):
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed here")
    main(["completion", shell])
    done = subprocess.run([program, "-n"], input=capsys.readouterr().out, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not shutil.which("bash") or not SCRIPT.exists(), reason="needs bash and the installed command")
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("feedback-nlp do", ["doctor"]),
        ("feedback-nlp run f.csv --policy ", sorted(shipped("policies"))),
        ("feedback-nlp ledger list --status 处", ["处理中"]),
    ],
)
def test_bash_really_completes(line, expected):
    words = line.split(" ")
    code = (
        f'PATH="{SCRIPT.parent}:$PATH"; eval "$(feedback-nlp completion bash)"; '
        'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _feedback_nlp_completion feedback-nlp; printf "%s\\n" "${COMPREPLY[@]}"; '
        "complete -p feedback-nlp"
    )
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(["bash", "--norc", "-c", code, "bash", *words], env=environment, capture_output=True, text=True, check=False)
    *found, registered = done.stdout.splitlines()
    assert (done.stderr, found) == ("", expected)
    assert registered.endswith("-F _feedback_nlp_completion feedback-nlp")
