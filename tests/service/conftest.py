"""The benchmarks are no part of the installed package; ``test_memory.py`` imports the soak from the checkout."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
