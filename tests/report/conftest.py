"""One real analysis, and the same with text that would be a program, a formula or mark-up if it were let."""

from dataclasses import replace
from importlib import resources

import numpy as np
import pandas as pd
import pytest
from hostile_text import HOSTILE

import feedback_nlp


@pytest.fixture(scope="session")
def analysis():
    return feedback_nlp.analyze(str(resources.files("feedback_nlp") / "data/sample.csv"))


@pytest.fixture(scope="session")
def hostile(analysis):
    """Every text of the first items, and of every table, is hostile."""

    def spoil(table, columns):
        spoiled = table.copy()
        for name in columns:
            spoiled[name] = pd.Series([HOSTILE, *spoiled[name].astype(object).tolist()[1:]], index=spoiled.index, dtype=object)
        return spoiled

    ledger = analysis.ledger
    texts = [name for name in ledger.columns if ledger[name].dtype in (object, "str") and name not in ("priority", "sentiment_label")]
    keys = analysis.trends["key"].astype(object)
    loudest = analysis.trends.loc[analysis.trends["alert"], "key"].iloc[0]
    themes = spoil(analysis.themes, ["theme", "parent", "key_phrases"])
    themes["quotes"] = pd.Series([[HOSTILE, HOSTILE], *themes["quotes"].tolist()[1:]], index=themes.index, dtype=object)
    return replace(
        analysis,
        ledger=spoil(ledger, texts),
        themes=themes,
        duplicates=spoil(analysis.duplicates, ["text", "feedback_id"]),
        aspects=spoil(analysis.aspects, ["aspect", "product"]),
        trends=analysis.trends.assign(
            key=keys.where(keys != loudest, HOSTILE),
            sentence=analysis.trends["sentence"].astype(object).where(keys != loudest, HOSTILE),
        ),
        quarantine=pd.DataFrame({"source_line": [3], "reason": [HOSTILE], "raw": [HOSTILE]}, dtype=object),
        summary={**analysis.summary, "quarantined": 1, "quarantine_reasons": {HOSTILE: 1}, "other_columns": [HOSTILE]},
        signature={**analysis.signature, "user_dictionary": HOSTILE},
    )


@pytest.fixture(scope="session")
def empty(analysis):
    """An analysis of which nothing is left."""
    nothing = {"items": 0, "period": None, "undated": 0, "mean_polarity": 0.0, "alerts": [], "n_high_frequency": 0, "high_frequency": []}
    summary = {**analysis.summary, **nothing}
    for name in ("priority", "type", "sentiment"):
        summary[name] = dict.fromkeys(summary[name], 0)
    tables = ("ledger", "themes", "keywords", "phrases", "duplicates", "aspects", "trends", "quarantine")
    return replace(
        analysis, summary={**summary, "channel": {}, "product": {}}, **{name: getattr(analysis, name).iloc[:0] for name in tables}
    )


@pytest.fixture(scope="session")
def undated():
    """Ten texts and nothing else."""
    texts = [
        "客服态度很差",
        "登录不了",
        "很好用",
        "退款三天了还没到账",
        "屏幕碎了",
        "希望增加夜间模式",
        "怎么改密码",
        "物流太慢",
        "音质不错",
        "又闪退了",
    ]
    return feedback_nlp.analyze(texts)


@pytest.fixture(scope="session")
def shuffled(analysis):
    """The same tables with the ledger in another order of rows."""
    order = np.random.default_rng(0).permutation(len(analysis.ledger))
    return replace(analysis, ledger=analysis.ledger.iloc[order].reset_index(drop=True))
