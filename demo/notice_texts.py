"""The wording of notices by kind."""

from collections.abc import Iterator
from datetime import date

from demo.processes import Notice, Process

TITLES = {
    "plan": "{}招标计划公告",
    "prequalification": "{}资格预审公告",
    "tender": "{}招标公告{again}",
    "clarification": "{}澄清公告",
    "change": "{}变更公告",
    "opening": "{}开标记录",
    "candidates": "{}中标候选人公示",
    "objection_answer": "{}异议处理结果公告",
    "result": "{}中标结果公告",
    "contract": "{}合同公告",
    "contract_change": "{}合同变更公告",
    "terminated": "{}终止公告",
    "failed": "{}流标公告",
    "intention": "{}采购意向公开",
    "single_source": "{}单一来源采购公示",
    "challenge_answer": "{}质疑答复公告",
    "acceptance": "{}履约验收公告",
    "announcement": "{}公告",
    "predisclosure": "{}信息预披露公告",
    "listing": "{}挂牌公告{again}",
    "deal": "{}成交公示",
}
METHOD_NAMES = {
    "open_tender": "公开招标", "invited_tender": "邀请招标", "consultation": "竞争性磋商", "negotiation": "竞争性谈判",
    "inquiry": "询价", "single_source": "单一来源", "listing": "挂牌", "auction": "拍卖",
}  # fmt: skip


def body(process: Process, notice: Notice) -> str:
    """The notice's paragraphs, separated by line breaks."""
    return "\n".join(_paragraphs(process, notice))


def _paragraphs(process: Process, notice: Notice) -> Iterator[str]:
    yield f"一、项目概况\n项目名称：{process.title}。"
    if process.project_code:
        yield f"项目代码：{process.project_code}。"
    yield f"实施地点：{process.district.name}。采购（招标）方式：{METHOD_NAMES[process.method]}。"
    yield f"最高限价：{process.estimate / 10_000:,.2f}万元。"
    yield "二、公告内容"
    yield from _particulars(process, notice)
    yield f"三、联系方式\n招标人：{process.buyer.name}，联系人：{process.buyer.contact.name}。"
    yield f"代理机构：{process.agent.name}，联系电话：{process.agent.contact.phone}。"


def _particulars(process: Process, notice: Notice) -> Iterator[str]:
    if notice.deadline:
        yield (
            f"投标文件递交截止时间：{notice.deadline:%Y年%m月%d日%H时%M分}，逾期送达的不予受理。"
            "招标文件自公告之日起在电子交易平台免费下载。"
        )
    if notice.publicity:
        first, last = notice.publicity
        yield f"公示期：{_day(first)}至{_day(last)}。对结果有异议的，应当在公示期内以书面形式提出。"
    for bid in notice.bids:
        names = "、".join(firm.name for firm in bid.bidders)
        lead = "（联合体，牵头人：" + bid.bidders[0].name + "）" if len(bid.bidders) > 1 else ""
        yield f"第{bid.rank}名：{names}{lead}，报价：{bid.price.text}。"
    for change in notice.changes:
        yield f"{change.field}由“{change.old}”变更为“{change.new}”，其他内容不变。"
    yield from _ENDINGS.get(notice.kind, ())
    if not (notice.deadline or notice.publicity or notice.bids or notice.kind in _ENDINGS):
        yield f"{process.buyer.name}拟实施上述项目，现将有关情况予以公开，内容以后续公告为准。"


_ENDINGS = {
    "terminated": ("因项目建设条件发生重大变化，本次招标（采购、出让）活动终止，已获取文件的费用予以退还。",),
    "failed": ("至截止时间，递交文件的单位不足三家，本次活动流标，将依法重新组织。",),
    "clarification": ("工程量清单第3章第12项的计量单位应为“㎡”，图纸结施-05的混凝土强度等级以C35为准。",),
    "objection_answer": (
        "经核查，异议所称业绩造假情况不属实，原评标结果有效。异议人对答复不服的，可依法投诉。",
    ),
    "challenge_answer": ("经核实，采购文件的评分标准符合规定，质疑事项不成立。",),
    "contract_change": ("因设计变更增加工程量，合同价款增加3.2%，工期顺延20天。",),
    "acceptance": ("验收小组认为供应商按合同履约，质量符合要求，验收合格。",),
}


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
