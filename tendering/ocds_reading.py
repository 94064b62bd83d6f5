"""Reading other publishers' Open Contracting data: one release is one notice.

What is mapped, and comes out of `ocds.release` again as it came in:

    date · tender: title, description, procurementMethod, mainProcurementCategory, value
    (or lots with theirs), tenderPeriod · planning.budget: amount, projectID · buyer · every buyer's, tenderer's and
    supplier's name and identifier · bids · awards: status, date, suppliers, value · contracts: status, value,
    dateSigned, and which award they belong to, by their order

`ocid` and `id` make the notice once-only. Its kind, and with it `tag` and `tender.status`, follows from what the
release holds: contracts, awards, or a call. An amount without its currency is no amount.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from core.errors import FieldProblem, InvalidInput
from tendering.content import Award, Bid, Content, Contract, Dates, Lot, Party, Publication
from tendering.ocds import IDENTIFIER_SCHEME, METHODS
from tendering.prices import Price, PriceForm, amount_of
from tendering.rules import Category, NoticeKind

#: The first of ours that is published as this method.
OUR_METHODS = {method: name for name, method in reversed(METHODS.items())}
CATEGORIES = {
    "works": Category.WORKS,
    "goods": Category.PROCUREMENT,
    "services": Category.PROCUREMENT,
}
ENDINGS = {"cancelled": NoticeKind.TERMINATION, "unsuccessful": NoticeKind.FAILED}
UNPRICED = Price(PriceForm.TEXT, "")
#: Of any currency: beyond this no sum of amounts could be kept.
_TOO_LARGE = Decimal(10) ** 15


def releases_in(body: bytes, *, encoding: str = "utf-8") -> Iterator[dict[str, Any]]:
    """The releases of release packages and, where they are embedded, of record packages; one document or one a line.

    Raises InvalidInput when the body is no JSON of these.
    """
    text = body.decode(encoding)
    try:
        documents = [msgspec.json.decode(text, type=dict[str, Any])]
    except msgspec.DecodeError:
        try:
            documents = msgspec.json.Decoder(dict[str, Any]).decode_lines(text)
        except msgspec.DecodeError as error:
            raise InvalidInput(problems=(FieldProblem("body", "不是开放合同数据。"),)) from error
    for document in documents:
        records = [*document.get("records", ()), document]
        found = [release for each in records for release in each.get("releases", ())]
        yield from (release for release in found or [document] if "ocid" in release)


def read_release(release: Mapping[str, Any], *, source: str) -> Publication:
    """Raises InvalidInput where a mapped field cannot be read."""
    try:
        return _Reader(release).publication(source)
    except (msgspec.ValidationError, KeyError, TypeError, ArithmeticError) as error:
        raise InvalidInput(
            problems=(FieldProblem("release", "无法读取：%(value)s", {"value": str(error)}),)
        ) from error


class _Reader:
    """One release, with its organisations at hand: since version 1.1 they are only referred to."""

    def __init__(self, release: Mapping[str, Any]) -> None:
        self.release = release
        self.tender: Mapping[str, Any] = release.get("tender") or {}
        self.budget: Mapping[str, Any] = (release.get("planning") or {}).get("budget") or {}
        self.organisations = {each["id"]: each for each in release.get("parties", ()) if "id" in each}

    def publication(self, source: str) -> Publication:
        ocid = str(self.release["ocid"])
        buyer = self.release.get("buyer")
        awards, contracts = tuple(self._awards()), tuple(self._contracts())
        ending = ENDINGS.get(self.tender.get("status") or "", NoticeKind.TENDER)
        return Publication(
            source=source,
            key=f"{ocid}/{self.release['id']}",
            process=ocid,
            category=CATEGORIES.get(self.tender.get("mainProcurementCategory") or "", Category.OTHER),
            kind=NoticeKind.CONTRACT if contracts else NoticeKind.RESULT if awards else ending,
            title=self.tender.get("title") or self._title_of_contract() or ocid,
            published_at=_required(self.release["date"]),
            project_code=self.budget.get("projectID"),
            buyer=self._party(buyer) if buyer and buyer.get("name") else None,
            content=Content(
                lots=self._lots(),
                bids=tuple(self._bids()),
                awards=awards,
                contracts=contracts,
                dates=self._dates(),
                method=OUR_METHODS.get(self.tender.get("procurementMethod") or ""),
                text=self.tender.get("description") or "",
            ),
        )

    def _title_of_contract(self) -> str | None:
        return next((each["title"] for each in self.release.get("contracts", ()) if each.get("title")), None)

    def _dates(self) -> Dates:
        period = self.tender.get("tenderPeriod") or {}
        return Dates(
            documents_from=_moment(period.get("startDate")), bid_deadline=_moment(period.get("endDate"))
        )

    def _lots(self) -> tuple[Lot, ...]:
        planned, value = _amount(self.budget.get("amount")), _amount(self.tender.get("value"))
        stated = self.tender.get("lots") or ()
        if stated:
            return tuple(self._lot(each) for each in stated)
        currency = (value or planned or (None, ""))[1]
        if not currency:
            return ()
        budget = planned[0] if planned and planned[1] == currency else None
        return (Lot("1", budget=budget, ceiling=value[0] if value else None, currency=currency),)

    def _lot(self, lot: Mapping[str, Any]) -> Lot:
        value = _amount(lot.get("value"))
        amount = {"ceiling": value[0], "currency": value[1]} if value else {}
        return msgspec.structs.replace(Lot(str(lot["id"]), lot.get("title") or ""), **amount)

    def _bids(self) -> Iterator[Bid]:
        """Bids as stated, else one without a price for each that is called a tenderer."""
        stated = (self.release.get("bids") or {}).get("details") or ()
        for bid in stated:
            yield Bid(
                self._parties(bid["tenderers"]),
                self._price(bid),
                lot=_lot_of(bid),
                rank=bid.get("rank"),
            )
        if not stated:
            named = self.tender.get("tenderers") or ()
            known = [each for each in self.organisations.values() if "tenderer" in each.get("roles", ())]
            for party in dict.fromkeys(map(self._party, (*named, *known))):
                yield Bid((party,), UNPRICED)

    def _awards(self) -> Iterator[Award]:
        for award in self.release.get("awards", ()):
            yield Award(
                self._parties(award.get("suppliers") or ()),
                self._price(award),
                lot=_lot_of(award),
                status=award.get("status") or "active",
                date=_moment(award.get("date")),
            )

    def _contracts(self) -> Iterator[Contract]:
        """Suppliers are those of the contract, else of its award; a contract without a sum is not stated."""
        awards = {each.get("id"): each for each in self.release.get("awards", ())}
        for contract in self.release.get("contracts", ()):
            value = _amount(contract.get("value"))
            if value is None:
                continue
            award = awards.get(contract.get("awardID"), {})
            yield Contract(
                self._parties(contract.get("suppliers") or award.get("suppliers") or ()),
                value[0],
                lot=_lot_of(award),
                signed_at=_moment(contract.get("dateSigned")),
                status=contract.get("status") or "active",
                currency=value[1],
            )

    def _price(self, item: Mapping[str, Any]) -> Price:
        """Our own releases carry the price as printed."""
        if "priceForm" in item:
            return msgspec.convert(item["priceForm"], Price)
        value = _amount(item.get("value"))
        return amount_of(*value) if value else UNPRICED

    def _parties(self, references: Iterable[Mapping[str, Any]]) -> tuple[Party, ...]:
        return tuple(map(self._party, references))

    def _party(self, reference: Mapping[str, Any]) -> Party:
        organisation = self.organisations.get(reference.get("id"), {}) | reference
        identifier = organisation.get("identifier") or {}
        scheme = identifier.get("scheme") or ""
        code = identifier.get("id") or None
        if code is None:
            return Party(organisation["name"])
        return Party(organisation["name"], code, None if scheme == IDENTIFIER_SCHEME else scheme)


def _lot_of(item: Mapping[str, Any]) -> str:
    related = item.get("relatedLots") or ()
    return str(related[0]) if related else "1"


def _amount(value: Mapping[str, Any] | None) -> tuple[Decimal, str] | None:
    if not value or value.get("amount") is None or not value.get("currency"):
        return None
    amount = Decimal(str(value["amount"]))
    if not amount.is_finite() or abs(amount) >= _TOO_LARGE:
        raise ArithmeticError(amount)
    return amount, value["currency"]


def _moment(text: str | None) -> datetime | None:
    return None if text is None else _required(text)


def _required(text: str) -> datetime:
    moment: datetime = msgspec.convert(text, Annotated[datetime, msgspec.Meta(tz=True)])
    return moment
