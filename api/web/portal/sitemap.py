"""For search engines: every notice has its address in a list, month by month (sitemaps.org)."""

from collections.abc import Iterable
from typing import Annotated, Any
from xml.etree import ElementTree as ET

from litestar import Response, get
from litestar.params import PathParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.resources import Resources
from api.v1.answers import ApiRequest, bytes_answer
from core.errors import NotFound
from tendering.bulk import codes_of_month, list_months

SCHEMA = "http://www.sitemaps.org/schemas/sitemap/0.9"
#: The protocol's limit for one list.
MOST_ADDRESSES = 50_000
PAGES = ("/", "/notices", "/closing", "/openings", "/statistics", "/board", "/guide", "/data", "/about")
OPEN: dict[str, Any] = {"opt": {"public": True, "cached": True}, "include_in_schema": False}


@get("/robots.txt", opt={"public": True}, include_in_schema=False)
async def get_robots(request: ApiRequest, resources: Resources) -> Response[Any]:
    text = f"User-agent: *\nDisallow: /login\nSitemap: {resources.settings.base_url}/sitemap.xml\n"
    return bytes_answer(request, text.encode(), media_type="text/plain; charset=utf-8", max_age=3600)


@get("/sitemap.xml", **OPEN)
async def get_sitemap(request: ApiRequest, session: AsyncSession, resources: Resources) -> Response[Any]:
    base = resources.settings.base_url
    lists = ["pages", *(month.month for month in await list_months(session))]
    body = _written("sitemapindex", "sitemap", ((f"{base}/sitemaps/{name}.xml", None) for name in lists))
    return bytes_answer(request, body, media_type="application/xml", max_age=3600)


@get("/sitemaps/pages.xml", **OPEN)
async def get_pages(request: ApiRequest, resources: Resources) -> Response[Any]:
    body = _written("urlset", "url", ((f"{resources.settings.base_url}{path}", None) for path in PAGES))
    return bytes_answer(request, body, media_type="application/xml", max_age=3600)


@get("/sitemaps/{name:str}", **OPEN)
async def get_month(
    request: ApiRequest,
    session: AsyncSession,
    resources: Resources,
    name: Annotated[str, PathParameter(pattern=r"^(19|20)\d\d-(0[1-9]|1[0-2])\.xml$")],
) -> Response[Any]:
    codes = await codes_of_month(session, int(name[:4]), int(name[5:7]), limit=MOST_ADDRESSES)
    if not codes:
        raise NotFound
    base = resources.settings.base_url
    body = _written("urlset", "url", ((f"{base}/notices/{code}", at.isoformat()) for code, at in codes))
    return bytes_answer(request, body, media_type="application/xml", max_age=3600)


def _written(kind: str, entry: str, addresses: Iterable[tuple[str, str | None]]) -> bytes:
    root = ET.Element(kind, xmlns=SCHEMA)
    for address, changed in addresses:
        item = ET.SubElement(root, entry)
        ET.SubElement(item, "loc").text = address
        if changed is not None:
            ET.SubElement(item, "lastmod").text = changed
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


ROUTES: list[ControllerRouterHandler] = [get_robots, get_sitemap, get_pages, get_month]
