"""A PostgreSQL of our own: a private cluster in a temporary folder, reached through a Unix socket that only this user sees."""

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

WHERE = "/usr/lib/postgresql/*/bin"


def postgresql_programs():
    """The folder of initdb and pg_ctl: the newest of Debian's, or what the path has; None where there is none."""
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parent.parent.name))
    found = newest[-1] if newest else shutil.which("initdb")
    return Path(found).parent if found else None


@pytest.fixture(scope="session")
def cluster():
    """The folder of the socket of a running cluster."""
    programs = postgresql_programs()
    if programs is None:
        what = f"the tests of the store need PostgreSQL, and there is no initdb in {WHERE} or on the path: apt-get install postgresql"
        pytest.fail(what) if os.environ.get("CI") else pytest.skip(what)
    # initdb refuses to run as root; the folder is outside pytest's, which other users cannot enter.
    folder = Path(tempfile.mkdtemp(prefix="feedback_pg_"))
    as_user = {}
    if os.geteuid() == 0:
        users = {user.pw_name: user for user in pwd.getpwall()}
        user = users.get("postgres") or users["nobody"]
        as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        os.chown(folder, user.pw_uid, user.pw_gid)

    def run(program, *arguments):
        done = subprocess.run(
            [programs / program, *arguments], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, **as_user
        )
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"

    data = folder / "data"
    # Nothing here outlives the machine: what a crash of a client leaves does not depend on fsync.
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=40"
    try:
        run("initdb", "-D", data, "-U", "feedback", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        # pg_ctl's server would hold the pipes of our output open for ever; it writes to its log instead.
        run("pg_ctl", "-D", data, "-l", folder / "log", "-o", options, "-w", "start")
        yield folder
        run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


_numbers = itertools.count()


@pytest.fixture
def postgresql_url(cluster):
    """The URL of a database of its own."""
    import psycopg

    name = f"feedback_{next(_numbers)}"
    with psycopg.connect(f"host={cluster} user=feedback dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql://feedback@/{name}?host={cluster}"


@pytest.fixture
def sqlite_url(tmp_path):
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request):
    """An empty store, of either kind."""
    return request.getfixturevalue(f"{request.param}_url")
