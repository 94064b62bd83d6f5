from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import local_date
from core.errors import NotFound
from inspection.commands import application, feeds
from inspection.commands.application import submit_case
from inspection.commands.bookings import standing_visit
from inspection.commands.parties import invited_parties
from inspection.commands.replies import apply_silence
from inspection.queries.agendas import department_inbox, feed_tasks, officer_tasks
from inspection.queries.case_detail import case_detail
from inspection.queries.cases import LEAD_STATES, WINDOW_STATES, count_by_state, list_cases
from inspection.queries.public_progress import public_progress
from inspection.queries.supervision import Notable, list_notable, notable_counts
from inspection.states import CaseState, Lamp, Node
from tests.inspection.world import World, accepted, at, confirmed, draft, visited


async def test_pages_follow_each_other_without_gap(session: AsyncSession, world: World) -> None:
    made = [(await accepted(session, world, at(3), number)).code for number in (1, 2, 3)]
    seen: list[str] = []
    after = None
    while True:
        page = await list_cases(session, today=local_date(at(3)), states=LEAD_STATES, after=after, limit=2)
        seen += [line.code for line in page.items]
        after = page.after
        if after is None:
            break
    assert seen == made[::-1]
    oldest = await list_cases(session, today=local_date(at(3)), oldest_first=True)
    assert [line.code for line in oldest.items] == made
    found = await list_cases(session, today=local_date(at(3)), text="临澜项目2")
    assert [line.code for line in found.items] == [made[1]]


async def test_window_queue_shows_lamp_of_nearest_clock(session: AsyncSession, world: World) -> None:
    case = await draft(session, world, at(3))
    await submit_case(session, case, by=world.owner, now=at(3))
    (line,) = (await list_cases(session, today=local_date(at(3)), states=WINDOW_STATES)).items
    assert (line.node, line.due, line.lamp) == (Node.RECEIVE, local_date(at(4)), Lamp.YELLOW)
    (late,) = (await list_cases(session, today=local_date(at(5)), states=WINDOW_STATES)).items
    assert late.lamp is Lamp.RED
    assert await count_by_state(session) == {CaseState.SUBMITTED: 1}


async def test_inbox_holds_what_the_department_owes(session: AsyncSession, world: World) -> None:
    case = await confirmed(session, world, at(3))
    page = await department_inbox(session, "fire", today=local_date(at(3)))
    assert [(line.case_code, line.node) for line in page.items] == [(case.code, Node.REPLY)]
    assert (await department_inbox(session, "archives", today=local_date(at(3)))).items == []
    every = await department_inbox(session, "archives", today=local_date(at(3)), waiting_only=False)
    assert [line.case_code for line in every.items] == [case.code]


async def test_officer_sees_the_day_and_shares_a_feed_until_revoked(
    session: AsyncSession, world: World
) -> None:
    case = await confirmed(session, world, at(3))
    visit = await standing_visit(session, case)
    assert visit is not None
    detail = await case_detail(session, case.code, today=local_date(at(3)))
    (fire,) = [party for party in detail.parties if party.department_code == "fire"]
    officer = next(each for each in world.officers["fire"] if each.name in fire.officers)
    day = visit.starts_at - timedelta(hours=8)
    (task,) = await officer_tasks(session, officer.id, first=day, last=day + timedelta(days=1))
    assert (task.case_code, task.starts_at, len(task.team)) == (case.code, visit.starts_at, 2)
    assert task.checklist
    token = await feeds.open_feed(session, officer, now=at(3))
    assert [each.booking_id for each in await feed_tasks(session, token, now=at(3))] == [task.booking_id]
    await feeds.revoke_feed(session, officer, now=at(3))
    with pytest.raises(NotFound):
        await feed_tasks(session, token, now=at(3))


async def test_detail_and_public_progress_of_a_visited_case(session: AsyncSession, world: World) -> None:
    case, _ = await visited(session, world, at(3))
    detail = await case_detail(session, case.code, today=local_date(at(3)))
    assert detail.state is CaseState.DELIBERATING
    assert {party.signatures for party in detail.parties} == {2}
    assert len(detail.visits) == 1
    assert detail.search is not None
    assert len(detail.search.proposals) >= 3
    assert detail.timeline[0].name == "create"
    progress = await public_progress(session, case.code)
    public = repr(progress)
    assert progress.state is CaseState.DELIBERATING
    assert not any(officer.name in public for team in world.officers.values() for officer in team)
    assert "某" not in public


async def test_draft_is_not_public(session: AsyncSession, world: World) -> None:
    case = await draft(session, world, at(3))
    with pytest.raises(NotFound):
        await public_progress(session, case.code)


async def test_second_notice_and_deemed_events_are_counted_apart(session: AsyncSession, world: World) -> None:
    silent = await confirmed(session, world, at(3))
    for party in await invited_parties(session, silent):
        await apply_silence(session, silent, party, now=at(5))
    told = await draft(session, world, at(3), 2)
    await application.submit_case(session, told, by=world.owner, now=at(3))
    await application.receive_case(session, told, by=world.window, now=at(3))
    await application.send_deficiency_notice(session, told, items=["a"], by=world.window, now=at(3))
    await application.resubmit(session, told, by=world.owner, now=at(4))
    assert (await notable_counts(session, since=at(2)))[Notable.SECOND_NOTICE] == 0
    await application.send_deficiency_notice(
        session, told, items=["b"], by=world.window, now=at(4), supervisor=world.supervisor
    )
    counts = await notable_counts(session, since=at(2))
    assert counts[Notable.SECOND_NOTICE] == 1
    assert counts[Notable.DEEMED_ATTENDING] == len(await invited_parties(session, silent))
    (line,) = (await list_notable(session, Notable.SECOND_NOTICE, since=at(2))).items
    assert line.case_code == told.code
