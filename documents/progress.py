"""How far a check is, told through Redis: a courtesy that may be missing, for the database holds the truth."""

from collections.abc import Mapping

from redis.asyncio import Redis
from redis.exceptions import RedisError

WAITING, READING, READ = "waiting", "reading", "read"
KEPT_SECONDS = 3600


def _name(dossier_key: str) -> str:
    return f"dossier:{dossier_key}:progress"


async def tell(redis: Redis, dossier_key: str, states: Mapping[int, str]) -> None:
    """Note the states of these files. Without Redis the check goes on."""
    name = _name(dossier_key)
    try:
        await redis.hset(name, mapping={str(file): state for file, state in states.items()})  # type: ignore[misc]  # redis-py types it for both its clients
        await redis.expire(name, KEPT_SECONDS)
    except (RedisError, OSError):
        return


async def states(redis: Redis, dossier_key: str) -> dict[int, str]:
    """The state of each file by its id; empty where nothing is known."""
    try:
        found: dict[bytes, bytes] = await redis.hgetall(_name(dossier_key))  # type: ignore[misc]  # as above
    except (RedisError, OSError):
        return {}
    return {int(file): state.decode() for file, state in found.items()}
