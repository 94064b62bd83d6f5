"""What a correction changes, field by field, in the order in which a reader would ask."""

from collections.abc import Iterator

import msgspec

from tendering.content import Attachment, Award, Bid, Content, Contract, Dates, Lot


class Difference(msgspec.Struct, frozen=True):
    """One changed field. `of` names the lot, bidder or file where there are several; None means absent."""

    field: str
    of: str
    before: object
    after: object


def differences(before: Content, after: Content, *, titles: tuple[str, str]) -> list[Difference]:
    """Everything that differs between a notice and its correction."""
    return [
        *_changed("title", "", *titles),
        *(
            change
            for name in Dates.__struct_fields__
            for change in _changed(name, "", getattr(before.dates, name), getattr(after.dates, name))
        ),
        *_lots(before, after),
        *_keyed("bid", {_of(bid): bid for bid in before.bids}, {_of(bid): bid for bid in after.bids}),
        *_keyed(
            "award",
            {_of(award): award for award in before.awards},
            {_of(award): award for award in after.awards},
        ),
        *_keyed(
            "contract",
            {_of(item): item for item in before.contracts},
            {_of(item): item for item in after.contracts},
        ),
        *(
            change
            for name in ("method", "organisation", "venue", "reason", "text")
            for change in _changed(name, "", getattr(before, name) or None, getattr(after, name) or None)
        ),
        *_keyed(
            "attachment",
            {item.name: item for item in before.attachments},
            {item.name: item for item in after.attachments},
        ),
    ]


def _changed(field: str, of: str, before: object, after: object) -> Iterator[Difference]:
    if before != after:
        yield Difference(field, of, before, after)


def _lots(before: Content, after: Content) -> Iterator[Difference]:
    old, new = ({lot.id: lot for lot in content.lots} for content in (before, after))
    for key in dict.fromkeys([*old, *new]):
        first, second = old.get(key), new.get(key)
        name = (second or first or Lot(key)).title or key
        if first is None or second is None:
            yield Difference("lot", name, first and first.title, second and second.title)
            continue
        for field in ("title", "budget", "ceiling"):
            yield from _changed(f"lot_{field}", name, getattr(first, field), getattr(second, field))


_Entry = Bid | Award | Contract | Attachment


def _keyed(field: str, old: dict[str, _Entry], new: dict[str, _Entry]) -> Iterator[Difference]:
    for key in dict.fromkeys([*old, *new]):
        first, second = old.get(key), new.get(key)
        yield from _changed(field, key, _said(first), _said(second))


def _of(entry: Bid | Award | Contract) -> str:
    return "、".join(party.name for party in entry.suppliers)


def _said(entry: _Entry | None) -> object:
    if entry is None:
        return None
    if isinstance(entry, Contract):
        return entry.amount
    if isinstance(entry, Attachment):
        return entry.sha256
    return entry.price.text
