import io
from typing import Any

import pdfplumber
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import NotFound
from inspection.commands import fieldwork, visits
from inspection.commands.fieldwork import FindingForm
from inspection.minutes import minutes_of, render
from inspection.states import CheckResult, Verdict
from tests.inspection.test_fieldwork import KEY, on_site
from tests.inspection.test_visits import named, scheduled
from tests.inspection.world import World, speak


async def test_minutes_say_who_came_what_was_checked_found_and_said(
    session: AsyncSession, world: World
) -> None:
    case, fire, (first, _), now = await on_site(session, world)
    by: Any = {"by": first, "now": now}
    await fieldwork.answer_item(session, case, fire, item=2, result=CheckResult.NOT_MET, text="门反向", **by)
    finding = FindingForm(text="三层疏散门反向", basis="防火规范", photos=["a", "b"])
    await fieldwork.record_finding(session, case, fire, finding, key=KEY, **by)
    await speak(session, world, case, fire, verdict=Verdict.RECTIFY, now=now, findings=None)
    for department in ("quality", "planning", "archives"):
        party = await named(session, case, department)
        await speak(session, world, case, party, verdict=Verdict.AGREE, now=now)
    await visits.close_visit(session, case, minutes_text="限期整改", by=world.dispatcher, now=now)
    minutes = await minutes_of(session, case.code, 1)
    # Who answers at its desk was not there.
    assert [len(party.arrivals) for party in minutes.parties] == [2, 2, 2]
    (told,) = [party for party in minutes.parties if party.findings]
    assert [who.distance is not None for who in told.arrivals] == [True, True]
    assert [(each.result, each.note) for each in told.checked] == [(CheckResult.NOT_MET, "门反向")]
    assert [(each.text, each.photos) for each in told.findings] == [("三层疏散门反向", 2)]
    assert (told.verdict, len(told.signers)) == (Verdict.RECTIFY, 2)
    with pdfplumber.open(io.BytesIO(render(minutes))) as pdf:
        text = "".join(page.extract_text() for page in pdf.pages).replace(" ", "")
    for said in (
        "联合验收会议纪要",
        case.code,
        "三层疏散门反向",
        "防火规范",
        "需整改",
        "限期整改",
        *told.signers,
    ):
        assert said in text


async def test_no_minutes_before_the_visit_is_opened(session: AsyncSession, world: World) -> None:
    case = await scheduled(session, world)
    with pytest.raises(NotFound):
        await minutes_of(session, case.code, 1)
