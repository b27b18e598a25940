"""Made-up tables of every kind that is drawn."""

import numpy as np
import pandas as pd

LONG = "非常非常长的主题名字一直写到放不下为止还要继续写下去"
NAMES = ("电池续航", "客服态度差", "登录失败", "闪退", "物流慢", "价格贵", "退款难", "屏幕清晰", "安装师傅很好", "包装破损")
GROUPS = ("APP", "京东", "门店")
SENTENCE = (
    "「登录失败」5月20日出现 60 条，预期 9.0 条，自5月18日起上升，主要来自 APP 渠道与 iPhone 用户，建议优先排查支付与登录流程，并通知客服。"
)
WORDS = "反馈中文十月号…产品主题第一二三四五万亿手机电池平板物流屏幕价格"
EVERYTHING_WRITTEN = "".join((LONG, *NAMES, *GROUPS, SENTENCE, WORDS))


def themes(n=10):
    names = [NAMES[row] if row < len(NAMES) else f"{LONG}{row}" if row % 7 == 0 else f"主题 {row}" for row in range(n)]
    items = [400 // (row + 1) + 1 for row in range(n)]
    polarity = [np.nan if row % 5 == 4 else 1 - 2 * (row * 37 % 100) / 99 for row in range(n)]
    negative = [np.nan if row % 5 == 4 else row * 37 % 100 / 99 for row in range(n)]
    columns = {"theme": names, "items": items, "mean_polarity": polarity, "negative_share": negative}
    return pd.DataFrame(columns).astype({"theme": object})


def keywords(n=10):
    table = themes(n)
    return pd.DataFrame({"phrase": table["theme"], "items": table["items"], "share": table["items"] / 1000, "weight": table["items"] * 1.5})


def contrast(n=6):
    rows = [
        (group, NAMES[(number + row) % len(NAMES)], 40 + row, 3 * row, 1.0, 9.5 - row + number / 10)
        for number, group in enumerate(GROUPS)
        for row in range(n)
    ]
    return pd.DataFrame(rows, columns=["group", "phrase", "count", "rest_count", "log_odds", "z"])


def aspects(products=("手", "机", None, "")):
    rows = [
        (aspect, product, 9, 10 * (row + 1) + number, np.nan if row == 3 else (row - 2) / 3)
        for row, aspect in enumerate(NAMES[:6])
        for number, product in enumerate(products)
        if (row + number) % 4
    ]
    return pd.DataFrame(rows, columns=["aspect", "product", "mentions", "items", "polarity"]).astype({"product": object})


def trend(n=60, keys=NAMES[:3], *, start="2025-03-22", freq="D", scale=1.0):
    """The first key rises on its last three periods, and the others do not."""
    tables = []
    for number, key in enumerate(keys):
        periods = pd.date_range(start, periods=n, freq=freq)
        expected = scale * (9 + 3 * np.sin(np.arange(n)) + number)
        observed = np.round(expected + scale * 2 * np.cos(np.arange(n) * 3))
        known = np.arange(n) >= min(14, n // 2)
        columns = {"key": key, "period": periods, "observed": observed, "expected": expected, "low": expected * 0.4, "high": expected * 1.9}
        table = pd.DataFrame(columns).astype({"key": object})
        table.loc[~known, ["expected", "low", "high"]] = np.nan
        last = np.arange(n) >= n - 3
        table["alert"] = last & (number == 0) & (n > 3)
        table.loc[table["alert"], "observed"] = np.round(60 * scale)
        table["kind"] = np.where(table["alert"], np.where(np.arange(n) == n - 1, "spike", "rise"), "")
        table["since"] = pd.Series(np.where(table["alert"], periods[max(n - 4, 0)], pd.NaT)).astype("datetime64[ns]")
        table["sentence"] = np.where(table["alert"], SENTENCE, None)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
