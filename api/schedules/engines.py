"""Processes that solve: `python -m scheduling.process`, one of them started in advance."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process

#: A problem is one line.
LINE_LIMIT = 1 << 28


class Engines:
    """With `keep_ready`, a process always stands by with its kernels loaded, so that no solve waits for them."""

    def __init__(self) -> None:
        self._standing_by: Process | None = None

    async def keep_ready(self) -> None:
        self._standing_by = await _start()

    async def take(self) -> Process:
        """A process for one solve, which its taker ends."""
        taken, self._standing_by = self._standing_by, None
        if taken is None:
            return await _start()
        await self.keep_ready()
        return taken if taken.returncode is None else await _start()

    async def close(self) -> None:
        if self._standing_by is not None and self._standing_by.returncode is None:
            self._standing_by.kill()
            await self._standing_by.wait()
        self._standing_by = None


async def _start() -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "scheduling.process"), stdin=PIPE, stdout=PIPE, limit=LINE_LIMIT
    )
