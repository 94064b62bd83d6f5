"""The second pair of eyes: one route for every kind of proposal that another person approves or rejects."""

from datetime import datetime
from typing import Any, Protocol

from litestar import post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.principal import Principal
from core.access import Action
from core.errors import NotFound


class Decide(Protocol):
    """A command that settles a proposed version; it refuses whoever proposed it."""

    async def __call__(
        self, session: AsyncSession, version_id: int, *, approve: bool, by: int, now: datetime
    ) -> Any: ...


def decision_route(path: str, action: Action, decide: Decide, *, back: str) -> HTTPRouteHandler:
    """POST `path`/{version}/approve or …/reject.

    `back` is where it leads afterwards, a format that may name the `version` that was settled.
    """

    @post(
        f"{path}/{{version_id:int}}/{{decision:str}}",
        opt={"action": action},
        include_in_schema=False,
        status_code=303,
    )
    async def settle(
        session: AsyncSession,
        caller: Principal,
        now: datetime,
        version_id: FromPath[int],
        decision: FromPath[str],
    ) -> Redirect:
        if decision not in {"approve", "reject"}:
            raise NotFound
        version = await decide(session, version_id, approve=decision == "approve", by=caller.person, now=now)
        return Redirect(back.format(version=version), status_code=303)

    return settle
