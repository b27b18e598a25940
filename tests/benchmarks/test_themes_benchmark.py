"""The theme benchmark: metrics against slow oracles, contenders on a written corpus, and what the command refuses."""

import json
import math
import stat
import sys
from collections import Counter
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from benchmarks import common, theme_metrics, theme_peers, themes
from benchmarks.theme_bertopic import FREE, REDUCED

SUBJECTS = {
    "物流": ("快递", "包裹", "配送", "驿站"),
    "手机": ("电池", "屏幕", "充电", "拍照"),
    "酒店": ("房间", "前台", "早餐", "床单"),
}


def written(n: int = 12) -> tuple[list[str], list[str]]:
    """``n`` texts about each subject: two of its words and a remark that all share."""
    texts, classes = [], []
    for subject, words in SUBJECTS.items():
        pairs = list(combinations(words, 2))
        for k in range(n):
            first, second = pairs[k % len(pairs)]
            texts.append(f"{subject}的{first}和{second}，{'大家觉得还可以' if k // len(pairs) % 2 else '朋友们都知道'}")
            classes.append(subject)
    return texts, classes


def corpus(n: int = 12, empty: int = 0) -> theme_peers.Corpus:
    texts, classes = written(n)
    gold = np.unique([*classes, *classes[:empty]], return_inverse=True)[1]
    return theme_peers.read_corpus("written", [*texts, *[""] * empty], gold)


def random_labels(seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.integers(-1, 5, n), random.integers(0, 4, n)


# --- against classes --------------------------------------------------------------------------------------------------------------


def slow_purity(labels, gold):
    """Manning, Raghavan & Schütze 2008, equation 16.1, a theme at a time."""
    right = sum(Counter(g for x, g in zip(labels, gold, strict=True) if x == theme).most_common(1)[0][1] for theme in set(labels))
    return right / len(labels)


def slow_nmi(labels, gold):
    """Mutual information over the mean entropy, from relative frequencies."""
    n = len(labels)

    def entropy(values):
        return -sum(count / n * math.log(count / n) for count in Counter(values).values())

    alone = entropy(labels) + entropy(gold)
    return (alone - entropy(list(zip(labels, gold, strict=True)))) / (alone / 2)


@pytest.mark.parametrize("way", [theme_metrics.one_extra, theme_metrics.each_alone])
@pytest.mark.parametrize("seed", range(4))
def test_purity_and_nmi_equal_their_definitions(seed, way):
    labels, gold = random_labels(seed)
    changed = way(labels)
    assert theme_metrics.purity(changed, gold) == pytest.approx(slow_purity(changed.tolist(), gold.tolist()))
    assert theme_metrics.nmi(changed, gold) == pytest.approx(slow_nmi(changed.tolist(), gold.tolist()))


@pytest.mark.parametrize(
    ("labels", "extra", "alone"),
    [
        ([], [], []),
        ([0, 1, 0], [0, 1, 0], [0, 1, 0]),
        ([-1, 0, -1, 2], [3, 0, 3, 2], [3, 0, 5, 2]),
        ([-1, -1], [0, 0], [0, 1]),
    ],
)
def test_the_unassigned_are_one_theme_or_one_each(labels, extra, alone):
    labels = np.asarray(labels, np.int32)
    assert theme_metrics.one_extra(labels).tolist() == extra
    assert theme_metrics.each_alone(labels).tolist() == alone


def test_no_items_have_no_figure():
    none = np.zeros(0, np.int32)
    assert all(math.isnan(figure(none, none)) for figure in (theme_metrics.nmi, theme_metrics.purity, theme_metrics.ari))
    assert math.isnan(theme_metrics.diversity([]))
    assert math.isnan(theme_metrics.stability([], 0))


# --- between runs -----------------------------------------------------------------------------------------------------------------


def test_stability_maps_orders_back_and_looks_at_shared_items():
    theme = np.arange(40) // 10
    random = np.random.default_rng(3)
    runs = []
    for k in range(3):  # the same groups each time, under other numbers
        items = random.permutation(40)[: 40 - 4 * k]
        runs.append((items, (theme[items] + k) % 4))
    assert theme_metrics.stability(runs, 40) == pytest.approx(1.0)


def test_stability_is_the_mean_over_pairs():
    random = np.random.default_rng(8)
    columns = [random.integers(-1, 4, 50) for _ in range(3)]
    expected = np.mean([adjusted_rand_score(a, b) for a, b in combinations(columns, 2)])
    assert theme_metrics.stability([(np.arange(50), column) for column in columns], 50) == pytest.approx(expected)


def test_leaving_out_other_items_is_no_agreement():
    a, b = np.array([0, 0, 1, 1, -1, -1]), np.array([-1, -1, 1, 1, 0, 0])
    assert theme_metrics.stability([(np.arange(6), a), (np.arange(6), b)], 6) == pytest.approx(1.0)  # the same groups, though
    b = np.array([0, -1, 1, -1, 0, -1])
    assert theme_metrics.stability([(np.arange(6), a), (np.arange(6), b)], 6) < 0.1


# --- words ------------------------------------------------------------------------------------------------------------------------

DOCUMENTS = [["电池", "续航", "短"], ["电池", "续航"], ["电池", "的", "续航"], ["快递", "慢"], ["快递"], ["包装"]]


def slow_npmi(first, second):
    def share(*words):
        return sum(all(word in document for word in words) for document in DOCUMENTS) / len(DOCUMENTS)

    a, b, both = share(first), share(second), share(first, second)
    return math.log(both / (a * b)) / -math.log(both) if both else -1.0


@pytest.mark.parametrize("pair", list(combinations(["电池", "续航", "短", "快递", "慢", "包装"], 2)))
def test_npmi_equals_its_definition(pair):
    assert theme_metrics.Reference(DOCUMENTS).npmi(*pair) == pytest.approx(slow_npmi(*pair))


@pytest.mark.parametrize(
    ("word", "documents"),
    [("电池", [0, 1, 2]), ("电池续航", [0, 1]), ("续航短", [0]), ("快递包装", []), ("屏幕", []), (" ", [])],
)
def test_phrases_are_found_where_their_tokens_touch(word, documents):
    assert np.flatnonzero(theme_metrics.Reference(DOCUMENTS).holders(word)).tolist() == documents


def test_coherence_is_a_mean_of_themes_and_leaves_single_words_out():
    reference = theme_metrics.Reference(DOCUMENTS)
    words = [["电池", "续航", "短"], ["快递"], ["快递", "包装"]]
    first = np.mean([slow_npmi(*pair) for pair in combinations(words[0], 2)])
    assert reference.coherence(words) == pytest.approx((first - 1.0) / 2)
    assert math.isnan(reference.coherence([["快递"], []]))
    assert theme_metrics.Reference([["好"], ["好"]]).npmi("好", "好") == 1.0


def test_diversity_counts_the_first_ten():
    assert theme_metrics.diversity([["a", "b"], ["b", "c"]]) == pytest.approx(3 / 4)
    assert theme_metrics.diversity([[str(k) for k in range(20)]]) == 1.0
    assert theme_metrics.diversity([["x"] * 10 + ["y"]]) == pytest.approx(1 / 10)


def test_typical_words_follow_the_formula():
    labels = np.array([0, 0, 0, 2, 2, -1])
    found = theme_metrics.typical_words(DOCUMENTS, labels)
    total, mean = Counter(word for row in DOCUMENTS[:5] for word in row), 11 / 2
    weight = {word: math.log(1 + mean / total[word]) for word in total}
    expected = []
    for rows in (DOCUMENTS[:3], DOCUMENTS[3:5]):
        counts = Counter(word for row in rows for word in row)
        expected.append(sorted(counts, key=lambda word, counts=counts: (-counts[word] * weight[word], word)))
    assert found == expected  # the empty theme 1 and the unassigned give nothing


# --- contenders -------------------------------------------------------------------------------------------------------------------

CONTENDERS = themes.contenders(3)


@pytest.mark.parametrize("name", CONTENDERS)
def test_contenders_label_each_text_and_repeat(name):
    texts = corpus(empty=2)
    found, again = CONTENDERS[name](texts), CONTENDERS[name](corpus(empty=2))
    assert found.labels.shape == (38,)
    assert found.labels.dtype == np.int32
    assert found.labels[-2:].tolist() == [-1, -1]
    assert found.labels.max() < len(found.words)
    assert all(0 < len(words) <= theme_metrics.TOP_WORDS for words in found.words)
    assert found.seconds > 0
    np.testing.assert_array_equal(found.labels, again.labels)
    assert found.words == again.words


@pytest.mark.parametrize("name", [name for name in CONTENDERS if name != "LDA"])
def test_contenders_find_what_was_written(name):
    texts = corpus()
    found = CONTENDERS[name](texts)
    assert theme_metrics.purity(theme_metrics.one_extra(found.labels), texts.gold) > 0.9


def test_words_that_peers_read():
    texts = theme_peers.read_corpus("one", ["这个APP的123，。不错！4S店"], np.zeros(1, np.intp))
    assert "".join(texts.tokens[0]) == "这个app的123，。不错！4s店"
    assert "app" in texts.words[0]
    assert not {"123", "，", "的", "这个"} & set(texts.words[0])


def test_taking_rows_takes_all_columns():
    whole = corpus()
    part = whole.take(np.array([30, 2, 2]))
    assert part.texts == [whole.texts[30], whole.texts[2], whole.texts[2]]
    assert [part.tokens[0], part.words[1]] == [whole.tokens[30], whole.words[2]]
    assert part.gold.tolist() == whole.gold[[30, 2, 2]].tolist()
    assert part.cut_seconds == pytest.approx(whole.cut_seconds * 3 / 36)


STUB = """#!{python}
import json, sys
from pathlib import Path
import numpy as np
assert sys.argv[1:3] == ["-m", "benchmarks.theme_bertopic"]
folder = Path(sys.argv[3])
job = json.loads((folder / "job.json").read_text("utf-8"))
found = []
for number, documents in enumerate(job["documents"]):
    rows = len(np.load(folder / f"vectors_{{number}}.npy"))
    assert rows == len(documents)
    one = {{"labels": [k % job["n_themes"] for k in range(rows)], "words": [documents[0].split()], "seconds": 2.0}}
    found.append({{name: one for name in {ways}}})
(folder / "found.json").write_text(json.dumps({{"found": found, "versions": {{"bertopic": "0"}}}}), "utf-8")
"""


def test_bertopic_is_asked_in_its_own_process(tmp_path):
    stub = tmp_path / "python"
    stub.write_text(STUB.format(python=sys.executable, ways=json.dumps([FREE, REDUCED])), encoding="utf-8")
    stub.chmod(stub.stat().st_mode | stat.S_IXUSR)
    runs = themes.Runs.of(corpus(), 1)
    found, versions = theme_peers.bertopic(str(stub), runs.corpora, 3)
    assert versions == "bertopic 0"
    assert list(found) == [FREE, REDUCED]
    assert [len(one.labels) for one in found[FREE]] == [36, 36, 32]
    assert found[REDUCED][1].words == [runs.corpora[1].words[0]]
    assert all(one.seconds > 2.0 for one in found[FREE])


def test_bertopic_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.delenv(theme_peers.BERTOPIC_VARIABLE, raising=False)
    assert theme_peers.bertopic_python(None) is None
    monkeypatch.setenv(theme_peers.BERTOPIC_VARIABLE, sys.executable)
    assert theme_peers.bertopic_python(None) == sys.executable
    with pytest.raises(SystemExit, match="--bertopic"):
        theme_peers.bertopic_python(str(tmp_path / "nowhere"))


# --- runs and the command ---------------------------------------------------------------------------------------------------------


def test_runs_are_all_items_then_orders_then_parts():
    runs = themes.Runs.of(corpus(), 3)
    assert [len(rows) for rows in runs.rows] == [36, 36, 36, 36, 32, 32, 32]
    assert all(sorted(rows.tolist()) == list(range(36)) for rows in runs.rows[:4])
    assert all(len(set(rows.tolist())) == 32 for rows in runs.rows[4:])
    assert len({tuple(rows.tolist()) for rows in runs.rows}) == 7
    assert runs.corpora[5].texts == [runs.corpus.texts[row] for row in runs.rows[5].tolist()]


def test_slow_contenders_do_the_first_run_of_each_kind(monkeypatch):
    runs = themes.Runs.of(corpus(), 3)
    assert runs.places("LDA") == runs.places("ours") == list(range(7))
    monkeypatch.setattr(themes, "MANY", 10)
    assert runs.places("LDA") == [0, 1, 4]
    assert runs.places("ours") == list(range(7))


def test_figures_of_a_perfect_contender():
    runs = themes.Runs.of(corpus(), 2)
    found = [theme_peers.Found(one.gold.astype(np.int32), [["快递", "包裹"]] * 3, 1.25) for one in runs.corpora]
    row = themes.figures(runs, list(range(5)), found, theme_metrics.Reference(runs.corpus.tokens))
    assert len(row) == len(themes.HEADER) - 1
    assert row[:5] == ["3", "1.000", *["1.000 / 1.000 / 1.000"] * 2, "1.000 / 1.000"]
    assert row[6].startswith("0.333 / ")
    assert row[7:] == ["1.000 / 1.000", "1.2"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A data folder with the three tables; one car post has two aspects."""
    texts, classes = written()
    pd.DataFrame({"text": texts, "title": "", "category": classes}).to_parquet(tmp_path / "city_categories.parquet")
    cars = pd.DataFrame({"text": [*texts, texts[0]], "aspect": [*classes, "另一方面"], "polarity": 0})
    cars.to_parquet(tmp_path / "aspects_car.parquet")
    reviews = pd.DataFrame(
        {"text": [*texts, "好"], "source": ["shopping"] * len(texts) + ["app"], "polarity": 1, "product": [*classes, ""]}
    )
    reviews.to_parquet(tmp_path / "sentiment.parquet")
    monkeypatch.setenv(common.DATA_VARIABLE, str(tmp_path))
    return tmp_path


def test_data_sets_hold_one_class_a_text(folder):
    sizes = {name: len(themes.load(name, 1000).texts) for name in themes.DATA_SETS}
    assert list(sizes.values()) == [36, 35, 36]
    loaded = themes.load("reviews, product", 10)
    assert len(loaded.texts) == 10
    assert loaded.texts == themes.load("reviews, product", 10).texts


def test_the_command_prints_a_table_for_each_data_set(folder, capsys):
    assert themes.main(["--quick", "--only", "ours", "--data", str(folder)]) == 0
    printed = capsys.readouterr().out
    assert [printed.count(f"**{name}**") for name in themes.DATA_SETS] == [1, 1, 1]
    assert printed.count("| ours, k themes ") == 3
    assert "LDA" not in printed


def test_many_texts_are_made_of_clauses_where_there_are_too_few(folder):
    texts = themes.many_texts(100)
    assert len(texts) == 100
    known = {clause for text in pd.read_parquet(folder / "sentiment.parquet")["text"] for clause in text.split("，")}
    assert {clause for text in texts for clause in text.split("，")} <= known
    assert texts == themes.many_texts(100)


def test_scale_is_measured_in_a_process_of_its_own(folder):
    lines = themes.scale_table([40, 80]).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["40", "80"]
    seconds, before, peak = (float(cell) for cell in lines[3].split("|")[3:6])
    assert seconds >= 0
    assert peak >= before > 0


@pytest.mark.parametrize("option", [["--quick"], ["--only", "ours"], ["--scale"]])
def test_a_part_of_the_run_is_not_recorded(option, capsys):
    with pytest.raises(SystemExit):
        themes.main([*option, "--record"])
    assert "leave out --quick" in capsys.readouterr().err


def test_the_whole_run_is_recorded_between_the_markers(folder, tmp_path, monkeypatch):
    readme = tmp_path / "benchmarks" / "README.md"
    readme.parent.mkdir()
    readme.write_text(f"# Figures\n\n{themes.START}\nold\n{themes.END}\n\nrest\n", encoding="utf-8")
    monkeypatch.setattr(themes, "ROOT", tmp_path)
    monkeypatch.setattr(themes, "report", lambda options: iter(["first", "second"]))
    assert themes.main(["--record"]) == 0
    assert readme.read_text(encoding="utf-8") == f"# Figures\n\n{themes.START}\nfirst\n\nsecond\n{themes.END}\n\nrest\n"


def test_the_readme_has_the_section():
    text = (common.ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert 0 < text.find(themes.START) < text.find(themes.END)
