"""Which pictures are in use."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from inspection.models import Finding


async def named_photos(session: AsyncSession) -> set[str]:
    """Hashes of all pictures that a finding, its rectification or a look from afar goes by."""
    lists = (col(Finding.photos), col(Finding.evidence), col(Finding.remote_look)["photos"])
    names = [
        sa.select(sa.func.jsonb_array_elements_text(each)).where(sa.func.jsonb_typeof(each) == "array")
        for each in lists
    ]
    return set(await session.scalars(sa.union(*names)))
