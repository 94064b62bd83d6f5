"""督查: the report of a period as page, PDF and workbook; each figure down to its cases; snapshots and what changed."""

import asyncio
import calendar
import re
from datetime import date, datetime

import sqlalchemy as sa
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from api.trading_figures import trading_figures
from api.web.cases.acts import PageRequest, person
from api.web.cases.panels import department_names
from api.web.rendering import page
from core.access import Action
from core.clock import local_date
from core.errors import FieldProblem, InvalidInput, NotFound
from core.i18n import current_locale
from inspection import report_files
from inspection.commands.snapshots import figures_of, take_snapshot
from inspection.figures import Period, changes
from inspection.models import Case, IndicatorSnapshot, Project, Segment
from inspection.queries import indicator_facts
from inspection.report import Report, sentences

_PERIOD = re.compile(r"(?P<year>[12][0-9]{3})(?:-(?P<month>0[1-9]|1[0-2]))?")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FAMILIES = range(1, 14)


def period_of(text: str, today: date) -> Period:
    """`2026`, `2026-05`, or nothing for the month before the present one. Raises `InvalidInput`."""
    if not text:
        text = f"{today.year - 1}-12" if today.month == 1 else f"{today.year}-{today.month - 1:02}"
    stated = _PERIOD.fullmatch(text)
    if stated is None:
        raise InvalidInput(problems=(FieldProblem("period", "请选择月份或年份。"),))
    year = int(stated["year"])
    if stated["month"] is None:
        return Period(date(year, 1, 1), date(year, 12, 31))
    month = int(stated["month"])
    return Period(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))


async def report_of(session: AsyncSession, period: Period, now: datetime) -> Report:
    others = await trading_figures(session, period)
    return await indicator_facts.report(session, period, now=now, others=others)


@get("/supervision/report", opt={"action": Action.SUPERVISE}, include_in_schema=False)
async def show_report(
    request: PageRequest, session: AsyncSession, now: datetime, period: FromQuery[str] = ""
) -> Template:
    chosen = period_of(period, local_date(now))
    report = await report_of(session, chosen, now)
    names = await department_names(session)
    locale = current_locale.get()
    return page(
        request,
        "supervision/report.html",
        report=report,
        period=period or f"{chosen.first:%Y-%m}",
        months=_months(local_date(now)),
        sentences=sentences(report, locale),
        charts=report_files.charts_of(report, locale, names),
        families=[
            (family, [each for each in report.figures if each.code.partition(".")[0] == str(family)])
            for family in FAMILIES
        ],
        names=names,
        snapshots=await _snapshots(session, chosen),
    )


@get("/supervision/report.pdf", opt={"action": Action.SUPERVISE}, include_in_schema=False)
async def download_pdf(session: AsyncSession, now: datetime, period: FromQuery[str] = "") -> Response[bytes]:
    report = await report_of(session, period_of(period, local_date(now)), now)
    names, locale = await department_names(session), current_locale.get()
    pdf = await asyncio.to_thread(report_files.as_pdf, report, locale, names, made_on=local_date(now))
    return _file(pdf, "application/pdf", f"report-{report.period.first}.pdf")


@get("/supervision/report.xlsx", opt={"action": Action.SUPERVISE}, include_in_schema=False)
async def download_workbook(
    session: AsyncSession, now: datetime, period: FromQuery[str] = ""
) -> Response[bytes]:
    report = await report_of(session, period_of(period, local_date(now)), now)
    names, locale = await department_names(session), current_locale.get()
    book = await asyncio.to_thread(report_files.as_workbook, report, locale, names)
    return _file(book, XLSX, f"report-{report.period.first}.xlsx")


@get("/supervision/report/cases", opt={"action": Action.SUPERVISE}, include_in_schema=False)
async def show_cases(
    *,
    request: PageRequest,
    session: AsyncSession,
    now: datetime,
    figure: FromQuery[str],
    period: FromQuery[str] = "",
    department: FromQuery[str | None] = None,
) -> Template:
    """The cases that a figure counts."""
    report = await report_of(session, period_of(period, local_date(now)), now)
    found = report.figure(figure, department or None)
    if found is None:
        raise NotFound
    rows = await session.execute(
        sa.select(
            col(Case.code), col(Case.state), col(Case.accepted_at), col(Case.issued_at), col(Project.name)
        )
        .join(Segment, col(Segment.id) == col(Case.segment_id))
        .join(Project, col(Project.id) == col(Segment.project_id))
        .where(col(Case.code).in_(found.cases))
        .order_by(col(Case.code))
    )
    cases = list(rows)
    known = {row.code for row in cases}
    return page(
        request,
        "supervision/figure.html",
        figure=found,
        report=report,
        period=period or f"{report.period.first:%Y-%m}",
        cases=cases,
        notices=[code for code in found.cases if code not in known],
        names=await department_names(session),
    )


@post("/supervision/snapshots", opt={"action": Action.SUPERVISE}, include_in_schema=False, status_code=303)
async def keep_snapshot(
    request: PageRequest, session: AsyncSession, caller: Principal | None, now: datetime
) -> Redirect:
    form = await request.form()
    period = period_of(str(form.get("period", "")), local_date(now))
    row = await take_snapshot(
        session, await report_of(session, period, now), by=person(caller).person, now=now
    )
    return Redirect(f"/supervision/snapshots/{row.id}", status_code=303)


@get("/supervision/snapshots/{number:int}", opt={"action": Action.SUPERVISE}, include_in_schema=False)
async def show_snapshot(
    request: PageRequest, session: AsyncSession, now: datetime, number: FromPath[int]
) -> Template:
    """The figures as they were, and what comes out otherwise when they are computed again today."""
    row = await session.get(IndicatorSnapshot, number)
    if row is None:
        raise NotFound
    report = await report_of(session, Period(row.first_day, row.last_day), now)
    return page(
        request,
        "supervision/snapshot.html",
        snapshot=row,
        figures=figures_of(row),
        report=report,
        changes=changes(figures_of(row), report.figures),
        names=await department_names(session),
    )


async def _snapshots(session: AsyncSession, period: Period) -> list[IndicatorSnapshot]:
    rows = await session.scalars(
        sa.select(IndicatorSnapshot)
        .where(
            col(IndicatorSnapshot.first_day) == period.first, col(IndicatorSnapshot.last_day) == period.last
        )
        .order_by(col(IndicatorSnapshot.id).desc())
    )
    return list(rows)


def _months(today: date) -> list[tuple[str, str]]:
    """This year and the last one, then the past twelve months, newest first; value and label."""
    months = [(today.year * 12 + today.month - 1 - n) for n in range(12)]
    texts = [str(today.year), str(today.year - 1), *(f"{each // 12}-{each % 12 + 1:02}" for each in months)]
    return [(text, text) for text in texts]


def _file(content: bytes, media_type: str, name: str) -> Response[bytes]:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)


ROUTES: list[ControllerRouterHandler] = [
    show_report,
    download_pdf,
    download_workbook,
    show_cases,
    keep_snapshot,
    show_snapshot,
]
