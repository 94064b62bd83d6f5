"""材料检查规则: what documents are held to, for administrators to read, and to change under four eyes."""

import difflib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from api.problems import told
from api.web.administration.four_eyes import decision_route
from api.web.cases.acts import PageRequest
from api.web.rendering import page
from core import clock
from core.access import Action
from core.errors import FieldProblem, InvalidInput, NotFound
from core.i18n import N_
from documents import rule_changes
from documents.models import RulePart, RuleStatus, RuleVersion
from inspection.trigger_words import FACTS, VALUES

NEWEST = 20
CONTEXT_LINES = 2
#: What switches a document on and is no trigger of a whole department.
OTHER_TRAITS = {"greening": N_("附属绿化"), "rectified": N_("有整改事项")}


@dataclass
class RuleForm:
    title: str = ""
    source: str = ""
    valid_from: str = ""
    text: str = ""


Encoded = Body(media_type=RequestEncodingType.URL_ENCODED)


class ChangeView(msgspec.Struct, frozen=True, kw_only=True):
    """A proposed or decided change; `lines` is what differs from the rules it would meet, (sign, text)."""

    id: int
    part: RulePart
    title: str
    source: str
    valid_from: date
    status: RuleStatus
    proposed_by: int
    lines: list[tuple[str, str]]


@get("/administration/rules", opt={"action": Action.RULES_PROPOSE}, include_in_schema=False)
async def show_rules(
    request: PageRequest, session: AsyncSession, now: datetime, part: FromQuery[str] = "checklist"
) -> Template:
    if part not in set(RulePart):
        raise NotFound
    return await rules_page(request, session, RulePart(part), RuleForm(), now=now)


async def rules_page(
    request: PageRequest,
    session: AsyncSession,
    part: RulePart,
    form: RuleForm,
    *,
    now: datetime,
    refusal: InvalidInput | None = None,
) -> Template:
    today = clock.local_date(now)
    texts = await rule_changes.texts_on(session, today)
    return page(
        request,
        "administration/rules.html",
        status=refusal.status if refusal else None,
        part=part,
        parts=list(RulePart),
        book=await rule_changes.book_on(session, today),
        text=form.text or texts[part.value],
        changes=await changes(session),
        form=form,
        problems=told(refusal) if refusal else [],
        traits={**VALUES, **FACTS, **OTHER_TRAITS},
    )


async def changes(session: AsyncSession) -> list[ChangeView]:
    """Proposals first, then the newest decisions."""
    rows = await session.scalars(
        sa.select(RuleVersion)
        .order_by(col(RuleVersion.status) != RuleStatus.PROPOSED, col(RuleVersion.id).desc())
        .limit(NEWEST)
    )
    return [await _change(session, row) for row in rows]


async def _change(session: AsyncSession, row: RuleVersion) -> ChangeView:
    lines: list[tuple[str, str]] = []
    if row.status is RuleStatus.PROPOSED:
        before = (await rule_changes.texts_on(session, row.valid_from))[row.part.value]
        lines = difference(before, row.text)
    return ChangeView(
        id=row.id,
        part=row.part,
        title=row.title,
        source=row.source,
        valid_from=row.valid_from,
        status=row.status,
        proposed_by=row.proposed_by,
        lines=lines,
    )


def difference(before: str, after: str) -> list[tuple[str, str]]:
    """Lines added (`+`), removed (`-`) and around them (a space), `…` where lines are left out."""
    found = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=CONTEXT_LINES)
    return [("…", "") if line.startswith("@@") else (line[:1], line[1:]) for line in list(found)[2:]]


@post(
    "/administration/rules/{part:str}",
    opt={"action": Action.RULES_PROPOSE},
    include_in_schema=False,
    status_code=303,
)
async def propose(
    request: PageRequest,
    session: AsyncSession,
    caller: Principal,
    now: datetime,
    part: FromPath[str],
    *,
    data: Annotated[RuleForm, Encoded],
) -> Response[Any]:
    if part not in set(RulePart):
        raise NotFound
    try:
        await rule_changes.propose_rules(
            session, RulePart(part), data.text, by=caller.person, now=now, **read_proposal(data)
        )
    except InvalidInput as refusal:
        return await rules_page(request, session, RulePart(part), data, now=now, refusal=refusal)
    return Redirect(f"/administration/rules?part={part}", status_code=303)


def read_proposal(form: RuleForm) -> dict[str, Any]:
    missing = tuple(
        FieldProblem(name, "请填写。")
        for name in ("title", "source", "valid_from")
        if not getattr(form, name).strip()
    )
    if missing:
        raise InvalidInput(problems=missing)
    try:
        valid_from = date.fromisoformat(form.valid_from)
    except ValueError:
        raise InvalidInput(problems=(FieldProblem("valid_from", "日期应为 年-月-日。"),)) from None
    return {"title": form.title.strip(), "source": form.source.strip(), "valid_from": valid_from}


decide = decision_route(
    "/administration/rules",
    Action.RULES_APPROVE,
    rule_changes.decide_rules,
    back="/administration/rules?part={version.part.value}",
)


ROUTES: list[ControllerRouterHandler] = [show_rules, propose, decide]
