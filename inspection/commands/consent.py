"""超时默许: off unless a rule switches it on, and never for fire, civil defence, quality and planning.

The lead proposes, supervision reviews; each use carries letter, delivery, reading, deadline, legal basis and reviewer.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import local_date
from core.errors import FourEyesRequired, NotFound
from inspection.catalogue import NEVER_DEEMED
from inspection.commands import timekeeping
from inspection.commands.transitions import note
from inspection.models import Case, Clock, DeemedConsent, Letter, Matter, Party
from inspection.reckoning import reckoning
from inspection.refusals import DeemedConsentForbidden, ReasonRequired, WrongState
from inspection.states import CaseState, Node, PartyState, Verdict


async def propose_deemed_consent(
    session: AsyncSession, case: Case, party: Party, *, legal_basis: str, by: int, now: datetime
) -> DeemedConsent:
    """The lead asks that the absent party's overdue opinion count as agreement; supervision then reviews.

    The party must have read its letter and have let the deadline pass. Raises `DeemedConsentForbidden` otherwise.
    """
    if not legal_basis.strip():
        raise ReasonRequired
    letter, clock = await _grounds(session, case, party, now=now)
    consent = DeemedConsent(
        party_id=party.id,
        letter_id=letter.id,
        due=clock.due,
        legal_basis=legal_basis,
        lead_id=by,
        asked_at=now,
    )
    session.add(consent)
    await session.flush()
    data = _chain(consent, letter)
    note(session, case, "party.deemed_asked", by=by, now=now, party=party, data=data)
    return consent


async def review_deemed_consent(
    session: AsyncSession, case: Case, consent_id: int, *, approve: bool, by: int, now: datetime
) -> DeemedConsent:
    """Supervision agrees or declines; the proof is looked at again. Raises `FourEyesRequired` for who proposed it."""
    consent = await session.get(DeemedConsent, consent_id, with_for_update=True)
    party = await session.get(Party, consent.party_id) if consent else None
    if consent is None or party is None or party.case_id != case.id:
        raise NotFound
    if consent.decided_at is not None:
        raise WrongState
    if consent.lead_id == by:
        raise FourEyesRequired
    consent.supervisor_id, consent.decided_at, consent.approved = by, now, approve
    if not approve:
        declined = {"consent": consent.id}
        note(session, case, "party.deemed_declined", by=by, now=now, party=party, data=declined)
        return consent
    letter, _ = await _grounds(session, case, party, now=now)
    party.verdict = Verdict.DEEMED
    data = _chain(consent, letter) | {"supervisor": by}
    note(session, case, "party.deemed", by=by, now=now, party=party, data=data)
    await timekeeping.stop_clocks(session, case, (Node.OPINION,), now=now, party=party)
    await session.flush()
    return consent


async def _grounds(session: AsyncSession, case: Case, party: Party, *, now: datetime) -> tuple[Letter, Clock]:
    """The letter that was read and the deadline that passed. Raises `DeemedConsentForbidden` or `WrongState`."""
    matter = await session.get_one(Matter, party.matter_id)
    at = await reckoning(session, now)
    never = party.department_code in NEVER_DEEMED or matter.hard_order
    if never or not matter.deemed_consent_allowed or not at.rules["deemed_consent"]:
        raise DeemedConsentForbidden
    if case.state is not CaseState.DELIBERATING or party.state is not PartyState.ABSENT:
        raise WrongState
    clock = await session.scalar(
        sa.select(Clock)
        .where(
            col(Clock.party_id) == party.id, col(Clock.node) == Node.OPINION, col(Clock.stopped_at).is_(None)
        )
        .limit(1)
    )
    letter = await session.scalar(
        sa.select(Letter)
        .where(
            col(Letter.party_id) == party.id,
            col(Letter.recipient) == f"department:{party.department_code}",
            col(Letter.read_at).is_not(None),
        )
        .order_by(col(Letter.id).desc())
        .limit(1)
    )
    if clock is None or letter is None or clock.due >= local_date(now):
        raise DeemedConsentForbidden
    return letter, clock


def _chain(consent: DeemedConsent, letter: Letter) -> dict[str, object]:
    """The proof as the ledger keeps it."""
    return {
        "consent": consent.id,
        "letter": letter.id,
        "sent_at": letter.sent_at.isoformat(),
        "read_at": letter.read_at.isoformat() if letter.read_at else None,
        "due": consent.due.isoformat(),
        "legal_basis": consent.legal_basis,
        "lead": consent.lead_id,
    }
