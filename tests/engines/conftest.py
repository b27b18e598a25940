"""The sample that ships, and what the local engine makes of it."""

from importlib import resources
from pathlib import Path

import pytest

import feedback_nlp as fn
from feedback_nlp.batch.job import LOCK
from feedback_nlp.engines.local import LocalEngine

PART_ROWS = 60


@pytest.fixture(scope="session")
def run():
    """``run_files`` of the sample in a few parts; returns the bytes of each file."""
    sample = Path(str(resources.files("feedback_nlp"))) / "data" / "sample.csv"

    def analyse(out, engine, **options):
        assert fn.run_files(sample, out, engine=engine, part_rows=PART_ROWS, **options)
        return {path.name: path.read_bytes() for path in out.iterdir() if path.name != LOCK}

    return analyse


@pytest.fixture(scope="session")
def local_files(run, tmp_path_factory):
    return run(tmp_path_factory.mktemp("local") / "out", LocalEngine(1))
