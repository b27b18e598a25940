"""Made-up feedback of every kind, for laws of whole runs."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

#: What must never be in a log or a message: a text, and the telephone number in it.
MARKER, PHONE = "绿皮西瓜汁洒了一地", "13912345678"

SUBJECTS = (
    "登录失败，验证码一直收不到",
    "客服态度恶劣，打了三次电话都没人管",
    "滤芯价格太贵，比去年涨了一倍",
    "快递包装破损，屏幕碎了",
    "希望增加夜间模式，晚上看着刺眼",
    "很好用，推荐给朋友了",
    "电池续航太差，半天就没电，充电的时候还发烫",
    "退款流程太复杂，等了十天还没到账",
    "",
    "😀",
    "此用户没有填写评价。",
)
TAILS = ("", "！", "，太失望了", "，太差太差了", "，请尽快处理", " https://example.com/a", "，@小明 说他也是")
#: The same text pasted again, slightly edited.
PASTED = "上周在门店买的扫地机器人用了三天就不动了，客服让我寄回去检修，来回运费还要我自己出，非常不满意"


def varied(n_rows: int = 150, *, seed: int = 0) -> pd.DataFrame:
    """Rows of several themes, days, customers, products and channels, with all that goes wrong in them."""
    random = np.random.default_rng(seed)
    rows = [_row(number, random) for number in range(n_rows)]
    rows += rows[:6]  # equal in all but what has an id: made ids clash, given ones come again
    return pd.DataFrame(rows, dtype=object).astype({"折扣": "float64", "件数": "int64"})


def _row(number: int, random: np.random.Generator) -> dict[str, Any]:
    subject, tail = SUBJECTS[random.integers(len(SUBJECTS))], TAILS[random.integers(len(TAILS))]
    text: Any = subject + tail
    if number % 13 == 4:
        text = PASTED[: len(PASTED) - number % 3] + "。" * (number % 2)
    if number % 29 == 7:
        text = f"{MARKER}，请打{PHONE}找王小明"
    if number % 37 == 5:
        text = None
    if number % 53 == 11:
        text = 12.5  # no text: set aside
    day = dt.datetime(2026, 3, 1) + dt.timedelta(days=int(random.integers(20)), hours=int(random.integers(24)))
    given = {3: f"F{number % 40}", 8: "FB-0123456789abcdef", 12: f"1380000{number:04d}"}
    return {
        "text": text,
        "created_at": {5: None, 17: "不详", 9: day}.get(number % 23, day.strftime("%Y-%m-%d %H:%M")),
        "feedback_id": given.get(number % 17),
        "channel": ("APP", "微博", None, "400热线", " ")[random.integers(5)],
        "product": ("手机", "手表", 5, "5", None)[random.integers(5)],
        "customer_id": None if number % 4 == 3 else (number % 9, f"C{number % 9}")[number % 2],
        "contact": (None, PHONE, "13800001111")[number % 3],
        "customer_type": ("老客户", "高价值客户", None)[number % 3],
        "annual_spend": ("128,500", None, "90000", 150_000)[number % 4],
        "scene": "充电时冒烟" if number % 31 == 2 else None,
        "remark": f"备注{number % 5}",
        "折扣": (0.5, float("nan"), 1 / 3)[number % 3],
        "件数": number % 7,
        "标签": (None, "赠品", 5, "5", 2.5, "缺货", ["甲", "乙"])[number % 7],
        "收货": pd.Timestamp("2026-03-02 08:00") if number % 5 else None,
        "空列": None,
    }
