"""The form of a draft: read into a publication, filled from one, or begun by an outline."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from api.web import words
from api.web.amounts import typed_amount
from api.web.portal import words as portal_words
from api.web.portal.offers import offers_from, offers_text
from core import clock
from core.errors import FieldProblem, InvalidInput
from tendering import drafts
from tendering.content import Content, Dates, Lot, Party, Publication
from tendering.outlines import Outline, outline_of
from tendering.records import NoticeDetail
from tendering.regions import regions
from tendering.rules import Category, NoticeKind, next_kinds
from tendering.timetable import fields_of

#: Rows of links: the row's name, and of each link its text, address and whether it is the one followed.
Beginnings = Sequence[tuple[str, list[tuple[str, str, bool]]]]
DATE_FIELDS = (
    "documents_from",
    "documents_to",
    "bid_deadline",
    "opening",
    "listing_from",
    "listing_to",
    "report_received",
    "publicity_from",
    "publicity_to",
    "decided",
    "award_letter",
    "signed",
)


@dataclass
class DraftForm:
    """The form as it comes: plain text, dates as `datetime-local` in civil time."""

    title: str = ""
    category: str = "works"
    kind: str = "tender"
    district: str = ""
    buyer: str = ""
    project_code: str = ""
    method: str = ""
    ceiling: str = ""
    offers: str = ""
    text: str = ""
    documents_from: str = ""
    documents_to: str = ""
    bid_deadline: str = ""
    opening: str = ""
    listing_from: str = ""
    listing_to: str = ""
    report_received: str = ""
    publicity_from: str = ""
    publicity_to: str = ""
    decided: str = ""
    award_letter: str = ""
    signed: str = ""
    process: str = ""


def choices() -> dict[str, Any]:
    return {
        "categories": [(item.value, words.category_name(item)) for item in Category],
        "kinds": [(item.value, words.kind_name(item, Category.WORKS)) for item in NoticeKind],
        "methods": [(code, portal_words.method_name(code)) for code in portal_words.METHODS],
        "districts": list(regions().items()),
        "date_fields": DATE_FIELDS,
        "usual_dates": usual_dates,
    }


def usual_dates(data: DraftForm, problems: Mapping[str, str]) -> list[str]:
    """The dates that the law speaks of in a notice of this kind, and those that are filled in or wrong."""
    known = data.category in set(Category) and data.kind in set(NoticeKind)
    spoken = fields_of(Category(data.category), NoticeKind(data.kind)) if known else frozenset(DATE_FIELDS)
    return [name for name in DATE_FIELDS if name in spoken or name in problems or getattr(data, name)]


def publication_from(data: DraftForm, *, now: datetime) -> Publication:
    """The form's notice. Raises InvalidInput, field by field."""
    problems: list[FieldProblem] = []
    dates: dict[str, datetime] = {}
    for name in DATE_FIELDS:
        if text := getattr(data, name):
            try:
                dates[name] = datetime.fromisoformat(text).replace(tzinfo=clock.LOCAL)
            except ValueError:
                problems.append(FieldProblem(name, "该项填写有误。"))
    ceiling = None
    try:
        ceiling = typed_amount(data.ceiling) if data.ceiling else None
    except ValueError:
        problems.append(FieldProblem("ceiling", "该项填写有误。"))
    if data.district and data.district not in regions():
        problems.append(FieldProblem("district", "该项填写有误。"))
    if data.category not in set(Category) or data.kind not in set(NoticeKind):
        problems.append(FieldProblem("kind", "该项填写有误。"))
        raise InvalidInput(problems=tuple(problems))
    kind = NoticeKind(data.kind)
    offers = offers_from(data.offers, kind, signed=dates.get("signed"), problems=problems)
    if problems:
        raise InvalidInput(problems=tuple(problems))
    key = secrets.token_hex(8)
    return Publication(
        source=drafts.SOURCE,
        key=key,
        process=key,
        category=Category(data.category),
        kind=kind,
        title=data.title.strip(),
        published_at=now,
        district=data.district or None,
        project_code=data.project_code.strip() or None,
        buyer=Party(data.buyer.strip()) if data.buyer.strip() else None,
        content=Content(
            lots=(Lot("1", ceiling=ceiling),) if ceiling is not None else (),
            dates=Dates(**dates),
            method=data.method or None,
            text=data.text.strip(),
            **offers,
        ),
    )


def form_of(publication: Publication, process_code: str | None) -> DraftForm:
    content = publication.content
    ceiling = content.lots[0].ceiling if content.lots else None
    return DraftForm(
        title=publication.title,
        category=publication.category.value,
        kind=publication.kind.value,
        district=publication.district or "",
        buyer=publication.buyer.name if publication.buyer else "",
        project_code=publication.project_code or "",
        method=content.method or "",
        ceiling=str(ceiling) if ceiling is not None else "",
        offers=offers_text(content),
        text=content.text,
        process=process_code or "",
        **_moments(content.dates),
    )


def _moments(dates: Dates) -> dict[str, str]:
    return {
        name: moment.astimezone(clock.LOCAL).strftime("%Y-%m-%dT%H:%M")
        for name in DATE_FIELDS
        if (moment := getattr(dates, name)) is not None
    }


def continued(latest: NoticeDetail, process: str) -> DraftForm:
    """The head of the next notice of a process; of its title, the project's name."""
    outline = outline_of(latest.category, latest.kind)
    return DraftForm(
        title=latest.title.removesuffix(outline.ending) if outline else latest.title,
        category=latest.category,
        district=latest.district or "",
        buyer=latest.buyer.name if latest.buyer else "",
        project_code=latest.project_code or "",
        method=latest.content.method or "",
        process=process,
    )


def filled(data: DraftForm, outline: Outline, category: Category, content: Content) -> DraftForm:
    return replace(
        data,
        title=f"{data.title}{outline.ending}",
        category=category,
        kind=outline.kind,
        method=outline.method or data.method,
        text=content.text,
        **_moments(content.dates),
    )


def beginnings(latest: NoticeDetail | None, process: str, chosen: tuple[str, str]) -> Beginnings:
    """The outlines to begin with: by category, or those that may come next in the process."""
    if latest is not None:
        nexts = next_kinds(latest.kind, latest.category)
        return [("", _links(latest.category, nexts, f"process={process}", chosen))]
    return [
        (words.category_name(each), _links(each, next_kinds(None, each), f"category={each}", chosen))
        for each in Category
    ]


def _links(
    category: Category, kinds: Sequence[NoticeKind], query: str, chosen: tuple[str, str]
) -> list[tuple[str, str, bool]]:
    return [
        (
            words.kind_name(kind, category),
            f"/drafts/new?{query}&kind={kind}",
            (category, kind) == chosen,
        )
        for kind in kinds
        if outline_of(category, kind)
    ]
