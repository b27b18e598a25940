"""What is shared between threads and processes, and what it says of some texts; also a program that asks it in other processes.

    python shared_use.py METHOD     fork, spawn, forkserver, loky, cold, busy: prints the digest of what each process (or thread) said

The tests compare these with the digest of a process that did nothing else.
"""

import hashlib
import json
import multiprocessing
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from typing import Any

import pandas as pd

from feedback_nlp import BatchScorer, FeedbackClassifier, Tokenizer, TrendDetector

PEOPLE = ("我的软件", "你们的客服", "昨天到货的空调", "楼下的门店", "新版 App", "快递小哥", "這款手機", "会员费")
VERDICTS = (
    "总是闪退，太影响工作了",
    "态度很差，要求退款！",
    "很好用，推荐",
    "怎么开发票？",
    "又涨价了，不划算",
    "希望增加夜间模式",
    "",
    "😀😀😀😀",
)
TEXTS = [f"{who}{what}{'！' * (number % 5)}" for number, (who, what) in enumerate(product(PEOPLE, VERDICTS))]
THREADS = 16


def shared() -> dict[str, Any]:
    """One of each object that people share, as a service would have it at its start."""
    classifier = FeedbackClassifier(bits=12).fit(["等了一个小时", "路灯坏了", "又等了很久", "路面塌了"], ["交通", "市政", "交通", "市政"])
    return {
        "scorer": BatchScorer.load(),
        "tokenizer": Tokenizer(user_dictionary=["总是闪退"]),
        "classifier": classifier,
        "detector": TrendDetector(),
    }


def _counts(texts: list[str]) -> pd.DataFrame:
    """Daily counts that depend on the texts, with a burst at the end."""
    days = pd.date_range("2025-03-03", periods=40)
    return pd.DataFrame({"theme": "闪退", "period": days, "observed": [3 + len(texts) % 5] * 39 + [30 + len("".join(texts)) % 7]})


#: What each object is asked.
QUESTIONS: dict[str, Callable[[dict[str, Any], list[str]], object]] = {
    "scores": lambda objects, texts: objects["scorer"].score(texts),
    "probabilities": lambda objects, texts: objects["scorer"].probabilities(texts),
    "explanation": lambda objects, texts: objects["scorer"].explain(texts[-1]).phrases,
    "words": lambda objects, texts: objects["tokenizer"].tokenize(texts).to_lists(),
    "classes": lambda objects, texts: objects["classifier"].predict_proba(texts).tolist(),
    "trends": lambda objects, texts: objects["detector"].detect_counts(_counts(texts)),
}


def answers(objects: dict[str, Any], texts: list[str], questions: Iterable[str] = QUESTIONS) -> dict[str, str]:
    """A digest of each answer; ``repr`` shows every bit of a number."""
    said = {name: QUESTIONS[name](objects, texts) for name in questions}
    shown = {name: repr(value.to_dict("split") if isinstance(value, pd.DataFrame) else value) for name, value in said.items()}
    return {name: hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16] for name, text in shown.items()}


def parts() -> list[list[str]]:
    """The texts in as many parts as there are threads, of different sizes."""
    return [TEXTS[: 4 * number + 1] for number in range(THREADS)]


def at_once(ask: Callable[[int], Any], times: int = THREADS) -> list[Any]:
    """``ask(0)`` to ``ask(times - 1)``, each in a thread of its own, all let go at the same moment."""
    gate, said = threading.Barrier(times), [None] * times

    def run(number: int) -> None:
        gate.wait()
        said[number] = ask(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def in_processes(method: str) -> list[dict[str, str]]:
    """Send warm objects to two processes by pickle, and ask there about every fourth part."""
    objects = shared()
    answers(objects, TEXTS[:1])
    if method == "loky":
        from joblib import Parallel, delayed

        return list(Parallel(n_jobs=2, backend="loky")(delayed(answers)(objects, part) for part in parts()[::4]))
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as pool:
        return [future.result() for future in [pool.submit(answers, objects, part) for part in parts()[::4]]]


#: An explanation's phrases are a ``cached_property``, whose lock in Python 3.11 a fork may find held.
FORKED = tuple(name for name in QUESTIONS if name != "explanation")


def forked_while_threads_work() -> list[dict[str, str]]:
    """Fork, again and again, while threads are in the middle of scoring and cutting; the children use what they inherit.

    OpenBLAS can only be forked in the middle of its work where it has one thread: set OPENBLAS_NUM_THREADS=1.
    """
    objects, over = shared(), threading.Event()
    answers(objects, TEXTS[:1])

    def work() -> None:
        while not over.is_set():
            answers(objects, TEXTS, FORKED)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    context, found = multiprocessing.get_context("fork"), []
    for part in parts():
        queue = context.SimpleQueue()
        child = context.Process(target=lambda queue=queue, part=part: queue.put(answers(objects, part, FORKED)))
        child.start()
        child.join(30)
        found.append(queue.get() if child.exitcode == 0 else {"exit code": str(child.exitcode)})
        child.kill()
    over.set()
    for thread in threads:
        thread.join()
    return found


def cold() -> list[dict[str, str]]:
    """The first use of everything, by 16 threads at the same moment: tables and dictionaries are built while others want them."""
    objects = shared()
    return at_once(lambda number: answers(objects, parts()[number]))


def main(method: str) -> None:
    found = {"cold": cold, "busy": forked_while_threads_work}.get(method, lambda: in_processes(method))()
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
