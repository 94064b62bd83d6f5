"""Login attempts are limited for each login and for each address."""

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import TooManyRequests

LIMIT = 8
WINDOW_SECONDS = 600


async def check_attempts(redis: Redis, *, login: str, address: str | None) -> None:
    """Count this attempt; refuse when either counter is over its limit. Who is logged in needs no `address`.

    Without the queue's server nobody can be counted; then the cost of one argon2 verification is the only limit,
    which is better than locking everyone out.
    """
    limits = {f"login:{login}": LIMIT} | ({f"login-from:{address}": LIMIT * 10} if address else {})
    for key, limit in limits.items():
        try:
            count = await redis.incr(key)
            if count == 1:
                await redis.expire(key, WINDOW_SECONDS)
            remaining = await redis.ttl(key) if count > limit else 0
        except (RedisError, OSError):
            return
        if count > limit:
            raise TooManyRequests(seconds=max(remaining, 1))


async def forget_attempts(redis: Redis, *, login: str) -> None:
    try:
        await redis.delete(f"login:{login}")
    except (RedisError, OSError):
        return
