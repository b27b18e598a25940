"""The benchmarks are no part of the installed package; they are imported from the checkout."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))


@pytest.fixture(scope="session")
def tables(tmp_path_factory):
    """The folder of the tiny tables and their manifest."""
    from tiny_tables import write_data

    folder = tmp_path_factory.mktemp("data")
    return folder, write_data(folder)


@pytest.fixture
def data(tables, monkeypatch, tmp_path):
    """The data folder and the manifest that the benchmarks see, a fresh copy; the repository has no label tables."""
    from copy import deepcopy

    from benchmarks import common
    from benchmarks.peers import training

    folder, manifest = tables[0], deepcopy(tables[1])
    monkeypatch.setenv(common.DATA_VARIABLE, str(folder))
    monkeypatch.setattr(training, "read_manifest", lambda _: manifest)
    monkeypatch.setattr(training, "ROOT", tmp_path)
    return manifest
