"""Telling people: one message for each fact and person, in the inbox at once and by the ways that the person chose."""

import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import gateways, mail, outbox
from core.access import Role
from core.clock import LOCAL
from core.errors import FieldProblem, InvalidInput, NotFound
from core.gateways import Channel
from core.i18n import DEFAULT_LOCALE
from core.mail import Mail
from core.outbox import OutboxEvent
from core.people import Account, AccountRole, Department
from inspection import message_texts
from inspection.audience import FACTS, ROLES, Told, audience_of, is_by_law
from inspection.models import (
    Booking,
    Case,
    Message,
    MessagePreference,
    Officer,
    Party,
    Project,
    Segment,
    Visit,
)
from inspection.states import BookingState, VisitState

DIGEST_TOPIC = "inspection.digest"
DIGEST_AT = time(8, 30)
QUIET_FROM, QUIET_TO = time(21), time(8)
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
PHONE = re.compile(r"1\d{10}|\+\d{6,15}")
CHANNELS = (Channel.EMAIL.value,)


async def tell(
    session: AsyncSession, event_id: int, payload: Mapping[str, Any], *, base_url: str, now: datetime
) -> None:
    """Tell one fact (`transitions.note`) to everybody whom the table names; who did it is not told of it."""
    audience = audience_of(payload["name"], payload["data"])
    if not audience:
        return
    case = await session.get_one(Case, payload["case_id"])
    people: set[int] = set()
    for told in audience:
        people |= await _people(session, case, payload["party_id"], told)
    people -= {payload.get("by")}
    if not people:
        return
    data = await _told_of(session, case, payload["party_id"]) | payload["data"]
    rows = [
        {
            "account_id": account,
            "case_id": case.id,
            "fact": f"event:{event_id}",
            "kind": payload["name"],
            "data": data,
            "created_at": now,
        }
        for account in sorted(people)
    ]
    written = await session.scalars(
        insert(Message).values(rows).on_conflict_do_nothing().returning(Message),
        execution_options={"populate_existing": True},
    )
    await _send_on(session, list(written), base_url=base_url, now=now)


async def _told_of(session: AsyncSession, case: Case, party_id: int | None) -> dict[str, Any]:
    segment = await session.get_one(Segment, case.segment_id)
    project = await session.get_one(Project, segment.project_id)
    data: dict[str, Any] = {"code": case.code, "project": f"{project.name} {segment.name}"}
    if party_id is not None:
        party = await session.get_one(Party, party_id)
        department = await session.get_one(Department, party.department_code)
        data |= {"department_zh": department.name_zh, "department_en": department.name_en}
    return data


async def _people(session: AsyncSession, case: Case, party_id: int | None, told: Told) -> set[int]:
    if told is Told.OWNER:
        return {each for each in (case.applicant_id, case.agent_id) if each is not None}
    if told in ROLES:
        return set(
            await session.scalars(
                sa.select(col(AccountRole.account_id)).where(col(AccountRole.role) == ROLES[told])
            )
        )
    parties = sa.select(col(Party.id)).where(col(Party.case_id) == case.id)
    if party_id is not None:
        parties = parties.where(col(Party.id) == party_id)
    if told is Told.OFFICERS:
        return set(
            await session.scalars(
                sa.select(col(Officer.account_id))
                .join(Booking, col(Booking.officer_id) == col(Officer.id))
                .join(Visit, col(Visit.id) == col(Booking.visit_id))
                .where(
                    col(Booking.party_id).in_(parties),
                    col(Booking.state) == BookingState.BOOKED,
                    col(Visit.state) == VisitState.PLANNED,
                    col(Officer.account_id).is_not(None),
                )
            )
        )
    return set(
        await session.scalars(
            sa.select(col(Account.id))
            .join(AccountRole, col(AccountRole.account_id) == col(Account.id))
            .join(Party, col(Party.department_code) == col(Account.department_code))
            .where(col(Party.id).in_(parties), col(AccountRole.role) == Role.LIAISON)
        )
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """How one person wants to hear of things."""

    channels: frozenset[Channel] = frozenset({Channel.EMAIL})
    muted: frozenset[str] = frozenset()
    digest: bool = False
    quiet_from: time = QUIET_FROM
    quiet_to: time = QUIET_TO
    token: str = ""

    def may_leave_at(self, now: datetime) -> datetime:
        """Now, or when the quiet hours end."""
        local = now.astimezone(LOCAL)
        clock, night = local.time(), self.quiet_from > self.quiet_to
        quiet = (
            clock >= self.quiet_from or clock < self.quiet_to
            if night
            else self.quiet_from <= clock < self.quiet_to
        )
        if not quiet:
            return now
        morning = datetime.combine(local.date(), self.quiet_to, LOCAL)
        return morning if clock < self.quiet_to else morning + timedelta(days=1)


async def wishes_of(session: AsyncSession, accounts: Collection[int]) -> dict[int, Wish]:
    """Of those who have chosen; everybody else has `Wish()`."""
    rows = await session.scalars(
        sa.select(MessagePreference).where(col(MessagePreference.account_id).in_(accounts))
    )
    return {
        row.account_id: Wish(
            channels=frozenset(map(Channel, row.channels)),
            muted=frozenset(row.muted),
            digest=row.digest,
            quiet_from=row.quiet_from,
            quiet_to=row.quiet_to,
            token=row.token,
        )
        for row in rows
    }


async def _send_on(
    session: AsyncSession, messages: Sequence[Message], *, base_url: str, now: datetime
) -> None:
    """By e-mail, SMS and WeChat: what the law serves always by e-mail and at once, the rest as the person wishes."""
    ids = {message.account_id for message in messages}
    wishes = await wishes_of(session, ids)
    accounts = await session.scalars(sa.select(Account).where(col(Account.id).in_(ids), col(Account.active)))
    people = {account.id: account for account in accounts}
    for message in messages:
        account, wish = people.get(message.account_id), wishes.get(message.account_id, Wish())
        if account is None or not (account.email or account.phone or account.wechat):
            continue
        by_law = is_by_law(message.kind)
        if not by_law and message.kind in wish.muted:
            continue
        if wish.digest and not by_law:
            message.waits = True
            await _plan_digest(session, message.account_id, now=now)
            continue
        if (by_law or Channel.EMAIL in wish.channels) and account.email:
            await _mail(session, account, wish, message, base_url=base_url, now=now)
        _text(session, account, wish, message, now=now)


async def _mail(
    session: AsyncSession, account: Account, wish: Wish, message: Message, *, base_url: str, now: datetime
) -> None:
    subject, text = message_texts.letter(
        account.locale or DEFAULT_LOCALE, message.kind, message.data, base_url
    )
    unsubscribe = ""
    if not is_by_law(message.kind):
        token = wish.token or (await preference_of(session, account.id)).token
        unsubscribe = f"{base_url}/unsubscribe/{token}"
    letter = Mail(to=account.email or "", subject=subject, text=text, unsubscribe=unsubscribe)
    mail.post(session, letter, key=f"message:{message.id}", now=now, due=wish.may_leave_at(now))


def _text(session: AsyncSession, account: Account, wish: Wish, message: Message, *, now: datetime) -> None:
    text = message_texts.short(account.locale or DEFAULT_LOCALE, message.kind, message.data)
    for channel, to in ((Channel.SMS, account.phone), (Channel.WECHAT, account.wechat)):
        if to and channel in wish.channels:
            due = wish.may_leave_at(now)
            gateways.post(session, channel, to=to, text=text, key=f"message:{message.id}", now=now, due=due)


async def _plan_digest(session: AsyncSession, account: int, *, now: datetime) -> None:
    key = f"digest:{account}"
    await session.flush()
    planned = sa.select(col(OutboxEvent.id)).where(
        col(OutboxEvent.key) == key, col(OutboxEvent.done_at).is_(None)
    )
    if await session.scalar(planned) is None:
        local = now.astimezone(LOCAL)
        today = datetime.combine(local.date(), DIGEST_AT, LOCAL)
        due = today if now < today else today + timedelta(days=1)
        outbox.emit(session, DIGEST_TOPIC, {"account_id": account}, now=now, due=due, key=key)


async def send_digest(
    session: AsyncSession, event_id: int, account_id: int, *, base_url: str, now: datetime
) -> None:
    """One letter with everything that waited and was not read on the site meanwhile."""
    waiting = list(
        await session.scalars(
            sa.select(Message)
            .where(col(Message.account_id) == account_id, col(Message.waits))
            .order_by(col(Message.id))
            .with_for_update()
        )
    )
    unread = [(message.kind, message.data) for message in waiting if message.read_at is None]
    for message in waiting:
        message.waits = False
    account = await session.get_one(Account, account_id)
    wish = (await wishes_of(session, [account_id])).get(account_id, Wish())
    if not unread or not account.email or Channel.EMAIL not in wish.channels:
        return
    subject, text = message_texts.digest(account.locale or DEFAULT_LOCALE, unread, base_url)
    letter = Mail(
        to=account.email, subject=subject, text=text, unsubscribe=f"{base_url}/unsubscribe/{wish.token}"
    )
    mail.post(session, letter, key=f"digest:{event_id}", now=now)


async def preference_of(session: AsyncSession, account_id: int) -> MessagePreference:
    """The person's choice, made with the defaults where there is none."""
    values = {
        "account_id": account_id,
        "channels": list(CHANNELS),
        "muted": [],
        "digest": False,
        "quiet_from": QUIET_FROM,
        "quiet_to": QUIET_TO,
        "token": secrets.token_urlsafe(24),
    }
    await session.execute(insert(MessagePreference).values(values).on_conflict_do_nothing())
    return await session.get_one(MessagePreference, account_id)


async def choose(
    session: AsyncSession,
    account_id: int,
    *,
    channels: Collection[str],
    muted: Collection[str],
    digest: bool,
    quiet: tuple[time, time],
) -> MessagePreference:
    """Raises `InvalidInput` for what cannot be unsubscribed."""
    if unknown := {*channels} - {*Channel}:
        raise InvalidInput(
            problems=(FieldProblem("channels", "没有这种通知方式：%(name)s。", {"name": min(unknown)}),)
        )
    if any(kind not in FACTS or is_by_law(kind) for kind in muted if kind != "lamp"):
        raise InvalidInput(problems=(FieldProblem("muted", "依法送达的文书不能退订。"),))
    preference = await preference_of(session, account_id)
    preference.channels, preference.muted = sorted(channels), sorted(muted)
    preference.digest = digest
    preference.quiet_from, preference.quiet_to = quiet
    await session.flush()
    return preference


async def keep_contact(
    session: AsyncSession, account_id: int, *, email: str, phone: str, wechat: str
) -> None:
    """Where a person can be reached; empty takes it away. Raises `InvalidInput`."""
    problems = []
    if email and not EMAIL.fullmatch(email):
        problems.append(FieldProblem("email", "邮箱地址的格式不对。"))
    if phone and not PHONE.fullmatch(phone):
        problems.append(FieldProblem("phone", "手机号码应为 11 位数字，或以 + 开头的国际号码。"))
    if problems:
        raise InvalidInput(problems=tuple(problems))
    account = await session.get_one(Account, account_id, with_for_update=True)
    account.email, account.phone, account.wechat = email or None, phone or None, wechat or None


async def unsubscribe(session: AsyncSession, token: str) -> None:
    """No more letters but those that the law serves; needs no login (RFC 8058). Raises `NotFound`."""
    preference = await session.scalar(
        sa.select(MessagePreference).where(col(MessagePreference.token) == token).with_for_update()
    )
    if preference is None:
        raise NotFound
    preference.channels = [each for each in preference.channels if each != Channel.EMAIL]


async def read_messages(session: AsyncSession, account_id: int, *, now: datetime) -> None:
    await session.execute(
        sa.update(Message)
        .where(col(Message.account_id) == account_id, col(Message.read_at).is_(None))
        .values(read_at=now)
    )
