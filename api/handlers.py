"""What the worker does about each topic of the outbox."""

from core.outbox import Handler

HANDLERS: list[Handler] = []
