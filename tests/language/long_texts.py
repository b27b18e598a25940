"""Long texts of the language table, about 3,000 characters each: many sentences of one kind, with a few of another among them.

A sentence joins a lead and two clauses. The lists have lengths without a common factor and are walked in step, so that no sentence
comes twice. In ``cases.csv`` the text ``@long:NAME`` stands for ``TEXTS[NAME]``.
"""

from collections.abc import Sequence

LENGTH = 3_000

DAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日", "第二周", "月初", "月中", "月底")

PRAISE = (
    "前台办理入住只用了两分钟",
    "行李员主动帮忙提箱子",
    "房间打扫得一尘不染",
    "床垫软硬正合适",
    "枕头有三种可以挑",
    "早餐的小笼包皮薄馅大",
    "豆浆是现磨的",
    "咖啡香气很足",
    "泳池的水清澈见底",
    "健身房的器械很新",
    "窗外的湖景美极了",
    "隔音做得出色",
    "空调安静又凉快",
    "热水一开就来",
    "毛巾蓬松柔软",
    "管家记得我们喜欢喝的茶",
    "孩子收到了一只小熊",
    "老人对无障碍通道赞不绝口",
    "停车场宽敞好找",
    "班车准点又舒适",
    "网络又快又稳",
    "大堂的花香让人放松",
    "餐厅的清蒸鱼很鲜",
    "甜品精致好吃",
    "服务员的微笑让人温暖",
    "夜里送来的姜茶很贴心",
    "延迟退房一口就答应了",
    "发票开得又快又准",
    "儿童乐园干净有趣",
)
MORE_PRAISE = (
    "一家人都很满意",
    "值得专程来一趟",
    "比照片上还漂亮",
    "细节做得真用心",
    "让人心情舒畅",
    "我们拍了很多照片留念",
    "朋友听了也想来",
    "这个价格很划算",
    "感觉像回到了家",
    "住得非常舒服",
    "工作人员值得表扬",
    "孩子高兴得不想走",
    "爸妈一直夸好",
    "完全超出预期",
    "体验无可挑剔",
    "下次还会选这里",
    "给他们点个大大的赞",
    "每一处都看得出认真",
    "睡得特别香",
    "心里暖洋洋的",
    "是这几年住过最好的一次",
    "强烈推荐给带孩子的家庭",
    "服务水平一流",
    "安排得井井有条",
    "让我们的假期很完美",
    "真的很感谢他们",
    "连邻桌客人都在称赞",
    "处处让人放心",
    "回味了好几天",
    "这样的酒店太难得了",
    "大家都竖起大拇指",
)

FACTS = (
    "我坐三号线去单位",
    "手机放在书包的侧袋里",
    "在食堂吃了面条",
    "开了部门例会",
    "快递寄到了小区东门",
    "电脑的系统是去年的版本",
    "家里一共四口人",
    "女儿在读小学二年级",
    "我把照片存进了相册",
    "商场在二楼办活动",
    "图书馆九点开门",
    "我和同事核对了表格",
    "楼下新开了一家文具店",
    "阳台上种了三盆绿萝",
    "我给父母打了电话",
    "邻居搬来了一架钢琴",
    "菜市场的摊位换了顺序",
    "公交站移到了路口北侧",
    "手机套餐是两年前办的",
    "我去银行换了零钱",
    "会议室改在了五楼",
    "同学从外地来出差",
    "我用导航查了去车站的路线",
    "超市的购物袋换成了纸袋",
    "儿子参加了学校的运动会",
    "我在窗口取了一个号",
    "公园西门正在铺新砖",
    "单位组织了一次体检",
    "我把旧书捐给了社区",
)
MORE_FACTS = (
    "路上用了四十分钟",
    "前一天也是这样",
    "一共去了三个人",
    "随身带着身份证和笔记本",
    "天气是多云转晴",
    "之后又去了一趟邮局",
    "傍晚回到家",
    "这些都记在日历上",
    "旁边坐着两位同事",
    "用的是黑色的签字笔",
    "表格一式两份",
    "钥匙放在门口的柜子上",
    "然后去学校接孩子",
    "回来时路过加油站",
    "前后大概半个小时",
    "地点在城南",
    "编号写在封面上",
    "随后把文件发到了邮箱",
    "日期写在表头",
    "身上穿着灰色外套",
    "办完事就回了办公室",
    "晚饭是米饭和青菜",
    "顺便买了两节电池",
    "窗外在下小雨",
    "第二天要去出差",
    "和上周的安排一样",
    "坐的是靠窗的位置",
    "名单上有十二个人",
    "出门时锁了门",
    "下一次是月底",
    "地址在人民路二十号",
)

COMPLAINTS = (
    "打开首页就要等半分钟",
    "广告一个接一个弹出来",
    "搜索结果跟关键词毫无关系",
    "付款页面卡住不动",
    "客服机器人答非所问",
    "人工客服永远在排队",
    "订单状态三天没有变化",
    "快递员把箱子扔在雨里",
    "收到的衣服有一股霉味",
    "纽扣掉了两颗",
    "颜色跟图片差得太远",
    "退货申请被无故驳回",
    "优惠券领了却不能用",
    "会员到期也不提醒",
    "更新以后电池掉得飞快",
    "消息推送半夜响个不停",
    "地址改了又自己变回去",
    "评价写好了发不出去",
    "电话那头的人很不耐烦",
)
MORE_COMPLAINTS = (
    "实在让人恼火",
    "白白浪费了一个上午",
    "说了多少遍都没人改",
    "简直没法用",
    "全家人都在抱怨",
    "这样的质量也敢卖",
    "我对你们很失望",
    "跟宣传的完全不是一回事",
    "气得我一晚上没睡",
    "同样的毛病出了好几回",
    "钱花得真冤枉",
    "没有一个人出来道歉",
    "再好的耐心也磨没了",
    "还不如以前的老版本",
    "催了也没有下文",
    "一点责任心都没有",
    "体验差到了极点",
)

BROKEN = "可是新买的手机充一晚上电还是开不了机，拿去门店，店员说不归他们管，到现在也没有给我处理。"
FEE = "唯一不满意的是退房时多收了八十元清洁费，事先谁也没有提过。"
SHOCK = "夜里插台灯的时候，插座突然冒出火花，我的手被电麻了，墙面也烧黑了一块。"
BURNT = "充电的时候手机突然鼓包冒烟，把床单烧了一个洞，我的手也烫伤了。"
STOLEN = "可是有一笔五千元的转账根本不是我操作的，卡里的钱就这样被盗刷了，银行说查不到。"
LAWYER = "如果三天之内还不退还押金，我只好委托律师到法院起诉你们。"
PRAISED = "你们的上门维修师傅特别负责，加班到很晚才把电脑修好，态度又好，非常感谢，给五星好评。"
PROPOSAL = "我想提一个建议：希望软件里增加按月导出账单的功能，最好还能支持分类汇总。"
QUESTION = "我想咨询一下，请问这款手机的保修期是多长，换电池要带哪些材料？"
THANKS = "话说完了，谢谢你们看到这里。"
CONTENTED = "总的来说瑕不掩瑜，我对你们还是很满意的，以后会继续支持，也会推荐给朋友。"
LEAVING = "总的来说实在太失望了，我已经卸载，以后再也不会用你们家，也会劝朋友别用。"


def sentences(clauses: Sequence[str], endings: Sequence[str], length: int = LENGTH) -> list[str]:
    """Different sentences of these clauses, as many as ``length`` characters take."""
    found: list[str] = []
    used = 0
    while used < length:
        lead, clause, ending = (words[len(found) % len(words)] for words in (DAYS, clauses, endings))
        found.append(f"{lead}，{clause}，{ending}。")
        used += len(found[-1])
    return found


def with_inserted(base: Sequence[str], sentence: str, at: float = 0.5) -> str:
    """The sentences as one text, with another one inserted: at the start (0), the end (1) or between."""
    place = round(at * len(base))
    return "".join((*base[:place], sentence, *base[place:]))


def interleaved(*parts: Sequence[str]) -> list[str]:
    """One sentence of each part by turns, up to the end of the shortest."""
    return [sentence for turn in zip(*parts, strict=False) for sentence in turn]


def _texts() -> dict[str, str]:
    praise, facts, complaints = sentences(PRAISE, MORE_PRAISE), sentences(FACTS, MORE_FACTS), sentences(COMPLAINTS, MORE_COMPLAINTS)
    mixed = interleaved(
        sentences(PRAISE, MORE_PRAISE, LENGTH // 3),
        sentences(FACTS, MORE_FACTS, LENGTH // 3),
        sentences(COMPLAINTS, MORE_COMPLAINTS, LENGTH // 3),
    )
    return {
        "praise_only": "".join(praise),
        "one_complaint_in_praise": with_inserted(praise, FEE),
        "danger_in_praise": with_inserted(praise, SHOCK),
        "facts_only": "".join(facts),
        "complaint_in_facts": with_inserted(facts, BROKEN),
        "complaint_at_start": with_inserted(facts, BROKEN, 0),
        "complaint_at_end": with_inserted(facts, BROKEN, 1),
        "danger_in_facts": with_inserted(facts, BURNT),
        "praise_in_facts": with_inserted(facts, PRAISED),
        "legal_in_facts": with_inserted(facts, LAWYER),
        "money_in_facts": with_inserted(facts, STOLEN),
        "request_in_facts": with_inserted(facts, PROPOSAL),
        "question_in_facts": with_inserted(facts, QUESTION),
        "complaints_only": "".join(complaints),
        "one_praise_in_complaints": with_inserted(complaints, PRAISED),
        "complaints_then_thanks": with_inserted(complaints, THANKS, 1),
        "mixed": "".join(mixed),
        "mixed_but_contented": with_inserted(mixed, CONTENTED, 1),
        "mixed_but_leaving": with_inserted(mixed, LEAVING, 1),
    }


#: Name -> text.
TEXTS = _texts()
