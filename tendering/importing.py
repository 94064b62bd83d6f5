"""Bringing in candidate notices (中标候选人公示) as other portals publish them, and Open Contracting releases.

One notice's fault never stops the rest: what is wrong is reported by notice and field. A fault that leaves no notice
to publish (`fatal`) keeps that one out; a doubt lets it in with what could be read. So does a broken period of the law:
it was published elsewhere already.
"""

import asyncio
import re
import zlib
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import msgspec

from core import clock
from core.calendars import load_calendar
from core.db import Database
from core.errors import InvalidInput
from core.workdays import WorkCalendar
from tendering import commands
from tendering.content import Bid, Content, Dates, Party, Publication
from tendering.ocds_reading import read_release, releases_in
from tendering.prices import PriceForm, parse_price
from tendering.regions import region_in
from tendering.rules import Category, Nature, NoticeKind, consortium, looks_like_organisation
from tendering.timetable import Finding, check_before_publication

SOURCE = "candidate-notices"
BATCH = 1000
LANES = 2
_PERIOD = re.compile(
    r"(\d{4})年(\d{1,2})月(\d{1,2})日\s*(\d{1,2})时(\d{1,2})分\s*至\s*(\d{4})年(\d{1,2})月(\d{1,2})日\s*(\d{1,2})时(\d{1,2})分"
)
#: What portals print where a price should stand.
_NO_PRICE = re.compile(r"未提供|无|/|-|投标报价.*\(元/%\)|投标报价.*（元/%）")
_REPEATED = re.compile(r"第\d+次公示|更正公示")


class Problem(msgspec.Struct, frozen=True, gc=False):
    """What is wrong with one field of one item. `message` is Chinese with `%(value)s` for what was found."""

    item: str
    field: str
    message: str
    value: str = ""
    fatal: bool = False

    @property
    def text(self) -> str:
        return self.message % {"value": self.value}


#: What one item is, if it could be read, and what is wrong with it.
Read = tuple[Publication | None, list[Problem]]


class Report(msgspec.Struct):
    """What an import did: notices `read`, newly `published`, already `known`, `refused`."""

    read: int = 0
    published: int = 0
    known: int = 0
    refused: int = 0
    problems: list[Problem] = []


class _Row(msgspec.Struct, gc=False):
    bidder: str
    price: str


class CandidateNotice(msgspec.Struct, gc=False):
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
    items = enumerate(
        msgspec.json.decode(document, type=list[msgspec.Raw])
    )  # each is decoded when its turn comes
    by_day = sorted(items, key=lambda entry: _day_of(msgspec.json.decode(entry[1])))
    reads = (read_candidate(msgspec.json.decode(item), place) for place, item in by_day)
    return await _import(database, reads, now=now)


async def import_releases(
    database: Database, document: bytes, *, source: str, encoding: str = "utf-8", now: datetime
) -> Report:
    """Import Open Contracting releases as `ocds_reading` maps them. Raises InvalidInput when there are none to read."""
    releases = sorted(releases_in(document, encoding=encoding), key=_day_of)
    return await _import(database, (_read_release(release, source) for release in releases), now=now)


def _day_of(item: Any) -> str:
    return str(item.get("date", "")) if isinstance(item, dict) else ""


def _read_release(release: dict[str, Any], source: str) -> Read:
    try:
        return read_release(release, source=source), []
    except InvalidInput as refusal:
        (problem,) = refusal.problems
        value = str(problem.params.get("value", ""))
        return None, [Problem(str(release.get("id")), problem.field, problem.message, value, fatal=True)]


async def _import(database: Database, items: Iterable[Read], *, now: datetime) -> Report:
    """Publish what can be read, of items in order of their days."""
    async with database.transaction() as session:
        reading = _Reading(items, await load_calendar(session))

    async def publish(lane: int) -> None:
        while batch := reading.take(lane):
            async with database.transaction() as session:
                results = await commands.publish_notices(session, batch, now=now, by="system")
            fresh = sum(result.new for result in results)
            reading.report.published += fresh
            reading.report.known += len(results) - fresh

    # The database works for one lane while another reads and checks its next batch.
    await asyncio.gather(*map(publish, range(LANES)))
    return reading.report


class _Reading:
    """Items on their way into lanes, read when a lane asks for more. A process stays in its lane, and in its order."""

    def __init__(self, items: Iterable[Read], calendar: WorkCalendar) -> None:
        self.items = iter(items)
        self.calendar = calendar
        self.report = Report()
        self.waiting: list[list[Publication]] = [[] for _ in range(LANES)]

    def take(self, lane: int) -> list[Publication]:
        """The lane's next batch; empty when there is nothing more."""
        while len(self.waiting[lane]) < BATCH and (item := next(self.items, None)) is not None:
            self._sort_in(*item)
        batch = self.waiting[lane][:BATCH]
        del self.waiting[lane][:BATCH]
        return sorted(batch, key=lambda item: item.published_at)

    def _sort_in(self, publication: Publication | None, problems: list[Problem]) -> None:
        self.report.read += 1
        self.report.problems += problems
        if publication is None:
            self.report.refused += 1
            return
        self.report.problems += broken_rules(publication, self.calendar)
        self.waiting[zlib.crc32(publication.process.encode()) % LANES].append(publication)


def broken_rules(publication: Publication, calendar: WorkCalendar) -> list[Problem]:
    """What the law of its own day says against a notice's dates and counts."""
    day = clock.local_date(publication.published_at)
    return [
        Problem(publication.key, finding.field, "不符合法定期限：%(value)s", _basis(finding))
        for finding in check_before_publication(publication, law_of=day, calendar=calendar)
    ]


def _basis(finding: Finding) -> str:
    lawful = f" {finding.lawful.isoformat()}" if finding.lawful else ""
    return f"{finding.meaning}（{finding.law}第{finding.article}条）{lawful}"


def read_candidate(item: object, place: int) -> Read:
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
