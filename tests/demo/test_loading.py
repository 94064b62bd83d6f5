from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel, col

from core import ledger
from core.clock import LOCAL
from core.db import Database
from core.outbox import OutboxEvent
from core.people import Account, AccountRole
from demo.city import City
from demo.dossiers.paper import FONTS
from demo.loading import load_city
from demo.loading.people import SHOWN
from demo.loading.trading import publications
from demo.notices import build_processes
from documents import commands as documents
from documents.models import DeficiencyNotice, Dossier, StoredFile
from inspection import models
from inspection.catalogue import seed_catalogue
from inspection.commands import timekeeping
from inspection.opinion_content import opinion_content
from inspection.queries.draws import Truth, draw_file, list_draws, read_draw, verify_file
from inspection.rules import TRANSITIONS
from inspection.states import BookingState, CaseState, Lamp, LetterKind
from tendering.models import Notice
from tendering.rules import Nature, NoticeKind, may_follow
from tests.conftest import Clones, settings_for

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
HALF_DAY = timedelta(hours=4)


@pytest.fixture(scope="module")
async def loaded(clones: Clones, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    name, uploads = clones.make(), tmp_path_factory.mktemp("uploads")
    database = Database(settings_for(name))
    async with database.transaction() as session:
        await seed_catalogue(session, now=NOW)
    await load_city(database, now=NOW, password_hash="-", preset="B", notices=600, upload_dir=uploads)
    yield database
    await database.close()
    clones.drop(name)


async def count(database: Database, model: type[SQLModel], *where: Any) -> int:
    async with database.transaction() as session:
        found = await session.scalar(sa.select(sa.func.count()).select_from(model).where(*where))
    return found or 0


async def test_city_is_whole(loaded: Database) -> None:
    async with loaded.transaction() as session:
        states = set(await session.scalars(sa.select(col(models.Case.state)).distinct()))
        departments = set(await session.scalars(sa.select(col(models.Officer.department_code)).distinct()))

    assert states == set(CaseState)
    assert len(departments) == 15
    assert await count(loaded, models.Case) == 213
    assert await count(loaded, models.Officer) == 82
    assert await count(loaded, models.Recusal) > 5
    assert await count(loaded, models.Leave) > 200
    assert await count(loaded, Notice) > 500


async def test_a_draw_is_held_and_comes_out_again_and_another_is_announced(loaded: Database) -> None:
    async with loaded.transaction() as session:
        announced, held = await list_draws(session)
        _, row = await read_draw(session, held.id)
        truth, _ = await verify_file(session, draw_file(row))

    assert (announced.drawn_at, truth) == (None, Truth.TRUE)
    assert held.lots is not None
    assert len(held.lots) == 4


@pytest.mark.skipif(not FONTS.exists(), reason="the fonts are made by `python -m api.assets`")
async def test_cases_at_the_window_have_their_dossiers(loaded: Database) -> None:
    async with loaded.transaction() as session:
        subjects = set(await session.scalars(sa.select(col(Dossier.subject))))
        asked = await session.scalar(
            sa.select(sa.func.count()).where(col(OutboxEvent.topic) == documents.CHECK)
        )

    assert (len(subjects), asked) == (5, 5)
    assert await count(loaded, StoredFile) > 60


async def test_whoever_was_told_what_is_missing_has_the_notice(loaded: Database) -> None:
    letters = await count(loaded, models.Letter, col(models.Letter.kind) == LetterKind.DEFICIENCY)

    assert await count(loaded, DeficiencyNotice) == letters > 5


async def test_every_role_has_its_login(loaded: Database) -> None:
    async with loaded.transaction() as session:
        rows = await session.execute(
            sa.select(col(Account.login), col(AccountRole.role)).join(
                AccountRole, col(AccountRole.account_id) == col(Account.id)
            )
        )
        roles = {row.login: row.role for row in rows}

    assert {login: roles[login] for login, *_ in SHOWN} == {login: role for login, role, *_ in SHOWN}


async def test_ledger_verifies_and_tells_the_timeline(loaded: Database) -> None:
    async with loaded.transaction() as session:
        entries, _, faults = await ledger.verify(session)
        told = await session.scalar(
            sa.select(sa.func.count()).where(col(ledger.LedgerEntry.action).startswith("case."))
        )

    assert faults == []
    assert entries > 12_000
    assert told == await count(loaded, models.CaseEvent)


async def test_timelines_follow_the_machine(loaded: Database) -> None:
    rows = {row.event.value: row for row in TRANSITIONS}
    async with loaded.transaction() as session:
        events = list(await session.scalars(sa.select(models.CaseEvent).order_by(col(models.CaseEvent.id))))
        states = {row.id: row.state for row in await session.scalars(sa.select(models.Case))}
    at: dict[int, str] = {}
    for event in events:
        if event.name in rows:
            assert event.state_before == at[event.case_id]
            assert event.state_before in rows[event.name].sources
            at[event.case_id] = event.state_after
        elif event.name == "create":
            at[event.case_id] = "draft"

    assert at == {case: state.value for case, state in states.items()}


async def test_departments_read_and_answer_when_they_are_at_their_desks(loaded: Database) -> None:
    answers = ("read", "review_ok", "not_concerned", "confirmed", "declined")
    async with loaded.transaction() as session:
        events = await session.scalars(
            sa.select(col(models.CaseEvent.at)).where(
                col(models.CaseEvent.state_after).in_(answers), col(models.CaseEvent.party_id).is_not(None)
            )
        )
        hours = Counter(at.astimezone(LOCAL).hour for at in events)
    assert hours.total() > 1000
    assert set(hours) <= set(range(8, 20)), hours


async def test_lamps_of_clocks_equal_those_on_the_timeline(loaded: Database) -> None:
    async with loaded.transaction() as session:
        lit = Counter(await session.scalars(sa.select(col(models.Clock.lamp))))
        told = Counter(
            data["lamp"]
            for data in await session.scalars(
                sa.select(col(models.CaseEvent.data)).where(col(models.CaseEvent.name) == "lamp")
            )
        )

    assert told["red"] == lit[Lamp.RED]
    assert told["yellow"] == lit[Lamp.YELLOW] + lit[Lamp.RED]


async def test_running_clocks_and_open_searches_wait_for_the_worker(loaded: Database) -> None:
    async with loaded.transaction() as session:
        topics = Counter(await session.scalars(sa.select(col(OutboxEvent.topic))))
    waiting = await count(
        loaded, models.Clock, col(models.Clock.stopped_at).is_(None), col(models.Clock.lamp) != "red"
    )

    assert 0 < topics[timekeeping.TOPIC] <= waiting
    assert topics["inspection.slot_search"] >= 3


async def test_closed_cases_leave_nothing_running(loaded: Database) -> None:
    closed = sa.select(col(models.Case.id)).where(
        col(models.Case.state).in_(
            ["archived", "filed", "issued", "withdrawn", "terminated", "rejected", "revoked"]
        )
    )

    running = col(models.Clock.stopped_at).is_(None) & col(models.Clock.case_id).in_(closed)
    assert await count(loaded, models.Clock, running) == 0


async def test_issued_cases_have_the_opinion_that_the_area_words(loaded: Database) -> None:
    async with loaded.transaction() as session:
        issued = list(
            await session.scalars(
                sa.select(models.Case).where(col(models.Case.issued_at).is_not(None)).limit(5)
            )
        )
        for case in issued:
            opinion = await session.scalar(
                sa.select(models.JointOpinion).where(col(models.JointOpinion.case_id) == case.id)
            )
            assert opinion is not None
            code = opinion.verification_code
            assert opinion.content == await opinion_content(session, case, code=code, now=opinion.issued_at)
            assert {line["verdict"] for line in opinion.content["parties"]} <= {
                "agree",
                "agree_with_commitment",
                "na",
            }


async def test_bookings_stand_for_every_site_party_of_a_scheduled_visit(loaded: Database) -> None:
    async with loaded.transaction() as session:
        teams = await session.execute(
            sa.select(sa.func.count(sa.distinct(col(models.Booking.officer_id))))
            .select_from(models.Booking)
            .join(models.Visit, col(models.Visit.id) == col(models.Booking.visit_id))
            .where(col(models.Visit.state) == "planned", col(models.Booking.state) == BookingState.BOOKED)
            .group_by(col(models.Booking.visit_id), col(models.Booking.party_id))
        )
        sizes = set(teams.scalars())
        spans = [booking.span for booking in await session.scalars(sa.select(models.Booking))]

    assert sizes == {2}
    assert [(begins, ends) for begins, ends in spans if ends - begins > HALF_DAY] == []


def test_publications_follow_the_chains_of_the_trading_area(city: City) -> None:
    processes = build_processes(
        city.seed, city.market, city.projects, city.calendar, city.moment, notices=2_000
    )
    for process in processes:
        latest: NoticeKind | None = None
        for item in publications(process):
            if item.nature is Nature.NORMAL:
                assert may_follow(item.kind, latest, item.category), (process.category, latest, item.kind)
            latest = item.kind
