import threading

import pytest

from feedback_nlp.errors import InputError
from feedback_nlp.text.threads import map_threads, thread_count


@pytest.mark.parametrize(
    ("n_jobs", "cores", "expected"), [(1, 4, 1), (3, 2, 3), (-1, 4, 4), (-2, 4, 3), (-4, 4, 1), (-9, 4, 1), (-1, 1, 1)]
)
def test_threads_are_counted_as_joblib_does(monkeypatch, n_jobs, cores, expected):
    monkeypatch.setattr("joblib.cpu_count", lambda: cores)
    assert thread_count(n_jobs) == expected


@pytest.mark.parametrize("n_jobs", [0, 1.0, "2", None, True, [2]])
def test_other_numbers_are_refused(n_jobs):
    with pytest.raises(InputError, match="n_jobs: expected a number of threads"):
        thread_count(n_jobs)
    with pytest.raises(InputError):
        map_threads(str, [], n_jobs=n_jobs)


@pytest.mark.parametrize("n_jobs", [1, 2, 3, 16, -1])
@pytest.mark.parametrize("count", [0, 1, 2, 5, 100])
def test_results_come_in_the_order_of_the_items(n_jobs, count):
    assert list(map_threads(lambda item: item * item, iter(range(count)), n_jobs=n_jobs)) == [item * item for item in range(count)]


def test_several_items_are_at_work_at_once():
    """Each waits for the other; one thread would wait in vain."""
    meet = threading.Barrier(2, timeout=20)
    assert len(list(map_threads(lambda _: meet.wait(), range(4), n_jobs=2))) == 4


def test_items_are_taken_as_they_are_needed():
    taken = []
    results = map_threads(str, (taken.append(item) or item for item in range(1000)), n_jobs=2)
    assert next(results) == "0"
    assert len(taken) < 10
    results.close()


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_error_is_raised_where_its_result_would_come(n_jobs):
    def reciprocal(item):
        return 1 / item

    results = map_threads(reciprocal, [1, 2, 0, 4], n_jobs=n_jobs)
    assert [next(results), next(results)] == [1, 0.5]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_no_thread_is_left():
    before = threading.active_count()
    results = map_threads(str, range(50), n_jobs=4)
    next(results)
    results.close()
    assert threading.active_count() == before
