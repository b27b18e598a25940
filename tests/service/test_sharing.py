"""One object for many threads, processes and event loops: everybody gets the answer that one alone would get."""

import copy
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import shared_use
from shared_use import QUESTIONS, TEXTS, answers, at_once, parts

#: A lock that was forked while it was held would hang a child for ever.
PATIENCE = 180


@pytest.fixture(scope="module")
def objects():
    return shared_use.shared()


@pytest.fixture(scope="module")
def expected(objects):
    """What is said of each part when nobody else asks."""
    return [answers(objects, part) for part in parts()]


def test_different_texts_have_different_answers(expected):
    """Or equality would show nothing."""
    for name in QUESTIONS:
        assert len({said[name] for said in expected}) > 5, name


def test_a_shared_object_answers_sixteen_threads(objects, expected):
    """Each thread asks about several parts, beginning with its own, so that at any moment different texts are in work."""
    size, steps = len(expected), range(4)
    said = at_once(lambda first: [answers(objects, parts()[(first + step) % size]) for step in steps])
    for first, found in enumerate(said):
        assert found == [expected[(first + step) % size] for step in steps]


def elsewhere(method, **environment):
    """What ``shared_use.py`` prints."""
    program, settings = Path(shared_use.__file__), {**os.environ, **environment}
    done = subprocess.run([sys.executable, "-W", "error", program, method], capture_output=True, text=True, timeout=PATIENCE, env=settings)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork", "loky"])
def test_other_processes_give_the_same_answers(expected, method):
    assert elsewhere(method) == expected[::4]


def test_sixteen_threads_at_the_very_first_use(expected):
    """Tables and dictionaries are built while others want them."""
    assert elsewhere("cold") == expected


def test_children_forked_while_threads_work(expected):
    """They inherit the objects as they are at that moment, and whatever locks are held."""
    said = [{name: digest for name, digest in one.items() if name in shared_use.FORKED} for one in expected]
    assert elsewhere("busy", OPENBLAS_NUM_THREADS="1") == said


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickles(objects, expected, protocol):
    copied = pickle.loads(pickle.dumps(objects, protocol))  # noqa: S301
    assert [answers(copied, part) for part in parts()] == expected


def test_copies(objects, expected):
    assert answers(copy.deepcopy(objects), parts()[-1]) == expected[-1]


def test_use_leaves_an_object_as_it_was(objects):
    """Nothing is remembered of the texts that were read: what is sent to a worker does not grow."""
    answers(objects, TEXTS)
    before = {name: pickle.dumps(value) for name, value in objects.items()}
    at_once(lambda number: answers(objects, parts()[number]))
    assert {name: pickle.dumps(value) for name, value in objects.items()} == before
