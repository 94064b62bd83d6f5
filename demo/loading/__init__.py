"""Brings the made-up city into an empty database, in well under a minute.

Notices are published by the trading area itself. Of cases there are too many to act out through commands: their rows
are replayed under the inspection area's own tables of states, transitions and clocks, in bulk.
"""

from datetime import datetime
from itertools import islice
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core.db import Database
from demo.city import PRESETS, build_city
from demo.loading.cases import load_cases
from demo.loading.draws import load_draws
from demo.loading.papers import load_papers
from demo.loading.people import PASSWORD, SHOWN_LOGINS, accounts_table
from demo.loading.trading import load_rooms, publications
from demo.notices import build_processes
from inspection.catalogue import current_matters
from inspection.models import Case
from tendering.commands import publish_notices

__all__ = ["PASSWORD", "SHOWN_LOGINS", "accounts_table", "is_loaded", "load_city"]

SHOWN_NOTICES = 4_500
NOTICE_BATCH = 500
LOADER = "system"


async def is_loaded(session: AsyncSession) -> bool:
    return await session.scalar(sa.select(col(Case.id)).limit(1)) is not None


async def load_city(
    database: Database,
    *,
    now: datetime,
    password_hash: str,
    upload_dir: Path | None = None,
    preset: str = "A",
    notices: int = SHOWN_NOTICES,
) -> dict[str, int]:
    """Load the preset's cases and about `notices` notices; returns how many there are of what.

    Departments and matters must be seeded. All accounts share `PASSWORD`, whose hash is made by whoever keeps
    passwords. With an upload folder, cases at the window get their dossiers. Raises KeyError for an unknown preset.
    """
    city = build_city(PRESETS[preset], now=now)
    async with database.transaction() as session:
        # A year's ledger is sealed at once, which may take a busy machine longer than a transaction may rest.
        await session.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        counts = await load_cases(session, city, password_hash=password_hash, now=now)
        matters = {
            row.department_code: row.code for row in await current_matters(session, city.moment.date())
        }
    if upload_dir is not None:
        counts["files"] = await load_papers(database, city, matters, upload_dir=upload_dir, now=now)
    processes = build_processes(
        city.seed, city.market, city.projects, city.calendar, city.moment, notices=notices
    )
    items = (item for process in processes for item in publications(process))
    counts["notices"] = 0
    while batch := list(islice(items, NOTICE_BATCH)):
        async with database.transaction() as session:
            published = await publish_notices(session, batch, now=city.moment, by=LOADER)
        counts["notices"] += len(published)
    async with database.transaction() as session:
        await load_rooms(session, now=now)
        await load_draws(session, now=now)
    return counts
