"""Sealing a day's notices: the worker's timed event, and the command."""

from datetime import date, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncSession

from api.resources import Resources
from core import clock
from core.db import Database
from core.outbox import Event, Handler
from core.settings import Settings
from tendering import sealing


async def plan(session: AsyncSession, _: Event, __: None, now: datetime) -> None:
    await sealing.plan_sealing(session, now=now)


async def take_key(resources: Resources, _: Event) -> Ed25519PrivateKey:
    return signing_key(resources.settings)


async def seal(session: AsyncSession, event: Event, key: Ed25519PrivateKey, now: datetime) -> None:
    await sealing.seal_notices(session, date.fromisoformat(event.payload["day"]), key=key, now=now)


async def seal_now(settings: Settings) -> str:
    """Seal under today's date; says what became of it."""
    database, now = Database(settings), clock.now()
    async with database.transaction() as session:
        made = await sealing.seal_notices(session, clock.local_date(now), key=signing_key(settings), now=now)
    await database.close()
    return f"{made.day} {made.size} {made.root}" if made else "nothing to seal"


def signing_key(settings: Settings) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(settings.signing_seed)


HANDLERS = [Handler("notices.published", plan), Handler(sealing.TOPIC, seal, prepare=take_key)]
