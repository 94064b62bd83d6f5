"""What the worker does about each topic of the outbox."""

from core.outbox import Handler
from inspection.handlers import HANDLERS as INSPECTION

HANDLERS: list[Handler] = [*INSPECTION]
