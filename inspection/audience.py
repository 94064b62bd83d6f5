"""Who is told what: facts of a case × roles, as data. Which way it reaches a person is `commands/messages.py`'s."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from core.access import Role
from core.i18n import N_


class Told(StrEnum):
    OWNER = "owner"  # and the agent whom the owner has appointed
    WINDOW = "window"
    LEAD = "lead"
    ISSUER = "issuer"
    LIAISON = "liaison"  # of the party concerned, or of every party
    OFFICERS = "officers"  # booked for the standing visit, of the party concerned or of every party
    SUPERVISOR = "supervisor"


class Fact(msgspec.Struct, frozen=True):
    """`title` is the Chinese source string. What is served `by_law` cannot be unsubscribed and waits for no digest."""

    title: str
    told: tuple[Told, ...]
    by_law: bool = False


T = Told
#: By the name of the timeline's event; what is not here is told to nobody.
FACTS: Mapping[str, Fact] = {
    "submit": Fact(N_("新的联合验收申请"), (T.WINDOW,)),
    "receive": Fact(N_("您的申请已收件"), (T.OWNER,), by_law=True),
    "notify_deficiencies": Fact(N_("一次性告知书：请补正材料"), (T.OWNER,), by_law=True),
    "resubmit": Fact(N_("申请人已补正"), (T.WINDOW,)),
    "accept": Fact(N_("已受理"), (T.OWNER, T.LEAD), by_law=True),
    "deem_accepted": Fact(
        N_("逾期未告知，依法视为受理"), (T.OWNER, T.LEAD, T.WINDOW, T.SUPERVISOR), by_law=True
    ),
    "refuse": Fact(N_("不予受理"), (T.OWNER,), by_law=True),
    "fan_out": Fact(N_("抄告：请审查材料"), (T.LIAISON,), by_law=True),
    "party.added": Fact(N_("抄告：请审查材料"), (T.LIAISON,), by_law=True),
    "party.review_reject": Fact(N_("部门退回材料"), (T.OWNER, T.LEAD)),
    "reviews_done": Fact(N_("各部门审查完成，可以约定时段"), (T.LEAD,)),
    "confirm_slot": Fact(N_("告知函：现场验收时间已选定"), (T.OWNER, T.LIAISON, T.OFFICERS), by_law=True),
    "party.declined": Fact(N_("部门答复不能参加"), (T.LEAD,)),
    "party.stand_in": Fact(N_("参验人员变更，时间不变"), (T.OWNER, T.LEAD, T.LIAISON, T.OFFICERS)),
    "party.seat_lost": Fact(N_("参验人员缺席，无人接替，请另选时间"), (T.LEAD, T.LIAISON)),
    "party.silent": Fact(N_("逾期未复，按参加安排"), (T.LEAD, T.LIAISON, T.OFFICERS)),
    "quorum": Fact(N_("现场验收已约定"), (T.OWNER, T.LEAD, T.OFFICERS)),
    "reschedule": Fact(N_("现场验收改期"), (T.OWNER, T.LEAD, T.LIAISON, T.OFFICERS), by_law=True),
    "party.absent": Fact(N_("部门缺席，须补交意见"), (T.LIAISON, T.SUPERVISOR)),
    "close_visit": Fact(N_("现场验收已结束"), (T.OWNER,)),
    "order_rectification": Fact(N_("整改通知书：请按期整改"), (T.OWNER,), by_law=True),
    "rectified": Fact(N_("整改完成，申请复验"), (T.LEAD, T.LIAISON)),
    "recheck_by_desk": Fact(N_("请书面复验"), (T.LIAISON,)),
    "recheck_on_site": Fact(N_("安排现场复验"), (T.OWNER, T.LIAISON)),
    "conclude": Fact(N_("评议通过，待签发"), (T.ISSUER, T.OWNER)),
    "issue": Fact(N_("联合验收意见书已签发"), (T.OWNER, T.LIAISON, T.WINDOW), by_law=True),
    "revoke": Fact(N_("联合验收意见书已撤销"), (T.OWNER, T.LIAISON, T.WINDOW, T.LEAD), by_law=True),
    "suspend": Fact(N_("特别程序开始，期限停止计算"), (T.OWNER, T.LIAISON), by_law=True),
    "resume": Fact(N_("特别程序结束，期限继续计算"), (T.OWNER, T.LIAISON), by_law=True),
    "withdraw": Fact(N_("申请已撤回"), (T.LEAD, T.LIAISON)),
    "terminate": Fact(N_("办理终止"), (T.OWNER, T.LIAISON), by_law=True),
    "letter.unread": Fact(N_("来函四个工作小时未读"), (T.LIAISON, T.LEAD)),
    "violation": Fact(N_("部门违规记录"), (T.SUPERVISOR,)),
    "deadline.moved": Fact(N_("工作日历变动，期限已调整"), (T.OWNER, T.LEAD, T.LIAISON)),
    "party.deemed_asked": Fact(N_("提请按超时默许处理，请复核"), (T.SUPERVISOR,)),
    "party.deemed": Fact(N_("超时默许已记录"), (T.OWNER, T.LEAD, T.LIAISON, T.SUPERVISOR)),
    "fee.demanded": Fact(N_("请缴纳费用"), (T.OWNER,), by_law=True),
    "fee.overridden": Fact(N_("未缴费放行"), (T.SUPERVISOR,)),
    "complaint": Fact(N_("收到投诉"), (T.SUPERVISOR,)),
    "complaint.overdue": Fact(N_("投诉逾期未答复"), (T.SUPERVISOR,)),
    "complaint.answered": Fact(N_("投诉已答复"), (T.OWNER,), by_law=True),
    "rating.low": Fact(N_("收到差评，请回访"), (T.SUPERVISOR,)),
    "rating.overdue": Fact(N_("差评逾期未回访"), (T.SUPERVISOR,)),
    "rating.followed_up": Fact(N_("您的评价已回访"), (T.OWNER,)),
    "promise.due_soon": Fact(N_("承诺事项即将到期"), (T.OWNER,)),
    "promise.broken": Fact(N_("承诺逾期未履行"), (T.OWNER, T.LEAD, T.SUPERVISOR)),
    "agent.appointed": Fact(N_("委托代办已登记"), (T.OWNER,)),
    "agent.dismissed": Fact(N_("委托代办已解除"), (T.OWNER,)),
}
LAMP = N_("期限亮灯")
#: Whom a lamp concerns, by who is responsible; any other is a department.
LAMP_AUDIENCE: Mapping[str, tuple[Told, ...]] = {
    "window": (T.WINDOW,),
    "owner": (T.OWNER,),
    "dispatcher": (T.LEAD,),
    "issuer": (T.ISSUER,),
}
ROLES: Mapping[Told, Role] = {
    T.WINDOW: Role.WINDOW,
    T.LEAD: Role.DISPATCHER,
    T.ISSUER: Role.ISSUER,
    T.SUPERVISOR: Role.SUPERVISOR,
}


def audience_of(name: str, data: Mapping[str, Any]) -> tuple[Told, ...]:
    """A lamp concerns whoever is responsible; red ones supervision too."""
    if name != "lamp":
        return FACTS[name].told if name in FACTS else ()
    people = LAMP_AUDIENCE.get(data["responsible"], (T.LIAISON,))
    return (*people, T.SUPERVISOR) if data["lamp"] == "red" else people


def title_of(name: str) -> str:
    """The Chinese source string of what happened."""
    return FACTS[name].title if name in FACTS else LAMP


def is_by_law(name: str) -> bool:
    return name in FACTS and FACTS[name].by_law
