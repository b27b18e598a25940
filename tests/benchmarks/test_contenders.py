"""The contenders: one contract, imports that do nothing, processes that answer, and rows for those that cannot run."""

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from benchmarks import contenders, speed
from benchmarks.contenders import __main__ as command
from benchmarks.contenders import cnsenti_words, inputs, jieba_sklearn, ours, picture, rjieba_fasttext, snownlp_sentiments
from benchmarks.peers import training

ROOT = Path(__file__).resolve().parents[2]
MODULES = [contenders.load_module(name) for name in contenders.CONTENDERS]
SAID = ["谁家的手机很好用", "", "谁家的空调太差了"]
LESSONS = {
    "sign": (["很好用", "我很喜欢", "太差了", "又坏了"], ["1", "1", "-1", "-1"]),
    "type": (["很好用", "我很喜欢", "太差了", "又坏了"], ["praise", "praise", "defect", "defect"]),
}


@pytest.mark.parametrize("module", MODULES, ids=contenders.CONTENDERS)
def test_contenders_share_their_names(module):
    assert isinstance(module.NAME, str) and isinstance(module.SAYS, str) and module.TEXTS > 0
    assert module.NEEDS and all(isinstance(part, str) for pair in module.NEEDS.items() for part in pair)
    assert callable(module.load) and callable(module.run)


def test_ours_is_first_and_speed_times_some_of_them():
    assert contenders.CONTENDERS[0] == next(iter(speed.CONTENDERS)) == "ours"
    assert set(speed.CONTENDERS) <= set(contenders.CONTENDERS)
    assert all(callable(contenders.load_module(name).prepare) for name in speed.CONTENDERS)


def test_every_package_is_in_the_requirements():
    listed = (ROOT / "benchmarks" / "contenders" / "requirements.txt").read_text(encoding="utf-8")
    wanted = {package for module in MODULES[1:] for package in module.NEEDS.values()}
    assert all(f"\n{package}" in listed for package in wanted)


def test_a_process_imports_nothing_but_its_own_library():
    """Or its memory and first result would be those of somebody else's."""
    names = ", ".join(f"benchmarks.contenders.{name}" for name in (*contenders.CONTENDERS, "process"))
    code = f"import sys, {names}; print(sorted({{'numpy', 'pandas', 'sklearn', 'jieba', 'snownlp', 'feedback_nlp'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def put(monkeypatch, name, **members):
    """A stand-in for a library."""
    module = ModuleType(name)
    vars(module).update(members)
    monkeypatch.setitem(sys.modules, name, module)


def test_ours(tmp_path):
    said = ours.run(ours.load(tmp_path), SAID)
    assert np.sign(said["polarity"]).tolist()[0::2] == [1, -1]
    assert {"type", "sentiment"} <= set(said)


def test_snownlp(monkeypatch, tmp_path):
    def new(text):
        assert text.strip()
        return SimpleNamespace(sentiments=0.75)

    put(monkeypatch, "snownlp", SnowNLP=new)
    assert snownlp_sentiments.run(snownlp_sentiments.load(tmp_path), ["好", "", " "]) == {"polarity": [0.5, 0.0, 0.0]}


def test_cnsenti(monkeypatch, tmp_path):
    class Sentiment:
        def __init__(self):
            for name in cnsenti_words.WORD_LISTS:
                setattr(self, name, ["好"] if name == "Poss" else [])

        def sentiment_calculate(self, text):
            return {"pos": sum(letter in self.Poss for letter in text), "neg": 1}

    put(monkeypatch, "jieba", setLogLevel=lambda level: None)
    put(monkeypatch, "cnsenti", Sentiment=Sentiment)
    assert cnsenti_words.run(cnsenti_words.load(tmp_path), ["好好", "好", ""]) == {"polarity": [1, 0, -1]}


def test_jieba_and_scikit_learn(tmp_path):
    jieba_sklearn.train(LESSONS, tmp_path)
    said = jieba_sklearn.run(jieba_sklearn.load(tmp_path), SAID)
    assert np.sign(said["polarity"]).tolist()[0::2] == [1, -1]
    assert said["type"].tolist()[0::2] == ["praise", "defect"]
    assert len(said["type"]) == len(SAID)


def test_rjieba_and_fasttext(monkeypatch, tmp_path):
    """Saved and loaded; the stand-in says the first label of its file and knows its share."""

    def new(labels):
        def predict(lines, k=1):
            assert all("\n" not in line for line in lines)
            return [labels if k == -1 else labels[:1]] * len(lines), [[0.75, 0.25][: len(labels) if k == -1 else 1]] * len(lines)

        return SimpleNamespace(predict=predict, save_model=lambda path: Path(path).write_text(json.dumps(labels)))

    def train_supervised(input, **options):
        return new(sorted({line.split()[0] for line in Path(input).read_text(encoding="utf-8").splitlines()}, reverse=True))

    put(monkeypatch, "rjieba", cut=list)
    put(monkeypatch, "fasttext", train_supervised=train_supervised, load_model=lambda path: new(json.loads(Path(path).read_text())))
    rjieba_fasttext.train(LESSONS, tmp_path)
    assert rjieba_fasttext.run(rjieba_fasttext.load(tmp_path), SAID) == {"polarity": [0.5] * 3, "type": ["praise"] * 3}


@pytest.fixture
def prepared(data, monkeypatch, tmp_path):
    """Inputs of the tiny tables; 40 made-up reviews to be timed on."""
    monkeypatch.setattr(inputs, "review_pool", lambda: [f"第{number}次购买，很好用" for number in range(40)])
    monkeypatch.setattr(training, "ROOT", tmp_path)
    return inputs.prepare_inputs(tmp_path, per_source=30, most_lessons=50, share=0.001)


def test_inputs_are_the_same_for_all(prepared, tmp_path):
    texts = prepared.texts()
    assert json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8")) == texts
    assert len(texts) == len(prepared.dev) + sum(len(source.texts) for source in prepared.sources)
    lessons = json.loads((tmp_path / "lessons.json").read_text(encoding="utf-8"))
    assert set(lessons) == set(contenders.HEADS)
    assert set(lessons["sign"][1]) == {"1", "-1"}
    assert not set(texts) & {text for read, _ in lessons.values() for text in read}
    for name in contenders.CONTENDERS:
        assert len(json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))) >= 20


def test_figures_of_an_oracle_and_of_its_opposite(prepared):
    signs = [*prepared.dev["sentiment"], *(value for source in prepared.sources for value in source.truth)]
    types = [*prepared.dev["type"], *["other"] * (len(signs) - len(prepared.dev))]
    right = {"polarity": [str(float(sign)) for sign in signs], "type": list(map(str, types))}
    assert prepared.figures(right) == {"polarity": 1.0, "type": 1.0}
    assert prepared.figures({"polarity": [str(-float(sign)) for sign in signs]}) == {"polarity": 0.0}


def test_ours_is_measured_in_its_own_processes(prepared, tmp_path):
    result = command.measure("ours", sys.executable, tmp_path, prepared, repeats=2)
    assert result.why == ""
    assert len(result.seconds) == len(result.first) == 2 and result.texts >= 20
    assert result.peak_mib > 10 and set(result.figures) == {"polarity", "type", "sentiment"}


@pytest.fixture
def broken(monkeypatch):
    """A contender whose library is not installed, and one that fails."""
    lacking = SimpleNamespace(NAME="lacking", SAYS="nothing", NEEDS={"no_such_module": "no-such-package"}, TEXTS=1)
    failing = SimpleNamespace(NAME="failing", SAYS="nothing", NEEDS={"sys": "sys"}, TEXTS=1)
    monkeypatch.setattr(command, "load_module", {"lacking": lacking, "failing": failing}.__getitem__)

    def ask(python, mode, name, *arguments):
        if mode == "missing":
            return {"missing": contenders.missing(lacking if name == "lacking" else failing), "versions": {}}
        raise command.NotRunError("failed: it broke")

    monkeypatch.setattr(command, "ask", ask)


@pytest.mark.parametrize(("name", "why"), [("lacking", "missing: pip install no-such-package"), ("failing", "failed: it broke")])
def test_what_cannot_run_is_a_row_that_says_so(broken, tmp_path, name, why):
    result = command.measure(name, sys.executable, tmp_path, None, repeats=1)
    assert result.row(1000.0, 0.05)[:3] == [name, "nothing", why]
    assert why in command.report([result], price=0.05, note="")


def test_a_process_that_fails_says_its_last_line():
    with pytest.raises(command.NotRunError, match=r"failed: .*no_such_contender"):
        command.ask(sys.executable, "missing", "no_such_contender")


def measured(rate, right):
    module = SimpleNamespace(NAME="some", SAYS="polarity")
    return command.Result(module, texts=1000, seconds=[1000 / rate] * 3, first=[0.5], peak_mib=100.0, figures={"polarity": right})


def test_cost_follows_from_the_rate():
    """1,000,000 documents at 1,000 a second are 1,000 s; an hour of 3,600 s costs the price."""
    assert measured(1000, 0.9).row(2000.0, 3.6) == [
        "some",
        "polarity",
        "1,000 - 1,000 - 1,000",
        "2.0",
        "0.50 s",
        "100",
        "1.00000",
        "0.900",
        "-",
        "-",
    ]


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_the_picture_is_written(tmp_path, suffix):
    file = tmp_path / f"plot{suffix}"
    picture.draw([("ours", 200_000, 0.85), ("others", 120, 0.75), ("slow", 90, 0.5)], file)
    assert file.stat().st_size > 5000


def test_the_picture_of_one_contender_is_written_too(tmp_path):
    picture.draw([("ours", 200_000, 0.85)], tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 5000


def test_an_interpreter_that_is_none(tmp_path):
    with pytest.raises(SystemExit, match="--python names the interpreter"):
        command.main(["--python", str(tmp_path / "none")])
