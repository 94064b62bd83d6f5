"""What the worker does about publications, dates and answers."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from core.outbox import Event, Handler
from tendering import drafts
from tendering.milestones import commands


async def plan(session: AsyncSession, event: Event, _: None, now: datetime) -> None:
    await commands.plan_milestones(session, event.payload["codes"], now=now)


async def reach(session: AsyncSession, event: Event, _: None, now: datetime) -> None:
    await commands.reach_milestone(session, event.payload["milestone"], due=event.payload["due"], now=now)


async def release(session: AsyncSession, event: Event, _: None, now: datetime) -> None:
    await commands.release_milestones(session, event.payload["code"], now=now)


async def publish(session: AsyncSession, event: Event, _: None, now: datetime) -> None:
    await drafts.publish_scheduled(session, event.payload["draft"], now=now)


HANDLERS = [
    Handler("notices.published", plan),
    Handler(commands.REACHED, reach),
    Handler("objection.answered", release),
    Handler(drafts.SCHEDULED, publish),
]
