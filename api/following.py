"""The letters that followers get, in their language, and the worker's part in sending them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from api.resources import Resources
from api.web.portal.notices import address, state_of
from api.web.portal.words import nature_name
from api.web.rendering import localdatetime, money
from api.web.words import kind_name
from core.i18n import current_locale, gettext, ngettext
from core.mail import Mail, post
from core.outbox import Event, Handler
from tendering.following import commands
from tendering.following.commands import Letter
from tendering.following.models import Follow
from tendering.models import Notice
from tendering.queries import NoticeFilter
from tendering.rules import Nature

#: A letter lists so many notices; the rest is one click away.
LISTED = 30


@contextmanager
def in_language(locale: str) -> Iterator[None]:
    token = current_locale.set(locale)
    try:
        yield
    finally:
        current_locale.reset(token)


def confirmation(follow: Follow, base: str) -> Mail:
    """Asks whether the mailbox's owner wants this; says what was asked for."""
    with in_language(follow.locale):
        return Mail(
            to=follow.email,
            subject=gettext("请确认订阅：%(label)s", label=follow.label),
            text="\n\n".join(
                (
                    gettext("有人用此邮箱在临澜市“一窗”订阅：%(label)s", label=follow.label),
                    gettext("如果是您本人，请打开下面的地址并确认："),
                    f"{base}/following/{follow.token}",
                    gettext("如果不是，不必理会：不确认就不会再收到邮件，七日后自动删除。"),
                )
            ),
        )


def news(letter: Letter, base: str) -> Mail:
    """What is new, oldest first, each with its address; and how to leave."""
    follow, count = letter.follow, len(letter.notices)
    with in_language(follow.locale):
        leave = f"{base}/following/{follow.token}"
        wanted = msgspec.convert(follow.wanted, NoticeFilter)
        rest = (
            [gettext("其余见：%(address)s", address=base + address(state_of(wanted)))]
            if count > LISTED
            else []
        )
        return Mail(
            to=follow.email,
            subject=f"{follow.label} · " + ngettext("%(num)s 条新公告", "%(num)s 条新公告", count),
            text="\n\n".join(
                (
                    *(_entry(notice, base) for notice in letter.notices[:LISTED]),
                    *rest,
                    f"—\n{gettext('退订：%(address)s', address=leave)}",
                )
            ),
            unsubscribe=f"{leave}/end",
        )


def _entry(notice: Notice, base: str) -> str:
    facts = (
        nature_name(notice.nature) if notice.nature is not Nature.NORMAL else "",
        kind_name(notice.kind, notice.category),
        notice.buyer_name,
        money(notice.amount),
        notice.closes_at and gettext("截止 %(time)s", time=localdatetime(notice.closes_at)),
    )
    return f"{notice.title}\n{' · '.join(fact for fact in facts if fact)}\n{base}/notices/{notice.code}"


async def base_url(resources: Resources, event: Event) -> str:
    del event
    return resources.settings.base_url


async def ask_to_confirm(session: AsyncSession, event: Event, base: str, now: datetime) -> None:
    follow = await session.get(Follow, event.payload["follow"])
    if follow is not None:
        post(session, confirmation(follow, base), key=f"follow-asked:{follow.id}", now=now)


async def tell_followers(session: AsyncSession, event: Event, base: str, now: datetime) -> None:
    send(session, await commands.note_publication(session, event.payload["codes"]), event, base, now=now)


async def send_digests(session: AsyncSession, event: Event, base: str, now: datetime) -> None:
    send(session, await commands.collect_digests(session, now=now), event, base, now=now)


async def forget_unconfirmed(session: AsyncSession, event: Event, _: None, now: datetime) -> None:
    del now
    await commands.lapse_follow(session, event.payload["follow"])


def send(session: AsyncSession, letters: list[Letter], event: Event, base: str, *, now: datetime) -> None:
    for letter in letters:
        post(session, news(letter, base), key=f"follow:{letter.follow.id}:{event.id}", now=now)


HANDLERS = [
    Handler("follow.asked", ask_to_confirm, base_url),
    Handler("follow.lapse", forget_unconfirmed),
    Handler("follow.digest", send_digests, base_url),
    Handler("notices.published", tell_followers, base_url),
]
