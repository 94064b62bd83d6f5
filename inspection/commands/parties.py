"""Drawing the departments in, and their review of the papers."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.errors import NotAllowed, NotFound
from core.people import Account
from inspection.catalogue import LEAD, current_matters
from inspection.commands import letters, timekeeping
from inspection.commands.case_documents import began_on, facts_of, require_documents
from inspection.commands.transitions import move, move_party, note, parties_of
from inspection.models import Case, Finding, Matter, Party, Segment
from inspection.refusals import AlreadyDrawnIn, PartyMissing, ReasonRequired, WrongState
from inspection.rules import Situation
from inspection.states import (
    UNSETTLED,
    CaseState,
    Event,
    LetterKind,
    Node,
    PartyState,
    PauseReason,
    RecheckMode,
    Verdict,
)
from inspection.triggers import draws_in

REVIEWED = frozenset({PartyState.REVIEW_OK, PartyState.REVIEW_REJECT, PartyState.NOT_CONCERNED})


async def fan_out(
    session: AsyncSession,
    case: Case,
    *,
    by: int,
    now: datetime,
    added: Mapping[str, str] | None = None,
    removed: Mapping[str, str] | None = None,
) -> list[Party]:
    """抄告: draw in the matters by rule; `added` and `removed` map a matter's code to the lead's reason."""
    if case.state is not CaseState.ACCEPTED:
        raise WrongState
    added, removed = added or {}, removed or {}
    if not all(reason.strip() for reason in (*added.values(), *removed.values())):
        raise ReasonRequired
    facts = facts_of(await session.get_one(Segment, case.segment_id))
    every = {matter.code: matter for matter in await current_matters(session, began_on(case))}
    if unknown := set(added) - set(every):
        raise NotFound(matter=min(unknown))
    drawn = {
        code: matter
        for code, matter in every.items()
        if code not in removed and draws_in(matter.triggers, facts)
    }
    if not any(matter.department_code == LEAD for matter in drawn.values()):
        raise PartyMissing
    drawn |= {code: every[code] for code in added}
    parties = [
        _party(case, matter, by=by if code in added else None, reason=added.get(code, ""), now=now)
        for code, matter in drawn.items()
    ]
    await _draw_in(session, case, list(zip(parties, drawn.values(), strict=True)), now=now)
    situation = Situation(parties=tuple(party.state for party in parties))
    data: dict[str, object] = {"parties": sorted(drawn), "added": dict(added), "removed": dict(removed)}
    await move(session, case, Event.FAN_OUT, by=by, now=now, situation=situation, data=data)
    return parties


async def add_party(
    session: AsyncSession, case: Case, *, matter_code: str, reason: str, by: int, now: datetime
) -> Party:
    """The lead draws one more matter in while the papers are being reviewed."""
    if case.state is not CaseState.REVIEWING:
        raise WrongState
    if not reason.strip():
        raise ReasonRequired
    matters = {matter.code: matter for matter in await current_matters(session, began_on(case))}
    if matter_code not in matters:
        raise NotFound
    matter = matters[matter_code]
    if any(party.matter_id == matter.id for party in await parties_of(session, case)):
        raise AlreadyDrawnIn
    party = _party(case, matter, by=by, reason=reason, now=now)
    await _draw_in(session, case, [(party, matter)], now=now)
    note(session, case, "party.added", by=by, now=now, party=party, data={"reason": reason})
    return party


def _party(case: Case, matter: Matter, *, by: int | None, reason: str, now: datetime) -> Party:
    return Party(
        case_id=case.id,
        department_code=matter.department_code,
        matter_id=matter.id,
        state=PartyState.NOTIFIED,
        site=matter.site,
        added_by=by,
        reason=reason,
        notified_at=now,
    )


async def _draw_in(
    session: AsyncSession, case: Case, drawn: Sequence[tuple[Party, Matter]], *, now: datetime
) -> None:
    """Their documents are asked for, their clocks start, and each department is written to."""
    session.add_all(party for party, _ in drawn)
    await session.flush()
    await require_documents(session, case, [matter for _, matter in drawn])
    clocks = await timekeeping.start_clocks(
        session, case, Node.REVIEW, [party for party, _ in drawn], now=now
    )
    review_by = max(clock.due for clock in clocks)
    contents = [
        (party, {"case": case.code, "matter": matter.name_zh, "review_by": review_by.isoformat()})
        for party, matter in drawn
    ]
    await letters.to_parties(session, case, LetterKind.FAN_OUT, contents, now=now, reply_by=review_by)


async def require_member(session: AsyncSession, party: Party, by: int) -> None:
    """Only people of the party's own department speak for it. Raises `NotAllowed`."""
    if await session.scalar(_DEPARTMENT, {"account": by}) != party.department_code:
        raise NotAllowed


_DEPARTMENT = sa.select(col(Account.department_code)).where(col(Account.id) == sa.bindparam("account"))


async def party_of(session: AsyncSession, case: Case, party_id: int) -> Party:
    """A party of this very case. Raises `NotFound`."""
    party = await session.get(Party, party_id)
    if party is None or party.case_id != case.id:
        raise NotFound
    return party


async def open_dossier(session: AsyncSession, case: Case, party: Party, *, by: int, now: datetime) -> None:
    """The department has seen the case; opening it again changes nothing."""
    await require_member(session, party, by)
    await letters.read_by_department(session, party, by=by, now=now)
    if party.state is PartyState.NOTIFIED:
        party.read_at = now
        move_party(session, case, party, PartyState.READ, by=by, now=now)


async def record_party_review(
    session: AsyncSession,
    case: Case,
    party: Party,
    *,
    result: PartyState,
    note_text: str = "",
    by: int,
    now: datetime,
) -> None:
    """`review_ok` (a note makes it "ok with note"), `review_reject` with a reason, or `na`.

    A rejection stops the case's clock until the department agrees; the last agreement opens the booking.
    """
    if case.state is not CaseState.REVIEWING or result not in REVIEWED:
        raise WrongState
    await require_member(session, party, by)
    if result is PartyState.REVIEW_REJECT and not note_text.strip():
        raise ReasonRequired
    await letters.read_by_department(session, party, by=by, now=now)
    move_party(session, case, party, result, by=by, now=now, data={"note": note_text})
    party.read_at, party.review_note = party.read_at or now, note_text
    if result is PartyState.NOT_CONCERNED:
        party.verdict = Verdict.NOT_CONCERNED
    await timekeeping.stop_clocks(session, case, (Node.REVIEW,), now=now, party=party)
    parties = await parties_of(session, case)
    rejected = any(each.state is PartyState.REVIEW_REJECT for each in parties)
    paused = await timekeeping.is_paused(session, case, PauseReason.REVIEW_REJECTED)
    if rejected and not paused:
        await timekeeping.pause(session, case, PauseReason.REVIEW_REJECTED, now=now, detail=note_text)
    if paused and not rejected:
        await timekeeping.resume(session, case, PauseReason.REVIEW_REJECTED, now=now)
    if all(each.state in {PartyState.REVIEW_OK, PartyState.NOT_CONCERNED} for each in parties):
        situation = Situation(parties=tuple(each.state for each in parties))
        await move(session, case, Event.REVIEWS_DONE, by=by, now=now, situation=situation)


async def invited_parties(session: AsyncSession, case: Case) -> list[Party]:
    """Whom the visit of the present round needs: all with a part on site; in a recheck only those still failing."""
    parties = [
        party for party in await parties_of(session, case) if party.state is not PartyState.NOT_CONCERNED
    ]
    if case.round == 1:
        return [party for party in parties if party.site]
    failing = set(
        await session.scalars(
            sa.select(col(Finding.party_id)).where(
                col(Finding.case_id) == case.id,
                col(Finding.state).in_(UNSETTLED),
                col(Finding.recheck) == RecheckMode.SITE,
            )
        )
    )
    return [party for party in parties if party.id in failing]
