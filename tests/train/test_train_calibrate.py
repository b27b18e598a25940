"""Calibration: what was put into simulated logits is found again."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from feedback_nlp.train.calibrate import Calibration, abstain_threshold, calibrate_classes, calibrate_flag, flag_threshold, log_softmax


def simulated(n, slope, offset, seed=0):
    """Logits, and classes drawn with the probabilities that ``slope * logits + offset`` gives."""
    dice = np.random.default_rng(seed)
    z = dice.normal(size=(n, len(offset))) * 2
    p = np.exp(log_softmax(slope * z + np.array(offset)))
    return z.astype(np.float32), (p.cumsum(axis=1) < dice.random((n, 1))).sum(axis=1)


@pytest.mark.parametrize(
    ("slope", "offset"), [(1, [0, 0, 0]), (0.3, [0, 0, 0]), (2.5, [0, 0]), (1, [1, -1, 0]), (0.5, [2, 0, -1, -1]), (1.5, [-2, 2])]
)
def test_temperature_and_offsets_are_recovered(slope, offset):
    logits, target = simulated(20_000, slope, offset)
    found = calibrate_classes(logits, target)
    assert found.slope == pytest.approx(slope, rel=0.06)
    centred = np.array(offset) - np.mean(offset)
    assert found.offset - found.offset.mean() == pytest.approx(centred, abs=0.1)


@pytest.mark.parametrize("seed", range(5))
def test_calibrated_probabilities_are_right_as_often_as_they_say(seed):
    logits, target = simulated(20_000, 0.4, [0.5, 0, -1], seed)
    for values, near in ((logits.astype(float), False), (calibrate_classes(logits, target).apply(logits), True)):
        p = np.exp(log_softmax(values))
        confidence, right = p.max(axis=1), p.argmax(axis=1) == target
        gaps = [abs(confidence[part].mean() - right[part].mean()) for part in np.array_split(np.argsort(confidence), 10)]
        assert (max(gaps) < 0.05) == near


def macro_f1(target, values):
    return f1_score(target, values.argmax(axis=1), average="macro", zero_division=0)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("offset", [[0, 0, 0], [3, 0, -1], [4, 1, 0]])
def test_the_choice_is_never_worse_in_macro_f1_than_the_most_probable_class(seed, offset):
    logits, target = simulated(500, 0.7, offset, seed)
    found = calibrate_classes(logits, target)
    calibrated = found.apply(logits)
    assert macro_f1(target, calibrated + found.decision) >= macro_f1(target, calibrated)


def test_rare_classes_are_favoured_where_that_helps():
    logits, target = simulated(5000, 0.7, [4, 0, 0])
    found = calibrate_classes(logits, target)
    assert found.decision[0] < found.decision[1:].min()
    calibrated = found.apply(logits)
    assert macro_f1(target, calibrated + found.decision) > macro_f1(target, calibrated) + 0.02


@pytest.mark.parametrize("kept", [[0], [2], [0, 2], [1, 2]])
@pytest.mark.parametrize("size", [1, 40])
def test_a_class_that_never_occurs_is_never_favoured(kept, size):
    """Its calibrated probability is next to nothing, and it is not made up for."""
    dice = np.random.default_rng(0)
    target = np.array(kept)[dice.integers(len(kept), size=200)]
    logits = (dice.normal(size=(200, 4)) + size * np.eye(4)[target]).astype(np.float32)
    found = calibrate_classes(logits, target)
    assert np.isfinite([found.slope, *found.offset, *found.decision]).all()
    absent = [number for number in range(4) if number not in kept]
    assert (found.decision[absent] == 0).all() and (found.decision >= 0).all()
    assert set((found.apply(logits) + found.decision).argmax(axis=1).tolist()) <= set(kept)
    assert found.offset[absent].max() <= found.offset[kept].max()


def test_one_example():
    found = calibrate_classes(np.array([[1, 2, 3]], np.float32), np.array([0]))
    assert np.isfinite([found.slope, *found.offset, *found.decision]).all()


def test_logits_far_apart_overflow_nowhere():
    target = np.arange(60) % 3
    for logits in (1e4 * np.eye(3)[target], 1e4 * np.eye(3)[(target + 1) % 3], np.zeros((60, 3))):
        found = calibrate_classes(logits.astype(np.float32), target)
        assert np.isfinite([found.slope, *found.offset, *found.decision]).all()


@pytest.mark.parametrize(("slope", "offset"), [(1, 0), (0.4, 0), (2, -1), (1, 1.5), (0.7, -3)])
def test_platt_scaling_is_recovered(slope, offset):
    dice = np.random.default_rng(1)
    z = dice.normal(size=30_000) * 2
    target = dice.random(30_000) < 1 / (1 + np.exp(-(slope * z + offset)))
    found = calibrate_flag(z.astype(np.float32), target)
    assert found.slope == pytest.approx(slope, rel=0.08)
    assert found.offset == pytest.approx([offset], abs=0.1)
    assert found.decision.tolist() == [0]


@pytest.mark.parametrize("target", [[], [True], [False], [True] * 5, [False] * 5])
def test_a_flag_with_one_answer_stays_what_it_is(target):
    found = calibrate_flag(np.linspace(-3, 3, len(target), dtype=np.float32), np.array(target, dtype=bool))
    assert (found.slope, found.offset.tolist(), found.decision.tolist()) == (1.0, [0], [0])


@pytest.mark.parametrize("n", [1, 2, 30])
def test_a_flag_that_rarely_holds(n):
    logits = np.linspace(-9, 9, 2 * n, dtype=np.float32)
    found = calibrate_flag(logits, logits == logits.max())
    assert np.isfinite([found.slope, *found.offset]).all()
    assert found.slope > 0


def test_a_calibration_is_applied_column_by_column():
    calibration = Calibration(2.0, np.array([1.0, -1.0]), np.array([9.0, 9.0]))
    found = calibration.apply(np.array([[0, 0], [1, 2]], np.float32))
    assert found.dtype == np.float64
    assert found.tolist() == [[1, -1], [3, 3]]


def test_log_softmax():
    found = log_softmax(np.array([[0.0, np.log(3)], [1e4, 0], [5, 5]]))
    assert np.exp(found) == pytest.approx(np.array([[0.25, 0.75], [1, 0], [0.5, 0.5]]))
    assert found[1].tolist() == [0, -1e4]


@pytest.mark.parametrize(
    ("confidence", "right", "accuracy", "threshold"),
    [
        ([0.9, 0.8, 0.3], [1, 1, 1], 0.85, 0.0),  # right everywhere: nothing to abstain from
        ([0.9, 0.8, 0.3], [1, 1, 0], 0.85, 0.31),  # the lowest step above 0.3
        ([0.9, 0.8, 0.3], [1, 0, 0], 0.85, 0.81),
        ([0.9, 0.8, 0.3], [1, 0, 0], 0.5, 0.31),
        ([0.9, 0.8, 0.3], [0, 0, 0], 0.85, 1.0),
        ([0.9, 0.8, 0.3], [0, 1, 1], 0.85, 1.0),  # wrong where it is surest
        ([0.9, 0.8, 0.3], [0, 1, 1], 0.6, 0.0),
        ([0.5], [1], 1.0, 0.0),
        ([0.5], [0], 0.0, 0.0),
        ([], [], 0.85, 1.0),
    ],
)
def test_the_threshold_for_abstaining(confidence, right, accuracy, threshold):
    n = len(confidence)
    probabilities = np.column_stack([confidence, 1 - np.array(confidence)]).reshape(n, 2)
    target = np.array([0 if hit else 1 for hit in right], dtype=np.intp)
    assert abstain_threshold(probabilities, np.zeros(n, dtype=np.intp), target, accuracy) == threshold


def slow_flag_threshold(probabilities, target):
    steps = [step / 20 for step in range(1, 20)]
    scores = {step: f1_score(target, probabilities >= step, zero_division=0) for step in steps}
    return max(step for step in steps if scores[step] >= max(scores.values()) - 1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_the_threshold_of_a_flag_has_the_best_f1(seed):
    dice = np.random.default_rng(seed)
    target = dice.random(80) < 0.2
    target[0] = True
    probabilities = np.clip(dice.normal(0.2 + 0.4 * target, 0.2), 0, 1)
    assert flag_threshold(probabilities, target) == pytest.approx(slow_flag_threshold(probabilities, target))


@pytest.mark.parametrize(
    ("probabilities", "target", "threshold"),
    [
        ([], [], 0.5),
        ([0.9, 0.1], [False, False], 0.5),
        ([0.9, 0.1], [True, False], 0.9),
        ([0.9, 0.1], [True, True], 0.1),
        ([0.01, 0.02], [True, False], 0.95),  # no step reaches it; the highest at a tie
        ([0.3, 0.3], [True, False], 0.3),
    ],
)
def test_thresholds_of_flags_by_hand(probabilities, target, threshold):
    assert flag_threshold(np.array(probabilities, dtype=float), np.array(target, dtype=bool)) == pytest.approx(threshold)
