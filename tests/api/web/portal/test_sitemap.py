"""Every notice has its address in the sitemap."""

import re

from tests.api.conftest import Portal


async def test_sitemap_leads_to_every_notice(portal: Portal) -> None:
    robots = (await portal.client.get("/robots.txt")).text
    lists = re.findall("<loc>[^<]*(/sitemaps/[^<]*)</loc>", (await portal.client.get("/sitemap.xml")).text)
    months = [(await portal.client.get(path)).text for path in lists]
    notices = [code for text in months for code in re.findall("/notices/([A-Z0-9-]+)</loc>", text)]
    pages = re.findall("<loc>http://[^/]*(/[^<]*)</loc>", months[0])

    assert "Sitemap: http://localhost:8000/sitemap.xml" in robots
    assert lists == ["/sitemaps/pages.xml", "/sitemaps/2026-03.xml", "/sitemaps/2026-02.xml"]
    assert sorted(notices) == sorted(portal.codes)
    assert {path: (await portal.client.get(path)).status_code for path in pages} == dict.fromkeys(pages, 200)
    assert (await portal.client.get("/sitemaps/2026-01.xml")).status_code == 404
