"""Taking in deliveries: each item is published, known already, or kept in quarantine. Nothing is dropped."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger
from core.errors import FieldProblem, InvalidInput, NotFound, Refusal
from core.i18n import gettext
from tendering.commands import publish_notices
from tendering.content import Publication, digest_of
from tendering.exchange.formats import Row, read_rows
from tendering.exchange.reading import Source, read_item, sources
from tendering.models import Delivery, Notice, Quarantined, QuarantineState

CHANGED = FieldProblem("key", "同编号公告已发布且内容不同，请作为更正公告发送。")
UNKNOWN_ABOUT = FieldProblem("about", "找不到被更正的公告。")


class OtherDelivery(Refusal):
    status = 409
    code = "idempotency_conflict"
    message = "该幂等键已用于另一份数据。"


class AlreadyDecided(Refusal):
    status = 409
    code = "quarantine_decided"
    message = "该条目已经处理过。"


class ItemProblem(msgspec.Struct, frozen=True):
    field: str
    message: str


class ItemAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one item: `published`, `known` (published before) or `quarantined`."""

    key: str
    status: str
    notice: str | None = None
    problems: list[ItemProblem] = []


class DeliveryAnswer(msgspec.Struct, frozen=True):
    source: str
    published: int
    known: int
    quarantined: int
    items: list[ItemAnswer]


def source_of(code: str) -> Source:
    source = sources().get(code)
    if source is None:
        raise NotFound
    return source


async def receive_delivery(
    session: AsyncSession,
    source: Source,
    document: bytes,
    *,
    media_type: str,
    idempotency_key: str,
    now: datetime,
    by: str,
) -> DeliveryAnswer:
    """Take in a batch. The same key and bytes get the same answer again; the same key with other bytes is refused."""
    digest = hashlib.sha256(document).hexdigest()
    await session.execute(
        sa.select(
            sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"delivery:{source.code}:{idempotency_key}"))
        )
    )
    earlier = await session.scalar(
        sa.select(Delivery).where(
            col(Delivery.source) == source.code, col(Delivery.idempotency_key) == idempotency_key
        )
    )
    if earlier is not None:
        if earlier.body_hash != digest:
            raise OtherDelivery
        return msgspec.convert(earlier.answer, DeliveryAnswer)
    rows = read_rows(document, media_type)
    delivery = Delivery(
        source=source.code, idempotency_key=idempotency_key, body_hash=digest, received_at=now, answer={}
    )
    session.add(delivery)
    await session.flush()
    answers, newest = await _take_in(session, source, rows, delivery.id, now=now, by=by)
    counts = Counter(item.status for item in answers)
    answer = DeliveryAnswer(
        source=source.code,
        published=counts["published"],
        known=counts["known"],
        quarantined=counts["quarantined"],
        items=answers,
    )
    delivery.answer, delivery.newest = msgspec.to_builtins(answer), newest
    ledger.record(
        session,
        action="exchange.receive",
        subject=f"delivery:{delivery.id}",
        actor=by,
        now=now,
        data={"source": source.code, "sha256": digest, "items": len(rows)},
    )
    return answer


async def resolve_quarantined(
    session: AsyncSession, item_id: int, row: Row | None, *, by: int, now: datetime
) -> str | None:
    """A clerk's decision: publish the item as corrected in `row`, or dismiss it (None). Returns the notice's code.

    Raises InvalidInput with what is still wrong.
    """
    item = await session.get(Quarantined, item_id, with_for_update=True)
    if item is None:
        raise NotFound
    if item.state is not QuarantineState.OPEN:
        raise AlreadyDecided
    code = None
    if row is not None:
        publication, problems = read_item(row, source_of(item.source), now=now)
        if publication is None:
            raise InvalidInput(problems=tuple(problems))
        (result,) = await publish_notices(session, [publication], now=now, by=f"account:{by}")
        code = result.code
    item.state = QuarantineState.DISMISSED if row is None else QuarantineState.PUBLISHED
    item.decided_by, item.decided_at = by, now
    ledger.record(
        session,
        action=f"quarantine.{item.state.value}",
        subject=f"quarantined:{item.id}",
        actor=f"account:{by}",
        now=now,
        data={"source": item.source, "key": item.key, "notice": code},
    )
    return code


async def _take_in(
    session: AsyncSession, source: Source, rows: Sequence[Row], delivery_id: int, *, now: datetime, by: str
) -> tuple[list[ItemAnswer], datetime | None]:
    read = [(row, *read_item(row, source, now=now)) for row in rows]
    publications = [publication for _, publication, _ in read if publication is not None]
    stored = await _stored(session, source, publications)
    arriving = {item.key for item in publications if item.about is None} | set(stored)
    ready, answers = list[Publication](), dict[int, ItemAnswer]()
    for place, (row, publication, problems) in enumerate(read):
        found = problems or _conflicts(publication, stored, arriving)
        if publication is not None and not found:
            ready.append(publication)
        else:
            answers[place] = _quarantine(session, source, row, found, delivery_id)
    results = {
        result.key: result for result in await publish_notices(session, _in_order(ready), now=now, by=by)
    }
    told = set[str]()
    for place, (_, publication, _) in enumerate(read):
        if place in answers or publication is None:
            continue
        result = results[publication.key]
        new = result.new and publication.key not in told
        told.add(publication.key)
        answers[place] = ItemAnswer(publication.key, "published" if new else "known", result.code)
    newest = max((item.published_at for item in publications), default=None)
    return [answers[place] for place in range(len(rows))], newest


def _conflicts(
    publication: Publication | None, stored: dict[str, tuple[str, str]], arriving: set[str]
) -> list[FieldProblem]:
    """A known key with other content, or a correction of nothing known."""
    if publication is None:
        return []
    if publication.key in stored:
        code, digest = stored[publication.key]
        return [] if digest_of(publication, code) == digest else [CHANGED]
    return [UNKNOWN_ABOUT] if publication.about is not None and publication.about not in arriving else []


def _in_order(items: list[Publication]) -> list[Publication]:
    """By time, corrections after what they are about."""
    return sorted(items, key=lambda item: (item.about is not None, item.published_at))


async def _stored(
    session: AsyncSession, source: Source, items: Sequence[Publication]
) -> dict[str, tuple[str, str]]:
    """Code and digest of what is already published under these keys, or under those that corrections name."""
    keys = {item.key for item in items} | {item.about for item in items if item.about}
    statement = sa.select(col(Notice.source_key), col(Notice.code), col(Notice.digest)).where(
        col(Notice.source) == source.code, col(Notice.source_key).in_(keys)
    )
    return {key: (code, digest) for key, code, digest in await session.execute(statement)}


def _quarantine(
    session: AsyncSession, source: Source, row: Row, problems: Sequence[FieldProblem], delivery_id: int
) -> ItemAnswer:
    said = [ItemProblem(item.field, gettext(item.message, **item.params)) for item in problems]
    key = next((row[name] for name in ("id", "NOTICE_ID", "BULLETIN_CODE") if row.get(name)), "")[:100]
    stored: list[dict[str, Any]] = [msgspec.to_builtins(item) for item in problems]
    session.add(
        Quarantined(
            delivery_id=delivery_id,
            source=source.code,
            key=key,
            row=row,
            problems=stored,
            state=QuarantineState.OPEN,
        )
    )
    return ItemAnswer(key, "quarantined", problems=said)
