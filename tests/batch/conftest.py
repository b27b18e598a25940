"""A server that runs jobs in processes that may be killed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


class Jobs:
    """Jobs in processes of their own, one at a time; see ``job_server.py``."""

    def __init__(self):
        # OpenMP has no word for what becomes of its threads in a forked child; with one it has none.
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("job_server.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert self.process.stdout.readline() == "ready\n"

    def start(self, data, out, *, options=None, **request):
        """Start a job; returns the number of its process."""
        line = {"data": data if isinstance(data, list) else str(data), "out": str(out), "options": options or {}, **request}
        self._say(json.dumps(line))
        return int(self.process.stdout.readline())

    def end(self):
        """Wait until the job has ended; its status (negative: the signal that killed it), error and number of operations."""
        self._say("end")
        return json.loads(self.process.stdout.readline())

    def run(self, data, out, **request):
        """Start a job and wait for its end."""
        self.start(data, out, **request)
        return self.end()

    def _say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(60)


@pytest.fixture(scope="session")
def jobs():
    found = Jobs()
    yield found
    found.close()
