"""Every waiting case planned at once: the problem, what a plan says of each case, and its booking."""

import asyncio
from datetime import datetime

import pytest
import sqlalchemy as sa
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.db import Database
from core.settings import Settings
from inspection import refusals
from inspection.city_plan import around_misfits, left_out, offers, waiting_visits
from inspection.commands import bookings
from inspection.commands.application import SegmentForm, register_segment
from inspection.commands.city_plan import book_planned, city_problem, waiting_cases
from inspection.commands.parties import invited_parties
from inspection.models import Booking, Leave, Officer
from inspection.states import BookingState, PartyState, Post
from scheduling.checker import check
from scheduling.engine import Budget, Solution, solve
from scheduling.plan import Placement, Plan, booked_plan
from scheduling.problem import Hold, Level, Problem, Term
from tests.inspection.world import (
    World,
    at,
    build_world,
    confirmed,
    facts,
    project_form,
    slotting,
    slotting_of,
)
from tests.scheduling.towns import booking, officer, problem, visit


def solved(problem: Problem) -> Solution:
    return solve(problem, budget=Budget(moves=500))


async def test_city_plan_needs_a_case_that_waits(session: AsyncSession, world: World) -> None:
    await confirmed(session, world, at(3))
    with pytest.raises(refusals.NobodyWaits):
        await city_problem(session, now=at(3))


async def test_city_plan_places_all_around_what_stands_and_books_each(
    session: AsyncSession, world: World
) -> None:
    standing = await confirmed(session, world, at(3))
    cases = [await slotting(session, world, at(3), number) for number in (2, 3)]
    assert await waiting_cases(session) == cases

    problem = await city_problem(session, now=at(3))
    solution = solved(problem)
    assert check(problem, solution.plan).violations == ()
    found = offers(problem, solution.plan)
    assert (list(found), left_out(problem, solution.plan)) == ([case.code for case in cases], [])

    for case in cases:
        visit = await book_planned(session, case.code, found[case.code], by=world.dispatcher, now=at(3))
        booked = await session.scalars(sa.select(Booking).where(col(Booking.visit_id) == visit.id))
        seats = {(row.party_id, row.officer_id) for row in booked}
        assert seats == {
            (team["party_id"], officer) for team in found[case.code] for officer in team["officer_ids"]
        }
        invited = await invited_parties(session, case)
        assert {party.state for party in invited} == {PartyState.INVITED}
    assert await waiting_cases(session) == []
    assert (await bookings.standing_visit(session, standing)) is not None


async def test_visit_that_no_half_day_holds_is_planned_in_parts(session: AsyncSession, world: World) -> None:
    case = await slotting(session, world, at(3), floor_area=60_000)
    problem = await city_problem(session, now=at(3))
    assert waiting_visits(problem) == [f"{case.code}/1", f"{case.code}/2"]
    teams = offers(problem, solved(problem).plan)[case.code]
    visit = await book_planned(session, case.code, teams, by=world.dispatcher, now=at(3))
    halves = {team["starts_at"][:13] for team in teams}
    assert len(halves) == 2
    assert visit.ends_at.isoformat() == max(team["ends_at"] for team in teams)


async def test_case_with_a_part_without_a_place_is_left_out(session: AsyncSession, world: World) -> None:
    able = await slotting(session, world, at(3))
    stuck = await slotting(session, world, at(3), 2, floor_area=60_000)
    problem = await city_problem(session, now=at(3))
    plan = solved(problem).plan
    less = type(plan)(placements=tuple(each for each in plan.placements if each.visit != f"{stuck.code}/2"))
    assert (list(offers(problem, less)), left_out(problem, less)) == ([able.code], [stuck.code])


async def test_plan_overtaken_by_leave_books_nothing(session: AsyncSession, world: World) -> None:
    case = await slotting(session, world, at(3))
    problem = await city_problem(session, now=at(3))
    teams = offers(problem, solved(problem).plan)[case.code]
    day = datetime.fromisoformat(teams[0]["starts_at"]).date()
    (crew,) = [
        crew for crew in world.officers.values() if teams[0]["officer_ids"][0] in [each.id for each in crew]
    ]
    session.add_all(Leave(officer_id=each.id, first_day=day, last_day=day) for each in crew)
    await session.flush()
    with pytest.raises(refusals.SlotTaken):
        async with session.begin_nested():
            await book_planned(session, case.code, teams, by=world.dispatcher, now=at(3))
    held = sa.select(sa.func.count()).where(col(Booking.state) == BookingState.BOOKED)
    assert await session.scalar(held) == 0
    assert await waiting_cases(session) == [case]


async def plan_of_one_site(session: AsyncSession, world: World) -> tuple[Problem, Plan]:
    """Two segments of a project: the same people stay for the second, because nobody then travels for it."""
    await slotting(session, world, at(3), 6, floor_area=2000)
    form = SegmentForm(number=2, name="二期", facts=facts(floor_area=2000))
    segment = await register_segment(session, project_form(6), form)
    await slotting_of(session, world, segment, at(3))
    problem = await city_problem(session, now=at(3))
    nearest = (Level(weights={Term.UNSERVED: 1}), Level(weights={Term.TRAVEL: 1}))
    plan = solve(structs.replace(problem, levels=nearest), budget=Budget(moves=1_000)).plan
    one, other = ([set(team) for team in each.teams] for each in plan.placements)
    assert one == other
    return problem, plan


async def test_visits_at_one_site_share_one_way_and_are_booked_so(
    session: AsyncSession, world: World
) -> None:
    problem, plan = await plan_of_one_site(session, world)
    travel = check(problem, plan).terms[Term.TRAVEL]
    alone = Plan(placements=plan.placements[:1])
    assert travel == check(problem, alone).terms[Term.TRAVEL] > 0

    for code, teams in offers(problem, plan).items():
        await book_planned(session, code, teams, by=world.dispatcher, now=at(3))
    await slotting(session, world, at(3), 3)
    later = await city_problem(session, now=at(3))
    stands = booked_plan(later)
    assert len(stands.placements) == 2
    assert check(later, stands).terms[Term.TRAVEL] == travel


async def test_cases_of_one_plan_keep_their_teams_when_they_are_booked_at_once(settings: Settings) -> None:
    """Colleagues are free, but nobody is sent instead of who is planned because the other case is being booked."""
    database = Database(settings)
    async with database.transaction() as session:
        world = await build_world(session, at(3))
        await session.execute(sa.update(Officer).values(post=Post.PRIMARY))
        problem, plan = await plan_of_one_site(session, world)
    found = offers(problem, plan)
    first, second = found

    async def book(code: str) -> None:
        async with database.transaction() as session:
            await book_planned(session, code, found[code], by=world.dispatcher, now=at(3))

    async with database.transaction() as session:
        await book_planned(session, first, found[first], by=world.dispatcher, now=at(3))
        other = asyncio.create_task(book(second))
        await asyncio.sleep(0.3)
    await asyncio.wait_for(other, 60)
    async with database.transaction() as session:
        rows = await session.execute(sa.select(col(Booking.party_id), col(Booking.officer_id)))
        seats = sorted((row.party_id, row.officer_id) for row in rows)
    await database.close()
    assert seats == sorted(
        (team["party_id"], officer)
        for teams in found.values()
        for team in teams
        for officer in team["officer_ids"]
    )


def test_officers_of_a_standing_visit_that_breaks_a_rule_are_not_free() -> None:
    """It begins before anybody could be there: the engine cannot keep it, and yet they will go."""
    crew = tuple(officer(name, "消防") for name in ("张", "李"))
    early = Placement(visit="甲", starts=(540,), teams=(("张", "李"),))
    visits = (visit("甲", "消防"), visit("乙", "消防"))
    stands = problem(visits, crew, bookings=(booking(early, hold=Hold.PINNED),), days=1)
    assert {each.visit for each in check(stands, booked_plan(stands)).violations} == {"甲"}
    planned = around_misfits(stands)
    assert waiting_visits(planned) == ["乙"]
    (placed,) = solved(planned).plan.placements
    assert placed.start >= planned.noon
    assert around_misfits(planned) == planned
