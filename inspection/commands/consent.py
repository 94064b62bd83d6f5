"""超时默许: off unless a rule switches it on, and never for fire, civil defence, quality and planning."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import local_date
from core.errors import FourEyesRequired
from inspection.catalogue import NEVER_DEEMED
from inspection.commands import timekeeping
from inspection.commands.transitions import note
from inspection.models import Case, Clock, DeemedConsent, Letter, Matter, Party
from inspection.reckoning import reckoning
from inspection.refusals import DeemedConsentForbidden, ReasonRequired, WrongState
from inspection.states import CaseState, Node, PartyState, Verdict


async def deem_consent(
    session: AsyncSession,
    case: Case,
    party: Party,
    *,
    legal_basis: str,
    lead: int,
    supervisor: int,
    now: datetime,
) -> DeemedConsent:
    """The absent party's overdue opinion counts as agreement: decided by the lead and supervision together.

    The party must have had the letter and have let the deadline pass. Raises `DeemedConsentForbidden` otherwise.
    """
    if lead == supervisor:
        raise FourEyesRequired
    if not legal_basis.strip():
        raise ReasonRequired
    matter = await session.get_one(Matter, party.matter_id)
    at = await reckoning(session, now)
    forbidden = (
        party.department_code in NEVER_DEEMED or matter.hard_order or not matter.deemed_consent_allowed
    )
    if forbidden or not at.rules["deemed_consent"]:
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
        sa.select(Letter).where(col(Letter.party_id) == party.id).order_by(col(Letter.id).desc()).limit(1)
    )
    if clock is None or letter is None or clock.due >= local_date(now):
        raise DeemedConsentForbidden
    consent = DeemedConsent(
        party_id=party.id,
        letter_id=letter.id,
        due=clock.due,
        legal_basis=legal_basis,
        lead_id=lead,
        supervisor_id=supervisor,
        at=now,
    )
    session.add(consent)
    party.verdict = Verdict.DEEMED
    note(session, case, "party.deemed", by=lead, now=now, party=party, data=proof(consent, letter))
    await timekeeping.stop_clocks(session, case, (Node.OPINION,), now=now, party=party)
    await session.flush()
    return consent


def proof(consent: DeemedConsent, letter: Letter) -> dict[str, Any]:
    """The chain of proof; in the ledger it can be verified offline with the rest of an export."""
    return {
        "letter": letter.id,
        "sent_at": letter.sent_at.isoformat(),
        "read_at": letter.read_at.isoformat() if letter.read_at else None,
        "due": consent.due.isoformat(),
        "legal_basis": consent.legal_basis,
        "lead": consent.lead_id,
        "supervisor": consent.supervisor_id,
    }
