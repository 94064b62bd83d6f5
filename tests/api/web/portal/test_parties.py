"""Pages of buyers and suppliers, similar notices, and what an empty search offers."""

from decimal import Decimal

import httpx

from core.db import Database
from tendering.commands import publish_notices
from tendering.content import Content
from tendering.parties import Partner, PartyFigures, Role, figures_of
from tendering.rules import NoticeKind
from tests.conftest import NOW
from tests.tendering.factories import BUYER, chain, publication, publish_chain


async def test_figures_count_lots_once_and_only_what_the_results_say(database: Database) -> None:
    await publish_chain(database)
    async with database.transaction() as session:
        won = await figures_of(session, Role.SUPPLIER, "甲建设有限公司")
        lost = await figures_of(session, Role.SUPPLIER, "丙建设有限公司")
        bought = await figures_of(session, Role.BUYER, BUYER.name)

    amount = Decimal("1799255.53")
    assert won == PartyFigures(1, 1, amount, [Partner(BUYER.name, 1, amount)])
    assert (lost.bids, lost.wins, lost.amount) == (1, 0, Decimal(0))
    assert bought == PartyFigures(1, 1, amount, [Partner("甲建设有限公司", 1, amount)])


async def test_a_supplier_leads_to_its_notices_and_a_buyer_back(
    client: httpx.AsyncClient, database: Database
) -> None:
    codes = await publish_chain(database)
    supplier = await client.get("/suppliers", params={"name": "甲建设有限公司"})
    buyer = await client.get("/buyers", params={"name": BUYER.name})
    listed = (await client.get("/notices", params={"supplier": "甲建设有限公司"})).text

    assert (supplier.status_code, buyer.status_code) == (200, 200)
    assert "/buyers?name=" in supplier.text
    assert "/suppliers?name=" in buyer.text
    assert [code in listed for code in codes] == [False, True, True, True, False]


async def test_who_is_in_no_notice_has_no_page(client: httpx.AsyncClient, database: Database) -> None:
    await publish_chain(database)
    # The supplier of a bid is no buyer, and part of a name is no name.
    for path, name in (("/buyers", "甲建设有限公司"), ("/suppliers", "甲建设")):
        assert (await client.get(path, params={"name": name})).status_code == 404


async def test_an_empty_search_offers_the_nearest(client: httpx.AsyncClient, database: Database) -> None:
    await publish_chain(database)
    words = (await client.get("/notices", params={"q": "电力迁改馆"})).text
    filters = (await client.get("/notices", params={"q": "滨江路", "category": "land"})).text

    assert "改为“电力迁改”" in words
    assert "不限“滨江路”" not in filters
    assert (
        '<a href="/notices?q=%E6%BB%A8%E6%B1%9F%E8%B7%AF">不限“土地和矿业权”</a> <span class="soft num">5</span>'
        in filters
    )


async def test_similar_notices_are_of_other_processes(client: httpx.AsyncClient, database: Database) -> None:
    codes = await publish_chain(database)
    async with database.transaction() as session:
        other = publication(1, NoticeKind.TENDER, Content(), process="other")
        (alike,) = await publish_notices(session, [other], now=NOW, by="system")
    text = (await client.get(f"/notices/{codes[0]}")).text
    similar = text.partition("相似公告")[2].partition("</section>")[0]

    assert (alike.code in similar, codes[4] in similar) == (True, False)
    assert len(chain()) == 4
