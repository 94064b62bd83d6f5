from datetime import UTC, date, datetime

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import FourEyesRequired, InvalidInput
from inspection.catalogue import current_matters, load_rules, read_catalogue, seed_catalogue
from inspection.commands import catalogue_changes
from inspection.commands.parties import fan_out
from inspection.models import RuleValue
from inspection.queries.guide import row_of
from inspection.refusals import CatalogueDecided
from inspection.triggers import draws_in
from tests.inspection.world import World, accepted, at
from tests.inspection.world import facts as make_facts

NOW = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)


def drawn(**facts: object) -> set[str]:
    known = make_facts(**facts)
    return {matter.department for matter in read_catalogue().matter if draws_in(matter.triggers, known)}


def test_plain_segment_draws_in_what_is_always_there() -> None:
    assert drawn() == {"quality", "fire", "planning", "archives"}


def test_facts_draw_in_their_departments() -> None:
    always = drawn()
    assert drawn(basement=True) - always == {"civil_defence"}
    assert drawn(civil_defence_relocated=True) - always == {"civil_defence"}
    assert drawn(elevators=2) - always == {"elevators"}
    assert drawn(elevators=0) - always == set()
    assert drawn(school=True) - always == {"health"}
    assert drawn(connections=("gas", "power")) - always == {"gas", "power"}
    assert always - drawn(fire_exempt=True) == {"fire"}


async def test_catalogue_is_seeded_once(session: AsyncSession) -> None:
    await seed_catalogue(session, now=NOW)
    await seed_catalogue(session, now=NOW)
    matters = await current_matters(session, date(2026, 3, 4))
    assert [matter.code for matter in matters] == [row.code for row in read_catalogue().matter]
    assert all(matter.basis and matter.content and matter.conditions for matter in matters)


async def test_later_rule_value_holds_from_its_day(session: AsyncSession) -> None:
    await seed_catalogue(session, now=NOW)
    session.add(
        RuleValue(name="clock.reply", value=2, unit="working_day", source="通知", valid_from=date(2026, 3, 5))
    )
    await session.flush()
    assert (await load_rules(session, NOW))["clock.reply"] == 1
    assert (await load_rules(session, NOW.replace(day=6)))["clock.reply"] == 2


async def test_case_keeps_the_version_that_it_began_with(session: AsyncSession, world: World) -> None:
    case = await accepted(session, world, at(3), green_ratio=True)
    current = {matter.code: matter for matter in await current_matters(session, date(2026, 3, 3))}
    row = msgspec.structs.replace(row_of(current["green_space"]), checklist=["新的核查要点"])
    version = await catalogue_changes.propose_matter(
        session, row, valid_from=date(2026, 3, 5), source="新规", by=world.window, now=at(3)
    )
    with pytest.raises(FourEyesRequired):
        await catalogue_changes.decide_matter(session, version.id, approve=True, by=world.window, now=at(3))
    await catalogue_changes.decide_matter(session, version.id, approve=True, by=world.issuer, now=at(3))
    parties = await fan_out(session, case, by=world.dispatcher, now=at(9))
    assert version.id not in {party.matter_id for party in parties}
    later = await accepted(session, world, at(9), 2, green_ratio=True)
    parties = await fan_out(session, later, by=world.dispatcher, now=at(9))
    assert version.id in {party.matter_id for party in parties}


async def test_retired_matter_is_drawn_in_no_more(session: AsyncSession, world: World) -> None:
    current = {matter.code: matter for matter in await current_matters(session, date(2026, 3, 3))}
    version = await catalogue_changes.propose_matter(
        session,
        row_of(current["archives"]),
        valid_from=date(2026, 3, 5),
        source="改革",
        retired=True,
        by=world.window,
        now=at(3),
    )
    assert "archives" in {matter.code for matter in await current_matters(session, date(2026, 3, 6))}
    await catalogue_changes.decide_matter(session, version.id, approve=True, by=world.issuer, now=at(3))
    assert "archives" in {matter.code for matter in await current_matters(session, date(2026, 3, 4))}
    assert "archives" not in {matter.code for matter in await current_matters(session, date(2026, 3, 6))}


async def test_proposal_is_decided_once_and_before_its_day(session: AsyncSession, world: World) -> None:
    current = {matter.code: matter for matter in await current_matters(session, date(2026, 3, 3))}
    versions = [
        await catalogue_changes.propose_matter(
            session,
            row_of(current["archives"]),
            valid_from=date(2026, 3, day),
            source="新规",
            by=world.window,
            now=at(3),
        )
        for day in (5, 5, 6)
    ]
    by = world.issuer
    await catalogue_changes.decide_matter(session, versions[0].id, approve=True, by=by, now=at(3))
    for version in versions[:2]:
        with pytest.raises(CatalogueDecided):
            await catalogue_changes.decide_matter(session, version.id, approve=True, by=by, now=at(3))
    with pytest.raises(InvalidInput):
        await catalogue_changes.decide_matter(session, versions[2].id, approve=True, by=by, now=at(6))
