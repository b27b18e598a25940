"""The words of the domain: codes, their Chinese names, and the columns of a record.

Everything that names a feedback type, a level, a risk or a column takes it from here, so that error messages, headers and
documentation cannot drift apart. Order matters: a head's class ``i`` is entry ``i`` of its tuple.
"""

from dataclasses import dataclass

#: Canonical feedback types, code -> Chinese name.
TYPES = {
    "defect": "产品故障",
    "experience": "体验不佳",
    "service": "服务投诉",
    "price": "价格费用",
    "process": "业务流程",
    "request": "需求建议",
    "inquiry": "使用咨询",
    "praise": "表扬认可",
    "other": "其他无效",
}

#: Sentiment levels from strongly negative to strongly positive.
SENTIMENTS = {-2: "强烈负面", -1: "负面", 0: "中性", 1: "正面", 2: "强烈正面"}

#: Urgency, least first.
URGENCIES = {"low": "低", "medium": "中", "high": "高"}

#: Risk flags; each is a probability of its own, several may hold at once.
RISKS = {
    "safety": "人身安全",
    "money": "资金损失",
    "data": "数据泄露",
    "outage": "服务中断",
    "legal": "法律风险",
    "churn": "客户流失",
}

#: Statuses of a ledger item, in the order of its life.
STATUSES = ("待分析", "处理中", "待测试", "已解决", "已关闭")

TYPE_CODES = tuple(TYPES)
SENTIMENT_LEVELS = tuple(SENTIMENTS)
URGENCY_CODES = tuple(URGENCIES)
RISK_CODES = tuple(RISKS)


@dataclass(frozen=True)
class Column:
    """One column of the feedback record.

    name: the English column name used everywhere inside.
    header: the Chinese header business people read.
    aliases: other headers recognised in a file, compared after folding case, spaces and underscores.
    personal: the column holds personal data and is masked on every output.
    """

    name: str
    header: str
    aliases: tuple[str, ...] = ()
    personal: bool = False


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


#: Columns a caller may give; only ``text`` is required.
INPUT_COLUMNS = (
    Column("feedback_id", "反馈编号", _words("id 编号 工单号 工单编号 序号 留言编号 ticket_id")),
    Column(
        "created_at",
        "反馈时间",
        _words("时间 日期 反馈日期 提交时间 创建时间 评论时间 评价时间 留言时间 date time created datetime timestamp"),
    ),
    Column("channel", "渠道", ("反馈渠道", "来源", "来源渠道", "source")),
    Column("product", "产品", _words("产品名称 商品 商品名称 型号 应用 应用名称 软件 app product_name")),
    Column(
        "text",
        "问题描述",
        _words("反馈内容 内容 文本 评论 评论内容 评价 评价内容 留言 留言详情 描述 正文 意见 content review comment feedback message body"),
    ),
    Column("expectation", "需求描述", ("期望", "客户期望", "诉求")),
    Column("scene", "发生场景", ("场景", "使用场景")),
    Column("customer_id", "客户编号", _words("客户号 用户编号 用户id 会员号 user_id userid"), personal=True),
    Column("customer_name", "客户姓名", _words("姓名 客户名称 用户名 昵称 称呼 name user_name username"), personal=True),
    Column("contact", "联系方式", _words("电话 手机 手机号 手机号码 联系电话 邮箱 phone mobile tel email"), personal=True),
    Column("customer_type", "客户类型", ("用户类型",)),
    Column("industry", "所属行业", ("行业",)),
    Column("annual_spend", "年消费(元)", ("年消费", "年消费额", "年消费金额")),
    Column("tenure_years", "合作年限", ("合作年数",)),
    Column("satisfaction", "客户满意度", _words("满意度 评分 星级 打分 rating score stars")),
    Column("status", "处理状态", ("状态",)),
    Column("owner", "负责人", ("处理人", "跟进人")),
    Column("due_at", "截止日期", ("截止时间",)),
    Column("result", "处理结果", ("结果",)),
    Column("remark", "备注", ("说明",)),
    Column("acknowledged_at", "响应时间", _words("首次响应时间 受理时间")),
    Column("interim_at", "方案时间", ("方案完成时间",)),
    Column("resolved_at", "解决时间", _words("完成时间 处理完成时间")),
    Column("corrected_type", "更正类型"),
    Column("corrected_priority", "更正优先级"),
)

#: Columns the library adds to the ledger, English name -> Chinese header.
LEDGER_HEADERS = {
    "type": "类型代码",
    "type_label": "反馈类型",
    "category": "归类",
    "type_confidence": "类型置信度",
    "sentiment": "情感等级",
    "sentiment_label": "情感",
    "polarity": "情感极性",
    "sentiment_confidence": "情感置信度",
    "urgency": "紧急程度代码",
    "urgency_label": "紧急程度",
    "urgency_confidence": "紧急程度置信度",
    **{f"risk_{code}": f"{label}风险" if not label.endswith("风险") else label for code, label in RISKS.items()},
    "keywords": "关键词",
    "key_phrases": "关键短语",
    "aspects": "方面评价",
    "duplicates": "相同内容条数",
    "duplicate_of": "重复于",
    "theme": "主题",
    "theme_strength": "主题强度",
    "machine_priority": "系统优先级",
    "machine_category": "系统归类",
    "reopened": "重新打开次数",
    "vanished": "不在最近数据中",
    "tag": "标签",
    "priority": "优先级",
    "priority_score": "优先级得分",
    "reasons": "升级原因",
    "department": "责任部门",
    "ack_due_at": "响应期限",
    "interim_due_at": "方案期限",
    "resolve_due_at": "解决期限",
    "no_information": "无有效信息",
    "damaged": "文字受损",
    "text_original": "原文",
    "source_line": "来源行号",
    "reason": "隔离原因",
}
