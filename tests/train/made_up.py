"""A made-up language in which each label has words of its own; all heads can be learned from it."""

import random
from pathlib import Path

import numpy as np
import pandas as pd

from feedback_nlp.train.fit import TrainOptions
from feedback_nlp.train.labels import HEAD_COLUMNS, SOFT_COLUMNS
from feedback_nlp.vocabulary import RISK_CODES, SENTIMENT_LEVELS, TYPE_CODES, URGENCY_CODES

#: 300 steps, the least there are; two seconds.
QUICK = TrainOptions(orders=2, bits=11, width=12, hidden=12, passes=1, folds=2)

TYPE_WORDS = dict(
    zip(
        TYPE_CODES,
        ("闪退报错", "卡顿难看", "客服态度", "价格收费", "流程审核", "希望增加", "请问如何", "推荐满意", "哈哈随便"),
        strict=True,
    )
)
SENTIMENT_WORDS = dict(zip(SENTIMENT_LEVELS, ("极其愤怒", "不太高兴", "平平淡淡", "挺开心的", "欣喜若狂"), strict=True))
URGENCY_WORDS = dict(zip(URGENCY_CODES, ("不着急", "尽快办", "十万火急"), strict=True))
RISK_WORDS = dict(zip(RISK_CODES, ("受伤", "丢钱", "泄密", "断网", "起诉", "卸载"), strict=True))
FILLER = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"


def heads_table(seed: int = 0, rows: int = 360) -> pd.DataFrame:
    dice = random.Random(seed)
    made = []
    for number in range(rows):
        kind, level, urgency = TYPE_CODES[number % 9], SENTIMENT_LEVELS[number % 5], URGENCY_CODES[number % 3]
        risks = [code for code in RISK_CODES if dice.random() < 0.25]
        words = [TYPE_WORDS[kind], SENTIMENT_WORDS[level], URGENCY_WORDS[urgency], *(RISK_WORDS[code] for code in risks)]
        words += dice.choices(FILLER, k=4)
        dice.shuffle(words)
        made.append(("".join(words), kind, level, urgency, ",".join(risks)))
    return pd.DataFrame(made, columns=["text", *HEAD_COLUMNS])


def polarity_table(seed: int = 1, rows: int = 200) -> pd.DataFrame:
    dice = random.Random(seed)
    made = [("".join(dice.choices(FILLER, k=5)) + SENTIMENT_WORDS[sign], sign) for sign in dice.choices((-1, 0, 1), k=rows)]
    return pd.DataFrame(made, columns=["text", "polarity"])


def soft_table(seed: int = 2, rows: int = 90) -> pd.DataFrame:
    """A teacher's probabilities: 0.8 for the label, the rest shared by the other classes of its head."""
    table = heads_table(seed, rows)
    columns = {}
    for head, labels in (("type", TYPE_CODES), ("sentiment", SENTIMENT_LEVELS), ("urgency", URGENCY_CODES)):
        for label in labels:
            columns[f"{head}_{label}"] = np.where(table[head] == label, 0.8, 0.2 / (len(labels) - 1))
    return pd.DataFrame({"text": table["text"], **columns})[["text", *SOFT_COLUMNS]]


def write(folder: Path, **tables: pd.DataFrame) -> list[Path]:
    paths = [folder / f"{name}.csv" for name in tables]
    for path, table in zip(paths, tables.values(), strict=True):
        table.to_csv(path, index=False)
    return paths
