"""Double random draws as the public sees them: what was committed to, and what came out."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.errors import NotFound
from inspection.draw import DrawnObject, record_of
from inspection.models import Draw
from inspection.refusals import WrongState
from scheduling.ballot import Ballot
from scheduling.draw import PLAIN, repeats


class DrawView(msgspec.Struct, frozen=True, kw_only=True):
    """`objects` of `of` are drawn; `lots` is None until the draw is held."""

    id: int
    title: str
    commitment: str
    committed_at: datetime
    drawn_at: datetime | None
    objects: int
    of: int
    public: str
    lots: list[DrawnObject] | None


class Truth(StrEnum):
    """What becomes of a draw's file that somebody brings."""

    TRUE = "true"
    CHANGED = "changed"
    UNKNOWN = "unknown"


async def list_draws(session: AsyncSession, *, limit: int = 50) -> list[DrawView]:
    """Newest first."""
    rows = await session.scalars(sa.select(Draw).order_by(col(Draw.id).desc()).limit(limit))
    return [_view(row) for row in rows]


async def read_draw(session: AsyncSession, draw_id: int) -> tuple[DrawView, Draw]:
    """Raises `NotFound`."""
    row = await session.get(Draw, draw_id)
    if row is None:
        raise NotFound
    return _view(row), row


def _view(row: Draw) -> DrawView:
    objects = msgspec.convert(row.roster, Ballot).groups[0]
    return DrawView(
        id=row.id,
        title=row.title,
        commitment=row.commitment,
        committed_at=row.committed_at,
        drawn_at=row.drawn_at,
        objects=objects.seats,
        of=len(objects.eligible),
        public=row.public,
        lots=msgspec.convert(row.result, list[DrawnObject]) if row.result is not None else None,
    )


def draw_file(row: Draw) -> dict[str, Any]:
    """The public file of a draw that was held: all that a stranger needs to draw again."""
    if row.drawn_at is None:
        raise WrongState
    return {
        "title": row.title,
        "committed_at": row.committed_at.isoformat(),
        "drawn_at": row.drawn_at.isoformat(),
        "version": PLAIN,
        "commitment": row.commitment,
        "seed": row.sealed_seed,
        "public": row.public,
        "ballot": row.roster,
        "teams": row.teams,
        "result": row.result,
    }


async def verify_file(session: AsyncSession, content: Mapping[str, Any]) -> tuple[Truth, DrawView | None]:
    """The file against the draw registered under its commitment, which is then drawn again.

    Only what we have registered ourselves is drawn: a stranger's ballot could take for ever.
    """
    commitment = content.get("commitment")
    if not isinstance(commitment, str):
        return Truth.UNKNOWN, None
    row = await session.scalar(
        sa.select(Draw).where(col(Draw.commitment) == commitment, col(Draw.drawn_at).is_not(None))
    )
    if row is None:
        return Truth.UNKNOWN, None
    registered = msgspec.json.decode(msgspec.json.encode(draw_file(row)))
    true = dict(content) == registered and repeats(record_of(registered))
    return (Truth.TRUE if true else Truth.CHANGED), _view(row)
