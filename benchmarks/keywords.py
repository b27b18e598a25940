"""Key phrases against the subjects readers wrote down, and new words against a list and a reader's judgement.

    python -m benchmarks.keywords [--data DIR] [--record]

``--record`` writes what is printed between the two markers of ``benchmarks/README.md``.
"""

import argparse
import re
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

from benchmarks.accuracy import record
from benchmarks.common import ROOT, markdown_table, read_table, signature, use_data_folder

START, END = "<!-- keywords:start -->", "<!-- keywords:end -->"
RANKS = (1, 3, 5)
#: Left out before a subject and a phrase are compared: particles, degrees and blanks.
NOISE = re.compile("[的了很太挺 ]|非常|特别")
#: Texts the new words are looked for in, distinct after joining.
NEW_WORD_TABLES = ("bank_app_unlabelled", "stream_app_reviews")
LISTED = 100

#: Words of banking and smart-home apps that a dictionary of 2012 may lack, written down from general knowledge of the field. Written after
#: a first draft of the finder had been run on these texts, so not blind; which of them a text holds and the dictionary lacks is computed.
DOMAIN_WORDS = (
    "闪退 卡顿 黑屏 白屏 横屏 竖屏 秒退 网银 掌银 手机银行 U盾 K宝 口令卡 密码器 电子密码器 融e联 融e购 融e行 e支付 e生活 工银信使 无卡取现 扫码取现 "
    "扫码支付 刷脸 人脸识别 指纹登录 指纹解锁 指纹支付 手势密码 短信验证码 预约取号 跨行转账 花呗 借呗 余额宝 支付宝 微信 云闪付 零钱通 二维码 绑卡 "
    "理财产品 信用卡 账单日 首存 大行 米家 米粉 小爱同学 小米商城 小米之家 米家有品 扫地机器人 空气净化器 万能遥控器 空调伴侣 智能家居 智能家电 智能插座 "
    "智能门锁 智能场景 小蚁 小方 体脂秤 平衡车 温湿度传感器 蓝牙网关 多功能网关 插线板 台灯 手环 小白 云台 摄像头 固件升级 滤芯 F码 黑科技 饥饿营销 众筹 生态链 "
    "物联网 刘海屏 全面屏 小组件 捷径 夜间模式 深色模式 人工客服 客服小姐姐 客服妹子 性价比 颜值 差评 点赞 吐槽 靠谱 坑爹 辣鸡 脑残 雷军 雷布斯 登不上 连不上 抢不到 "
    "安卓版 iPad版 官网 天猫 某宝 包邮 双十一 拉黑 掉链子 高大上 海尔优家 优家"
).split()

#: A reader's judgement of the first hundred new words on ``NEW_WORD_TABLES``: those that are no word but a phrase, a slogan or a piece of
#: one. All others are words or fixed terms. The reader wrote the finder too.
NOT_WORDS: tuple[str, ...] = ()
