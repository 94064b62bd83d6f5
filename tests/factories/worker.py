"""The worker's part, carried out by the test itself."""

from datetime import timedelta

from api.handlers import HANDLERS
from api.resources import Resources
from api.worker import relay_once
from core import clock, outbox
from core.settings import Settings


async def carry_out_due(settings: Settings, *, later: timedelta = timedelta(0)) -> None:
    """Every event that is due `later` from now, and what follows from it. What fails stays for its next time."""
    resources = Resources.open(settings)

    async def carry_out(event_id: int) -> None:
        try:
            await outbox.consume(resources.database, resources, HANDLERS, event_id, now=clock.now)
        except Exception as error:  # noqa: BLE001 - as in the worker
            async with resources.database.transaction() as session:
                await outbox.note_failure(session, event_id, repr(error))

    while await relay_once(resources, carry_out, now=clock.now() + later):
        pass
    await resources.close()
