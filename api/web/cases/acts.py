"""How an act on a case is answered: done and back to its page, or refused beside the form with the input kept."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from litestar import Request, Response, post
from litestar.datastructures import FormMultiDict, State
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.principal import Principal
from api.resources import Resources
from api.web.cases.panels import load_panels
from api.web.cases.view import check_reach, load_case
from api.web.dossiers.view import load_dossier
from api.web.rendering import page
from core.access import Action, Scope
from core.clock import local_date
from core.errors import FieldProblem, InvalidInput, LoginRequired, NotFound, Refusal
from core.i18n import gettext
from inspection.commands.transitions import lock_case
from inspection.models import Case

PageRequest = Request[Principal | None, Any, State]


@dataclass(frozen=True, slots=True)
class Entered:
    """What a person sent: the form, the address it was sent to, who and when."""

    form: FormMultiDict
    path: dict[str, Any]
    caller: Principal
    now: datetime

    @property
    def by(self) -> int:
        return self.caller.person

    def text(self, name: str) -> str:
        value = self.form.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def texts(self, name: str) -> list[str]:
        return [value for value in self.form.getall(name, []) if isinstance(value, str) and value.strip()]

    def date(self, name: str) -> date | None:
        """None where nothing was entered. Raises `InvalidInput` naming the field."""
        text = self.text(name)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError as error:
            raise InvalidInput(problems=(FieldProblem(name, "日期应为 年-月-日。"),)) from error

    def number(self, name: str) -> int:
        """An id from one of our own forms. Raises `InvalidInput` naming the field."""
        try:
            return int(self.text(name))
        except ValueError as error:
            raise InvalidInput(problems=(FieldProblem(name, "请选择一项。"),)) from error

    def numbers(self, name: str) -> list[int]:
        try:
            return [int(value) for value in self.texts(name)]
        except ValueError as error:
            raise InvalidInput(problems=(FieldProblem(name, "请选择一项。"),)) from error


@dataclass(frozen=True, slots=True)
class Refused:
    """A form that was not carried out: which one (its address below the case's), why, and what was entered."""

    form: str
    message: str
    status: int
    values: dict[str, list[str]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def value(self, name: str, default: str = "") -> str:
        return (self.values.get(name) or [default])[0]


def refused(form: str, refusal: Refusal, entered: FormMultiDict) -> Refused:
    values: dict[str, list[str]] = {}
    for name, value in entered.multi_items():
        if isinstance(value, str):
            values.setdefault(name, []).append(value)
    return Refused(
        form=form,
        message=gettext(refusal.message, **refusal.params),
        status=refusal.status,
        values=values,
        problems={item.field: gettext(item.message, **item.params) for item in refusal.problems},
    )


def person(caller: Principal | None) -> Principal:
    """The caller of a route that the guard has let a person into."""
    if caller is None:
        raise LoginRequired
    return caller


def address_of(caller: Principal, code: str) -> str:
    """Where the caller reads a case: applicants among their cases, everybody else at their desk."""
    own = caller.scope(Action.CASE_READ) is Scope.OWN
    return f"/cases/{code}" if own else f"/inspections/{code}"


async def case_page(
    request: PageRequest,
    code: str,
    *,
    caller: Principal,
    resources: Resources,
    now: datetime,
    refusal: Refused | None = None,
    template: str = "cases/case.html",
) -> Response[Any]:
    here = address_of(caller, code)
    async with resources.database.transaction() as session:
        today = local_date(now)
        view = await load_case(session, caller, code, today=today)
        panels = await load_panels(session, caller, view, now=now)
        dossier = await load_dossier(session, resources, code)
    return page(
        request,
        template,
        status=refusal.status if refusal else 200,
        view=view,
        own=caller.scope(Action.CASE_READ) is Scope.OWN,
        here=here,
        dossier=dossier,
        refused=refusal,
        done=request.query_params.get("done", ""),
        panels=panels,
    )


Verb = Callable[[AsyncSession, Case, Entered], Awaitable[object]]


def act(path: str, action: Action, *, scope: Action | None = None) -> Callable[[Verb], HTTPRouteHandler]:
    """A route that carries one verb out on the locked case, in a transaction of its own: a refusal leaves nothing.

    `scope` names the action whose scope says which cases are within reach, where it is not `action` itself. A verb that
    returns a word says by it what was done; else that is the route's name.
    """

    def route(verb: Verb) -> HTTPRouteHandler:
        @post(
            path, opt={"action": action}, include_in_schema=False, name=f"{verb.__module__}.{verb.__name__}"
        )
        async def handler(
            request: PageRequest,
            code: FromPath[str],
            caller: Principal | None,
            resources: Resources,
            now: datetime,
        ) -> Response[Any]:
            form = await request.form()
            name = request.url.path.partition(f"/{code}/")[2]
            entered = Entered(form, request.path_params, person(caller), now)
            try:
                async with resources.database.transaction() as session:
                    await check_reach(session, entered.caller, code, scope or action)
                    said = await verb(session, await lock_case(session, code), entered)
            except NotFound:
                raise
            except Refusal as refusal:
                kept = refused(name, refusal, form)
                return await case_page(
                    request, code, caller=entered.caller, resources=resources, now=now, refusal=kept
                )
            done = said if isinstance(said, str) else name.rpartition("/")[2]
            return Redirect(f"{address_of(entered.caller, code)}?done={done}", status_code=303)

        return handler

    return route
