"""The accuracy table: calibration against oracles, what is learned and what is not, and the whole command on tiny tables."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score
from tiny_tables import labelled, texts

from benchmarks import accuracy, metrics
from benchmarks.peers import sources, training
from feedback_nlp.train.labels import held_out, text_hash


def slow_equal_mass_error(confidence, right, bins):
    """Rows in order of confidence, cut into bins of equal size; all confidences differ."""
    order = sorted(range(len(confidence)), key=lambda row: confidence[row])
    total, start = 0.0, 0
    for number in range(bins):
        size = len(order) // bins + (number < len(order) % bins)
        inside, start = order[start : start + size], start + size
        total += abs(sum(float(right[row]) - float(confidence[row]) for row in inside))
    return total / len(order)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "bins"), [(1, 15), (14, 15), (202, 15), (300, 1), (300, 7)])
def test_equal_mass_error_equals_oracle(n, bins, dtype):
    random = np.random.default_rng(n)
    confidence = random.permutation(np.linspace(0.2, 1, n)).astype(dtype)
    right = random.random(n) < 0.7
    assert metrics.equal_mass_error(confidence, right, bins=bins) == pytest.approx(slow_equal_mass_error(confidence, right, bins))


def test_equal_mass_error_does_not_depend_on_the_order_of_rows():
    random = np.random.default_rng(3)
    confidence, right = random.integers(1, 5, size=100) / 5, random.random(100) < 0.5
    order = random.permutation(100)
    assert metrics.equal_mass_error(confidence, right) == pytest.approx(metrics.equal_mass_error(confidence[order], right[order]))


@pytest.mark.parametrize(("right", "expected"), [([True] * 4, 0.0), ([False] * 4, 1.0), ([True, False] * 2, 0.5)])
def test_equal_mass_error_known_values(right, expected):
    assert metrics.equal_mass_error(np.ones(4), np.asarray(right)) == pytest.approx(expected)
    assert np.isnan(metrics.equal_mass_error(np.ones(0), np.ones(0, bool)))


@pytest.mark.parametrize("error", [metrics.calibration_error, metrics.equal_mass_error])
def test_chance_alone_makes_an_error_that_shrinks_with_rows(error):
    confidence = np.random.default_rng(1).uniform(0.4, 1, size=4000)
    found = [metrics.calibrated_errors(confidence[:n], seed=2, draws=40, error=error) for n in (100, 1000, 4000)]
    assert found[0][0] > 2 * found[1][0] > 2 * found[2][0] > 0
    assert all(mean < most for mean, most in found)
    assert found[0] == metrics.calibrated_errors(confidence[:100], seed=2, draws=40, error=error)
    assert metrics.calibrated_errors(np.ones(50), seed=2, draws=5, error=error) == (0.0, 0.0)
    assert np.isnan(metrics.calibrated_errors(np.ones(0), seed=2, draws=5, error=error)).all()


def test_three_class_figures_equal_scikit_learn():
    random = np.random.default_rng(5)
    truth, chosen = random.integers(-1, 2, size=(2, 80))
    found = metrics.three_class_figures(chosen, truth)
    assert found == pytest.approx(((truth == chosen).mean(), f1_score(truth, chosen, average="macro")))


@pytest.mark.parametrize(
    ("read", "table", "expected"),
    [
        (sources.car_posts, {"text": ["甲", "乙", "乙", "丙"], "polarity": [1, -1, 1, 0]}, [("甲", 1), ("丙", 0)]),
        (
            sources.opinion_targets,
            {"text": ["甲", "甲", "乙", "乙", "丙", "丁"], "label": ["1", "1", "1", "0", "0", ""]},
            [("甲", 1), ("丙", -1)],
        ),
        (
            sources.cantonese,
            {"text": ["甲", "乙", "丙", "丁"], "label": ["positive", "neutral", "negative", "unclear"]},
            [("甲", 1), ("乙", 0), ("丙", -1)],
        ),
        (sources.reviews, {"text": ["甲", "乙"], "source": ["a", "b"], "polarity": [1, None]}, [("甲", 1)]),
    ],
)
def test_polarity_of_each_table(read, table, expected):
    found = read(pd.DataFrame(table))
    assert list(zip(found["text"], found["polarity"], strict=True)) == expected


def test_a_sample_hardly_changes_with_new_texts():
    many = [f"第{number}条" for number in range(300)]
    rows = training.sampled(many, 30)
    assert len(rows) == 30 and (np.diff(rows) > 0).all()
    few_new = ["新的一条", "新的两条", *many]
    assert len({many[row] for row in rows} & {few_new[row] for row in training.sampled(few_new, 30)}) >= 28
    assert {many[row] for row in rows} == {many[::-1][row] for row in training.sampled(many[::-1], 30)}
    assert training.sampled(many, 500).tolist() == list(range(300))
    assert training.sampled([], 5).tolist() == []


@pytest.mark.parametrize(
    ("head", "classes"),
    [
        ("type", {"praise", "other", "defect"}),
        ("sentiment", {"2", "0", "-2"}),
        ("urgency", {"low", "medium", "high"}),
        (training.SIGN, {"1", "-1"}),
        (training.THREE, {"1", "0", "-1"}),
    ],
)
def test_lessons(data, head, classes):
    found = training.bundled_training()
    read, labels = found.lesson(head)
    assert set(labels) == classes and len(read) == len(labels)
    few, _ = found.lesson(head, most=40)
    assert len(few) <= 40 and set(few) < set(read)
    if head not in training.ONE_OF:
        assert not held_out(read).any()


def test_training_is_what_the_manifest_names(data):
    found = training.bundled_training()
    assert found.polarity_tables == {"sentiment"}
    assert found.note() == "The training tables are those of the manifest."
    assert set(texts("我家的", -1)) < set(found.texts())
    assert set(found.texts()).isdisjoint(texts("他家的", 1) + texts("这款", 1) + texts("呢部", 1))


def test_changed_and_absent_tables_are_named(data):
    named = data["training"]["sources"]
    named[1]["sha256"] = "0" * 64
    named.append({"file": "gone.csv", "sha256": "", "rows": 1, "labels": "heads by hash"})
    expected = "Training tables changed since the model was made: labels_train.parquet; not found: gone.csv."
    assert training.bundled_training().note() == expected


def test_labels_by_hash_lie_in_the_repository_and_take_their_texts_out(data, tmp_path):
    known = texts("呢部", 1)[:5]
    (tmp_path / "models").mkdir()
    file = tmp_path / "models" / "labels_by_hash.csv"
    pd.DataFrame({"text_hash": text_hash(known), "type": "praise", "sentiment": 1, "urgency": "low", "risk": ""}).to_csv(file, index=False)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    data["training"]["sources"].append({"file": file.name, "sha256": digest, "rows": 5, "labels": "heads by hash"})
    found = training.bundled_training()
    assert set(known) < set(found.texts())
    assert found.note() == "The training tables are those of the manifest."
    evaluation = sources.evaluation_texts(found)
    used = {source.name: source for source in evaluation.sources}
    assert set(known).isdisjoint(used["cantonese_intensity"].texts)
    assert len(used["cantonese_intensity"].texts) == 139
    assert {item.name: item.cleaned for item in evaluation.overlaps}["cantonese_intensity"] == 5


def test_of_a_learned_table_only_the_held_out_part_is_used(data):
    evaluation = sources.evaluation_texts(training.bundled_training())
    used = {source.name: source for source in evaluation.sources}
    assert list(used) == ["amazon", "shopping", "targets_4_domains", "cantonese_intensity"]
    assert {name: source.trained for name, source in used.items()} == {
        "amazon": True,
        "shopping": True,
        "targets_4_domains": False,
        "cantonese_intensity": False,
    }
    assert held_out(used["amazon"].texts + used["shopping"].texts).all()
    assert len(used["targets_4_domains"].texts) == 96
    assert set(used["cantonese_intensity"].clear().truth) == {-1, 1}
    assert len(used["cantonese_intensity"].clear().sample(7).texts) == 7
    assert len(evaluation.dev) == 144 and set(evaluation.labelled().truth) == {-2, 2}


def test_agreement_is_that_of_the_head():
    dev = labelled("他家的")
    scores = dev[["type", "sentiment", "urgency"]].assign(type_confidence=1.0, sentiment_confidence=1.0, urgency_confidence=1.0)
    heads = accuracy.head_results(dev, scores)
    assert [int(head.parts()["readers agree"].sum()) for head in heads] == [144, 144, 143]
    assert [int(head.parts()["all"].sum()) for head in heads] == [144, 144, 144]


def test_the_whole_command(data, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(accuracy, "bundled_models", lambda: tmp_path)
    monkeypatch.setattr(accuracy, "ROOT", tmp_path)
    (tmp_path / accuracy.BUNDLED).mkdir()
    (tmp_path / "benchmarks").mkdir()
    assert accuracy.main(["--record"]) == 0
    printed = capsys.readouterr().out
    card = tmp_path / accuracy.BUNDLED / "MODEL_CARD.md"
    assert card.read_text(encoding="utf-8") == f"{accuracy.START}\n{printed}{accuracy.END}\n"
    assert not (tmp_path / "benchmarks" / "README.md").exists()
    for words in (
        "| type, readers agree  ",
        "recall of high",
        "ECE, equal mass",
        "mean over 4 sources, all",
        "mean over 2 sources, unseen",
        "dev labels, not neutral",
        "unfamiliar, mean",
        "| amazon |",
    ):
        assert words in printed


def test_the_command_with_peers(data, monkeypatch, tmp_path, capsys):
    from benchmarks.peers import table

    monkeypatch.setattr(accuracy, "bundled_models", lambda: tmp_path)
    monkeypatch.setattr(accuracy, "ROOT", tmp_path)
    monkeypatch.setattr(table, "PEERS", ("ours", "sklearn_ngrams"))
    (tmp_path / accuracy.BUNDLED).mkdir()
    readme = tmp_path / "benchmarks" / "README.md"
    readme.parent.mkdir()
    readme.write_text(f"before\n{accuracy.PEERS_START}\nold\n{accuracy.PEERS_END}\nafter\n", encoding="utf-8")
    assert accuracy.main(["--peers", "--record", "--texts", "20"]) == 0
    printed = capsys.readouterr().out
    recorded = readme.read_text(encoding="utf-8").removeprefix(f"before\n{accuracy.PEERS_START}\n").removesuffix("after\n")
    figures, _ = recorded.split(accuracy.PEERS_END)
    assert printed.endswith(figures)
    assert "At most 20 texts per source" in figures
    assert [cell.strip() for cell in figures.splitlines()[4].split("|")[1:-1]] == ["figure", "texts", "ours", "TF-IDF + SVC"]
    assert "| figure " not in (tmp_path / accuracy.BUNDLED / "MODEL_CARD.md").read_text(encoding="utf-8")
