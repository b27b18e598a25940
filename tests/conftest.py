"""One setting for the whole suite."""

import os

from hypothesis import settings

# In CI the same examples every time: what fails there can be repeated here. At home every run looks further.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
