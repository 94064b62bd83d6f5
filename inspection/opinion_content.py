"""What the joint opinion says: a snapshot that later changes of the rows do not touch."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.clock import local_date
from core.people import Department
from inspection.models import (
    Case,
    Certificate,
    Matter,
    Officer,
    Opinion,
    Party,
    Project,
    Promise,
    Segment,
    Visit,
)
from inspection.states import PromiseKind, VisitState


async def opinion_content(session: AsyncSession, case: Case, *, code: str, now: datetime) -> dict[str, Any]:
    """JSON-ready: the case, a line for every party with its two signatures, and what is still promised."""
    segment = await session.get_one(Segment, case.segment_id)
    project = await session.get_one(Project, segment.project_id)
    visits = await session.scalars(
        sa.select(Visit)
        .where(col(Visit.case_id) == case.id, col(Visit.state) == VisitState.CLOSED)
        .order_by(col(Visit.starts_at))
    )
    promises = await session.scalars(
        sa.select(Promise)
        .where(col(Promise.case_id) == case.id, col(Promise.kept_at).is_(None))
        .order_by(col(Promise.due))
    )
    return {
        "code": code,
        "case": case.code,
        "kind": case.kind.value,
        "project": {
            "code": project.code,
            "name": project.name,
            "owner": project.owner_name,
            "credit_code": project.owner_credit_code,
            "address": project.address,
        },
        "segment": {"name": segment.name, "floor_area": str(segment.floor_area)},
        "accepted_on": local_date(case.accepted_at or now).isoformat(),
        "issued_on": local_date(now).isoformat(),
        "visits": [local_date(visit.starts_at).isoformat() for visit in visits],
        "parties": await _lines(session, case),
        "promises": [
            {
                "kind": promise.kind.value,
                "text": promise.text,
                "subject": promise.subject if promise.kind is PromiseKind.GAP else "",
                "due": promise.due.isoformat(),
            }
            for promise in promises
        ],
    }


async def _lines(session: AsyncSession, case: Case) -> list[dict[str, Any]]:
    rows = await session.execute(
        sa.select(Party, Matter, Department)
        .join(Matter, col(Matter.id) == col(Party.matter_id))
        .join(Department, col(Department.code) == col(Party.department_code))
        .where(col(Party.case_id) == case.id)
        .order_by(col(Matter.position))
    )
    opinions = {
        opinion.party_id: opinion
        for opinion in await session.scalars(
            sa.select(Opinion)
            .join(Party, col(Party.id) == col(Opinion.party_id))
            .where(col(Party.case_id) == case.id)
            .order_by(col(Opinion.round))
        )
    }
    signers = {
        signer
        for opinion in opinions.values()
        for signer in (opinion.first_signer, opinion.second_signer)
        if signer
    }
    names = await _signers(session, signers)
    lines = []
    for party, matter, department in rows:
        opinion = opinions.get(party.id)
        signed_on = opinion.second_signed_at if opinion else None
        lines.append(
            {
                "department": department.name_zh,
                "department_en": department.name_en,
                "matter": matter.name_zh,
                "matter_en": matter.name_en,
                "verdict": party.verdict.value if party.verdict else "",
                "text": opinion.text if opinion else party.review_note,
                "round": opinion.round if opinion else 0,
                "signers": [
                    names[signer]
                    for signer in ((opinion.first_signer, opinion.second_signer) if opinion else ())
                    if signer
                ],
                "signed_on": local_date(signed_on).isoformat() if signed_on else "",
            }
        )
    return lines


async def _signers(session: AsyncSession, ids: set[int]) -> dict[int, dict[str, str]]:
    rows = await session.execute(
        sa.select(col(Officer.id), col(Officer.name), sa.func.min(col(Certificate.number)).label("number"))
        .outerjoin(Certificate, col(Certificate.officer_id) == col(Officer.id))
        .where(col(Officer.id).in_(ids))
        .group_by(col(Officer.id), col(Officer.name))
    )
    return {row.id: {"name": row.name, "certificate": row.number or ""} for row in rows}
