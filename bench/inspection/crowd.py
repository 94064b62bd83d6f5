"""Dispatchers who confirm slots all at once, over many cases whose proposals want the same officers.

Each case is on two dispatchers' desks. A dispatcher takes the best slot that is left; what stands in the way is told as
a refusal with a code. `CROWD_CASES` sets how many cases there are (500 unless set).
"""

import asyncio
import os
import time
from collections import Counter
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import col

from bench.inspection.checks import double_bookings
from bench.inspection.desk import Desk
from bench.inspection.replay import NOW, build_year
from bench.inspection.staff import Staff
from core import ledger
from core.db import Database
from core.errors import Refusal
from core.settings import Settings
from demo.cases import Case
from inspection.models import Visit
from inspection.refusals import SlotTaken

CASES, DISPATCHERS, DESKS = int(os.environ.get("CROWD_CASES", "500")), 50, 2


class Offer(NamedTuple):
    code: str
    search: int
    slots: int


async def crowd(settings: Settings, staff: Staff) -> dict[str, object]:
    database = Database(settings.model_copy(update={"database_pool": DISPATCHERS}))
    desk = Desk(staff)
    offers = [await _offer(database, desk, plan) for plan in build_year(CASES).cases[:CASES]]
    desks = asyncio.Queue[Offer]()
    for offer in offers * DESKS:
        desks.put_nowait(offer)
    outcomes, waits = Counter[str](), list[float]()
    began = time.monotonic()
    await asyncio.gather(*(_dispatch(database, desk, desks, outcomes, waits) for _ in range(DISPATCHERS)))
    seconds = time.monotonic() - began
    async with database.transaction() as session:
        visits = await session.scalar(sa.select(sa.func.count()).select_from(Visit))
        cases = await session.scalar(sa.select(sa.func.count(sa.distinct(col(Visit.case_id)))))
        clashes, faults = await double_bookings(session), (await ledger.verify(session))[2]
    await database.close()
    told = {"confirmed", "slot_taken", "proposal_stale"}
    whole = outcomes["confirmed"] == visits == cases and sum(outcomes.values()) == DESKS * len(offers)
    return {
        "cases": len(offers),
        "dispatchers": DISPATCHERS,
        "seconds": round(seconds, 1),
        "p95_seconds": round(sorted(waits)[int(0.95 * len(waits))], 2),
        "outcomes": dict(outcomes),
        "errors_shown": {name: number for name, number in outcomes.items() if name not in told},
        "confirmations_lost": outcomes["confirmed"] - (visits or 0),
        "double_bookings": clashes,
        "ledger_faults": len(faults),
        "met": whole and not clashes and not faults and set(outcomes) <= told,
    }


async def _offer(database: Database, desk: Desk, plan: Case) -> Offer:
    """Walk the case to where its slots are proposed."""
    now = datetime.combine(NOW.date(), NOW.time().replace(hour=9), NOW.tzinfo)
    async with database.transaction() as session:
        code, _ = await desk.apply(session, plan=plan, now=now)
    async with database.transaction() as session:
        await desk.receive(session, plan=plan, code=code, now=now)
    async with database.transaction() as session:
        if plan.missing:
            await desk.resubmit(session, code=code, now=now)
        await desk.accept(session, code=code, now=now)
    async with database.transaction() as session:
        await desk.review(session, code=code, now=now)
    async with database.transaction() as session:
        return Offer(code, *await desk.propose(session, code=code, now=now))


async def _dispatch(
    database: Database, desk: Desk, desks: asyncio.Queue[Offer], outcomes: Counter[str], waits: list[float]
) -> None:
    while not desks.empty():
        began = time.monotonic()
        outcomes[await _confirm(database, desk, desks.get_nowait())] += 1
        waits.append(time.monotonic() - began)


async def _confirm(database: Database, desk: Desk, offer: Offer) -> str:
    """What the dispatcher is told in the end: that it is confirmed, a refusal's code, or an error's name."""
    outcome = SlotTaken.code
    for rank in range(1, offer.slots + 1):
        try:
            async with database.transaction() as session:
                await desk.choose(session, code=offer.code, search=offer.search, rank=rank, now=NOW)
        except SlotTaken:
            continue
        except Refusal as refusal:
            return refusal.code
        except sa.exc.DBAPIError as error:
            return type(error.orig).__name__
        return "confirmed"
    return outcome
