"""事项目录: administrators propose a matter's next version, another of them approves; cases keep theirs."""

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from api.resources import Resources
from api.web.administration.four_eyes import decision_route
from api.web.cases.acts import Entered, PageRequest, Refused, person, refused
from api.web.rendering import page
from core.access import Action
from core.clock import local_date
from core.errors import FieldProblem, InvalidInput, NotFound, Refusal
from core.people import Department
from inspection.catalogue import DocumentRow, MatterRow, current_matters
from inspection.commands import catalogue_changes
from inspection.queries.guide import (
    MatterVersion,
    differences,
    matter_versions,
    open_proposals,
    row_of,
)

TEXTS = (
    *("name_zh", "name_en", "certificate", "content", "basis", "procedure", "conditions", "fee"),
    *("result_zh", "result_en"),
)
NUMBERS = ("officers", "site_share", "promised_days")
SWITCHES = ("site", "hard_order", "deemed_consent_allowed")
#: code | 中文 | English, and `main` where a case cannot be accepted without it.
DOCUMENT_PARTS = 3


@dataclass(frozen=True, slots=True)
class Proposal:
    """A version that waits, and what it would change."""

    version: MatterVersion
    changes: list[tuple[str, Any, Any]] = field(default_factory=list)


@get("/administration/catalogue", opt={"action": Action.CATALOGUE_PROPOSE}, include_in_schema=False)
async def show_catalogue(request: PageRequest, session: AsyncSession, now: datetime) -> Template:
    current = {matter.code: matter for matter in await current_matters(session, local_date(now))}
    names = {row.code: row for row in await session.scalars(sa.select(Department))}
    waiting = []
    for version in await open_proposals(session):
        before = current.get(version.row.code)
        waiting.append(Proposal(version, differences(row_of(before) if before else None, version.row)))
    return page(
        request,
        "administration/catalogue.html",
        matters=list(current.values()),
        departments=names,
        waiting=waiting,
        refused=None,
    )


@get(
    "/administration/catalogue/{code:str}", opt={"action": Action.CATALOGUE_PROPOSE}, include_in_schema=False
)
async def show_matter(
    request: PageRequest, session: AsyncSession, code: FromPath[str], now: datetime
) -> Template:
    """A matter's versions, and the form for its next; `new` gives an empty one."""
    return await matter_page(request, session, code, now=now)


async def matter_page(
    request: PageRequest,
    session: AsyncSession,
    code: str,
    *,
    now: datetime,
    refusal: Refused | None = None,
) -> Template:
    versions = [] if code == "new" else await matter_versions(session, code)
    if not versions and code != "new":
        raise NotFound
    today = local_date(now)
    current = [matter for matter in await current_matters(session, today) if matter.code == code]
    return page(
        request,
        "administration/matter.html",
        status=refusal.status if refusal else 200,
        code=code,
        row=row_of(current[0]) if current else versions[0].row if versions else None,
        versions=versions,
        departments=list(await session.scalars(sa.select(Department).order_by(col(Department.code)))),
        refused=refusal,
        document_lines=document_lines,
        as_json=lambda value: json.dumps(value, ensure_ascii=False, indent=1),
    )


@post(
    "/administration/catalogue/{code:str}", opt={"action": Action.CATALOGUE_PROPOSE}, include_in_schema=False
)
async def propose(
    request: PageRequest,
    code: FromPath[str],
    caller: Principal | None,
    resources: Resources,
    now: datetime,
) -> Response[Any]:
    form = await request.form()
    entered = Entered(form, {}, person(caller), now)
    try:
        row = row_entered(entered, code)
        valid_from = entered.date("valid_from") or date.min
        async with resources.database.transaction() as session:
            await catalogue_changes.propose_matter(
                session,
                row,
                valid_from=valid_from,
                source=entered.text("source"),
                retired=bool(entered.text("retired")),
                by=entered.by,
                now=now,
            )
    except Refusal as refusal:
        async with resources.database.transaction() as session:
            kept = refused("matter", refusal, form)
            return await matter_page(request, session, code, now=now, refusal=kept)
    return Redirect("/administration/catalogue", status_code=303)


def row_entered(entered: Entered, code: str) -> MatterRow:
    """Raises `InvalidInput` naming every field that does not read."""
    problems: list[FieldProblem] = []
    values: dict[str, Any] = {name: entered.text(name) for name in (*TEXTS, "department")}
    values["code"] = entered.text("code") if code == "new" else code
    if not values["code"]:
        problems.append(FieldProblem("code", "请填写。"))
    for name in NUMBERS:
        try:
            values[name] = int(entered.text(name))
        except ValueError:
            problems.append(FieldProblem(name, "应为整数。"))
    values |= {name: bool(entered.text(name)) for name in SWITCHES}
    values["checklist"] = [line.strip() for line in entered.text("checklist").splitlines() if line.strip()]
    try:
        values["documents"] = documents_entered(entered.text("documents"))
    except ValueError:
        problems.append(FieldProblem("documents", "每行一项：代码 | 中文 | 英文，主要材料在末尾加 | main。"))
    try:
        values["triggers"] = json.loads(entered.text("triggers") or "[]")
        row = msgspec.convert(values, MatterRow)
    except (ValueError, msgspec.ValidationError):
        problems.append(FieldProblem("triggers", '参加条件应为 JSON 列表，例如 [{"basement": true}]。'))
    if problems:
        raise InvalidInput(problems=tuple(problems))
    return row


def documents_entered(text: str) -> list[DocumentRow]:
    """Raises ValueError."""
    found = []
    for line in filter(str.strip, text.splitlines()):
        parts = [part.strip() for part in line.split("|")]
        main = parts[DOCUMENT_PARTS:] == ["main"]
        if len(parts) != DOCUMENT_PARTS + main or not all(parts[:DOCUMENT_PARTS]):
            raise ValueError(line)
        code, zh, en = parts[:DOCUMENT_PARTS]
        found.append(DocumentRow(code=code, zh=zh, en=en, main=main))
    return found


def document_lines(documents: list[DocumentRow]) -> str:
    return "\n".join(
        f"{each.code} | {each.zh} | {each.en}{' | main' if each.main else ''}" for each in documents
    )


decide = decision_route(
    "/administration/catalogue/versions",
    Action.CATALOGUE_APPROVE,
    catalogue_changes.decide_matter,
    back="/administration/catalogue",
)


@post("/administration/departments", opt={"action": Action.CATALOGUE_PROPOSE}, include_in_schema=False)
async def add_department(
    request: PageRequest, session: AsyncSession, caller: Principal | None, now: datetime
) -> Redirect:
    entered = Entered(await request.form(), {}, person(caller), now)
    await catalogue_changes.add_department(
        session,
        code=entered.text("code"),
        name_zh=entered.text("name_zh"),
        name_en=entered.text("name_en"),
        by=entered.by,
        now=now,
    )
    return Redirect("/administration/catalogue", status_code=303)


ROUTES: list[ControllerRouterHandler] = [
    *(show_catalogue, show_matter, propose, decide, add_department),
]
