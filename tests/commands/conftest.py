"""The commands speak as the locale says: here it says nothing, unless a test says so."""

import pytest

from feedback_nlp.messages import VARIABLE

NAMES = (VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE")


@pytest.fixture(autouse=True)
def no_locale(monkeypatch):
    """Results in Chinese, messages in English."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
