"""Who is of another department signs with the right delegated to him, for the matter and on the day."""

from collections.abc import Collection
from datetime import date
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core.i18n import translate
from core.people import Delegation, Right
from inspection import refusals
from inspection.commands import opinions
from inspection.commands.opinions import CommitmentForm
from inspection.commands.transitions import parties_of
from inspection.models import Certificate, Matter
from inspection.states import PartyState, Verdict
from tests.inspection.world import World, arrive_and_open, at, confirmed, reply_all


@pytest.fixture
async def fire(session: AsyncSession, world: World) -> dict[str, Any]:
    """The fire department's part of a visit that is under way, to sign for; the stranger holds its certificate."""
    case = await confirmed(session, world, at(3))
    await reply_all(session, world, case, at(3, 11))
    now = await arrive_and_open(session, world, case)
    (party,) = [each for each in await parties_of(session, case) if each.department_code == "fire"]
    stranger = world.officers["water"][0]
    matter = await session.get_one(Matter, party.matter_id)
    session.add(
        Certificate(
            officer_id=stranger.id,
            name=matter.certificate,
            number="证外",
            valid_from=date(2020, 1, 1),
            valid_to=date(2030, 1, 1),
        )
    )
    await session.flush()
    return {"case": case, "party": party, "matter": matter.code, "by": stranger.account_id, "now": now}


async def give_right(
    session: AsyncSession,
    fire: dict[str, Any],
    *,
    right: Right = Right.INSTANT_APPROVAL,
    matters: Collection[str] = (),
    last: date = date(2026, 12, 31),
) -> None:
    session.add(
        Delegation(
            department_code="fire",
            account_id=fire["by"],
            right=right,
            matters=list(matters),
            valid_from=date(2026, 1, 1),
            valid_to=last,
        )
    )
    await session.flush()


async def sign(
    session: AsyncSession, fire: dict[str, Any], verdict: Verdict = Verdict.AGREE, **details: Any
) -> None:
    opinion = await opinions.give_opinion(
        session,
        fire["case"],
        fire["party"],
        verdict=verdict,
        text="",
        by=fire["by"],
        now=fire["now"],
        **details,
    )
    assert opinion.verdict is verdict


async def test_valid_delegation_lets_both_signatures_be_given(
    session: AsyncSession, world: World, fire: dict[str, Any]
) -> None:
    await give_right(session, fire, matters=[fire["matter"]])
    await sign(session, fire)
    booked = next(each for each in world.officers["fire"] if each.post == "A")
    await opinions.countersign_opinion(
        session, fire["case"], fire["party"], by=booked.account_id or 0, now=fire["now"]
    )
    assert fire["party"].state is PartyState.AGREE


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"last": date(2026, 3, 3)},
        {"matters": ["quality"]},
        {"right": Right.SERVICE},
    ],
    ids=["none", "expired", "other matter", "other right"],
)
async def test_signature_without_the_right_is_refused_in_the_readers_language(
    session: AsyncSession, fire: dict[str, Any], given: dict[str, Any]
) -> None:
    if given:
        await give_right(session, fire, **given)
    with pytest.raises(refusals.DelegationMissing) as refused:
        await sign(session, fire)
    assert (refused.value.status, refused.value.code) == (403, "delegation_missing")
    assert {locale: translate(locale, refused.value.message) for locale in ("zh", "en")} == {
        "zh": "您没有代表该部门办理此事项的授权。",
        "en": "You hold no delegation of this department for this matter.",
    }


async def test_commitment_needs_the_right_of_its_own(session: AsyncSession, fire: dict[str, Any]) -> None:
    promise = {"commitment": CommitmentForm("补齐", date(2026, 6, 1))}
    await give_right(session, fire)
    with pytest.raises(refusals.DelegationMissing):
        await sign(session, fire, Verdict.AGREE_WITH_COMMITMENT, **promise)
    await give_right(session, fire, right=Right.COMMITMENT)
    await sign(session, fire, Verdict.AGREE_WITH_COMMITMENT, **promise)
