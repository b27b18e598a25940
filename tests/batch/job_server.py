"""Runs jobs in forked children, so that a test can kill one after the other without paying for the start of each.

Reads one JSON object a line: ``data``, ``out``, ``options`` of `run_files`; ``dies_at``: the child kills itself with SIGKILL before its
n-th operation on files; ``stops_at``: the step at which the child stops itself with SIGSTOP; ``most``: bytes that a file may have (a disk
that is full looks the same to a program); ``user``: a number that the child's user becomes where it is root.
Writes the child's number; after one more line, of anything, it waits for its end and writes ``{"status", "error", "operations"}``.
"""

import json
import os
import resource
import signal
import sys
import tempfile
import traceback
from pathlib import Path

#: What Python tells of before it happens.
OPERATIONS = ("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.listdir", "os.truncate")


def main():
    from varied import varied

    import feedback_nlp as fn
    from feedback_nlp.engines.local import LocalEngine

    scorer = fn.BatchScorer.load()
    # All that is imported late is there before the first fork, since a child may lose the right to read it.
    with tempfile.TemporaryDirectory() as folder:
        fn.run_files(varied(60), Path(folder, "out"), engine=LocalEngine(1), model=scorer)
    print("ready", flush=True)
    while line := sys.stdin.readline():
        request = json.loads(line)
        told, tell = os.pipe()
        child = os.fork()
        if not child:
            os.close(told)
            run(request, scorer, tell)
        os.close(tell)
        print(child, flush=True)
        # Until it is waited for, the child's number is no other process's.
        sys.stdin.readline()
        with os.fdopen(told, "rb") as pipe:
            report = pipe.read()
        _, status = os.waitpid(child, 0)
        found = json.loads(report) if report else {"error": None, "operations": None}
        print(json.dumps({**found, "status": os.waitstatus_to_exitcode(status)}), flush=True)


def run(request, scorer, tell):
    """Run one job in this process and end it."""
    import feedback_nlp as fn
    from feedback_nlp.engines.local import LocalEngine
    from feedback_nlp.errors import FeedbackError

    error, code = None, 0
    count = counted(request.get("dies_at"))
    if most := request.get("most"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    if "user" in request and not os.geteuid():
        os.setgid(request["user"])
        os.setuid(request["user"])
    try:
        data = [Path(path) for path in request["data"]] if isinstance(request["data"], list) else Path(request["data"])
        fn.run_files(data, request["out"], engine=LocalEngine(1), model=scorer, progress=stopping(request), **request["options"])
    except FeedbackError as problem:
        error, code = f"{type(problem).__name__}: {problem}", 2
    except BaseException:
        error, code = traceback.format_exc(), 1
    os.write(tell, json.dumps({"error": error, "operations": count()}).encode())
    os._exit(code)


def counted(last):
    """Count operations on files from now on; the process is killed before the ``last``. Returns what tells how many there were."""
    seen = [0]

    def hear(event, arguments):
        if event in OPERATIONS:
            seen[0] += 1
            if seen[0] == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hear)
    return lambda: seen[0]


def stopping(request):
    def progress(step, done, rows):
        if step == request.get("stops_at") and not done:
            Path(request["out"], ".stopped").touch()
            os.kill(os.getpid(), signal.SIGSTOP)

    return progress


if __name__ == "__main__":
    main()
