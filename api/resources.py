"""What a process holds open: settings, database, queue. Built once by the application and once by the worker."""

from dataclasses import dataclass, field

from redis.asyncio import Redis

from api.schedules.engines import Engines
from core.db import Database
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Resources:
    settings: Settings
    database: Database
    redis: Redis
    engines: Engines = field(default_factory=Engines)

    @classmethod
    def open(cls, settings: Settings) -> "Resources":
        redis = Redis.from_url(settings.redis_url, socket_connect_timeout=2, socket_timeout=5)
        return cls(settings, Database(settings), redis)

    async def close(self) -> None:
        await self.engines.close()
        await self.database.close()
        await self.redis.aclose()
