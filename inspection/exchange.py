"""The national exchange's codes: what happened to a case, as item states 1–17 and party opinions 0–2.

The codes are those of the national specification for exchanging 办件 data; JSON and XML carry the same records.
"""

from collections.abc import Mapping
from datetime import datetime
from xml.etree import ElementTree as ET

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.errors import NotFound
from core.people import Department
from inspection.models import Case, CaseEvent, Matter, Party, Project, Promise, Segment
from inspection.states import Event, PromiseKind, RefusalGround, Verdict

ITEM_STATES: Mapping[int, str] = {
    1: "已接件",
    2: "已撤件",
    3: "窗口受理",
    4: "不受理",
    5: "不予受理",
    6: "补正开始",
    7: "补正结束",
    8: "部门受理",
    9: "特别程序开始",
    10: "特别程序结束",
    11: "办结（通过）",
    12: "办结（容缺通过）",
    13: "办结（不通过）",
    14: "撤回",
    15: "撤销",
}
PASSED, PASSED_WITH_GAPS = 11, 12

CODE_OF: Mapping[str, int] = {
    Event.RECEIVE: 1,
    Event.ACCEPT: 3,
    Event.DEEM_ACCEPTED: 3,
    Event.REFUSE: 5,
    Event.NOTIFY_DEFICIENCIES: 6,
    Event.RESUBMIT: 7,
    Event.FAN_OUT: 8,
    Event.SUSPEND: 9,
    Event.RESUME: 10,
    Event.ISSUE: PASSED,
    Event.TERMINATE: 13,
    Event.REVOKE: 15,
}
OPINION_CODES: Mapping[Verdict | None, int] = {
    Verdict.AGREE: 1,
    Verdict.AGREE_WITH_COMMITMENT: 1,
    Verdict.DEEMED: 1,
    Verdict.RECTIFY: 0,
    Verdict.DISAGREE: 0,
    Verdict.NOT_CONCERNED: 2,
}


class StateRecord(msgspec.Struct, frozen=True):
    code: int
    name: str
    at: datetime


class OpinionRecord(msgspec.Struct, frozen=True):
    department: str
    matter: str
    opinion: int


class ExchangeRecord(msgspec.Struct, frozen=True):
    case_code: str
    project_code: str
    project_name: str
    segment: str
    states: list[StateRecord]
    opinions: list[OpinionRecord]


async def exchange_record(session: AsyncSession, code: str) -> ExchangeRecord:
    """Raises `NotFound`. A party without an opinion yet is left out."""
    row = (
        await session.execute(
            sa.select(Case, Segment, Project)
            .join(Segment, col(Segment.id) == col(Case.segment_id))
            .join(Project, col(Project.id) == col(Segment.project_id))
            .where(col(Case.code) == code)
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    case = row.Case
    return ExchangeRecord(
        case_code=case.code,
        project_code=row.Project.code,
        project_name=row.Project.name,
        segment=row.Segment.name,
        states=await _states(session, case),
        opinions=await _opinions(session, case),
    )


async def _states(session: AsyncSession, case: Case) -> list[StateRecord]:
    events = await session.execute(
        sa.select(col(CaseEvent.name), col(CaseEvent.state_before), col(CaseEvent.at), col(CaseEvent.data))
        .where(col(CaseEvent.case_id) == case.id)
        .order_by(col(CaseEvent.id))
    )
    gaps = await session.scalar(
        sa.select(sa.func.count()).where(
            col(Promise.case_id) == case.id, col(Promise.kind) == PromiseKind.GAP
        )
    )
    records = []
    for name, before, at, data in events:
        code = CODE_OF.get(name)
        if name == Event.REFUSE and data.get("ground") == RefusalGround.NOT_NEEDED:
            code = 4
        if name == Event.WITHDRAW:
            # Before acceptance the papers go back (撤件); after it the application is withdrawn (撤回).
            code = 2 if before in {"draft", "submitted", "received", "correcting"} else 14
        if code == PASSED and gaps:
            code = PASSED_WITH_GAPS
        if code:
            records.append(StateRecord(code, ITEM_STATES[code], at))
    return records


async def _opinions(session: AsyncSession, case: Case) -> list[OpinionRecord]:
    rows = await session.execute(
        sa.select(col(Department.name_zh), col(Matter.name_zh), col(Party.verdict))
        .select_from(Party)
        .join(Matter, col(Matter.id) == col(Party.matter_id))
        .join(Department, col(Department.code) == col(Party.department_code))
        .where(col(Party.case_id) == case.id, col(Party.verdict).is_not(None))
        .order_by(col(Matter.position))
    )
    return [OpinionRecord(department, matter, OPINION_CODES[verdict]) for department, matter, verdict in rows]


def as_json(record: ExchangeRecord) -> bytes:
    return msgspec.json.encode(record)


def as_xml(record: ExchangeRecord) -> bytes:
    """The same record, an element for each field."""
    root = ET.Element("Case")
    for name in ("case_code", "project_code", "project_name", "segment"):
        ET.SubElement(root, _tag(name)).text = getattr(record, name)
    for state in record.states:
        attributes = {"Code": str(state.code), "At": state.at.isoformat()}
        ET.SubElement(root, "State", attributes).text = state.name
    for opinion in record.opinions:
        attributes = {"Department": opinion.department, "Matter": opinion.matter}
        ET.SubElement(root, "Opinion", attributes).text = str(opinion.opinion)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _tag(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
