"""The service of ``docs/examples``, started as its users start it and asked over HTTP."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from feedback_nlp import BatchScorer

DOCS = Path(__file__).resolve().parents[2] / "docs"
EXAMPLES = DOCS / "examples"
SCORER = BatchScorer.load()
SECRET = "张三的电话是13812345678"
PATIENCE = 60


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Service:
    """A running service: where it listens, and what it wrote once it has ended."""

    def __init__(self, log):
        self.url, self.log = f"http://127.0.0.1:{(port := free_port())}", log
        command = [sys.executable, "-m", "uvicorn", "service:app", "--app-dir", str(EXAMPLES), "--port", str(port), "--log-level", "debug"]
        with log.open("wb") as file:
            self.process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
        self.client = httpx.Client(base_url=self.url, timeout=PATIENCE, trust_env=False)
        self._wait()

    def _wait(self):
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.process.poll() is None:
            try:
                self.client.get("/health").raise_for_status()
                return
            except httpx.TransportError:
                time.sleep(0.05)
        self.stop()
        pytest.fail(self.log.read_text(encoding="utf-8"))

    def score(self, texts):
        return self.client.post("/score", json={"texts": texts})

    def stop(self, by=signal.SIGTERM):
        """Exit code after a polite end."""
        self.client.close()
        self.process.send_signal(by)
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    running = Service(tmp_path_factory.mktemp("service") / "log.txt")
    yield running
    running.stop()


def rows(texts):
    return json.loads(json.dumps(SCORER.score(texts).to_dict("records")))


def test_health_names_the_model(service):
    assert service.client.get("/health").json() == {"status": "ok", "model": SCORER.model.signature}


@pytest.mark.parametrize(
    "texts",
    [["我的软件总是闪退，太影响工作了", "", "很好用"], [], ["\x00\u202e😀"], ["好" * 10_000], ["登录失败"] * 1000],
    ids=["few", "none", "odd", "long", "many"],
)
def test_scores_are_those_of_the_library(service, texts):
    answer = service.score(texts)
    assert answer.status_code == 200
    assert answer.json() == {"model": SCORER.model.signature, "scores": rows(texts)}


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"texts": [SECRET] * 1001}, 422, "at most 1000 items"),
        ({"texts": [SECRET * 1000]}, 422, "at most 10000 characters"),
        ({"texts": SECRET}, 422, "valid list"),
        ({"texts": [SECRET, 5]}, 422, "valid string"),
        ({"texts": [SECRET, None]}, 422, "valid string"),
        ({"text": [SECRET]}, 422, "body.texts"),
        ([SECRET], 422, "body"),
        (b"{" + SECRET.encode(), 422, "JSON"),
        (b'{"texts": ["\\ud800' + SECRET.encode() + b'"]}', 422, "body.texts.0"),
        ({"texts": [SECRET * 100] * 9000}, 413, "8388608 bytes"),
    ],
    ids=["many", "long", "no list", "number", "null", "other name", "bare list", "no JSON", "surrogate", "large"],
)  # fmt: skip
def test_what_is_refused(service, body, status, says):
    """Clearly, with a 4xx, and without repeating what was sent."""
    content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode("utf-8")
    answer = service.client.post("/score", content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, says in answer.text) == (status, True), answer.text
    assert "13812345678" not in answer.text
    assert service.score(["好"]).status_code == 200


def test_a_large_body_of_no_stated_length_is_refused(service):
    def pieces():
        yield b'{"texts": ["'
        for _ in range(100):
            yield b"a" * 100_000

    answer = service.client.post("/score", content=pieces(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


def test_callers_at_once_get_their_own_answers(service):
    batches = [["我的软件总是闪退" + "！" * number, "很好用"] * (number + 1) for number in range(24)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(service.score, batches))
    assert [answer.json()["scores"] for answer in answers] == [rows(batch) for batch in batches]


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_it_ends_cleanly_after_the_last_answer(tmp_path, by):
    """A request that has come is answered; nothing that customers wrote stands in the log."""
    own = Service(tmp_path / "log.txt")
    with ThreadPoolExecutor(1) as pool:
        last = pool.submit(own.score, [SECRET + "很好用" * 1000] * 500)
        while not last.running():
            time.sleep(0.001)
        assert own.score([SECRET]).status_code == 200
        assert len(last.result(PATIENCE).json()["scores"]) == 500
        assert own.stop(by) in (0, -by)
    said = own.log.read_text(encoding="utf-8")
    assert "Application shutdown complete" in said and "Traceback" not in said
    assert "13812345678" not in said and "张三" not in said


def test_the_python_of_the_page_runs(tmp_path):
    """Each block by itself, as a program."""
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / "service.md").read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for number, block in enumerate(blocks):
        program = tmp_path / f"block_{number}.py"
        program.write_text(block, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-W", "error", program], capture_output=True, text=True, timeout=PATIENCE, env=dict(os.environ)
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_the_page_shows_the_limits_of_the_example():
    page, code = ((DOCS / name).read_text(encoding="utf-8") for name in ("service.md", "examples/service.py"))
    for name in ("MAX_TEXTS", "MAX_CHARS"):
        assert re.search(rf"^{name} = ([0-9_]+)$", code, re.MULTILINE)[1].replace("_", ",") in page
