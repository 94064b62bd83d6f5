"""Projects, people and cases of the made-up city, into the tables."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger, outbox
from core.clock import local_date
from core.outbox import OutboxEvent
from core.people import Account, AccountRole, Delegation
from core.printed import verification_code
from demo.city import City
from demo.loading.people import add_people
from demo.loading.replay import replay
from demo.loading.rows import Rows
from demo.loading.timeline import Scene
from demo.projects import Project, Segment
from documents.models import DeficiencyNotice
from inspection import models
from inspection.catalogue import current_matters
from inspection.commands.decisions import OPINION_TOPIC
from inspection.opinion_content import opinion_content
from inspection.reckoning import reckoning
from inspection.states import Event, LetterKind
from inspection.triggers import Facts, Risk, Use

#: In the order in which rows refer to each other.
TABLES = (
    Account, AccountRole, Delegation, models.Officer, models.Certificate, models.Leave, models.Recusal, models.Vehicle,
    models.Project, models.Segment, models.CaseCounter, models.Case, models.CaseDocument, models.Party,
    models.CaseEvent, models.Clock, models.Pause, models.Promise, models.SlotSearch, models.SlotProposal, models.Visit,
    models.Booking, models.CheckIn, models.Opinion, models.Finding, models.Letter, models.ViolationRecord,
    DeficiencyNotice, OutboxEvent,
)  # fmt: skip
CONNECTIONS = ("gas", "power", "telecom")
BETWEEN_RENDERINGS = timedelta(seconds=2)


async def load_cases(
    session: AsyncSession, city: City, *, password_hash: str, now: datetime
) -> dict[str, int]:
    rows = Rows()
    await rows.begin(session, *TABLES)
    at = await reckoning(session, city.moment)
    matters = {
        matter.department_code: matter for matter in await current_matters(session, city.moment.date())
    }
    people = add_people(rows, city, matters, password_hash=password_hash)
    scene = Scene(rows, people, matters, at, city.moment)
    segments = {
        (project.code, number): identifier
        for project in city.projects
        for number, identifier in _add_project(rows, project)
    }
    for case in city.cases:
        replay(scene, case, segments[case.project.code, case.segment.number])
    for year in sorted({case.number[2:6] for case in city.cases}):
        last = max(int(case.number[6:]) for case in city.cases if case.number[2:6] == year)
        rows.add(models.CaseCounter, year=int(year), last=last)
    written = await rows.write(session)
    opinions = await _write_opinions(session, now=now)
    for record in sorted(rows.records, key=lambda record: record.at):
        ledger.record(
            session,
            action=record.action,
            subject=record.subject,
            actor=record.actor,
            now=record.at,
            data=record.data,
        )
    return {"cases": len(city.cases), "opinions": opinions, "rows": written}


def _add_project(rows: Rows, project: Project) -> Iterator[tuple[int, int]]:
    """The project's row and its segments'; yields each segment's number and id."""
    site = project.site
    row = rows.add(
        models.Project,
        code=project.code,
        name=project.name,
        owner_name=project.owner.name,
        owner_credit_code=project.owner.credit_code,
        address=site.address,
        district=site.district.name,
        lon=Decimal(f"{site.longitude:.6f}"),
        lat=Decimal(f"{site.latitude:.6f}"),
        key_project=project.is_key,
    )
    for segment in project.segments:
        facts = facts_of(project, segment)
        added = rows.add(
            models.Segment,
            project_id=row["id"],
            number=segment.number,
            name=segment.name,
            floor_area=facts.floor_area,
            buildings=len(segment.buildings),
            facts=msgspec.to_builtins(facts),
        )
        yield segment.number, added["id"]


def facts_of(project: Project, segment: Segment) -> Facts:
    """Facts by which the catalogue draws in exactly the project's parties."""
    has = project.parties.__contains__
    return Facts(
        use=Use(project.kind),
        risk=Risk(project.risk),
        floor_area=Decimal(f"{segment.area:.2f}"),
        fire_exempt=not has("fire"),
        basement=has("civil_defence"),
        archives=has("archives"),
        green_ratio=has("gardens"),
        drainage=has("water"),
        traffic_impact=has("traffic"),
        elevators=project.elevators,
        sanitation=has("sanitation"),
        flammable=has("lightning"),
        environmental_assessment=has("environment"),
        connections=tuple(name for name in CONNECTIONS if has(name)),
    )


async def _write_opinions(session: AsyncSession, *, now: datetime) -> int:
    """The joint opinion of every issued case, as the area words it.

    A worker renders their PDFs one after the other, the youngest first, and has time for other work between them.
    """
    cases = list(
        await session.scalars(
            sa.select(models.Case)
            .where(col(models.Case.issued_at).is_not(None))
            .order_by(col(models.Case.issued_at).desc())
        )
    )
    # Kept in the session, so that what every opinion quotes is read once.
    known = [list(await session.scalars(sa.select(model))) for model in (models.Project, models.Segment)]
    events = await session.scalars(
        sa.select(models.CaseEvent).where(col(models.CaseEvent.name) == Event.REVOKE)
    )
    revocations = {event.case_id: event for event in events}
    for number, case in enumerate(cases):
        if case.issued_at is None or case.issuer_id is None:
            continue
        code, revoked = verification_code(), revocations.get(case.id)
        session.add(
            models.JointOpinion(
                case_id=case.id,
                verification_code=code,
                issued_at=case.issued_at,
                issued_by=case.issuer_id,
                revoked_at=revoked.at if revoked else None,
                revoked_by=revoked.by if revoked else None,
                content=await opinion_content(session, case, code=code, now=case.issued_at),
            )
        )
        if revoked:
            session.add(_revocation(case, revoked, code=code))
        due = now + number * BETWEEN_RENDERINGS
        outbox.emit(session, OPINION_TOPIC, {"case_id": case.id}, now=now, due=due)
    await session.flush()
    known.clear()
    return len(cases)


def _revocation(case: models.Case, event: models.CaseEvent, *, code: str) -> models.Letter:
    issued_on = local_date(case.issued_at).isoformat() if case.issued_at else ""
    return models.Letter(
        case_id=case.id,
        kind=LetterKind.REVOCATION,
        recipient=f"account:{case.applicant_id}",
        content={"reason": event.data["reason"], "of_code": code, "issued_on": issued_on},
        sent_at=event.at,
        read_at=event.at,
        read_by=case.applicant_id,
    )
