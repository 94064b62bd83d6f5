"""消息: what a person was told, how he wants to hear of it, and the way out that needs no login."""

from datetime import datetime, time
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.principal import Principal
from api.resources import Resources
from api.web.cases.acts import Entered, PageRequest, Refused, person, refused
from api.web.rendering import page
from core.access import Action, Role
from core.errors import FieldProblem, InvalidInput, Refusal
from core.i18n import current_locale
from core.people import Account
from inspection.audience import FACTS, LAMP, ROLES, Told
from inspection.commands import messages
from inspection.message_texts import lines, title
from inspection.queries.messages import count_unread, list_messages

#: Which facts a role can hear of at all, for the list of what to mute.
AUDIENCES = {
    Role.OWNER: Told.OWNER,
    Role.LIAISON: Told.LIAISON,
    Role.OFFICER: Told.OFFICERS,
    **{role: told for told, role in ROLES.items()},
}


@get("/messages", opt={"action": Action.SELF}, include_in_schema=False)
async def show_messages(
    request: PageRequest,
    session: AsyncSession,
    caller: Principal | None,
    after: FromQuery[int | None] = None,
) -> Template:
    who, locale = person(caller).person, current_locale.get()
    found = await list_messages(session, who, after=after)
    return page(
        request,
        "messages/list.html",
        rows=[(row, title(locale, row.kind, row.data), lines(locale, row.data)) for row in found.items],
        older=found.after,
        unread=await count_unread(session, who),
    )


@get("/messages/unread", opt={"action": Action.SELF}, include_in_schema=False)
async def show_unread(request: PageRequest, session: AsyncSession, caller: Principal | None) -> Template:
    """The number beside the account's menu."""
    number = await count_unread(session, person(caller).person)
    return page(request, "messages/unread.html", number=number)


@post("/messages/read", opt={"action": Action.SELF}, include_in_schema=False, status_code=303)
async def read(session: AsyncSession, caller: Principal | None, now: datetime) -> Redirect:
    await messages.read_messages(session, person(caller).person, now=now)
    return Redirect("/messages", status_code=303)


@get("/messages/settings", opt={"action": Action.SELF}, include_in_schema=False)
async def show_settings(
    request: PageRequest, session: AsyncSession, caller: Principal | None, done: FromQuery[bool] = False
) -> Template:
    return await settings_page(request, session, person(caller), done=done)


async def settings_page(
    request: PageRequest,
    session: AsyncSession,
    caller: Principal,
    *,
    done: bool = False,
    refusal: Refused | None = None,
) -> Template:
    told = {AUDIENCES[role] for role in caller.roles if role in AUDIENCES}
    heard = [name for name, fact in FACTS.items() if told.intersection(fact.told)]
    wishes = await messages.wishes_of(session, [caller.person])
    return page(
        request,
        "messages/settings.html",
        status=refusal.status if refusal else 200,
        contact=await session.get_one(Account, caller.person),
        wish=wishes.get(caller.person, messages.Wish()),
        optional=[(name, FACTS[name].title) for name in heard if not FACTS[name].by_law] + [("lamp", LAMP)],
        by_law=list(dict.fromkeys(FACTS[name].title for name in heard if FACTS[name].by_law)),
        done=done,
        refused=refusal,
    )


@post("/messages/settings", opt={"action": Action.SELF}, include_in_schema=False)
async def choose(
    request: PageRequest, caller: Principal | None, resources: Resources, now: datetime
) -> Response[Any]:
    form = await request.form()
    entered = Entered(form, {}, person(caller), now)
    try:
        async with resources.database.transaction() as session:
            await messages.keep_contact(
                session,
                entered.by,
                email=entered.text("email"),
                phone=entered.text("phone"),
                wechat=entered.text("wechat"),
            )
            await messages.choose(
                session,
                entered.by,
                channels=entered.texts("channels"),
                muted=entered.texts("muted"),
                digest=entered.text("digest") == "daily",
                quiet=(clock_of(entered, "quiet_from"), clock_of(entered, "quiet_to")),
            )
    except Refusal as refusal:
        async with resources.database.transaction() as session:
            return await settings_page(
                request, session, entered.caller, refusal=refused("settings", refusal, form)
            )
    return Redirect("/messages/settings?done=true", status_code=303)


def clock_of(entered: Entered, name: str) -> time:
    try:
        return time.fromisoformat(entered.text(name))
    except ValueError as error:
        raise InvalidInput(problems=(FieldProblem(name, "时间应为 时:分。"),)) from error


@get("/unsubscribe/{token:str}", opt={"public": True}, include_in_schema=False)
async def show_unsubscribing(request: PageRequest, token: FromPath[str]) -> Template:
    """A link in a letter only asks: machines follow links too."""
    return page(request, "messages/unsubscribe.html", token=token, done=False)


@post(
    "/unsubscribe/{token:str}",
    opt={"public": True, "exclude_from_csrf": True},
    include_in_schema=False,
    status_code=200,
)
async def unsubscribe(request: PageRequest, session: AsyncSession, token: FromPath[str]) -> Template:
    """Mail programs send this themselves, without a form of ours (RFC 8058)."""
    await messages.unsubscribe(session, token)
    return page(request, "messages/unsubscribe.html", token=token, done=True)


ROUTES: list[ControllerRouterHandler] = [
    *(show_messages, show_unread, read, show_settings, choose, show_unsubscribing, unsubscribe),
]
