"""Each day's notices under one signed Merkle root, so that anyone can prove offline what was published.

A tree holds every notice that no earlier tree holds, in the order of their numbers, whenever its transaction
committed: nothing is left out, nothing stands twice. A leaf is the digest of what the notice says. The root is signed
with the centre's Ed25519 key (RFC 8032); `docs/verify_notice.py` checks a proof with nothing but the public key.
"""

import hashlib
from datetime import date, datetime, timedelta

import msgspec
import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import clock, ledger, outbox
from core.errors import NotFound, Refusal
from tendering import merkle
from tendering.content import canonical, content_from, published_form
from tendering.models import Notice, NoticeTree, SealedNotice

TOPIC = "notices.seal"
#: After midnight, when yesterday's last transactions have committed.
PAUSE = timedelta(minutes=10)
_LOCK = 7_041_006


class SignedRoot(msgspec.Struct, frozen=True, rename="camel"):
    """One tree: the day of its making, how many notices it holds, its root and the signature, in hexadecimal."""

    number: int
    day: date
    size: int
    root: str
    signature: str
    public_key: str


class Proof(msgspec.Struct, frozen=True, rename="camel"):
    """That a notice is in a signed tree. `published` is the exact text that was published, as hashed."""

    notice: str
    published: str
    digest: str
    place: int
    path: list[str]
    tree: SignedRoot


class NotSealed(Refusal):
    status = 409
    code = "not_sealed"
    message = "该公告尚未计入当日存证，次日零时后可核验。"


def signed_text(number: int, day: date, size: int, root: str) -> bytes:
    """What the signature stands under."""
    return f"yichuang notices\n{number}\n{day.isoformat()}\n{size}\n{root}\n".encode()


async def plan_sealing(session: AsyncSession, *, now: datetime) -> None:
    """After a publication: today's tree is made shortly after midnight."""
    today = clock.local_date(now)
    due = datetime.combine(today + timedelta(days=1), datetime.min.time(), tzinfo=clock.LOCAL) + PAUSE
    payload = {"day": today.isoformat()}
    await outbox.emit_once(session, TOPIC, payload, now=now, due=due, key=f"{TOPIC}:{today}")


async def seal_notices(
    session: AsyncSession, day: date, *, key: Ed25519PrivateKey, now: datetime
) -> SignedRoot | None:
    """Make a tree, under this day, of everything not yet in one; None when there is nothing to seal."""
    await session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    statement = (
        sa.select(col(Notice.id), col(Notice.digest))
        .outerjoin(SealedNotice, col(SealedNotice.notice_id) == col(Notice.id))
        .where(col(SealedNotice.notice_id).is_(None))
        .order_by(col(Notice.id))
    )
    notices = (await session.execute(statement)).all()
    if not notices:
        return None
    last = await session.scalar(sa.select(sa.func.max(col(NoticeTree.number))))
    number, root = (last or 0) + 1, merkle.root([_leaf(row.digest) for row in notices]).hex()
    tree = NoticeTree(
        number=number,
        day=day,
        size=len(notices),
        root=root,
        signature=key.sign(signed_text(number, day, len(notices), root)).hex(),
        public_key=key.public_key().public_bytes_raw().hex(),
        made_at=now,
    )
    session.add(tree)
    await session.flush()
    places = [{"notice_id": row.id, "tree": number, "place": place} for place, row in enumerate(notices)]
    await session.execute(sa.insert(SealedNotice), places)
    ledger.record(
        session,
        action="notices.seal",
        subject=f"notice_tree:{number}",
        now=now,
        data={"root": root, "size": len(notices)},
    )
    return _signed(tree)


async def list_roots(session: AsyncSession, *, limit: int = 400) -> list[SignedRoot]:
    """Newest first."""
    trees = await session.scalars(sa.select(NoticeTree).order_by(col(NoticeTree.number).desc()).limit(limit))
    return [_signed(tree) for tree in trees]


async def prove_notice(session: AsyncSession, code: str) -> Proof:
    """The notice's proof. Raises NotFound, and NotSealed until its day's tree is made."""
    notice = await session.scalar(sa.select(Notice).where(col(Notice.code) == code))
    if notice is None:
        raise NotFound
    sealed = await session.get(SealedNotice, notice.id)
    if sealed is None:
        raise NotSealed
    digests = await session.scalars(
        sa.select(col(Notice.digest))
        .join(SealedNotice, col(SealedNotice.notice_id) == col(Notice.id))
        .where(col(SealedNotice.tree) == sealed.tree)
        .order_by(col(SealedNotice.place))
    )
    leaves = [_leaf(digest) for digest in digests]
    return Proof(
        notice=code,
        published=published_text(notice).decode(),
        digest=notice.digest,
        place=sealed.place,
        path=[step.hex() for step in merkle.path(sealed.place, leaves)],
        tree=_signed(await session.get_one(NoticeTree, sealed.tree)),
    )


def holds(proof: Proof) -> bool:
    """Whether text, place, path, root and signature agree."""
    tree, digest = proof.tree, hashlib.sha256(proof.published.encode()).digest()
    found = merkle.root_from_path(
        merkle.leaf_hash(digest), proof.place, tree.size, [bytes.fromhex(step) for step in proof.path]
    )
    if found is None or found.hex() != tree.root:
        return False
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(tree.public_key))
    try:
        public.verify(bytes.fromhex(tree.signature), signed_text(tree.number, tree.day, tree.size, tree.root))
    except InvalidSignature:
        return False
    return True


def published_text(notice: Notice) -> bytes:
    """The canonical JSON that the digest was taken of."""
    return canonical(
        published_form(
            code=notice.code,
            category=notice.category,
            kind=notice.kind,
            nature=notice.nature,
            title=notice.title,
            district=notice.district,
            project_code=notice.project_code,
            buyer=notice.buyer,
            published_at=notice.published_at,
            content=content_from(notice.content),
        )
    )


def _leaf(digest: str) -> bytes:
    return merkle.leaf_hash(bytes.fromhex(digest))


def _signed(tree: NoticeTree) -> SignedRoot:
    return SignedRoot(tree.number, tree.day, tree.size, tree.root, tree.signature, tree.public_key)
