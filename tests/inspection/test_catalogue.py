from datetime import UTC, date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from inspection.catalogue import current_matters, load_rules, read_catalogue, seed_catalogue
from inspection.models import RuleValue
from inspection.triggers import draws_in
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
