"""How the portal says stages, dates and prices; Chinese source strings, translated when a page is rendered."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from api.web.rendering import localdatetime, money, number
from core.i18n import gettext
from tendering.complaints.models import ComplaintState
from tendering.differences import Difference
from tendering.milestones.rules import TITLES, MilestoneName, MilestoneState
from tendering.models import DraftState
from tendering.prices import Price, PriceForm, PricePart
from tendering.remedies import RemedyKind
from tendering.rules import Nature, NoticeKind, Stage

STAGES: Mapping[Stage, str] = {
    Stage.PLANNING: "计划与意向",
    Stage.TENDER: "招标采购",
    Stage.OPENING: "开标",
    Stage.CANDIDATES: "候选人公示",
    Stage.AWARD: "中标成交",
    Stage.CONTRACT: "合同",
    Stage.IMPLEMENTATION: "履约",
    Stage.ENDED: "终止与异常",
}
NATURES: Mapping[Nature, str] = {
    Nature.NORMAL: "正常公告",
    Nature.CORRECTION: "更正公告",
    Nature.WITHDRAWAL: "撤回公告",
}
#: The design system's tone of a kind of notice.
TONES: Mapping[Stage, str] = {
    Stage.TENDER: "active",
    Stage.CANDIDATES: "active",
    Stage.AWARD: "good",
    Stage.CONTRACT: "good",
    Stage.IMPLEMENTATION: "good",
    Stage.ENDED: "bad",
}
#: What became of it, and the design system's tone.
MILESTONE_STATES: Mapping[MilestoneState, tuple[str, str]] = {
    MilestoneState.SCHEDULED: ("将到", "active"),
    MilestoneState.MET: ("已到", "good"),
    MilestoneState.BLOCKED: ("待答复异议，暂停", "paused"),
    MilestoneState.MISSED: ("逾期未订立", "bad"),
    MilestoneState.CANCELLED: ("已取消", "idle"),
}
COMPLAINT_STATES: Mapping[ComplaintState, tuple[str, str]] = {
    ComplaintState.RECEIVED: ("待受理", "active"),
    ComplaintState.ACCEPTED: ("已受理", "active"),
    ComplaintState.DECLINED: ("不予受理", "idle"),
    ComplaintState.DECIDED: ("已作决定", "good"),
}
FIELDS: Mapping[str, str] = {
    "published": "发布时间",
    "documents_from": "文件获取开始",
    "documents_to": "文件获取截止",
    "bid_deadline": "投标截止时间",
    "opening": "开标时间",
    "listing_from": "挂牌开始",
    "listing_to": "挂牌截止",
    "report_received": "收到评标报告",
    "publicity_from": "公示开始",
    "publicity_to": "公示截止",
    "decided": "结果确定",
    "award_letter": "中标通知书发出",
    "signed": "合同签订",
    "title": "公告标题",
    "lot": "标段",
    "lot_title": "标段名称",
    "lot_budget": "标段预算",
    "lot_ceiling": "最高限价",
    "bid": "报价",
    "award": "中标价",
    "contract": "合同金额",
    "method": "交易方式",
    "organisation": "组织形式",
    "venue": "交易场所",
    "reason": "原因",
    "text": "公告正文",
    "attachment": "附件",
}
METHODS: Mapping[str, str] = {
    "open_tender": "公开招标",
    "invited_tender": "邀请招标",
    "consultation": "竞争性磋商",
    "negotiation": "竞争性谈判",
    "inquiry": "询价",
    "single_source": "单一来源",
    "listing": "挂牌",
    "auction": "拍卖",
}
PRICE_FORMS: Mapping[PriceForm, str] = {
    PriceForm.AMOUNT: "总价",
    PriceForm.RATE: "费率",
    PriceForm.DISCOUNT: "下浮或折扣",
    PriceForm.PARTS: "分项报价",
    PriceForm.TEXT: "文字报价",
}


REMEDIES: Mapping[RemedyKind, str] = {RemedyKind.OBJECTION: "异议", RemedyKind.CHALLENGE: "质疑"}


DRAFT_STATES: Mapping[DraftState, str] = {
    DraftState.DRAFT: "起草中",
    DraftState.SUBMITTED: "待发布",
    DraftState.SCHEDULED: "待定时发布",
    DraftState.PUBLISHED: "已发布",
}


def draft_state(state: DraftState) -> str:
    return gettext(DRAFT_STATES[state])


def problems_shown(problems: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A quarantined item's problems, as the list of findings shows them."""
    return [
        {
            "severity": "blocks",
            "message": gettext(problem["message"], **problem["params"]),
            "document": problem["field"],
        }
        for problem in problems
    ]


def remedy_name(kind: RemedyKind) -> str:
    return gettext(REMEDIES[kind])


def stage_name(stage: Stage) -> str:
    return gettext(STAGES[stage])


def milestone_name(name: MilestoneName) -> str:
    return gettext(TITLES[name])


def milestone_state(state: MilestoneState) -> tuple[str, str]:
    """(text, tone)."""
    text, tone = MILESTONE_STATES[state]
    return gettext(text), tone


def complaint_state(state: ComplaintState) -> tuple[str, str]:
    """(text, tone)."""
    text, tone = COMPLAINT_STATES[state]
    return gettext(text), tone


def nature_name(nature: Nature) -> str:
    return gettext(NATURES[nature])


def field_name(field: str) -> str:
    return gettext(FIELDS[field])


def method_name(method: str) -> str:
    return gettext(METHODS.get(method, method))


def tone_of(kind: NoticeKind, stage: Stage) -> str:
    return "warn" if kind is NoticeKind.EXCEPTION else TONES.get(stage, "idle")


def price_form(price: Price) -> str:
    return gettext(PRICE_FORMS[price.form])


def price_figure(price: Price | PricePart) -> str:
    """The price in one figure with its unit; empty where it has none."""
    if price.amount is not None:
        return f"{money(price.amount)}/{price.per}" if price.per else money(price.amount)
    return f"{number(price.percent)}%" if price.percent is not None else ""


def said(value: object) -> str:
    """A value of a changed field in plain words."""
    if value is None:
        return gettext("无")
    if isinstance(value, datetime):
        return localdatetime(value)
    if isinstance(value, Decimal):
        return money(value)
    return METHODS.get(str(value), str(value))


def by_how_much(change: Difference) -> str:
    """What the change means: so many days later, so many yuan more. Empty where that cannot be said."""
    before, after = change.before, change.after
    if isinstance(before, datetime) and isinstance(after, datetime):
        hours = round((after - before).total_seconds() / 3600)
        days, rest = divmod(abs(hours), 24)
        params = {"days": days, "hours": rest}
        if hours >= 0:
            return gettext("推迟 %(days)s 天 %(hours)s 小时", **params)
        return gettext("提前 %(days)s 天 %(hours)s 小时", **params)
    if isinstance(before, Decimal) and isinstance(after, Decimal) and before:
        share = abs(after - before) / before * 100
        params_money = {"amount": money(abs(after - before)), "share": f"{share:.2f}"}
        if after >= before:
            return gettext("增加 %(amount)s（%(share)s%%）", **params_money)
        return gettext("减少 %(amount)s（%(share)s%%）", **params_money)
    return ""
