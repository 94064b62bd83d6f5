"""The trading portal: find notices, read a notice and its chain, follow a process."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, get
from litestar.datastructures import State
from litestar.di import Provide
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.principal import Principal
from api.web import words
from api.web.portal import words as portal_words
from api.web.rendering import localdate, money, page
from core import clock
from core.calendars import load_calendar
from core.i18n import gettext
from core.workdays import WorkCalendar
from tendering import queries
from tendering.differences import differences
from tendering.milestones.commands import list_milestones
from tendering.nearby import nearest_words, similar_notices
from tendering.objections import list_objections
from tendering.queries import Facets, NoticeFilter
from tendering.records import NoticeDetail, ProcessDetail, find_process, find_process_of
from tendering.regions import regions
from tendering.remedies import remedy_of
from tendering.rules import Category, Nature, Stage
from tendering.timetable import dated_rules

PageRequest = Request[Principal | None, Any, State]
PAGE_SIZE = 20
LARGEST_WAN = Decimal(10) ** 8
#: Templates say coded terms with these.
WORDS: Mapping[str, Any] = {
    "category_name": words.category_name,
    "kind_name": words.kind_name,
    "stage_name": portal_words.stage_name,
    "nature_name": portal_words.nature_name,
    "milestone_name": portal_words.milestone_name,
    "milestone_state": portal_words.milestone_state,
    "field_name": portal_words.field_name,
    "method_name": portal_words.method_name,
    "tone_of": portal_words.tone_of,
    "remedy_name": portal_words.remedy_name,
    "draft_state": portal_words.draft_state,
    "problems_shown": portal_words.problems_shown,
    "price_form": portal_words.price_form,
    "price_figure": portal_words.price_figure,
    "said": portal_words.said,
    "by_how_much": portal_words.by_how_much,
    "region_names": regions(),
}


def search_of(
    *,
    q: Annotated[str, QueryParameter(max_length=100)] = "",
    category: FromQuery[str] = "",
    stage: FromQuery[str] = "",
    district: FromQuery[str] = "",
    since: Annotated[str, QueryParameter(name="from")] = "",
    until: Annotated[str, QueryParameter(name="to")] = "",
    least: FromQuery[str] = "",
    most: FromQuery[str] = "",
    buyer: Annotated[str, QueryParameter(max_length=100)] = "",
    supplier: Annotated[str, QueryParameter(max_length=100)] = "",
    project: Annotated[str, QueryParameter(max_length=40)] = "",
    open_now: Annotated[str, QueryParameter(name="open")] = "",
) -> NoticeFilter:
    """The search in the address. What cannot be understood counts as not said: addresses are typed by hand too."""
    return NoticeFilter(
        q=q.strip(),
        category=Category(category) if category in set(Category) else None,
        stage=Stage(stage) if stage in set(Stage) else None,
        district=district if district in regions() else None,
        since=_day(since),
        until=_day(until),
        least=_wan(least),
        most=_wan(most),
        buyer=buyer.strip() or None,
        supplier=supplier.strip() or None,
        project=project.strip() or None,
        open_at=clock.now().replace(second=0, microsecond=0) if open_now else None,
    )


provide_search = Provide(search_of, sync_to_thread=False)


@get(
    "/notices",
    opt={"public": True, "cached": True},
    include_in_schema=False,
    dependencies={"wanted": provide_search},
)
async def show_notices(
    request: PageRequest,
    session: AsyncSession,
    wanted: NoticeFilter,
    cursor: Annotated[str, QueryParameter(max_length=80)] = "",
) -> Template:
    found = await queries.list_notices(session, wanted, cursor=cursor or None, limit=PAGE_SIZE)
    facets = await queries.count_facets(session, wanted)
    state = state_of(wanted)
    return page(
        request,
        "portal/notices.html",
        found=found,
        count=facets.total,
        count_limit=queries.COUNT_LIMIT,
        wanted=wanted,
        state=state,
        chips=[(label, address(state, without=name)) for name, label in labels_of(wanted).items()],
        conditions=[label for name, label in labels_of(wanted).items() if name != "q"],
        older=address(state, cursor=found.older) if found.older else None,
        newer=address(state, cursor=found.newer) if found.newer else None,
        follow=address(state).replace("/notices", "/following", 1),
        feeds=[
            (name, address(state).replace("/notices", f"/notices.{name}", 1)) for name in ("atom", "json")
        ],
        nearest=await _nearest(session, wanted) if not found.items else None,
        categories=_options(facets, "category", {item.value: words.category_name(item) for item in Category}),
        stages=_options(facets, "stage", {item.value: portal_words.stage_name(item) for item in Stage}),
        districts=_options(facets, "district", _region_tree(await queries.districts_present(session))),
        **WORDS,
    )


@get("/notices/{code:str}", opt={"public": True, "cached": True}, include_in_schema=False)
async def show_notice(
    request: PageRequest, session: AsyncSession, code: FromPath[str], now: datetime
) -> Template:
    process = await find_process_of(session, code)
    notice = next(each for each in process.notices if each.id == code)
    return page(
        request,
        "portal/notice.html",
        **said_of(notice, process, now=now, calendar=await load_calendar(session)),
        address=f"/notices/{notice.id}",
        objections=await list_objections(session, notice=notice.id),
        similar=await similar_notices(session, notice),
        **WORDS,
    )


def said_of(
    notice: NoticeDetail, process: ProcessDetail, *, now: datetime, calendar: WorkCalendar
) -> dict[str, Any]:
    """What a notice's page shows of the notice itself and its chain."""
    content, published = notice.content, notice.published_at
    return {
        "notice": notice,
        "region": regions().get(notice.district or ""),
        "dates": dated_rules(
            notice.category,
            notice.kind,
            content,
            published_at=published,
            law_of=process.opened_on,
            calendar=calendar,
        ),
        "calendar": calendar,
        "remedy": remedy_of(notice.category, notice.kind, content, published_at=published, calendar=calendar),
        "changes": _changes(notice, process),
        "superseded": [entry for entry in notice.chain if entry.about == notice.id],
        "chain": _chain(notice, now),
    }


@get("/processes/{ocid:str}", opt={"public": True, "cached": True}, include_in_schema=False)
async def show_process(request: PageRequest, session: AsyncSession, ocid: FromPath[str]) -> Template:
    process = await find_process(session, ocid)
    notices = list(reversed(process.notices))
    latest = notices[0]
    return page(
        request,
        "portal/process.html",
        process=process,
        latest=latest,
        milestones=await list_milestones(session, process.code),
        region=regions().get(latest.district or ""),
        chain=_chain(latest, None),
        outcome=next((notice for notice in notices if notice.content.awards), None),
        candidates=next((notice for notice in notices if notice.content.bids), None),
        lots=next((notice.content.lots for notice in notices if notice.content.lots), ()),
        **WORDS,
    )


def _changes(notice: NoticeDetail, process: ProcessDetail) -> list[Any]:
    """What this notice changes in the one that it is about; a withdrawal changes nothing, it ends it."""
    if notice.about is None or notice.nature is not Nature.CORRECTION:
        return []
    before = next(other for other in process.notices if other.id == notice.about)
    return differences(before.content, notice.content, titles=(before.title, notice.title))


def _chain(notice: NoticeDetail, now: datetime | None) -> list[dict[str, Any]]:
    """The chain newest first; with `now`, the shown notice is marked as current."""
    return [
        {
            "at": localdate(entry.published_at),
            "title": words.kind_name(entry.kind, notice.category)
            + ("" if entry.nature is Nature.NORMAL else f" · {portal_words.nature_name(entry.nature)}"),
            "href": f"/notices/{entry.id}",
            "state": "current" if now is not None and entry.id == notice.id else "done",
        }
        for entry in reversed(notice.chain)
    ]


def state_of(wanted: NoticeFilter) -> dict[str, str]:
    """The filter as query parameters: the address is the state."""
    values = {
        "q": wanted.q,
        "category": wanted.category,
        "stage": wanted.stage,
        "district": wanted.district,
        "from": wanted.since,
        "to": wanted.until,
        "least": wanted.least is not None and f"{wanted.least / 10_000:f}",
        "most": wanted.most is not None and f"{wanted.most / 10_000:f}",
        "buyer": wanted.buyer,
        "supplier": wanted.supplier,
        "project": wanted.project,
        "open": wanted.open_at and "1",
    }
    return {name: str(value) for name, value in values.items() if value}


def labels_of(wanted: NoticeFilter) -> dict[str, str]:
    """What is filtered by, as the reader sees it, by query parameter."""
    labels = {
        "q": wanted.q,
        "category": wanted.category and words.category_name(wanted.category),
        "stage": wanted.stage and portal_words.stage_name(wanted.stage),
        "district": regions().get(wanted.district or ""),
        "from": wanted.since and f"≥ {localdate(wanted.since)}",
        "to": wanted.until and f"≤ {localdate(wanted.until)}",
        "least": wanted.least is not None and f"≥ {money(wanted.least)}",
        "most": wanted.most is not None and f"≤ {money(wanted.most)}",
        "buyer": wanted.buyer,
        "supplier": wanted.supplier,
        "project": wanted.project,
        "open": wanted.open_at and gettext("尚未截止"),
    }
    return {name: label for name, label in labels.items() if label}


def address(state: Mapping[str, str], *, without: str = "", **extra: str) -> str:
    query = urlencode({name: value for name, value in state.items() if name != without} | extra)
    return f"/notices?{query}" if query else "/notices"


def _options(facets: Facets, name: str, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """The choices of a filter, each with how many of the found notices it holds: "+" where there may be more."""
    counts: Mapping[str, int] = getattr(facets, name)
    more = "" if facets.exact else "+"
    return [
        (key, f"{label}（{counts[key]}{more}）" if key in counts else label) for key, label in names.items()
    ]


def _region_tree(present: Sequence[str]) -> dict[str, str]:
    """Each city that has notices, its districts indented below it."""
    names = regions()
    cities = sorted({f"{code[:4]}00" for code in present})
    return {
        code: names.get(code, code) if code == city else f"\u3000{names.get(code, code)}"
        for city in cities
        for code in dict.fromkeys([city, *(each for each in present if each.startswith(city[:4]))])
    }


async def _nearest(session: AsyncSession, wanted: NoticeFilter) -> list[tuple[str, str, int]]:
    """What to try where nothing was found: words a little shorter, or one condition less; each with its count."""
    state, offers = state_of(wanted), list[tuple[str, str, int]]()
    if (words := await nearest_words(session, wanted)) is not None:
        closer = msgspec.structs.replace(wanted, q=words)
        count = await queries.count_notices(session, closer)
        offers.append((gettext("改为“%(name)s”", name=words), address(state, q=words), count))
    for name, label in labels_of(wanted).items():
        fewer = msgspec.structs.replace(wanted, **{_FIELDS.get(name, name): "" if name == "q" else None})
        if fewer != NoticeFilter() and (count := await queries.count_notices(session, fewer)):
            offers.append((gettext("不限“%(name)s”", name=label), address(state, without=name), count))
    return offers


def _wan(text: str) -> Decimal | None:
    """An amount in ten thousand yuan, as people think of contracts."""
    try:
        amount = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    return amount * 10_000 if amount.is_finite() and 0 <= amount < LARGEST_WAN else None


#: Query parameters that are named otherwise in the filter.
_FIELDS = {"from": "since", "to": "until", "open": "open_at"}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


ROUTES: list[ControllerRouterHandler] = [show_notices, show_notice, show_process]
