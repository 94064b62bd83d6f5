"""Notices as Open Contracting data: one notice is one release, a process is their merge.

What the standard has no field for keeps our own name: `priceForm` beside a bid's or award's value tells that a price
is a rate, a discount or several parts.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from tendering.content import Award, Bid, Content, Contract, Lot, Party, to_json
from tendering.ocds_merge import merge
from tendering.prices import Price
from tendering.records import NoticeDetail, ProcessDetail
from tendering.rules import KINDS, Category, Nature, NoticeKind

VERSION = "1.1"
EXTENSIONS = [
    f"https://raw.githubusercontent.com/open-contracting-extensions/{name}/master/extension.json"
    for name in ("ocds_lots_extension", "ocds_bid_extension")
]
LICENSE = "https://creativecommons.org/licenses/by/4.0/"
#: org-id.guide's list for China's unified social credit codes.
IDENTIFIER_SCHEME = "CN-SAIC"
MAIN_CATEGORY = {Category.WORKS: "works", Category.PROCUREMENT: "goods"}
METHODS = {
    "open_tender": "open",
    "invited_tender": "selective",
    "consultation": "selective",
    "negotiation": "limited",
    "inquiry": "selective",
    "single_source": "direct",
    "listing": "open",
    "auction": "open",
}
TENDER_STATUS = {
    NoticeKind.PLAN: "planned",
    NoticeKind.INTENTION: "planned",
    NoticeKind.PRE_DISCLOSURE: "planned",
    NoticeKind.RESULT: "complete",
    NoticeKind.CONTRACT: "complete",
    NoticeKind.CONTRACT_CHANGE: "complete",
    NoticeKind.ACCEPTANCE: "complete",
    NoticeKind.FAILED: "unsuccessful",
    NoticeKind.TERMINATION: "cancelled",
}


def release(notice: NoticeDetail) -> dict[str, Any]:
    """One notice as an OCDS release."""
    content = notice.content
    moment = instant(notice.published_at)
    document: dict[str, Any] = {
        "ocid": notice.ocid,
        "id": notice.id,
        "date": moment,
        "language": "zh",
        "tag": tags(notice),
        "initiationType": "tender",
        "parties": _parties(notice.buyer, content),
        "tender": _tender(notice),
    }
    if notice.buyer is not None:
        document["buyer"] = _reference(notice.buyer)
    if notice.project_code is not None:
        document["planning"] = {"budget": {"projectID": notice.project_code}}
    if content.bids:
        document["bids"] = {"details": [_bid(bid, moment) for bid in content.bids]}
    if content.awards:
        document["awards"] = [_award(award, place, moment) for place, award in enumerate(content.awards, 1)]
    if content.contracts:
        document["contracts"] = [_contract(item, place) for place, item in enumerate(content.contracts, 1)]
    return document


def tags(notice: NoticeDetail) -> list[str]:
    """The kind's tags; a correction updates what its kind announced."""
    stated = KINDS[notice.kind].tags
    if notice.nature is Nature.NORMAL:
        return list(stated)
    if notice.nature is Nature.WITHDRAWAL and "tender" in stated:
        return ["tenderCancellation"]
    updates = {
        "planning": "planningUpdate",
        "tender": "tenderAmendment",
        "award": "awardUpdate",
        "contract": "contractUpdate",
        "implementation": "implementationUpdate",
    }
    return [updates.get(tag, tag) for tag in stated]


def release_package(notices: Sequence[NoticeDetail], *, uri: str, publisher: str) -> dict[str, Any]:
    latest = max(notice.published_at for notice in notices)
    return _package(uri, publisher, latest) | {"releases": [release(notice) for notice in notices]}


def record_package(process: ProcessDetail, *, uri: str, publisher: str) -> dict[str, Any]:
    """All releases of a process and the compiled release that they merge to."""
    releases = [release(notice) for notice in process.notices]
    latest = max(notice.published_at for notice in process.notices)
    return _package(uri, publisher, latest) | {"records": [record(process.ocid, releases)]}


def record(ocid: str, releases: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"ocid": ocid, "releases": list(releases), "compiledRelease": merge(releases)}


def instant(moment: datetime) -> str:
    text: str = to_json(moment)
    return text


def _package(uri: str, publisher: str, published: datetime) -> dict[str, Any]:
    return {
        "uri": uri,
        "version": VERSION,
        "extensions": EXTENSIONS,
        "publisher": {"name": publisher},
        "license": LICENSE,
        "publishedDate": instant(published),
    }


def _tender(notice: NoticeDetail) -> dict[str, Any]:
    content = notice.content
    tender: dict[str, Any] = {"id": notice.ocid, "title": notice.title}
    withdrawn = notice.nature is Nature.WITHDRAWAL and notice.kind is NoticeKind.TENDER
    tender["status"] = "withdrawn" if withdrawn else TENDER_STATUS.get(notice.kind, "active")
    if (main := MAIN_CATEGORY.get(notice.category)) is not None:
        tender["mainProcurementCategory"] = main
    if (method := METHODS.get(content.method or "")) is not None:
        tender["procurementMethod"] = method
        tender["procurementMethodDetails"] = content.method
    if content.text:
        tender["description"] = content.text
    if content.lots:
        tender["lots"] = [_lot(lot) for lot in content.lots]
    if content.dates.bid_deadline is not None:
        period = {"endDate": instant(content.dates.bid_deadline)}
        if content.dates.documents_from is not None:
            period["startDate"] = instant(content.dates.documents_from)
        tender["tenderPeriod"] = period
    if content.dates.publicity_to is not None:
        tender["milestones"] = [
            {
                "id": f"publicity-{notice.kind.value}",
                "title": "公示期满",
                "type": "procurement",
                "dueDate": instant(content.dates.publicity_to),
            }
        ]
    if notice.about is not None:
        tender["amendments"] = [
            {"id": notice.id, "date": instant(notice.published_at), "amendsReleaseID": notice.about}
        ]
    return tender


def _parties(buyer: Party | None, content: Content) -> list[dict[str, Any]]:
    """Every organisation once, with all its roles."""
    roles: dict[str, tuple[Party, set[str]]] = {}
    groups: list[tuple[Iterable[Party], str]] = [
        *((bid.suppliers, "tenderer") for bid in content.bids),
        *((award.suppliers, "supplier") for award in content.awards),
        *((contract.suppliers, "supplier") for contract in content.contracts),
    ]
    if buyer is not None:
        groups.append(((buyer,), "buyer"))
    for parties, role in groups:
        for party in parties:
            roles.setdefault(party_id(party), (party, set()))[1].add(role)
    return [
        {
            "id": key,
            "name": party.name,
            **(
                {"identifier": {"scheme": IDENTIFIER_SCHEME, "id": party.code, "legalName": party.name}}
                if party.code
                else {}
            ),
            "roles": sorted(played),
        }
        for key, (party, played) in roles.items()
    ]


def party_id(party: Party) -> str:
    """The credit code where it is known, else a digest of the name: the same name is the same party."""
    if party.code:
        return f"{IDENTIFIER_SCHEME}-{party.code}"
    return f"NAME-{hashlib.sha256(party.name.encode()).hexdigest()[:16]}"


def _reference(party: Party) -> dict[str, str]:
    return {"id": party_id(party), "name": party.name}


def _lot(lot: Lot) -> dict[str, Any]:
    document: dict[str, Any] = {"id": lot.id}
    if lot.title:
        document["title"] = lot.title
    if (amount := lot.ceiling if lot.ceiling is not None else lot.budget) is not None:
        document["value"] = {"amount": amount, "currency": "CNY"}
    return document


def _bid(bid: Bid, moment: str) -> dict[str, Any]:
    return {
        "id": f"{bid.lot}-{party_id(bid.suppliers[0])}",
        "date": moment,
        "status": "valid",
        "tenderers": [_reference(party) for party in bid.suppliers],
        "relatedLots": [bid.lot],
        **({"rank": bid.rank} if bid.rank is not None else {}),
        **_value(bid.price),
    }


def _award(award: Award, place: int, moment: str) -> dict[str, Any]:
    return {
        "id": f"{award.lot}-{place}",
        "status": "active",
        "date": moment,
        "suppliers": [_reference(party) for party in award.suppliers],
        "relatedLots": [award.lot],
        **_value(award.price),
    }


def _contract(contract: Contract, place: int) -> dict[str, Any]:
    return {
        "id": f"{contract.lot}-{place}",
        "awardID": f"{contract.lot}-{place}",
        "status": "active",
        "value": {"amount": contract.amount, "currency": "CNY"},
        **({"dateSigned": instant(contract.signed_at)} if contract.signed_at is not None else {}),
    }


def _value(price: Price) -> dict[str, Any]:
    form = {"priceForm": to_json(price)}
    if price.yuan is None:
        return form
    return {"value": {"amount": price.yuan, "currency": "CNY"}, **form}
