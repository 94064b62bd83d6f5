"""Every notice gets into one signed tree, whenever it commits; a stranger's script believes it, and no forgery."""

import hashlib
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import col

from core import clock, outbox
from core.db import Database
from core.outbox import OutboxEvent
from tendering import sealing
from tendering.commands import publish_notices
from tendering.content import Content
from tendering.models import Notice
from tendering.rules import NoticeKind
from tests.conftest import NOW
from tests.tendering.factories import publication, publish_chain

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
DAY = clock.local_date(NOW)
SCRIPT = Path(__file__).parents[2] / "docs/verify_notice.py"


async def seal(database: Database) -> sealing.SignedRoot | None:
    async with database.transaction() as session:
        return await sealing.seal_notices(session, DAY, key=KEY, now=NOW)


async def proofs(database: Database, codes: list[str]) -> list[sealing.Proof]:
    async with database.transaction() as session:
        return [await sealing.prove_notice(session, code) for code in codes]


async def test_every_notice_is_proved_by_one_tree(database: Database) -> None:
    codes = await publish_chain(database)
    first = await seal(database)
    (later,) = await _publish(database, "later")
    second = await seal(database)
    nothing = await seal(database)
    proved = await proofs(database, [*codes, later])

    assert first is not None
    assert second is not None
    assert (first.size, second.size, nothing) == (len(codes), 1, None)
    assert [proof.tree.number for proof in proved] == [1] * len(codes) + [2]
    assert all(sealing.holds(proof) for proof in proved)


async def _publish(database: Database, process: str) -> list[str]:
    async with database.transaction() as session:
        item = publication(1, NoticeKind.TENDER, Content(text="正文“引号”\n换行"), process=process)
        return [result.code for result in await publish_notices(session, [item], now=NOW, by="system")]


async def test_a_notice_whose_transaction_ends_after_the_sealing_comes_into_the_next_tree(
    database: Database,
) -> None:
    codes = await publish_chain(database)
    async with database.transaction() as session:
        item = publication(1, NoticeKind.TENDER, Content(), process="slow")
        (slow,) = await publish_notices(session, [item], now=NOW, by="system")
        (swift,) = await _publish(database, "swift")
        await seal(database)
    await seal(database)
    proved = await proofs(database, [*codes, swift, slow.code])

    assert [proof.tree.number for proof in proved] == [1] * len(codes) + [1, 2]
    assert all(sealing.holds(proof) for proof in proved)


async def test_before_its_tree_is_made_a_notice_has_no_proof(database: Database) -> None:
    codes = await publish_chain(database)
    async with database.transaction() as session:
        with pytest.raises(sealing.NotSealed):
            await sealing.prove_notice(session, codes[0])


async def test_the_published_text_is_what_the_digest_was_taken_of(database: Database) -> None:
    codes = [*await publish_chain(database), *await _publish(database, "text")]
    async with database.transaction() as session:
        notices = (await session.scalars(sa.select(Notice).order_by(col(Notice.id)))).all()

    assert len(notices) == len(codes)
    assert [hashlib.sha256(sealing.published_text(notice)).hexdigest() for notice in notices] == [
        notice.digest for notice in notices
    ]


def run_script(tmp_path: Path, proof: sealing.Proof, *key: str) -> subprocess.CompletedProcess[str]:
    path = tmp_path / "proof.json"
    path.write_bytes(msgspec.json.encode(proof))
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(path), *key], capture_output=True, text=True, check=False
    )


async def test_the_script_believes_a_proof_and_no_forgery(database: Database, tmp_path: Path) -> None:
    codes = await publish_chain(database)
    await seal(database)
    (proof,) = await proofs(database, codes[2:3])
    own = Ed25519PrivateKey.from_private_bytes(b"x" * 32)
    tree = proof.tree
    resigned = msgspec.structs.replace(
        tree, signature=own.sign(sealing.signed_text(tree.number, tree.day, tree.size, tree.root)).hex()
    )
    forgeries = [
        msgspec.structs.replace(proof, published=proof.published.replace("滨江路", "滨海路")),
        msgspec.structs.replace(proof, place=proof.place + 1),
        msgspec.structs.replace(proof, path=proof.path[:-1]),
        msgspec.structs.replace(proof, tree=msgspec.structs.replace(tree, day=tree.day + timedelta(days=1))),
        msgspec.structs.replace(proof, tree=resigned),
    ]
    believed = run_script(tmp_path, proof, tree.public_key)

    assert (believed.returncode, believed.stdout.split(":")[0]) == (0, "genuine")
    assert [run_script(tmp_path, forged, tree.public_key).returncode for forged in forgeries] == [1] * 5
    assert [sealing.holds(forged) for forged in forgeries] == [False] * 5
    assert len(SCRIPT.read_text().splitlines()) <= 40


async def test_a_day_of_many_publications_is_planned_once(database: Database) -> None:
    async with database.transaction() as session:
        for _ in range(3):
            await sealing.plan_sealing(session, now=NOW)
    async with database.transaction() as session:
        events = (
            await session.scalars(sa.select(OutboxEvent).where(col(OutboxEvent.topic) == sealing.TOPIC))
        ).all()

    assert [(event.payload, event.due) for event in events] == [
        ({"day": "2026-03-04"}, NOW + timedelta(hours=14, minutes=10))
    ]
    assert await _due(database, events[0].due) == [events[0].id]


async def _due(database: Database, moment: object) -> list[int]:
    async with database.transaction() as session:
        return await outbox.claim_due(session, now=moment)  # type: ignore[arg-type]  # a row's own time
