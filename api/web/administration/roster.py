"""人员名册: downloaded as a workbook, changed in any spreadsheet, and taken in again, whole or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Annotated, Any

import sqlalchemy as sa
import xlsxwriter
from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from api.resources import Resources
from api.web.cases.acts import PageRequest, person
from api.web.rendering import page
from api.web.workbooks import BYTES_LIMIT, XLSX, names, open_workbook, read_sheet, wrong
from core.access import Action
from core.errors import FieldProblem, InvalidInput
from core.i18n import gettext
from core.people import Account, Department
from inspection.commands.roster import Kept, keep_roster
from inspection.models import Certificate, Officer, Vehicle
from inspection.roster import NO, TABLES, YES, Rows, read_roster

HERE = "/administration/roster"
OPTIONS: dict[str, Any] = {"opt": {"action": Action.ACCOUNT_MANAGE}, "include_in_schema": False}
ROWS_LIMIT = 5000
Cells = tuple[str | int | float, ...]


@dataclass
class Sent:
    file: UploadFile | None = None


@get(HERE, **OPTIONS)
async def show_roster(request: PageRequest, session: AsyncSession) -> Template:
    return await roster_page(request, session)


async def roster_page(
    request: PageRequest,
    session: AsyncSession,
    *,
    kept: Kept | None = None,
    problems: tuple[FieldProblem, ...] = (),
) -> Template:
    counted = sa.select(
        sa.select(sa.func.count()).where(col(Officer.active)).scalar_subquery().label("officers"),
        sa.select(sa.func.count()).where(col(Vehicle.active)).scalar_subquery().label("vehicles"),
    )
    return page(
        request,
        "administration/roster.html",
        status=422 if problems else 200,
        counts=(await session.execute(counted)).one(),
        departments=list(await session.scalars(sa.select(Department).order_by(col(Department.code)))),
        kept=kept,
        problems=[_told(each) for each in problems],
    )


def _told(problem: FieldProblem) -> tuple[str, str, str]:
    """Table, row and what is wrong there."""
    table, _, row = problem.field.partition(":")
    params = {
        name: gettext(value) if isinstance(value, str) else value for name, value in problem.params.items()
    }
    return gettext(TABLES[table][0]) if table in TABLES else "", row, gettext(problem.message, **params)


@post(HERE, status_code=200, **OPTIONS)
async def take_in(
    request: PageRequest,
    resources: Resources,
    caller: Principal | None,
    now: datetime,
    data: Annotated[Sent, Body(media_type=RequestEncodingType.MULTI_PART)],
) -> Template:
    by = person(caller).actor
    try:
        roster, faults = read_roster(read_tables(await data.file.read() if data.file else b""))
        async with resources.database.transaction() as session:
            kept = await keep_roster(session, roster, wrong=faults, by=by, now=now)
            return await roster_page(request, session, kept=kept)
    except InvalidInput as refusal:
        async with resources.database.transaction() as session:
            return await roster_page(request, session, problems=refusal.problems)


@get(HERE + "/roster.xlsx", **OPTIONS)
async def get_workbook(session: AsyncSession) -> Response[bytes]:
    tables: dict[str, list[Cells]] = {
        "officers": [_officer(*row) async for row in await session.stream(_OFFICERS)],
        "certificates": [_certificate(*row) async for row in await session.stream(_CERTIFICATES)],
        "vehicles": [
            (each.plate, each.pool, each.seats, YES if each.active else NO)
            for each in await session.scalars(sa.select(Vehicle).order_by(col(Vehicle.plate)))
        ],
    }
    headers = {"Content-Disposition": 'attachment; filename="roster.xlsx"', "Cache-Control": "no-store"}
    return Response(workbook(tables), media_type=XLSX, headers=headers)


_OFFICERS = (
    sa.select(Officer, col(Account.login))
    .outerjoin(Account, col(Account.id) == col(Officer.account_id))
    .order_by(col(Officer.number))
)
_CERTIFICATES = (
    sa.select(Certificate, col(Officer.number))
    .join(Officer, col(Officer.id) == col(Certificate.officer_id))
    .order_by(col(Officer.number), col(Certificate.name))
)


def _officer(each: Officer, login: str | None) -> Cells:
    return (
        *(each.number, each.name, each.department_code, each.post.value, login or ""),
        *(float(each.office_lon), float(each.office_lat), each.district or "", each.vehicle_pool or ""),
        YES if each.active else NO,
    )


def _certificate(each: Certificate, officer: str) -> Cells:
    return officer, each.name, each.number, each.valid_from.isoformat(), each.valid_to.isoformat()


def workbook(tables: Mapping[str, list[Cells]]) -> bytes:
    """A sheet for each table, with headings in the reader's language."""
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        bold = book.add_format({"bold": True})
        for table, (name, columns) in TABLES.items():
            sheet = book.add_worksheet(gettext(name))
            sheet.write_row(0, 0, [gettext(heading) for heading in columns.values()], bold)
            sheet.set_column(0, len(columns) - 1, 16)
            sheet.freeze_panes(1, 0)
            for number, cells in enumerate(tables[table], start=1):
                sheet.write_row(number, 0, cells)
    return buffer.getvalue()


def read_tables(content: bytes) -> dict[str, Rows]:
    """The workbook's sheets by table. Raises `InvalidInput` for what is no such workbook."""
    book = open_workbook(content, otherwise="文件无法读取，请使用下载的名册。")
    found: dict[str, Rows] = {}
    for table, (name, columns) in TABLES.items():
        title = next((each for each in book.sheet_names if each in names(name)), None)
        if title is not None:
            sheet = book.get_sheet_by_name(title)
            if len(content) > BYTES_LIMIT or sheet.total_height > ROWS_LIMIT:
                raise wrong("文件过大。")
            found[table] = list(read_sheet(sheet, columns))
    if not any(found.values()):
        raise wrong("文件中没有人员、证书或车辆。")
    return found


ROUTES: list[ControllerRouterHandler] = [show_roster, take_in, get_workbook]
