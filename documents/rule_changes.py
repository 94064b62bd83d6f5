"""Changes to the rule book: proposed by one administrator, approved by another, in force from a day on.

A change is a whole part of the book as TOML, comments included. A dossier is held to the book of the day on which it
was submitted.
"""

import tomllib
from datetime import date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger
from core.clock import local_date
from core.errors import FieldProblem, FourEyesRequired, InvalidInput, NotFound
from documents.models import RulePart, RuleStatus, RuleVersion
from documents.refusals import RulesDecided
from documents.rulebook import RuleBook, assembled, shipped, shipped_text


async def texts_on(session: AsyncSession, day: date | None) -> dict[str, str]:
    """Each part's text as in force on a day: of the approved changes the latest to take effect, else as shipped."""
    texts = {part.value: shipped_text(part.value) for part in RulePart}
    if day is None:
        return texts
    rows = await session.execute(
        sa.select(col(RuleVersion.part), col(RuleVersion.text))
        .where(col(RuleVersion.status) == RuleStatus.APPROVED, col(RuleVersion.valid_from) <= day)
        .order_by(col(RuleVersion.valid_from), col(RuleVersion.approved_at), col(RuleVersion.id))
    )
    return texts | {part.value: text for part, text in rows}


async def book_on(session: AsyncSession, day: date | None) -> RuleBook:
    """The rule book in force on a day; as shipped where the day is unknown."""
    return assembled(tuple(sorted((await texts_on(session, day)).items())))


async def propose_rules(
    session: AsyncSession,
    part: RulePart,
    text: str,
    *,
    valid_from: date,
    title: str,
    source: str,
    by: int,
    now: datetime,
) -> RuleVersion:
    """Draft a new text of a part, to be approved by somebody else. Raises `InvalidInput` naming what does not fit."""
    _refuse_late(valid_from, now)
    text = text.replace("\r\n", "\n")
    check_text(part, text, await texts_on(session, valid_from))
    version = RuleVersion(
        part=part,
        text=text,
        valid_from=valid_from,
        title=title,
        source=source,
        status=RuleStatus.PROPOSED,
        proposed_by=by,
        proposed_at=now,
    )
    session.add(version)
    await session.flush()
    data = {"part": part.value, "title": title, "source": source, "valid_from": valid_from.isoformat()}
    _note(session, version, by=by, now=now, data=data)
    return version


async def decide_rules(
    session: AsyncSession, version_id: int, *, approve: bool, by: int, now: datetime
) -> RuleVersion:
    """Approve or reject a proposal; whoever proposed it may do neither."""
    version = await session.get(RuleVersion, version_id, with_for_update=True)
    if version is None:
        raise NotFound
    if version.status is not RuleStatus.PROPOSED:
        raise RulesDecided
    if version.proposed_by == by:
        raise FourEyesRequired
    if approve:
        _refuse_late(version.valid_from, now)
        check_text(version.part, version.text, await texts_on(session, version.valid_from))
    version.status = RuleStatus.APPROVED if approve else RuleStatus.REJECTED
    version.approved_by, version.approved_at = by, now
    _note(session, version, by=by, now=now, data={"part": version.part.value})
    await session.flush()
    return version


def _refuse_late(valid_from: date, now: datetime) -> None:
    """The rules of a day stand once it has come, for dossiers of that day are held to them."""
    if valid_from <= local_date(now):
        raise InvalidInput(problems=(FieldProblem("valid_from", "生效日期须晚于今天。"),))


def check_text(part: RulePart, text: str, others: dict[str, str]) -> None:
    """Raises `InvalidInput` unless the text makes a whole rule book together with the other parts."""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _wrong("写法有误：%(reason)s", reason=str(error)) from None
    try:
        book = assembled(tuple(sorted((others | {part.value: text}).items())))
    except msgspec.ValidationError as error:
        raise _wrong("内容不符合要求：%(reason)s", reason=str(error)) from None
    unknown = {code for item in book.checklist.item for code in item.any_of} - set(book.family)
    if unknown:
        raise _wrong("清单所指的材料种类不存在：%(codes)s", codes="、".join(sorted(unknown)))
    _check_findings(book)


def _check_findings(book: RuleBook) -> None:
    """Every finding that a check raises keeps its code, and its wording asks for no value that the check lacks."""
    given = shipped().findings.finding
    lost = set(given) - set(book.findings.finding)
    if lost:
        raise _wrong("缺少问题代码：%(codes)s", codes="、".join(sorted(lost)))
    for code, rule in book.findings.finding.items():
        original = given.get(code)
        if original and not placeholders(rule.zh, rule.en) <= placeholders(original.zh, original.en):
            raise _wrong("问题 %(codes)s 的文字用了没有的占位符", codes=code)


def placeholders(*texts: str) -> set[str]:
    """Names of the `%(name)s` in these wordings. Raises `InvalidInput` where one is cut short."""
    asked: set[str] = set()

    class Asked(dict[str, str]):
        def __missing__(self, name: str) -> str:
            asked.add(name)
            return ""

    for text in texts:
        try:
            _ = text % Asked()
        except (ValueError, TypeError):
            raise _wrong("文字中的占位符不完整：%(text)s", text=text) from None
    return asked


def _wrong(message: str, **params: str) -> InvalidInput:
    return InvalidInput(problems=(FieldProblem("text", message, dict(params)),))


def _note(
    session: AsyncSession, version: RuleVersion, *, by: int, now: datetime, data: dict[str, Any]
) -> None:
    verb = "propose" if version.status is RuleStatus.PROPOSED else version.status.value
    ledger.record(
        session,
        action=f"rules.{verb}",
        subject=f"rules:{version.id}",
        actor=f"account:{by}",
        now=now,
        data=data,
    )
