"""What the worker does about the area's events."""

import asyncio
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core.outbox import Event, Handler
from core.printed import typeset
from inspection import opinion, papers
from inspection.commands import (
    absences,
    aftercare,
    bookings,
    calendar_changes,
    decisions,
    letters,
    messages,
    replies,
    timekeeping,
    timers,
    transitions,
)
from inspection.commands.parties import invited_parties
from inspection.commands.transitions import lock_case_by_id
from inspection.models import Case, Letter, Party, SlotSearch
from inspection.reckoning import reckoning
from inspection.scheduling_problem import build_question
from inspection.slot_answers import Answer, answer
from inspection.upset_visits import answer_upset, present_place


async def solve_slots(resources: Any, event: Event) -> tuple[Answer, str] | None:
    """Read the problem in a transaction of its own, solve it in a thread; nothing is held meanwhile."""
    async with resources.database.transaction() as session:
        search = await session.get(SlotSearch, event.payload["search_id"])
        if search is None:
            return None
        case = await session.get_one(Case, search.case_id)
        at = await reckoning(session, search.asked_at)
        parties = await invited_parties(session, case)
        question = await build_question(session, case, search, parties, at)
        place = await present_place(session, case, question)
    if place is None:
        return await asyncio.to_thread(answer, question), at.calendar.version
    return await asyncio.to_thread(answer_upset, question, place), at.calendar.version


async def keep_slots(
    session: AsyncSession, event: Event, found: tuple[Answer, str] | None, now: datetime
) -> None:
    if found:
        await bookings.store_answer(
            session, event.payload["search_id"], found[0], calendar_version=found[1], now=now
        )


async def tick_clock(session: AsyncSession, event: Event, _: None, now: datetime) -> None:
    await timers.tick(session, event.payload["clock_id"], now=now)


async def point_out_unread(session: AsyncSession, event: Event, _: None, now: datetime) -> None:
    await timers.letter_unread(session, event.payload["letter_id"], now=now)


async def look_for_stand_ins(session: AsyncSession, event: Event, _: None, now: datetime) -> None:
    party = await session.get_one(Party, event.payload["party_id"])
    case = await lock_case_by_id(session, party.case_id)
    await session.refresh(party)
    await replies.find_stand_ins(session, case, party, now=now)


async def fill_seat(session: AsyncSession, event: Event, _: None, now: datetime) -> None:
    party = await session.get_one(Party, event.payload["party_id"])
    case = await lock_case_by_id(session, party.case_id)
    await session.refresh(party)
    await absences.fill_seat(session, case, party, event.payload["leave_id"], now=now)


async def render_opinion(resources: Any, event: Event) -> bytes:
    async with resources.database.transaction() as session:
        content = await opinion.content_of(session, event.payload["case_id"])
    return await asyncio.to_thread(opinion.render, content, resources.settings.base_url)


async def keep_opinion(session: AsyncSession, event: Event, pdf: bytes, now: datetime) -> None:
    await opinion.store(session, event.payload["case_id"], pdf, now=now)


async def print_letter(resources: Any, event: Event) -> bytes:
    async with resources.database.transaction() as session:
        letter = await session.get_one(Letter, event.payload["letter_id"])
        content = await papers.letter_content(session, letter)
    return await asyncio.to_thread(typeset, papers.TEMPLATE, content, base_url=resources.settings.base_url)


async def keep_letter(session: AsyncSession, event: Event, pdf: bytes, now: datetime) -> None:
    await papers.keep_letter(session, event.payload["letter_id"], pdf, now=now)


async def recompute_deadlines(session: AsyncSession, event: Event, _: None, now: datetime) -> None:
    await calendar_changes.apply_calendar(session, event.payload["version_id"], now=now)


async def base_url(resources: Any, _: Event) -> str:
    url: str = resources.settings.base_url
    return url


async def tell_people(session: AsyncSession, event: Event, url: str, now: datetime) -> None:
    await messages.tell(session, event.id, event.payload, base_url=url, now=now)


async def send_digest(session: AsyncSession, event: Event, url: str, now: datetime) -> None:
    await messages.send_digest(session, event.id, event.payload["account_id"], base_url=url, now=now)


async def break_promises(session: AsyncSession, _: Event, __: None, now: datetime) -> None:
    await aftercare.break_overdue_promises(session, now=now)


async def remind_of_promises(session: AsyncSession, event: Event, _: None, now: datetime) -> None:
    due = date.fromisoformat(event.payload["due"])
    await aftercare.remind_of_promises(session, event.payload["case_id"], due, now=now)


async def point_out_overdue(session: AsyncSession, event: Event, _: None, now: datetime) -> None:
    await aftercare.point_out_overdue(session, event.payload["what"], event.payload["id"], now=now)


HANDLERS = [
    Handler(aftercare.REMINDER_TOPIC, remind_of_promises),
    Handler(aftercare.OVERDUE_TOPIC, point_out_overdue),
    Handler(aftercare.PROMISE_TOPIC, break_promises),
    Handler(transitions.TOPIC, tell_people, base_url),
    Handler(messages.DIGEST_TOPIC, send_digest, base_url),
    Handler(bookings.SEARCH_TOPIC, keep_slots, solve_slots),
    Handler(timekeeping.TOPIC, tick_clock),
    Handler("calendar.approved", recompute_deadlines),
    Handler(letters.UNREAD, point_out_unread),
    Handler(letters.PRINT, keep_letter, print_letter),
    Handler(replies.DECLINED_TOPIC, look_for_stand_ins),
    Handler(absences.OUT_TOPIC, fill_seat),
    Handler(decisions.OPINION_TOPIC, keep_opinion, render_opinion),
]
