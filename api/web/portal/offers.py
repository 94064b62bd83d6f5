"""Who offered, won or signed for what, as a clerk writes it: a line each, "单位｜价格" or "标段｜单位｜价格".

What the lines say depends on the notice: bids in their order, awards, or contracts.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from core.errors import FieldProblem
from tendering.content import Award, Bid, Content, Contract, Party
from tendering.prices import Price, parse_price
from tendering.rules import NoticeKind, consortium

BIDS = {NoticeKind.OPENING, NoticeKind.CANDIDATES}
AWARDS = {NoticeKind.RESULT}
CONTRACTS = {NoticeKind.CONTRACT, NoticeKind.CONTRACT_CHANGE}
ONLY_LOT = "1"
_SEPARATOR = re.compile(r"[|｜\t]")


class Offer(NamedTuple):
    lot: str
    suppliers: tuple[Party, ...]
    price: Price


def offers_from(
    text: str, kind: NoticeKind, *, signed: datetime | None, problems: list[FieldProblem]
) -> dict[str, Any]:
    """The fields of `Content` that these lines fill; what is wrong with them is added to the problems."""
    offers = [
        offer
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and (offer := _offer(line, number, problems))
    ]
    if not offers:
        return {}
    if kind in BIDS:
        return {"bids": tuple(_ranked(offers, kind))}
    if kind in AWARDS:
        return {"awards": tuple(Award(offer.suppliers, offer.price, offer.lot) for offer in offers)}
    if kind not in CONTRACTS:
        problems.append(FieldProblem("offers", "该种公告不列单位和价格。"))
        return {}
    if any(offer.price.yuan is None for offer in offers):
        problems.append(FieldProblem("offers", "合同金额须是一个金额。"))
    return {
        "contracts": tuple(
            Contract(offer.suppliers, amount, offer.lot, signed_at=signed)
            for offer in offers
            if (amount := offer.price.yuan) is not None
        )
    }


def _offer(line: str, number: int, problems: list[FieldProblem]) -> Offer | None:
    parts = [part.strip() for part in _SEPARATOR.split(line)]
    if len(parts) == 2:  # noqa: PLR2004 - who and how much
        parts = [ONLY_LOT, *parts]
    if len(parts) != 3 or not all(parts):  # noqa: PLR2004 - and which lot
        problems.append(
            FieldProblem("offers", "第 %(line)s 行应为“单位｜价格”或“标段｜单位｜价格”。", {"line": number})
        )
        return None
    lot, names, price = parts
    return Offer(lot, tuple(Party(name) for name in consortium(names)), parse_price(price))


def _ranked(offers: list[Offer], kind: NoticeKind) -> Iterator[Bid]:
    """Candidates stand in their order within each lot; at an opening nobody is ranked yet."""
    places = Counter[str]()
    for offer in offers:
        places[offer.lot] += 1
        rank = places[offer.lot] if kind is NoticeKind.CANDIDATES else None
        yield Bid(offer.suppliers, offer.price, offer.lot, rank)


def offers_text(content: Content) -> str:
    """The lines again."""
    said = [(bid.lot, bid.suppliers, bid.price.text) for bid in content.bids]
    said += [(award.lot, award.suppliers, award.price.text) for award in content.awards]
    said += [(each.lot, each.suppliers, f"{each.amount}元") for each in content.contracts]
    named = [(lot, "、".join(party.name for party in suppliers), price) for lot, suppliers, price in said]
    return "\n".join("｜".join(parts if parts[0] != ONLY_LOT else parts[1:]) for parts in named)
