"""Following by e-mail: asked for, confirmed from the mailbox, ended by one click. Nobody is written to unasked."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import clock, outbox
from core.errors import FieldProblem, InvalidInput, NotFound
from tendering.content import to_json
from tendering.following.matching import matcher
from tendering.following.models import Follow, FollowHit, Pace
from tendering.models import Notice, Process
from tendering.queries import NoticeFilter

#: Somebody who asks and never confirms is forgotten after this.
UNCONFIRMED = timedelta(days=7)
#: The same request again within this sends no second letter: the form must not flood a stranger's mailbox.
REPEATED = timedelta(hours=1)
MORNING = time(8)
#: What a source system delivers later than this is history: whoever follows a search is not told of it as news.
NEWS = timedelta(days=30)
#: Letters that one mailbox may ask for in an hour, over all that it follows.
REQUESTS_LIMIT = 10
EMAIL_LIMIT = 254  # RFC 5321, 4.5.3.1
_EMAIL = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\".]+")


@dataclass(frozen=True, slots=True)
class Letter:
    """What one follower is told: these notices, oldest first."""

    follow: Follow
    notices: tuple[Notice, ...]


async def ask_to_follow(
    session: AsyncSession,
    *,
    email: str,
    pace: Pace,
    locale: str,
    label: str,
    process: str | None = None,
    wanted: NoticeFilter | None = None,
    now: datetime,
) -> None:
    """Keep the wish and emit `follow.asked`, whose handler sends the letter to confirm.

    The answer never tells whether the address already follows. Raises InvalidInput, NotFound (no such process).
    """
    email = email.strip()
    if len(email) > EMAIL_LIMIT or not _EMAIL.fullmatch(email):
        raise InvalidInput(problems=(FieldProblem("email", "请填写有效的电子邮箱。"),))
    process_id = await _process_id(session, process) if process else None
    wish = to_json(wanted or NoticeFilter())
    if await _asked_lately(session, email, process_id, wish, now=now):
        return
    follow = Follow(
        token=secrets.token_urlsafe(24),
        email=email,
        locale=locale,
        process_id=process_id,
        wanted=wish,
        label=label,
        pace=pace,
        created_at=now,
    )
    session.add(follow)
    await session.flush()
    outbox.emit(session, "follow.asked", {"follow": follow.id}, now=now)
    outbox.emit(session, "follow.lapse", {"follow": follow.id}, now=now, due=now + UNCONFIRMED)


async def find_follow(session: AsyncSession, token: str) -> Follow:
    """Raises NotFound, also for what was ended."""
    follow = await session.scalar(sa.select(Follow).where(col(Follow.token) == token))
    if follow is None:
        raise NotFound
    return follow


async def confirm_follow(session: AsyncSession, token: str, *, now: datetime) -> Follow:
    """From the address in the letter; confirming twice changes nothing."""
    follow = await find_follow(session, token)
    if follow.confirmed_at is None:
        follow.confirmed_at = now
        if follow.pace is Pace.DAILY:
            await plan_digest(session, now=now)
    return follow


async def end_follow(session: AsyncSession, token: str) -> None:
    """Forget the follower. Ending twice is no error: the second click of an old letter is answered alike."""
    await session.execute(sa.delete(Follow).where(col(Follow.token) == token))


async def lapse_follow(session: AsyncSession, follow_id: int) -> None:
    await session.execute(
        sa.delete(Follow).where(col(Follow.id) == follow_id, col(Follow.confirmed_at).is_(None))
    )


async def note_publication(session: AsyncSession, codes: Sequence[str]) -> list[Letter]:
    """What is to be told at once about notices just published; the rest is kept for the morning."""
    notices = await _notices(session, col(Notice.code).in_(codes))
    processes = {notice.process_id for notice in notices}
    follows = await session.scalars(
        sa.select(Follow)
        .where(
            col(Follow.confirmed_at).is_not(None),
            sa.or_(col(Follow.process_id).is_(None), col(Follow.process_id).in_(processes)),
        )
        .order_by(col(Follow.id))
    )
    letters, waiting = [], []
    for follow in follows:
        found = _found(follow, notices)
        if found and follow.pace is Pace.AT_ONCE:
            letters.append(Letter(follow, found))
        elif found:
            waiting += [{"follow_id": follow.id, "notice_id": notice.id} for notice in found]
    if waiting:
        await session.execute(insert(FollowHit).on_conflict_do_nothing(), waiting)
    return letters


async def collect_digests(session: AsyncSession, *, now: datetime) -> list[Letter]:
    """The morning's letters, taken out of what waited; the next morning is planned."""
    taken = await session.execute(
        sa.delete(FollowHit).returning(col(FollowHit.follow_id), col(FollowHit.notice_id))
    )
    waiting: dict[int, set[int]] = {}
    for row in taken:
        waiting.setdefault(row.follow_id, set()).add(row.notice_id)
    notices = await _notices(session, col(Notice.id).in_(set().union(*waiting.values())))
    follows = await session.scalars(
        sa.select(Follow)
        .where(col(Follow.pace) == Pace.DAILY, col(Follow.confirmed_at).is_not(None))
        .order_by(col(Follow.id))
    )
    daily = follows.all()
    if daily:
        await plan_digest(session, now=now)
    return [
        Letter(follow, tuple(notice for notice in notices if notice.id in waiting[follow.id]))
        for follow in daily
        if follow.id in waiting
    ]


async def plan_digest(session: AsyncSession, *, now: datetime) -> None:
    """Have the next morning's letters written, once however many follow."""
    due = next_morning(now)
    await outbox.emit_once(
        session, "follow.digest", {}, now=now, due=due, key=f"follow-digest:{clock.local_date(due)}"
    )


def next_morning(now: datetime) -> datetime:
    local = now.astimezone(clock.LOCAL)
    morning = datetime.combine(local.date(), MORNING, tzinfo=clock.LOCAL)
    return morning if local < morning else morning + timedelta(days=1)


def _found(follow: Follow, notices: Sequence[Notice]) -> tuple[Notice, ...]:
    if follow.process_id is not None:
        return tuple(notice for notice in notices if notice.process_id == follow.process_id)
    fits = matcher(msgspec.convert(follow.wanted, NoticeFilter))
    return tuple(
        notice for notice in notices if notice.recorded_at - notice.published_at < NEWS and fits(notice)
    )


async def _notices(session: AsyncSession, which: sa.ColumnElement[bool]) -> Sequence[Notice]:
    statement = sa.select(Notice).where(which).order_by(col(Notice.published_at), col(Notice.id))
    return (await session.scalars(statement)).all()


async def _process_id(session: AsyncSession, code: str) -> int:
    process_id = await session.scalar(sa.select(col(Process.id)).where(col(Process.code) == code))
    if process_id is None:
        raise NotFound
    return int(process_id)


async def _asked_lately(
    session: AsyncSession, email: str, process_id: int | None, wanted: object, *, now: datetime
) -> bool:
    recent = await session.scalars(
        sa.select(Follow).where(col(Follow.email) == email, col(Follow.created_at) > now - REPEATED)
    )
    asked = recent.all()
    return len(asked) >= REQUESTS_LIMIT or any(
        follow.process_id == process_id and follow.wanted == wanted for follow in asked
    )
