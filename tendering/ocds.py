"""Notices as Open Contracting data: one notice is one release, a process is their merge.

What the standard has no field for keeps our own name: `priceForm` beside a bid's or award's value tells that a price
is a rate, a discount or several parts.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urljoin

from tendering.attachments import media_type
from tendering.content import Attachment, Award, Bid, Content, Contract, Lot, Party, to_json
from tendering.milestones.models import Milestone
from tendering.milestones.rules import TITLES as MILESTONE_TITLES
from tendering.milestones.rules import MilestoneState
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


#: A blocked date is still to come; a cancelled one will never be met.
MILESTONE_STATUS = {
    MilestoneState.SCHEDULED: "scheduled",
    MilestoneState.BLOCKED: "scheduled",
    MilestoneState.MET: "met",
    MilestoneState.MISSED: "notMet",
    MilestoneState.CANCELLED: "notMet",
}


def release(notice: NoticeDetail, *, at: str) -> dict[str, Any]:
    """One notice as an OCDS release, its documents at the site that `at` is an address of."""
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
        "tender": _tender(notice, at),
    }
    if notice.buyer is not None:
        document["buyer"] = _reference(notice.buyer)
    if budget := _budget(notice):
        document["planning"] = {"budget": budget}
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
    return _package(uri, publisher, latest) | {"releases": [release(notice, at=uri) for notice in notices]}


def record_package(
    process: ProcessDetail, *, uri: str, publisher: str, milestones: Sequence[Milestone] = ()
) -> dict[str, Any]:
    """All releases of a process and the compiled release that they merge to.

    What became of its dates follows as one more release: notices never change, so no notice can say it.
    """
    releases = [release(notice, at=uri) for notice in process.notices]
    latest = max(notice.published_at for notice in process.notices)
    if milestones:
        releases.append(_milestones_release(process.ocid, milestones, after=latest))
    return _package(uri, publisher, latest) | {"records": [record(process.ocid, releases)]}


def _milestones_release(ocid: str, milestones: Sequence[Milestone], *, after: datetime) -> dict[str, Any]:
    moment = instant(max([after, *(each.at for each in milestones if each.at is not None)]))
    return {
        "ocid": ocid,
        "id": f"{ocid}-milestones-{moment}",
        "date": moment,
        "language": "zh",
        "tag": ["tenderUpdate"],
        "initiationType": "tender",
        "tender": {"id": ocid, "milestones": [_milestone(each) for each in milestones]},
    }


def _milestone(milestone: Milestone) -> dict[str, Any]:
    document = {
        "id": milestone.name.value,
        "title": MILESTONE_TITLES[milestone.name],
        "type": "procurement",
        "dueDate": instant(milestone.due),
        "status": MILESTONE_STATUS[milestone.state],
    }
    if milestone.law:
        document["description"] = f"《{milestone.law}》第{milestone.article}条"
    if milestone.at is not None:
        document["dateMet" if milestone.state is MilestoneState.MET else "dateModified"] = instant(
            milestone.at
        )
    return document


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


def _tender(notice: NoticeDetail, at: str) -> dict[str, Any]:
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
        if (value := _sum([(lot.limit, lot.currency) for lot in content.lots])) is not None:
            tender["value"] = value
    ends = {"startDate": content.dates.documents_from, "endDate": content.dates.bid_deadline}
    if period := {name: instant(moment) for name, moment in ends.items() if moment is not None}:
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
    if content.attachments:
        tender["documents"] = [_document(notice, file, at) for file in content.attachments]
    if notice.about is not None:
        tender["amendments"] = [
            {"id": notice.id, "date": instant(notice.published_at), "amendsReleaseID": notice.about}
        ]
    return tender


def _document(notice: NoticeDetail, file: Attachment, at: str) -> dict[str, Any]:
    return {
        "id": file.sha256,
        "title": file.name,
        "url": urljoin(at, f"/notices/{notice.id}/attachments/{file.sha256}"),
        "format": media_type(file.name),
        "datePublished": instant(notice.published_at),
        "language": "zh",
    }


def _budget(notice: NoticeDetail) -> dict[str, Any]:
    budget: dict[str, Any] = {}
    if notice.project_code is not None:
        budget["projectID"] = notice.project_code
    planned = [(lot.budget, lot.currency) for lot in notice.content.lots]
    if (amount := _sum(planned)) is not None:
        budget["amount"] = amount
    return budget


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
            **({"identifier": _identifier(party)} if party.code else {}),
            "roles": sorted(played),
        }
        for key, (party, played) in roles.items()
    ]


def party_id(party: Party) -> str:
    """The credit code where it is known, else a digest of the name: the same name is the same party."""
    if party.code:
        return f"{IDENTIFIER_SCHEME if party.scheme is None else party.scheme}-{party.code}"
    return f"NAME-{hashlib.sha256(party.name.encode()).hexdigest()[:16]}"


def _identifier(party: Party) -> dict[str, Any]:
    """Some publishers name no scheme: theirs is kept as empty, and stays unnamed."""
    scheme = IDENTIFIER_SCHEME if party.scheme is None else party.scheme
    return {**({"scheme": scheme} if scheme else {}), "id": party.code, "legalName": party.name}


def _reference(party: Party) -> dict[str, str]:
    return {"id": party_id(party), "name": party.name}


def _lot(lot: Lot) -> dict[str, Any]:
    document: dict[str, Any] = {"id": lot.id}
    if lot.title:
        document["title"] = lot.title
    if lot.limit is not None:
        document["value"] = {"amount": lot.limit, "currency": lot.currency}
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
        "status": award.status,
        "date": instant(award.date) if award.date is not None else moment,
        "suppliers": [_reference(party) for party in award.suppliers],
        "relatedLots": [award.lot],
        **_value(award.price),
    }


def _contract(contract: Contract, place: int) -> dict[str, Any]:
    return {
        "id": f"{contract.lot}-{place}",
        "awardID": f"{contract.lot}-{place}",
        "status": contract.status,
        "value": {"amount": contract.amount, "currency": contract.currency},
        **({"dateSigned": instant(contract.signed_at)} if contract.signed_at is not None else {}),
    }


def _value(price: Price) -> dict[str, Any]:
    form = {"priceForm": to_json(price)}
    if price.total is None:
        return form
    return {"value": {"amount": price.total, "currency": price.currency}, **form}


def _sum(amounts: Sequence[tuple[Decimal | None, str]]) -> dict[str, Any] | None:
    """Their sum; None unless all are stated, in one currency."""
    stated = [amount for amount, _ in amounts if amount is not None]
    currencies = {currency for _, currency in amounts}
    if len(stated) < len(amounts) or len(currencies) != 1:
        return None
    return {"amount": sum(stated, Decimal(0)), "currency": currencies.pop()}
