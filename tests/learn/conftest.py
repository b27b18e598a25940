"""Texts of a made-up town, with labels of the town's own."""

import pytest

CITY = {
    "交通": (
        "公交车等了一个小时还不来",
        "地铁早高峰太挤了",
        "路口红绿灯时间太短",
        "公交车司机不到站就关门",
        "地铁末班车太早",
        "停车位根本找不到",
    ),
    "市政": (
        "路灯坏了半个月没人修",
        "路面塌了一个坑",
        "井盖丢了，很危险",
        "小区门口的路灯不亮",
        "人行道的砖都松了",
        "下水道堵了，污水流到路面",
    ),
    "教育": (
        "学校食堂的饭菜不干净",
        "幼儿园学费又涨了",
        "老师经常拖堂",
        "学校周边太吵，孩子没法上课",
        "报名入学的流程太复杂",
        "课后托管没有老师",
    ),
}
TEXTS = [text for texts in CITY.values() for text in texts]
FIELDS = [field for field, texts in CITY.items() for _ in texts]

#: What a reader would answer on texts of an app, in the library's own codes.
CORRECTIONS = [
    ("登录一直转圈，进不去", "defect"),
    ("页面字体太小，看着费劲", "experience"),
    ("客服半天不回消息", "service"),
    ("会员又涨价了", "price"),
    ("希望增加夜间模式", "request"),
    ("请问怎么改手机号", "inquiry"),
    ("很好用，推荐", "praise"),
    ("改个名字要审核三天", "process"),
    ("哈哈哈", "other"),
]

#: Texts of all kinds that nothing below learns from.
OTHERS = ["软件总是闪退", "", "客服态度很差，要求退款！", "路灯又坏了", "a", "😀", "不错不错不错", "地铁什么时候通", "字" * 3000]


@pytest.fixture(scope="session")
def city():
    """Texts and fields."""
    return TEXTS, FIELDS


@pytest.fixture(scope="session")
def corrections():
    """Texts and codes of types."""
    return [text for text, _ in CORRECTIONS], [code for _, code in CORRECTIONS]


@pytest.fixture(scope="session")
def others():
    return OTHERS
