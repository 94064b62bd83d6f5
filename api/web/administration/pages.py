"""For system administrators: working-day calendars under four eyes, machines' keys, the state of the machinery.

No business data is shown here.
"""

import calendar as months
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from api.auth.sessions import issue_key
from api.problems import told
from api.web.administration.four_eyes import decision_route
from api.web.rendering import page
from core import calendars, clock, ledger
from core.access import KEY_ACTIONS, Action
from core.calendar_notation import parse_days
from core.calendars import CalendarStatus, CalendarVersion
from core.errors import FieldProblem, InvalidInput, NotFound
from core.outbox import ATTEMPTS_LIMIT, OutboxEvent
from core.people import ApiKey
from core.workdays import WorkCalendar

PageRequest = Request[Principal | None, Any, State]
NEWEST = 20


@dataclass
class CalendarForm:
    title: str = ""
    source: str = ""
    days: str = ""
    notice_year: str = ""


Encoded = Body(media_type=RequestEncodingType.URL_ENCODED)


class DayCell(msgspec.Struct, frozen=True):
    """One day of a month's grid; `day` is None for the blanks before the first."""

    day: date | None
    kind: str = ""
    changed: bool = False


class VersionRow(msgspec.Struct, frozen=True):
    id: int
    title: str
    source: str
    status: CalendarStatus
    proposed_by: int | None
    proposed_at: datetime
    days: int


class EventRow(msgspec.Struct, frozen=True):
    id: int
    topic: str
    attempts: int
    last_error: str | None
    created_at: datetime


def month_grids(calendar: WorkCalendar, year: int) -> list[list[DayCell]]:
    """Twelve lists of day cells, Monday first."""

    def cells(month: int) -> list[DayCell]:
        blanks, length = months.monthrange(year, month)
        grid = [DayCell(None)] * blanks
        for number in range(1, length + 1):
            day = date(year, month, number)
            grid.append(DayCell(day, calendar.kind(day).value, day in calendar.days))
        return grid

    return [cells(month) for month in range(1, 13)]


async def versions(session: AsyncSession) -> list[VersionRow]:
    """Proposals first, then the newest decisions."""
    counted = (
        sa.select(col(calendars.CalendarDay.version_id), sa.func.count().label("days"))
        .group_by(col(calendars.CalendarDay.version_id))
        .subquery()
    )
    statement = (
        sa.select(
            col(CalendarVersion.id),
            col(CalendarVersion.title),
            col(CalendarVersion.source),
            col(CalendarVersion.status),
            col(CalendarVersion.proposed_by),
            col(CalendarVersion.proposed_at),
            counted.c.days,
        )
        .join(counted, counted.c.version_id == col(CalendarVersion.id))
        .order_by(col(CalendarVersion.status) != CalendarStatus.PROPOSED, col(CalendarVersion.id).desc())
        .limit(NEWEST)
    )
    return [VersionRow(*row) for row in await session.execute(statement)]


async def calendar_page(
    request: PageRequest,
    session: AsyncSession,
    *,
    year: int,
    form: CalendarForm,
    refusal: InvalidInput | None = None,
) -> Template:
    calendar = await calendars.load_calendar(session)
    return page(
        request,
        "administration/calendar.html",
        status=refusal.status if refusal else None,
        year=year,
        grids=month_grids(calendar, year),
        working_days=calendar.working_days_of(year),
        provisional=year not in calendar.years,
        version=calendar.version,
        versions=await versions(session),
        form=form,
        problems=told(refusal) if refusal else [],
    )


@get("/administration", opt={"action": Action.CALENDAR_PROPOSE}, include_in_schema=False)
async def show_calendar(
    request: PageRequest, session: AsyncSession, now: datetime, year: FromQuery[int | None] = None
) -> Template:
    shown = year if year is not None and date.min.year < year < date.max.year else clock.local_date(now).year
    return await calendar_page(request, session, year=shown, form=CalendarForm())


@post(
    "/administration/calendar",
    opt={"action": Action.CALENDAR_PROPOSE},
    include_in_schema=False,
    status_code=303,
)
async def propose(
    request: PageRequest,
    session: AsyncSession,
    caller: Principal,
    now: datetime,
    data: Annotated[CalendarForm, Encoded],
) -> Response[Any]:
    try:
        await calendars.propose_calendar(session, by=caller.person, now=now, **read_proposal(data))
    except InvalidInput as refusal:
        return await calendar_page(
            request, session, year=clock.local_date(now).year, form=data, refusal=refusal
        )
    return Redirect("/administration", status_code=303)


def read_proposal(form: CalendarForm) -> dict[str, Any]:
    missing = tuple(
        FieldProblem(name, "请填写。") for name in ("title", "source") if not getattr(form, name).strip()
    )
    if missing:
        raise InvalidInput(problems=missing)
    if form.notice_year and not form.notice_year.isdecimal():
        raise InvalidInput(problems=(FieldProblem("notice_year", "年份应为四位数字。"),))
    return {
        "title": form.title.strip(),
        "source": form.source.strip(),
        "days": parse_days(form.days),
        "notice_year": int(form.notice_year) if form.notice_year else None,
    }


decide = decision_route(
    "/administration/calendar", Action.CALENDAR_APPROVE, calendars.decide_calendar, back="/administration"
)


@get("/administration/keys", opt={"action": Action.ACCOUNT_MANAGE}, include_in_schema=False)
async def show_keys(request: PageRequest, session: AsyncSession) -> Template:
    return await keys_page(request, session)


async def keys_page(request: PageRequest, session: AsyncSession, *, new_key: str | None = None) -> Template:
    keys = (await session.scalars(sa.select(ApiKey).order_by(col(ApiKey.id).desc()).limit(NEWEST))).all()
    return page(request, "administration/keys.html", keys=keys, new_key=new_key, scopes=sorted(KEY_ACTIONS))


@post("/administration/keys", opt={"action": Action.ACCOUNT_MANAGE}, include_in_schema=False, status_code=201)
async def make_key(
    request: PageRequest,
    session: AsyncSession,
    caller: Principal,
    now: datetime,
) -> Template:
    """The key itself is shown on this one page and never again."""
    form = await request.form()
    label, chosen = str(form.get("label", "")).strip(), form.getall("scopes", [])
    scopes = [action for action in KEY_ACTIONS if action.value in chosen]
    if not label or not scopes:
        raise InvalidInput(problems=(FieldProblem("label", "请填写名称，并至少选择一项权限。"),))
    row, key = issue_key(label=label, scopes=scopes, now=now)
    session.add(row)
    await session.flush()
    ledger.record(
        session,
        action="key.issue",
        subject=f"key:{row.id}",
        actor=caller.actor,
        now=now,
        data={"scopes": sorted(scope.value for scope in scopes)},
    )
    return await keys_page(request, session, new_key=key)


@post(
    "/administration/keys/{key_id:int}/revoke",
    opt={"action": Action.ACCOUNT_MANAGE},
    include_in_schema=False,
    status_code=303,
)
async def revoke_key(
    session: AsyncSession, caller: Principal, now: datetime, key_id: FromPath[int]
) -> Redirect:
    row = await session.get(ApiKey, key_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.revoked_at is None:
        row.revoked_at = now
        ledger.record(session, action="key.revoke", subject=f"key:{row.id}", actor=caller.actor, now=now)
    return Redirect("/administration/keys", status_code=303)


@get("/administration/operations", opt={"action": Action.ACCOUNT_MANAGE}, include_in_schema=False)
async def show_operations(request: PageRequest, session: AsyncSession, now: datetime) -> Template:
    """What waits in the outbox, what was parked after too many attempts, and the ledger's head."""
    open_event = col(OutboxEvent.done_at).is_(None)
    waiting = await session.scalar(
        sa.select(sa.func.count()).select_from(OutboxEvent).where(open_event, col(OutboxEvent.due) <= now)
    )
    timed = await session.scalar(
        sa.select(sa.func.count()).select_from(OutboxEvent).where(open_event, col(OutboxEvent.due) > now)
    )
    failed = await session.execute(
        sa.select(
            col(OutboxEvent.id),
            col(OutboxEvent.topic),
            col(OutboxEvent.attempts),
            col(OutboxEvent.last_error),
            col(OutboxEvent.created_at),
        )
        .where(open_event, col(OutboxEvent.last_error).is_not(None))
        .order_by(col(OutboxEvent.id).desc())
        .limit(NEWEST)
    )
    seq, head = await ledger.head(session)
    return page(
        request,
        "administration/operations.html",
        waiting=waiting,
        timed=timed,
        failed=[EventRow(*row) for row in failed],
        attempts_limit=ATTEMPTS_LIMIT,
        entries=seq,
        head=head,
    )


ROUTES: list[ControllerRouterHandler] = [
    show_calendar,
    propose,
    decide,
    show_keys,
    make_key,
    revoke_key,
    show_operations,
]
