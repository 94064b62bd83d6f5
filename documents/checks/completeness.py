"""The checklist: each required item is present, missing, doubtful, committed to, or shared by another authority."""

from collections.abc import Iterator, Sequence

from documents import normalise
from documents.report import ChecklistItem, Content, DocumentReport, Message, ProjectFacts, State
from documents.rulebook import RequiredItem, RuleBook

_SURE = 0.6


def checklist(
    documents: Sequence[DocumentReport], project: ProjectFacts | None, book: RuleBook
) -> Iterator[ChecklistItem]:
    """Items asked of this project. A name given to a file is never proof, but enough for doubt instead of `missing`."""
    facts = project or ProjectFacts()
    for item in book.checklist.item:
        if not _asked(item, facts):
            continue
        state, files = _state(item, documents, facts, book)
        yield ChecklistItem(
            code=item.code,
            name=Message(item.zh, item.en),
            party=item.party,
            matter=item.matter,
            required=not item.optional,
            state=state,
            documents=files,
        )


def _asked(item: RequiredItem, facts: ProjectFacts) -> bool:
    """By the matters that were drawn in, where the caller knows them; else by the project's traits."""
    if facts.matters is not None:
        return item.matter in facts.matters
    return item.when is None or item.when in facts.traits


def _state(
    item: RequiredItem, documents: Sequence[DocumentReport], facts: ProjectFacts, book: RuleBook
) -> tuple[State, list[str]]:
    of_kind = [document for document in documents if document.kind in item.any_of]
    sure = [document.file for document in of_kind if document.readable and document.kind_confidence >= _SURE]
    if sure:
        return State.PRESENT, sure
    if item.code in facts.committed:
        return State.COMMITTED, []
    if item.code in facts.shared:
        return State.SHARED, []
    by_name = [document.file for document in documents if _unread(document) and _named(document, item, book)]
    doubtful = [document.file for document in of_kind] + by_name
    return (State.DOUBTFUL, doubtful) if doubtful else (State.MISSING, [])


def _unread(document: DocumentReport) -> bool:
    return document.kind is None and (
        not document.readable or any(page.content is not Content.TEXT for page in document.pages)
    )


def _named(document: DocumentReport, item: RequiredItem, book: RuleBook) -> bool:
    name = normalise.compact(document.file)
    words = [word for code in item.any_of for word in (book.family[code].zh, *book.family[code].title)]
    return any(word in name for word in words)
