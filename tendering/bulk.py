"""Whole months to take away: OCDS releases as gzipped JSON lines, and tables as CSV and XLSX."""

import csv
import gzip
import io
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from core import clock
from tendering import ocds
from tendering.models import Notice, Process, ocid_of
from tendering.records import NoticeDetail, detail_of

COLUMNS = (
    "id",
    "ocid",
    "title",
    "category",
    "kind",
    "stage",
    "nature",
    "about",
    "district",
    "project_code",
    "buyer",
    "buyer_code",
    "amount_cny",
    "published_at",
    "digest",
)
#: A spreadsheet program would run a cell that starts with one of these.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_encode = msgspec.json.Encoder(decimal_format="number").encode


class Month(msgspec.Struct, frozen=True):
    """A civil month with notices, and how many."""

    month: str
    notices: int


async def list_months(session: AsyncSession) -> list[Month]:
    month = sa.func.to_char(sa.func.timezone(clock.LOCAL.key, col(Notice.published_at)), "YYYY-MM")
    statement = sa.select(month, sa.func.count()).group_by(month).order_by(month.desc())
    return [Month(name, count) for name, count in await session.execute(statement)]


async def state_of_month(session: AsyncSession, year: int, month: int) -> str:
    """Changes when the month gets another notice; empty where it has none."""
    statement = sa.select(sa.func.count(), sa.func.max(col(Notice.id))).where(_in_month(year, month))
    count, newest = (await session.execute(statement)).one()
    return f"{count}-{newest}" if count else ""


async def codes_of_month(
    session: AsyncSession, year: int, month: int, *, limit: int
) -> list[tuple[str, datetime]]:
    """Code and publication of the month's notices, oldest first."""
    statement = (
        sa.select(col(Notice.code), col(Notice.published_at))
        .where(_in_month(year, month))
        .order_by(col(Notice.published_at), col(Notice.id))
        .limit(limit)
    )
    return [(code, published_at) for code, published_at in await session.execute(statement)]


async def notices_of_month(session: AsyncSession, year: int, month: int) -> list[NoticeDetail]:
    """Every notice published in the civil month, oldest first, without its chain."""
    about = aliased(Notice)
    statement: Any = (
        sa.select(Notice, col(Process.code).label("process"), col(about.code).label("about"))
        .join(Process, col(Process.id) == col(Notice.process_id))
        .join(about, col(about.id) == col(Notice.about_id), isouter=True)
        .where(_in_month(year, month))
        .order_by(col(Notice.published_at), col(Notice.id))
    )
    rows = await session.execute(statement)
    return [detail_of(row.Notice, ocid_of(row.process), row.about, ()) for row in rows]


def _in_month(year: int, month: int) -> sa.ColumnElement[bool]:
    start = datetime(year, month, 1, tzinfo=clock.LOCAL)
    end = (start + timedelta(days=32)).replace(day=1)
    return sa.and_(col(Notice.published_at) >= start, col(Notice.published_at) < end)


def json_lines(notices: Iterable[NoticeDetail], *, at: str) -> bytes:
    """One release a line, its files at this site, gzipped without a time: the same month gives the same bytes."""
    text = b"".join(_encode(ocds.release(notice, at=at)) + b"\n" for notice in notices)
    return gzip.compress(text, mtime=0)


def csv_table(notices: Iterable[NoticeDetail]) -> bytes:
    """UTF-8 with a byte order mark, for spreadsheet programs."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([_safe(value) for value in _row(notice)] for notice in notices)
    return text.getvalue().encode("utf-8-sig")


def xlsx_table(notices: Sequence[NoticeDetail]) -> bytes:
    import xlsxwriter

    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, options) as workbook:
        workbook.set_properties({"created": datetime(2000, 1, 1)})  # noqa: DTZ001 - the format has no zone; the same bytes each time
        sheet = workbook.add_worksheet("notices")
        sheet.write_row(0, 0, COLUMNS)
        for number, notice in enumerate(notices, 1):
            sheet.write_row(number, 0, _row(notice))
    return target.getvalue()


def _row(notice: NoticeDetail) -> list[Any]:
    return [
        notice.id,
        notice.ocid,
        notice.title,
        notice.category.value,
        notice.kind.value,
        notice.stage.value,
        notice.nature.value,
        notice.about or "",
        notice.district or "",
        notice.project_code or "",
        notice.buyer.name if notice.buyer else "",
        (notice.buyer.code or "") if notice.buyer else "",
        "" if notice.amount is None else str(notice.amount),
        ocds.instant(notice.published_at),
        notice.digest,
    ]


def _safe(value: object) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
