"""How many inputs the fuzz tests tried, said at the end; and the profile for a run that takes hours.

python -m pytest tests/fuzz                              seconds to a minute, what CI runs
python -m pytest tests/fuzz --hypothesis-profile=long    a hundred times as many inputs, other ones each time
"""

from collections import Counter
from itertools import count

import pytest
from hypothesis import settings

settings.register_profile("long", settings.get_profile("default"), max_examples=100 * settings.get_profile("default").max_examples)

TRIED = pytest.StashKey[Counter]()


@pytest.fixture(scope="session")
def tried(request):
    """Counter of inputs by what read them; a test adds the texts, files or tables it tried."""
    return request.config.stash.setdefault(TRIED, Counter())


@pytest.fixture(scope="session")
def new_folder(tmp_path_factory):
    """Makes an empty folder, a new one with each call."""
    root, number = tmp_path_factory.mktemp("models"), count()

    def make():
        folder = root / str(next(number))
        folder.mkdir()
        return folder

    return make


def pytest_terminal_summary(terminalreporter, config):
    """One line per reader."""
    found = config.stash.get(TRIED, Counter())
    if found:
        terminalreporter.section(f"fuzz: {found.total():,} inputs tried")
        for what, times in sorted(found.items()):
            terminalreporter.write_line(f"{times:>10,}  {what}")
