"""Bringing in candidate notices (中标候选人公示) as other portals publish them.

One notice's fault never stops the rest: what is wrong is reported by notice and field. A fault that leaves no notice
to publish (`fatal`) keeps that one out; a doubt lets it in with what could be read.
"""

import asyncio
import re
import zlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from core import clock
from core.db import Database
from tendering import commands
from tendering.content import Bid, Content, Dates, Party, Publication
from tendering.prices import PriceForm, parse_price
from tendering.regions import region_in
from tendering.rules import Category, Nature, NoticeKind, consortium, looks_like_organisation

SOURCE = "candidate-notices"
BATCH = 500
LANES = 2
_PERIOD = re.compile(
    r"(\d{4})年(\d{1,2})月(\d{1,2})日\s*(\d{1,2})时(\d{1,2})分\s*至\s*(\d{4})年(\d{1,2})月(\d{1,2})日\s*(\d{1,2})时(\d{1,2})分"
)
#: What portals print where a price should stand.
_NO_PRICE = re.compile(r"未提供|无|/|-|投标报价.*\(元/%\)|投标报价.*（元/%）")
_REPEATED = re.compile(r"第\d+次公示|更正公示")


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with one field of one item. `message` is Chinese with `%(value)s` for what was found."""

    item: str
    field: str
    message: str
    value: str = ""
    fatal: bool = False

    @property
    def text(self) -> str:
        return self.message % {"value": self.value}


class Report(msgspec.Struct):
    """What an import did: notices `read`, newly `published`, already `known`, `refused`."""

    read: int = 0
    published: int = 0
    known: int = 0
    refused: int = 0
    problems: list[Problem] = []


class _Row(msgspec.Struct):
    bidder: str
    price: str


class CandidateNotice(msgspec.Struct):
    """One item of the file, as printed by the source."""

    id: str
    date: str
    title: str
    project_name: str
    publicity_period: str
    bidders_and_prices: list[_Row]


async def import_candidates(database: Database, document: bytes, *, now: datetime) -> Report:
    """Import a JSON array of candidate notices, a batch in each transaction. Repeating it changes nothing.

    Raises msgspec.DecodeError when the document is no JSON array.
    """
    items = msgspec.json.decode(document, type=list[Any])
    report = Report(read=len(items))
    publications = []
    for place, item in enumerate(items):
        publication, problems = read_candidate(item, place)
        report.problems += problems
        if publication is None:
            report.refused += 1
        else:
            publications.append(publication)
    publications.sort(key=lambda item: item.published_at)

    async def publish(lane: Sequence[Publication]) -> None:
        for batch in _batches(lane, BATCH):
            async with database.transaction() as session:
                results = await commands.publish_notices(session, batch, now=now, by="system")
            fresh = sum(result.new for result in results)
            report.published += fresh
            report.known += len(results) - fresh

    # The database works on one lane while the next batch of another is made ready. A process stays in its lane.
    lanes: list[list[Publication]] = [[] for _ in range(LANES)]
    for item in publications:
        lanes[zlib.crc32(item.process.encode()) % LANES].append(item)
    await asyncio.gather(*map(publish, lanes))
    return report


def read_candidate(item: object, place: int) -> tuple[Publication | None, list[Problem]]:
    """One item of the file as a publication, and what is wrong with it."""
    try:
        notice = msgspec.convert(item, CandidateNotice)
    except msgspec.ValidationError as error:
        name = str(item.get("id") or f"#{place}") if isinstance(item, dict) else f"#{place}"
        return None, [
            Problem(name, _field_of(error), "该项缺失或类型不对：%(value)s", str(error), fatal=True)
        ]
    problems: list[Problem] = []
    period = _period(notice, problems)
    published = _published_at(notice, period, problems)
    if not notice.title.strip():
        problems.append(Problem(notice.id, "title", "没有标题。", fatal=True))
    bids = _bids(notice, problems)
    if published is None or any(problem.fatal for problem in problems):
        return None, problems
    start, end = period or (None, None)
    return (
        Publication(
            source=SOURCE,
            key=notice.id,
            process=re.sub(r"\s", "", _REPEATED.sub("", notice.project_name)),
            category=Category.WORKS,
            kind=NoticeKind.CANDIDATES,
            nature=Nature.NORMAL,
            title=notice.title.strip(),
            published_at=published,
            district=region_in(notice.title),
            content=Content(bids=bids, dates=Dates(publicity_from=start, publicity_to=end)),
        ),
        problems,
    )


def _published_at(
    notice: CandidateNotice, period: tuple[datetime, datetime] | None, problems: list[Problem]
) -> datetime | None:
    """The printed day; at the hour when its publicity starts, if it starts on that day."""
    try:
        day = date.fromisoformat(notice.date)
    except ValueError:
        problems.append(Problem(notice.id, "date", "日期无法识别：%(value)s", notice.date, fatal=True))
        return None
    if period is not None and clock.local_date(period[0]) == day:
        return period[0]
    return datetime(day.year, day.month, day.day, tzinfo=clock.LOCAL)


def _period(notice: CandidateNotice, problems: list[Problem]) -> tuple[datetime, datetime] | None:
    match = _PERIOD.search(notice.publicity_period)
    if match is None:
        text = notice.publicity_period
        problems.append(Problem(notice.id, "publicity_period", "公示期无法识别：%(value)s", text))
        return None
    numbers = [int(group) for group in match.groups()]
    try:
        start = datetime(*numbers[:5], tzinfo=clock.LOCAL)  # type: ignore[arg-type,misc]  # five numbers, then the zone
        end = datetime(*numbers[5:], tzinfo=clock.LOCAL)  # type: ignore[arg-type,misc]  # as above
    except ValueError:
        problems.append(Problem(notice.id, "publicity_period", "公示期日期不存在：%(value)s", match.group()))
        return None
    if end <= start:
        problems.append(
            Problem(notice.id, "publicity_period", "公示期结束不晚于开始：%(value)s", match.group())
        )
        return None
    return start, end


def _bids(notice: CandidateNotice, problems: list[Problem]) -> tuple[Bid, ...]:
    """The candidates in printed order. Rows that are no bidders (track records, promises) are left out and named."""
    bids = list[Bid]()
    for place, row in enumerate(notice.bidders_and_prices):
        field = f"bidders_and_prices[{place}]"
        names = consortium(row.bidder)
        missing = _NO_PRICE.fullmatch(row.price.strip()) is not None or not row.price.strip()
        if not all(looks_like_organisation(name) for name in names):
            problems.append(Problem(notice.id, f"{field}.bidder", "不是单位名称：%(value)s", row.bidder))
            if missing:
                continue
        price = parse_price(row.price)
        if missing:
            problems.append(Problem(notice.id, f"{field}.price", "没有报价：%(value)s", row.price))
        elif price.form is PriceForm.TEXT:
            problems.append(
                Problem(notice.id, f"{field}.price", "报价没有单位或无法识别：%(value)s", row.price)
            )
        bids.append(Bid(tuple(Party(name) for name in names), price, rank=len(bids) + 1))
    if not bids:
        problems.append(Problem(notice.id, "bidders_and_prices", "没有任何候选人。", fatal=True))
    return tuple(bids)


def _field_of(error: msgspec.ValidationError) -> str:
    found = re.search(r"\$\.?([\w.\[\]]*)", str(error)) or re.search(r"field `(\w+)`", str(error))
    return found.group(1) if found else ""


def _batches(items: Sequence[Publication], size: int) -> Iterable[Sequence[Publication]]:
    return (items[start : start + size] for start in range(0, len(items), size))
