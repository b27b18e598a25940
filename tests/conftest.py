"""Settings for the whole suite."""

import os

import pytest
from hypothesis import settings

from feedback_nlp.messages import VARIABLE

# In CI the same examples every time: what fails there can be repeated here. At home every run looks further.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture(autouse=True)
def no_locale(monkeypatch):
    """Results in Chinese, messages in English, whatever the locale of the machine."""
    for name in (VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
