"""Publishing. A notice enters once, is numbered in its process, and never changes afterwards."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import clock
from core.calendars import load_calendar
from core.errors import FieldProblem, NotFound, Refusal
from core.i18n import gettext
from tendering.complaints.commands import suspended
from tendering.content import Content, Publication, content_from
from tendering.milestones.rules import GATES, Stated, too_early
from tendering.models import Notice, Objection, Process
from tendering.publishing import Published, process_code, write_notices
from tendering.rules import Nature, NoticeKind, may_follow
from tendering.timetable import Finding, check_before_publication


class OutOfChain(Refusal):
    status = 409
    code = "notice_out_of_chain"
    message = "该公告不能接在本项目的上一份公告之后。"


class ProcessSuspended(Refusal):
    status = 409
    code = "process_suspended"
    message = "本项目有尚未答复的异议、质疑，或者因投诉暂停。"


class AgainstTimetable(Refusal):
    """Carries one problem for each date that breaks a confirmed rule."""

    status = 422
    code = "notice_against_timetable"
    message = "公告的时间安排不符合法定期限。"


class TooEarly(Refusal):
    status = 409
    code = "notice_too_early"
    message = "须在 %(day)s 之后发布（%(law)s第%(article)s条）。"


class AlreadyWithdrawn(Refusal):
    status = 409
    code = "notice_withdrawn"
    message = "该公告已经撤回。"


async def publish_notice(
    session: AsyncSession, publication: Publication, *, process: str | None = None, now: datetime, by: str
) -> str:
    """Publish one notice of our own, in the process of this code or in that of its origin; returns its code.

    Refused while an objection waits for its answer or a complaint suspends the process (`ProcessSuspended`,
    招标投标法实施条例 22, 54, 62), when it does not
    fit its process's chain (`OutOfChain`), or breaks a confirmed rule of the law of the process's first day
    (`AgainstTimetable`, which names each date with the earliest or latest lawful day), or comes before a date that it
    must wait for (`TooEarly`: no opening before the bids close, no result before the publicity ends).
    """
    code = process or process_code(publication)
    chain = await session.scalar(
        sa.select(Process)
        .where(col(Process.code) == code)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if chain is not None and (
        await session.scalar(_unanswered(chain.id)) or await suspended(session, chain.id, now=now)
    ):
        raise ProcessSuspended
    latest = chain.latest_kind if chain else None
    if publication.nature is Nature.NORMAL and not may_follow(publication.kind, latest, publication.category):
        raise OutOfChain
    if chain is not None:
        await _refuse_too_early(session, publication, chain.id, now=now)
    opened = chain.opened_on if chain else clock.local_date(publication.published_at)
    findings = check_before_publication(publication, law_of=opened, calendar=await load_calendar(session))
    if problems := tuple(problem_of(finding) for finding in findings if finding.refuses):
        raise AgainstTimetable(problems=problems)
    (published,) = await write_notices(session, [(publication, code)], now=now, by=by)
    return published.code


async def _refuse_too_early(
    session: AsyncSession, publication: Publication, process_id: int, *, now: datetime
) -> None:
    gate = too_early(publication.kind, await _said_before(session, publication.kind, process_id), now)
    if gate is not None:
        day = gate.due.astimezone(clock.LOCAL).strftime("%Y-%m-%d %H:%M")
        raise TooEarly(day=day, law=gate.law, article=gate.article)


async def _said_before(session: AsyncSession, kind: NoticeKind, process_id: int) -> list[Stated]:
    """The process's notices, newest last; none where the kind waits for nothing."""
    if kind not in GATES:
        return []
    rows = await session.execute(
        sa.select(col(Notice.kind), col(Notice.content))
        .where(col(Notice.process_id) == process_id)
        .order_by(col(Notice.ordinal))
    )
    return [Stated(row.kind, content_from(row.content)) for row in rows]


def _unanswered(process_id: int) -> sa.Select[tuple[bool]]:
    return sa.select(
        sa.exists().where(col(Objection.process_id) == process_id, col(Objection.answered_at).is_(None))
    )


async def correct_notice(
    session: AsyncSession,
    code: str,
    content: Content,
    *,
    title: str | None = None,
    nature: Nature = Nature.CORRECTION,
    now: datetime,
    by: str,
) -> str:
    """Publish a correction (or withdrawal) of a notice: a new notice, complete in itself, that names the old one."""
    notice = await session.scalar(sa.select(Notice).where(col(Notice.code) == code))
    if notice is None:
        raise NotFound
    withdrawn = sa.select(sa.literal(1)).where(
        col(Notice.about_id) == notice.id, col(Notice.nature) == Nature.WITHDRAWAL
    )
    if await session.scalar(withdrawn):
        raise AlreadyWithdrawn
    process = await session.get_one(Process, notice.process_id)
    publication = Publication(
        source=notice.source,
        key=f"{notice.source_key}+{process.notices + 1}",
        process="",
        category=notice.category,
        kind=notice.kind,
        nature=nature,
        about=notice.source_key,
        title=title or notice.title,
        district=notice.district,
        project_code=notice.project_code,
        buyer=notice.buyer,
        published_at=now,
        content=content,
    )
    (published,) = await write_notices(session, [(publication, process.code)], now=now, by=by)
    return published.code


async def publish_notices(
    session: AsyncSession, publications: Sequence[Publication], *, now: datetime, by: str
) -> list[Published]:
    """Publish many at once, as imports and source systems do. What was published before is left as it is."""
    return await write_notices(session, [(item, process_code(item)) for item in publications], now=now, by=by)


def problem_of(finding: Finding) -> FieldProblem:
    """A broken rule as a problem of the form's field, with article and lawful day."""
    basis: dict[str, str | int] = {
        "meaning": gettext(finding.meaning),
        "law": finding.law,
        "article": finding.article,
    }
    if finding.lawful is None:
        return FieldProblem(finding.field, "%(meaning)s（%(law)s第%(article)s条）", basis)
    message = "%(meaning)s（%(law)s第%(article)s条），合法日期为 %(day)s"
    return FieldProblem(finding.field, message, basis | {"day": finding.lawful.isoformat()})
