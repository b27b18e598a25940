"""A data folder of tiny tables with written texts, and the manifest of a model that was made of them."""

import hashlib
from itertools import product
from pathlib import Path

import pandas as pd

SUBJECTS = ("手机", "耳机", "空调", "客服", "快递", "电池", "屏幕", "软件", "酒店", "外卖", "轮胎", "相机")
VERDICTS = {
    1: ("很好用", "我非常喜欢", "特别满意", "值得推荐"),
    0: ("是昨天收到的", "放在桌子上", "和照片一样", "今天用了一次"),
    -1: ("太差了", "又坏了", "让人失望", "根本不能用"),
}
HEADS = {1: ("praise", 2, "low", ""), 0: ("other", 0, "medium", ""), -1: ("defect", -2, "high", "safety")}


def texts(start: str, polarity: int) -> list[str]:
    """48 texts that begin with ``start``."""
    return [f"{start}{subject}{verdict}" for subject, verdict in product(SUBJECTS, VERDICTS[polarity])]


def polarity_rows(start: str, polarities: tuple[int, ...] = (1, 0, -1)) -> list[tuple[str, int]]:
    return [(text, polarity) for polarity in polarities for text in texts(start, polarity)]


def labelled(start: str) -> pd.DataFrame:
    """144 texts with all heads and both readers' labels; the readers differ on the urgency of the first."""
    rows = [(text, *HEADS[polarity]) for text, polarity in polarity_rows(start)]
    table = pd.DataFrame(rows, columns=["text", "type", "sentiment", "urgency", "risk"])
    for head in ("type", "sentiment", "urgency"):
        table[f"{head}_a"] = table[f"{head}_b"] = table[head].astype(str)
    table.loc[0, "urgency_b"] = "medium"
    return table


def write_data(folder: Path) -> dict[str, object]:
    """Write the tables; returns the manifest."""
    sentiment = pd.DataFrame(
        [(text, name, value) for name in ("shopping", "amazon") for text, value in polarity_rows(f"{name}的")],
        columns=["text", "source", "polarity"],
    )
    targets = [(text, "1" if value > 0 else "0") for text, value in polarity_rows("这款", (1, -1))]
    cantonese = [(text, {1: "positive", 0: "neutral", -1: "negative"}[value]) for text, value in polarity_rows("呢部")]
    tables = {
        "labels_dev": (labelled("他家的"), "excluded"),
        "labels_train": (labelled("我家的"), "heads"),
        "sentiment": (sentiment, "polarity"),
        "targets_4_domains": (pd.DataFrame(targets, columns=["text", "label"]), "texts"),
        "cantonese_intensity": (pd.DataFrame(cantonese, columns=["text", "label"]), "texts"),
    }
    sources = []
    for name, (table, labels) in tables.items():
        file = folder / f"{name}.parquet"
        table.to_parquet(file)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        sources.append({"file": file.name, "sha256": digest, "rows": len(table), "labels": labels})
    return {"training": {"sources": sources}}
