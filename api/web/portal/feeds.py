"""Following without an account: Atom and JSON Feed of any search, a calendar of a process's dates."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import icalendar
import msgspec
from litestar import Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.resources import Resources
from api.v1.answers import ApiRequest, bytes_answer
from api.web import words
from api.web.portal.notices import address, provide_search, state_of
from api.web.portal.words import field_name
from core.i18n import gettext
from tendering.queries import NoticeFilter, NoticeLine, list_notices
from tendering.records import ProcessDetail, find_process
from tendering.timetable import stated_dates

ATOM = "http://www.w3.org/2005/Atom"
SIZE = 50
HOUR_SECONDS = 3600


@get(
    "/notices.atom",
    opt={"public": True, "cached": True},
    include_in_schema=False,
    dependencies={"wanted": provide_search},
)
async def get_atom(
    request: ApiRequest, session: AsyncSession, resources: Resources, wanted: NoticeFilter
) -> Response[Any]:
    found = await list_notices(session, wanted, limit=SIZE)
    body = atom(found.items, base=resources.settings.base_url, query=address(state_of(wanted)))
    return bytes_answer(request, body, media_type="application/atom+xml; charset=utf-8", max_age=300)


@get(
    "/notices.json",
    opt={"public": True, "cached": True},
    include_in_schema=False,
    dependencies={"wanted": provide_search},
)
async def get_json_feed(
    request: ApiRequest, session: AsyncSession, resources: Resources, wanted: NoticeFilter
) -> Response[Any]:
    found = await list_notices(session, wanted, limit=SIZE)
    body = json_feed(found.items, base=resources.settings.base_url, query=address(state_of(wanted)))
    return bytes_answer(request, body, media_type="application/feed+json", max_age=300)


@get("/processes/{ocid:str}/dates.ics", opt={"public": True, "cached": True}, include_in_schema=False)
async def get_dates(
    request: ApiRequest, session: AsyncSession, resources: Resources, ocid: FromPath[str]
) -> Response[Any]:
    body = calendar_of(await find_process(session, ocid), base=resources.settings.base_url)
    return bytes_answer(request, body, media_type="text/calendar; charset=utf-8", max_age=HOUR_SECONDS)


def atom(items: Sequence[NoticeLine], *, base: str, query: str) -> bytes:
    """RFC 4287. The newest notice's time is the feed's; an empty feed has the epoch's."""
    ET.register_namespace("", ATOM)
    feed = ET.Element(f"{{{ATOM}}}feed")
    _add(feed, "title", f"{gettext('交易信息')} · {gettext('一窗')}")
    _add(feed, "id", f"{base}{query}")
    _add(feed, "updated", items[0].published_at.isoformat() if items else "1970-01-01T00:00:00Z")
    _add(feed, "link", href=f"{base}{query}", rel="alternate")
    _add(feed, "link", href=f"{base}{query.replace('/notices', '/notices.atom', 1)}", rel="self")
    _add(_add(feed, "author"), "name", gettext("一窗"))
    for item in items:
        entry = _add(feed, "entry")
        _add(entry, "title", item.title)
        _add(entry, "id", f"{base}/notices/{item.id}")
        _add(entry, "link", href=f"{base}/notices/{item.id}")
        _add(entry, "updated", item.published_at.isoformat())
        _add(entry, "category", term=item.kind.value, label=words.kind_name(item.kind, item.category))
        _add(entry, "summary", _summary(item))
    return bytes(ET.tostring(feed, encoding="utf-8", xml_declaration=True))


def json_feed(items: Sequence[NoticeLine], *, base: str, query: str) -> bytes:
    """JSON Feed 1.1."""
    return msgspec.json.encode(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": f"{gettext('交易信息')} · {gettext('一窗')}",
            "home_page_url": f"{base}{query}",
            "feed_url": f"{base}{query.replace('/notices', '/notices.json', 1)}",
            "items": [
                {
                    "id": f"{base}/notices/{item.id}",
                    "url": f"{base}/notices/{item.id}",
                    "title": item.title,
                    "content_text": _summary(item),
                    "date_published": item.published_at,
                    "tags": [item.category, item.kind, item.stage],
                }
                for item in items
            ],
        }
    )


def calendar_of(process: ProcessDetail, *, base: str) -> bytes:
    """The dates that the process's notices set; a later notice's date replaces an earlier one's."""
    dates: dict[str, tuple[datetime, str]] = {}
    for notice in process.notices:
        for name, moment in stated_dates(notice.content, notice.published_at).items():
            if name != "published":
                dates[name] = (moment, notice.id)
    title, updated = process.notices[-1].title, process.notices[-1].published_at
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Yichuang//trading//ZH")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", title)
    for name, (moment, code) in sorted(dates.items()):
        event = icalendar.Event()
        event.add("uid", f"{process.ocid}-{name}@yichuang")
        event.add("dtstamp", updated)
        event.add("dtstart", moment.astimezone(UTC))
        event.add("dtend", moment.astimezone(UTC) + timedelta(minutes=15))
        event.add("summary", f"{field_name(name)} · {title}")
        event.add("url", f"{base}/notices/{code}")
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _summary(item: NoticeLine) -> str:
    parts = (words.category_name(item.category), words.kind_name(item.kind, item.category), item.buyer)
    return " · ".join(part for part in parts if part)


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    element.text = text
    return element


ROUTES: list[ControllerRouterHandler] = [get_atom, get_json_feed, get_dates]
