"""A real local Spark with two cores gives the files of the local engine, also if a Python worker dies; and scores Spark DataFrames."""

import os
import signal

import pandas as pd
import pytest

import feedback_nlp as fn
from feedback_nlp.engines.spark import SparkEngine
from feedback_nlp.errors import InputError
from feedback_nlp.scorer.scores import SCORE_COLUMNS

pytest.importorskip("pyspark", reason="an extra; CI installs it")
# PySpark warns of every pandas from 3.0 on.
pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")

#: Two cores; a task whose process died runs again, up to four times.
MASTER = "local[2,4]"


@pytest.fixture(scope="session")
def session():
    """The session that the engine starts, since none is active."""
    import warnings

    from pyspark.sql import SparkSession

    assert SparkSession.getActiveSession() is None
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        assert list(SparkEngine(MASTER).map(lambda task, shared: task + shared, [1], 1)) == [2]
    found = SparkSession.getActiveSession()
    assert found.sparkContext.master == MASTER
    yield found
    found.stop()


def test_two_cores_leave_the_same_files(run, local_files, session, tmp_path):
    assert run(tmp_path / "out", SparkEngine(MASTER)) == local_files


def test_the_active_session_is_taken(session):
    found = list(SparkEngine().map(lambda task, shared: os.getppid(), range(3), None))
    assert len(found) == 3 and os.getpid() not in found
    assert SparkEngine.__name__ and session.getActiveSession() is session


def test_results_come_in_the_order_of_the_tasks(session):
    # More than one wave of tasks.
    n_tasks = 8 * session.sparkContext.defaultParallelism + 3
    assert list(SparkEngine().map(lambda task, shared: task * shared, range(n_tasks), 3)) == [task * 3 for task in range(n_tasks)]
    assert list(SparkEngine().map(lambda task, shared: task, [], None)) == []


def test_errors_of_workers_are_told(session):
    def failing(task, shared):
        raise InputError(f"task {task}: expected another")

    with pytest.raises(Exception, match="task 0: expected another"):
        list(SparkEngine().map(failing, [0], None))


def test_a_worker_kills_itself_while_a_map_runs(session, tmp_path):
    def deadly(task, folder):
        marker = os.path.join(folder, f"died-{task}")  # noqa: PTH118
        if task in (1, 4) and not os.path.exists(marker):  # noqa: PTH110
            with open(marker, "w"):  # noqa: PTH123
                os.kill(os.getpid(), signal.SIGKILL)
        return task * 10

    assert list(SparkEngine().map(deadly, range(6), str(tmp_path))) == [0, 10, 20, 30, 40, 50]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["died-1", "died-4"]


def test_a_worker_is_killed_while_a_job_runs(run, local_files, session, tmp_path):
    """The process of a Python worker, found while it works on the second map."""
    killed = []

    class Deadly(SparkEngine):
        def map(self, function, tasks, shared):
            if function.__name__ != "_find":
                return super().map(function, tasks, shared)
            marker = str(tmp_path / "died")

            def once(task, given):
                if task == 2 and not os.path.exists(marker):  # noqa: PTH110
                    with open(marker, "w"):  # noqa: PTH123
                        os.kill(os.getpid(), signal.SIGKILL)
                return function(task, given)

            killed.append(function.__name__)
            return super().map(once, tasks, shared)

    assert run(tmp_path / "out", Deadly(MASTER)) == local_files
    assert killed == ["_find"] and (tmp_path / "died").exists()


# Scores of a Spark DataFrame

TEXTS = ["登录失败，一直闪退", "很好用，推荐", "", None, "客服态度恶劣，再不退我打12315", "好" * 300]


@pytest.fixture(scope="module")
def frame(session):
    rows = [(number, text, number % 2 == 0) for number, text in enumerate(TEXTS)]
    return session.createDataFrame(rows, "id long, text string, flag boolean")


@pytest.mark.parametrize("abstain", [False, True])
def test_scores_are_those_of_the_scorer(frame, abstain):
    scored = fn.engines.spark.score(frame.repartition(3), abstain=abstain)
    assert scored.columns == ["id", "text", "flag", *SCORE_COLUMNS]
    found = pd.DataFrame([row.asDict() for row in scored.collect()]).sort_values("id", ignore_index=True)
    assert found["id"].tolist() == list(range(len(TEXTS)))
    assert found["flag"].tolist() == [number % 2 == 0 for number in range(len(TEXTS))]
    expected = fn.BatchScorer.load().score([text or "" for text in TEXTS], abstain=abstain)
    pd.testing.assert_frame_equal(found[list(SCORE_COLUMNS)].astype(expected.dtypes.to_dict()), expected)


def test_another_column_and_no_rows(frame):
    renamed = frame.withColumnRenamed("text", "留言")
    assert fn.engines.spark.score(renamed, text_column="留言").count() == len(TEXTS)
    assert fn.engines.spark.score(renamed.limit(0), text_column="留言").collect() == []


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda frame: frame, {"text_column": "留言"}, "text_column: there is no column '留言'; the columns are id, text, flag"),
        (lambda frame: frame, {"text_column": "id"}, "id: expected strings, got bigint; cast the column first"),
        (
            lambda frame: frame.withColumnRenamed("flag", "polarity"),
            {},
            "the frame has columns of the scores' names already: polarity; rename or drop them",
        ),
    ],
)
def test_frames_that_cannot_be_scored(frame, change, options, message):
    with pytest.raises(InputError, match=message):
        fn.engines.spark.score(change(frame), **options)
