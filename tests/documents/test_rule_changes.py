from datetime import date, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import local_date
from core.errors import FourEyesRequired, InvalidInput
from core.ledger import seal
from core.people import Account
from documents import rule_changes
from documents.models import RulePart, RuleVersion
from documents.refusals import RulesDecided
from documents.rulebook import shipped, shipped_text
from tests.conftest import NOW

TODAY = local_date(NOW)
LATER = TODAY + timedelta(days=30)
SHEETS, FINDINGS = shipped_text("sheets"), shipped_text("findings")
WIDER = SHEETS.replace("tolerance_mm = 3.0", "tolerance_mm = 5.0")


async def administrators(session: AsyncSession) -> list[int]:
    people = [Account(login=login, name=login, password_hash="x", created_at=NOW) for login in ("one", "two")]
    session.add_all(people)
    await session.flush()
    return [person.id for person in people]


async def propose(
    session: AsyncSession, text: str, *, by: int, part: RulePart = RulePart.SHEETS
) -> RuleVersion:
    return await rule_changes.propose_rules(
        session, part, text, valid_from=LATER, title="放宽误差", source="会议纪要", by=by, now=NOW
    )


async def tolerance(session: AsyncSession, day: date) -> float:
    return (await rule_changes.book_on(session, day)).sheets.tolerance_mm


async def test_an_approved_change_is_in_force_from_its_day_on(session: AsyncSession) -> None:
    first, second = await administrators(session)
    version = await propose(session, WIDER, by=first)
    assert await tolerance(session, LATER) == 3.0
    await rule_changes.decide_rules(session, version.id, approve=True, by=second, now=NOW)
    days = (LATER - timedelta(days=1), LATER, LATER + timedelta(days=400))
    assert [await tolerance(session, day) for day in days] == [3.0, 5.0, 5.0]
    book = await rule_changes.book_on(session, LATER)
    assert book.version != shipped().version
    assert book.checklist == shipped().checklist


async def test_nobody_decides_on_his_own_proposal(session: AsyncSession) -> None:
    first, second = await administrators(session)
    version = await propose(session, WIDER, by=first)
    for approve in (True, False):
        with pytest.raises(FourEyesRequired):
            await rule_changes.decide_rules(session, version.id, approve=approve, by=first, now=NOW)
    await rule_changes.decide_rules(session, version.id, approve=False, by=second, now=NOW)
    with pytest.raises(RulesDecided):
        await rule_changes.decide_rules(session, version.id, approve=True, by=second, now=NOW)
    assert await tolerance(session, LATER) == 3.0


async def test_rules_of_a_day_that_has_come_stand(session: AsyncSession) -> None:
    first, second = await administrators(session)
    with pytest.raises(InvalidInput) as refusal:
        await rule_changes.propose_rules(
            session, RulePart.SHEETS, WIDER, valid_from=TODAY, title="a", source="b", by=first, now=NOW
        )
    assert [problem.field for problem in refusal.value.problems] == ["valid_from"]
    version = await propose(session, WIDER, by=first)
    with pytest.raises(InvalidInput):
        await rule_changes.decide_rules(
            session, version.id, approve=True, by=second, now=NOW + timedelta(days=31)
        )


@pytest.mark.parametrize(
    ("part", "text", "problem"),
    [
        (RulePart.SHEETS, SHEETS + "\nnot toml", "写法有误"),
        (RulePart.SHEETS, SHEETS.replace("tolerance_mm = 3.0", 'tolerance_mm = "three"'), "内容不符合要求"),
        (
            RulePart.CHECKLIST,
            shipped_text("checklist").replace('any_of = ["completion_report"]', 'any_of = ["no_such"]'),
            "材料种类不存在",
        ),
        (
            RulePart.FINDINGS,
            shipped_text("findings").replace("[finding.empty-file]", "[finding.other]"),
            "缺少问题代码",
        ),
        (RulePart.FINDINGS, shipped_text("findings").replace("%(limit)s。", "%(most)s。", 1), "没有的占位符"),
    ],
)
async def test_a_text_that_makes_no_rule_book_is_refused(
    session: AsyncSession, part: RulePart, text: str, problem: str
) -> None:
    first, _ = await administrators(session)
    with pytest.raises(InvalidInput) as refusal:
        await propose(session, text, by=first, part=part)
    assert [problem in item.message for item in refusal.value.problems] == [True]


async def test_a_change_is_in_the_ledger(session: AsyncSession) -> None:
    first, second = await administrators(session)
    version = await propose(session, WIDER, by=first)
    await rule_changes.decide_rules(session, version.id, approve=True, by=second, now=NOW)
    pending = [(entry.action, entry.actor) for entry in session.info["ledger_pending"]]
    await seal(session)
    assert pending == [("rules.propose", f"account:{first}"), ("rules.approved", f"account:{second}")]
