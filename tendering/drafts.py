"""Drafting: one clerk writes a notice, another one publishes it or sends it back."""

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import clock, ledger, outbox
from core.calendars import load_calendar
from core.errors import FieldProblem, FourEyesRequired, InvalidInput, NotFound, Refusal
from core.i18n import DEFAULT_LOCALE, translate
from tendering.attachments import with_attachment
from tendering.commands import AgainstTimetable, problem_of, publish_notice
from tendering.content import Attachment, Publication, closing_time, digest_of, headline_amount, to_json
from tendering.models import Draft, DraftState, Notice, Process, ocid_of
from tendering.publishing import process_code
from tendering.records import ChainEntry, NoticeDetail, ProcessDetail, find_process
from tendering.rules import KINDS
from tendering.timetable import Finding, check_before_publication

SOURCE = "portal"
SCHEDULED = "draft.due"
LIST_SIZE = 100


class DraftClosed(Refusal):
    status = 409
    code = "draft_closed"
    message = "该草稿不在可以办理的状态。"


class DraftLine(msgspec.Struct, frozen=True):
    id: int
    title: str
    category: str
    kind: str
    state: DraftState
    drafted_by: int
    drafted_at: datetime


async def save_draft(
    session: AsyncSession,
    publication: Publication,
    *,
    draft_id: int | None = None,
    process_code: str | None = None,
    by: int,
    now: datetime,
) -> int:
    """Write a draft, or write it anew; returns its number. Only its writer may change it, until it is submitted."""
    problems = [] if publication.title.strip() else [FieldProblem("title", "该项必填。")]
    if publication.category not in KINDS[publication.kind].categories:
        problems.append(FieldProblem("kind", "该类别没有这种公告。"))
    if problems:
        raise InvalidInput(problems=tuple(problems))
    if draft_id is None:
        if process_code is not None and not await _exists(session, process_code):
            raise NotFound
        draft = Draft(
            process_code=process_code,
            publication={},
            state=DraftState.DRAFT,
            drafted_by=by,
            drafted_at=now,
        )
        session.add(draft)
    else:
        draft = await own_draft(session, draft_id, by=by)
        publication = _attached(publication, publication_of(draft).content.attachments)
    draft.publication, draft.drafted_at = to_json(publication), now
    await session.flush()
    _record(session, draft, "draft.save", by=by, now=now)
    return draft.id


async def own_draft(session: AsyncSession, draft_id: int, *, by: int) -> Draft:
    """A draft that this clerk may still change. Raises DraftClosed, FourEyesRequired."""
    draft = await _open_draft(session, draft_id, DraftState.DRAFT)
    if draft.drafted_by != by:
        raise FourEyesRequired
    return draft


async def attach_file(
    session: AsyncSession, draft_id: int, file: Attachment, *, by: int, now: datetime
) -> None:
    """Add a stored file, in the place of one of the same name. Raises TooManyAttachments."""
    draft = await own_draft(session, draft_id, by=by)
    publication = publication_of(draft)
    draft.publication = to_json(
        _attached(publication, with_attachment(publication.content.attachments, file))
    )
    _record(session, draft, "draft.attach", by=by, now=now)


async def detach_file(session: AsyncSession, draft_id: int, sha256: str, *, by: int, now: datetime) -> None:
    """Leave a file out again; its bytes stay, another draft may hold the same."""
    draft = await own_draft(session, draft_id, by=by)
    publication = publication_of(draft)
    kept = tuple(each for each in publication.content.attachments if each.sha256 != sha256)
    draft.publication = to_json(_attached(publication, kept))
    _record(session, draft, "draft.detach", by=by, now=now)


def _attached(publication: Publication, files: tuple[Attachment, ...]) -> Publication:
    content = msgspec.structs.replace(publication.content, attachments=files)
    return msgspec.structs.replace(publication, content=content)


async def submit_draft(session: AsyncSession, draft_id: int, *, by: int, now: datetime) -> None:
    """Hand the draft to the others."""
    draft = await _open_draft(session, draft_id, DraftState.DRAFT)
    draft.state, draft.remark = DraftState.SUBMITTED, ""
    _record(session, draft, "draft.submit", by=by, now=now)


async def return_draft(session: AsyncSession, draft_id: int, *, remark: str, by: int, now: datetime) -> None:
    """Send it back to its writer, saying why; what was to be published later is not."""
    draft = await _open_draft(session, draft_id, DraftState.SUBMITTED, DraftState.SCHEDULED)
    await outbox.cancel(session, _key(draft_id))
    draft.state, draft.remark, draft.publish_at = DraftState.DRAFT, remark.strip(), None
    draft.published_by = None
    _record(session, draft, "draft.return", by=by, now=now)


async def publish_draft(session: AsyncSession, draft_id: int, *, by: int, now: datetime) -> str:
    """Publish a submitted draft, by somebody else than its writer; returns the notice's code.

    The notice is checked as of this moment: see `publish_notice` for what it refuses.
    """
    draft = await _open_draft(session, draft_id, DraftState.SUBMITTED)
    if draft.drafted_by == by:
        raise FourEyesRequired
    return await _publish(session, draft, by=by, now=now)


async def _publish(session: AsyncSession, draft: Draft, *, by: int, now: datetime) -> str:
    publication = msgspec.structs.replace(publication_of(draft), published_at=now)
    code = await publish_notice(session, publication, process=draft.process_code, now=now, by=f"account:{by}")
    draft.state, draft.published_by = DraftState.PUBLISHED, by
    draft.notice_id = await session.scalar(sa.select(col(Notice.id)).where(col(Notice.code) == code))
    _record(session, draft, "draft.publish", by=by, now=now)
    return code


async def schedule_draft(
    session: AsyncSession, draft_id: int, *, at: datetime, by: int, now: datetime
) -> None:
    """Approve a submitted draft, by somebody else than its writer, to be published by itself at this moment.

    It is checked as of that moment, now and then again. Raises FourEyesRequired, InvalidInput, AgainstTimetable.
    """
    draft = await _open_draft(session, draft_id, DraftState.SUBMITTED)
    if draft.drafted_by == by:
        raise FourEyesRequired
    if at <= now:
        raise InvalidInput(problems=(FieldProblem("publish_at", "定时发布的时间须在现在之后。"),))
    findings = await check_draft(session, draft, now=at)
    if problems := tuple(problem_of(finding) for finding in findings if finding.refuses):
        raise AgainstTimetable(problems=problems)
    draft.state, draft.published_by, draft.publish_at = DraftState.SCHEDULED, by, at
    outbox.emit(session, SCHEDULED, {"draft": draft_id}, now=now, due=at, key=_key(draft_id))
    _record(session, draft, "draft.schedule", by=by, now=now)


async def publish_scheduled(session: AsyncSession, draft_id: int, *, now: datetime) -> str | None:
    """Its moment has come. What may not be published any more goes back to be looked at, saying why."""
    draft = await session.get(Draft, draft_id, with_for_update=True)
    if draft is None or draft.state is not DraftState.SCHEDULED or draft.published_by is None:
        return None
    try:
        return await _publish(session, draft, by=draft.published_by, now=now)
    except Refusal as refusal:
        draft.state, draft.publish_at, draft.published_by = DraftState.SUBMITTED, None, None
        draft.remark = translate(DEFAULT_LOCALE, refusal.message, refusal.params)
        outbox.emit(session, "draft.held", {"draft": draft_id, "code": refusal.code}, now=now)
        return None


async def check_draft(session: AsyncSession, draft: Draft, *, now: datetime) -> list[Finding]:
    """What the timetable says of the draft if it were published now."""
    publication = msgspec.structs.replace(publication_of(draft), published_at=now)
    opened = await session.scalar(
        sa.select(col(Process.opened_on)).where(col(Process.code) == draft.process_code)
    )
    return check_before_publication(
        publication, law_of=opened or clock.local_date(now), calendar=await load_calendar(session)
    )


async def preview_draft(session: AsyncSession, draft: Draft, *, now: datetime) -> ProcessDetail:
    """The process as it would be read if the draft were published now, as its newest notice."""
    publication = msgspec.structs.replace(publication_of(draft), published_at=now)
    code = draft.process_code or process_code(publication)
    before = await find_process(session, ocid_of(code)) if draft.process_code else None
    earlier = before.notices if before else []
    rule = KINDS[publication.kind]
    number = f"{code}-{len(earlier) + 1:02}"
    entry = ChainEntry(
        id=number,
        kind=publication.kind,
        stage=rule.stage,
        nature=publication.nature,
        title=publication.title,
        published_at=now,
        about=None,
    )
    notice = NoticeDetail(
        **{name: getattr(entry, name) for name in ChainEntry.__struct_fields__},
        ocid=ocid_of(code),
        category=publication.category,
        district=publication.district,
        project_code=publication.project_code,
        buyer=publication.buyer,
        amount=headline_amount(publication.content),
        closes_at=closing_time(publication.content),
        source=publication.source,
        digest=digest_of(publication, number),
        content=publication.content,
        chain=[*(earlier[-1].chain if earlier else []), entry],
    )
    return ProcessDetail(
        ocid=notice.ocid,
        code=code,
        category=before.category if before else publication.category,
        opened_on=before.opened_on if before else clock.local_date(now),
        notices=[*earlier, notice],
    )


async def find_draft(session: AsyncSession, draft_id: int) -> Draft:
    draft = await session.get(Draft, draft_id)
    if draft is None:
        raise NotFound
    return draft


async def list_drafts(session: AsyncSession) -> list[DraftLine]:
    """What is being written or waits to be published, newest first."""
    said = col(Draft.publication)
    statement = (
        sa.select(
            col(Draft.id),
            said["title"].astext.label("title"),
            said["category"].astext.label("category"),
            said["kind"].astext.label("kind"),
            col(Draft.state),
            col(Draft.drafted_by),
            col(Draft.drafted_at),
        )
        .where(col(Draft.state) != DraftState.PUBLISHED)
        .order_by(col(Draft.drafted_at).desc())
        .limit(LIST_SIZE)
    )
    rows: Any = (await session.execute(statement)).mappings()
    return [DraftLine(**row) for row in rows]


def publication_of(draft: Draft) -> Publication:
    return msgspec.convert(draft.publication, Publication)


async def _open_draft(session: AsyncSession, draft_id: int, *states: DraftState) -> Draft:
    draft = await session.get(Draft, draft_id, with_for_update=True)
    if draft is None:
        raise NotFound
    if draft.state not in states:
        raise DraftClosed
    return draft


async def _exists(session: AsyncSession, process_code: str) -> bool:
    return bool(await session.scalar(sa.select(sa.exists().where(col(Process.code) == process_code))))


def _key(draft_id: int) -> str:
    return f"draft:{draft_id}"


def _record(session: AsyncSession, draft: Draft, action: str, *, by: int, now: datetime) -> None:
    ledger.record(session, action=action, subject=f"draft:{draft.id}", actor=f"account:{by}", now=now)
