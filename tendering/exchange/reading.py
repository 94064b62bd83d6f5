"""One delivered item, with the source's names and ways of writing, as a publication of ours."""

import re
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from core import clock
from core.errors import FieldProblem
from tendering.content import Content, Dates, Lot, Party, Publication
from tendering.exchange.formats import Row
from tendering.prices import LARGEST_AMOUNT, SCALES
from tendering.regions import regions
from tendering.rules import KINDS, Category, Nature, NoticeKind

HERE = Path(__file__).parent
TITLE_LENGTH, TEXT_LENGTH = 300, 200_000
FUTURE = timedelta(minutes=10)
_AMOUNT = re.compile(r"([\d,]+(?:\.\d+)?(?:[eE][+-]?\d{1,2})?)\s*([亿万]?)元?")
_CREDIT_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
_MOMENT = re.compile(
    r"(\d{4})[-/年.](\d{1,2})[-/月.](\d{1,2})日?(?:[T\s]*(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})秒?|分)?(?:\.\d+)?)?"
    r"\s*(Z|[+-]\d\d:?\d\d)?"
)


Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Source:
    """A source system. `category` is None for one that delivers several."""

    code: str
    name: str
    category: Category | None
    money: Decimal
    silent_hours: int


@cache
def sources() -> dict[str, Source]:
    return {
        code: Source(
            code,
            row["name"],
            Category(row["category"]) if row["category"] else None,
            SCALES[row["money"].removesuffix("元")],
            row["silent_hours"],
        )
        for code, row in _table("sources").items()
    }


@dataclass(slots=True)
class Item:
    """A row by our names, and what turned out to be wrong with it."""

    values: dict[str, str]
    problems: list[FieldProblem] = field(default_factory=list)

    def wrong(self, name: str, message: str, **params: str) -> None:
        self.problems.append(FieldProblem(name, message, dict(params)))

    def required(self, name: str) -> str:
        value = self.values.get(name, "")
        if not value:
            self.wrong(name, "该项必填。")
        return value

    def choice(self, name: str, table: str, default: str) -> str:
        """A coded value: our own word, or the source's word for it."""
        said = self.values.get(name, "") or default
        translated: str = _table("fields")[table].get(said, said)
        return translated

    def moment(self, name: str) -> datetime | None:
        text = self.values.get(name, "")
        if not text:
            return None
        moment = parse_moment(text)
        if moment is None:
            self.wrong(name, "时间无法识别：%(value)s", value=text[:40])
        return moment

    def amount(self, name: str, unit: Decimal) -> Decimal | None:
        text = self.values.get(name, "")
        if not text:
            return None
        amount = parse_amount(text, unit)
        if amount is None:
            self.wrong(name, "金额无法识别：%(value)s", value=text[:40])
        elif amount > LARGEST_AMOUNT:
            self.wrong(name, "金额过大，请核对单位：%(value)s", value=text[:40])
        return amount


def read_item(row: Row, source: Source, *, now: datetime) -> tuple[Publication | None, list[FieldProblem]]:
    """The item as a publication, or what is wrong with it, field by field."""
    item = Item(_by_our_names(row))
    key, title = item.required("key"), item.required("title")
    process = item.values.get("process") or key
    category = _category(item, source, title)
    kind = _enum(item, NoticeKind, "kind", item.choice("kind", "kinds", ""))
    nature = _enum(item, Nature, "nature", item.choice("nature", "natures", "normal"))
    published = item.moment("published") if item.required("published") else None
    if published is not None and published > now + FUTURE:
        item.wrong("published", "发布时间晚于当前时间。")
    if kind is not None and category is not None and category not in KINDS[kind].categories:
        item.wrong("kind", "该类别没有这种公告。")
    about = item.values.get("about") or None
    if nature is not None and nature is not Nature.NORMAL and about is None:
        item.wrong("about", "更正公告须指明被更正的公告。")
    content = _content(item, source)
    buyer, district = _buyer(item), _district(item)
    for name, limit in (("title", TITLE_LENGTH), ("text", TEXT_LENGTH), ("key", 100), ("process", 100)):
        if len(item.values.get(name, "")) > limit:
            item.wrong(name, "该项过长。")
    if item.problems or category is None or kind is None or nature is None or published is None:
        return None, item.problems
    publication = Publication(
        source=source.code,
        key=key,
        process=process,
        category=category,
        kind=kind,
        nature=nature,
        about=about,
        title=title,
        published_at=published,
        district=district,
        project_code=item.values.get("project_code") or None,
        buyer=buyer,
        content=content,
    )
    return publication, []


def parse_moment(text: str) -> datetime | None:
    """An instant in any of the ways sources write it; local time where no zone is given."""
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(group or 0) for group in match.groups()[:6])
    zone = match[7]
    try:
        if zone and zone != "Z":
            return datetime.fromisoformat(
                f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}"
            )
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC if zone == "Z" else clock.LOCAL)
    except ValueError:
        return None


def parse_amount(text: str, unit: Decimal) -> Decimal | None:
    """Yuan. A printed unit (元, 万元, 亿元) counts before the source's usual one."""
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        return None
    try:
        value = Decimal(match[1].replace(",", ""))
    except InvalidOperation:
        return None
    printed = "元" in text or match[2]
    return value * (SCALES[match[2]] if printed else unit)


def _content(item: Item, source: Source) -> Content:
    limit = item.amount("limit", source.money)
    lots = (Lot("1", ceiling=limit),) if limit is not None else ()
    dates = Dates(
        bid_deadline=item.moment("deadline"),
        opening=item.moment("opening"),
        publicity_to=item.moment("publicity_to"),
    )
    return Content(lots=lots, dates=dates, text=item.values.get("text", ""))


def _category(item: Item, source: Source, title: str) -> Category | None:
    said = item.values.get("category", "")
    if said:
        return _enum(item, Category, "category", said)
    if source.category is not None:
        return source.category
    hints: dict[str, list[str]] = _table("fields")["categories"]
    return next(
        (Category(name) for name, words in hints.items() if any(word in title for word in words)),
        Category.OTHER,
    )


def _buyer(item: Item) -> Party | None:
    name, code = item.values.get("buyer", ""), item.values.get("buyer_code", "")
    if code and _CREDIT_CODE.fullmatch(code) is None:
        item.wrong("buyer_code", "统一社会信用代码有误：%(value)s", value=code[:40])
    return Party(name, code or None) if name else None


def _district(item: Item) -> str | None:
    code = item.values.get("region", "") or None
    if code is not None and code not in regions():
        item.wrong("region", "行政区划代码不在目录中：%(value)s", value=code[:40])
    return code


def _enum(item: Item, kind: type[Choice], name: str, value: str) -> Choice | None:
    try:
        return kind(value)
    except ValueError:
        item.wrong(name, "无法识别的代码：%(value)s", value=value[:40])
        return None


def _by_our_names(row: Row) -> dict[str, str]:
    given = {name.casefold().removeprefix("gcjs_"): value for name, value in row.items()}
    names: dict[str, list[str]] = _table("fields")["names"]
    return {
        ours: value
        for ours, theirs in names.items()
        if (value := next((given[name.casefold()] for name in theirs if given.get(name.casefold())), ""))
    }


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))
