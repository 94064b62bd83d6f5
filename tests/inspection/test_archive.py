"""The package of a case and the proof of a deemed consent, verified by the script that strangers run."""

import json
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col

from core import ledger
from core.db import Database
from core.printed import typeset
from core.settings import Settings
from documents import commands, store
from documents.report import ProjectFacts
from inspection import archive, opinion, papers
from inspection.commands import consent, decisions, letters
from inspection.commands.letters import PRINTED_ELSEWHERE
from inspection.models import Case, Letter
from tests.conftest import Clones, settings_for
from tests.inspection.test_aftercare import absent, switch_on
from tests.inspection.world import World, at, build_world, issued

SCRIPT = Path(archive.VERIFIER)


def verify(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


@dataclass
class Packed:
    file: Path
    database: Database
    case: Case


async def chunks(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@pytest.fixture(scope="module")
async def place(clones: Clones, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Settings]:
    """A database and a folder that the tests of this module share and only read."""
    name = clones.make()
    yield settings_for(name, data_dir=tmp_path_factory.mktemp("archive"))
    clones.drop(name)


@pytest.fixture(scope="module")
async def packed(place: Settings) -> AsyncIterator[Packed]:
    """An archived case with a document, its letters and opinion printed, in one ZIP."""
    settings, database = place, Database(place)
    async with database.transaction() as session:
        world = await build_world(session, at(3))
        case, now = await issued(session, world, at(3))
        facts = ProjectFacts(
            name="临澜项目1", code="", address="", floor_area=1.0, construction_unit="", matters=frozenset()
        )
        dossier = await commands.open_dossier(
            session, facts, subject=f"case:{case.code}", by=world.owner, now=now
        )
        kept = await store.receive(chunks(b"%PDF a", b" plan"), settings.upload_dir, limit=1 << 20)
        await commands.add_file(session, dossier, kept, name="总平面图.pdf", now=now)
        await decisions.file_case(session, case, by=world.window, now=now)
        await decisions.archive_case(session, case, by=world.window, now=now)
        content = await opinion.content_of(session, case.id)
        await opinion.store(session, case.id, opinion.render(content, "http://x"), now=now)
        for letter in await session.scalars(
            sa.select(Letter).where(col(Letter.kind).not_in(PRINTED_ELSEWHERE))
        ):
            pdf = typeset(papers.TEMPLATE, await papers.letter_content(session, letter), base_url="http://x")
            await papers.keep_letter(session, letter.id, pdf, now=now)
    async with database.transaction() as session:
        members = await archive.members_of(session, case, settings.upload_dir)
        listing = archive.manifest(case, members, now=now)
    file = settings.data_dir / "case.zip"
    with file.open("wb") as target:
        for piece in archive.package(members, listing):
            target.write(piece)
    yield Packed(file, database, case)
    await database.close()


def rewritten(packed: Packed, target: Path, **changes: bytes | None) -> str:
    """The package with some members replaced, left out (None) or added."""
    with zipfile.ZipFile(packed.file) as source, zipfile.ZipFile(target, "w") as new:
        for name in source.namelist():
            content = changes.pop(name, source.read(name))
            if content is not None:
                new.writestr(name, content)
        for name, content in changes.items():
            new.writestr(name, content or b"")
    return str(target)


async def test_package_holds_everything_and_verifies(packed: Packed) -> None:
    code, said = verify(str(packed.file))
    assert (code, said.splitlines()[-1]) == (0, "nothing is wrong")
    with zipfile.ZipFile(packed.file) as package:
        assert package.testzip() is None
        manifest = json.loads(package.read("manifest.json"))
        kinds = {each["kind"] for each in manifest["files"]}
        (plan,) = [each["path"] for each in manifest["files"] if each["kind"] == "document"]
        assert package.read(plan) == b"%PDF a plan"
        assert (
            "纪要"
            in package.read(
                "minutes/"
                + min(
                    name.removeprefix("minutes/")
                    for name in package.namelist()
                    if name.startswith("minutes/")
                )
            ).decode()
        )
    assert kinds == {"document", "letter", "opinion", "minutes", "exchange", "ledger", "verifier"}


async def test_package_verifies_against_the_whole_ledger(packed: Packed, tmp_path: Path) -> None:
    whole = tmp_path / "ledger.jsonl"
    async with packed.database.transaction() as session:
        lines = [ledger.export_line(entry) async for entry in ledger.entries(session)]
    whole.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert verify(str(packed.file), str(whole))[0] == 0
    whole.write_text("\n".join(lines[: len(lines) // 2]) + "\n", encoding="utf-8")
    code, said = verify(str(packed.file), str(whole))
    assert code == 1
    assert "is not in the ledger" in said


async def test_whatever_is_changed_is_named(packed: Packed, tmp_path: Path) -> None:
    target = tmp_path / "changed.zip"
    with zipfile.ZipFile(packed.file) as package:
        plan = next(name for name in package.namelist() if name.startswith("documents/"))
        entries = package.read("ledger.jsonl")
    for changes, said in (
        ({plan: b"another"}, f"{plan} was changed"),
        ({plan: None}, f"{plan} is missing"),
        ({"more.txt": b"x"}, "more.txt is not in the manifest"),
        ({"ledger.jsonl": entries.replace(b"LH2026", b"LH2025", 1)}, "ledger.jsonl was changed"),
    ):
        code, output = verify(rewritten(packed, target, **changes))
        assert (code, said in output) == (1, True), output


async def test_memory_stays_at_one_piece(tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(bytes(8 << 20))
    member = archive.Member(path="big", kind="document", size=8 << 20, sha256="", source=big)
    pieces = [len(piece) for piece in archive.package([member], b"{}")]
    assert max(pieces) < 2 * archive.PIECE
    assert sum(pieces) > 8 << 20


@pytest.fixture(scope="module")
async def proof(clones: Clones) -> dict[str, object]:
    name = clones.make()
    database = Database(settings_for(name))
    async with database.transaction() as session:
        world: World = await build_world(session, at(3))
        case, party = await absent(session, world, "gardens")
        by = world.liaisons["gardens"]
        await letters.read_by_department(session, party, by=by, now=at(3, 16))
        await switch_on(session)
    async with database.transaction() as session:
        case = await session.get_one(Case, case.id)
        party = await session.get_one(type(party), party.id)
        asked = await consent.propose_deemed_consent(
            session, case, party, legal_basis="试点办法第九条", by=world.dispatcher, now=at(27)
        )
        await consent.review_deemed_consent(
            session, case, asked.id, approve=True, by=world.supervisor, now=at(27, 11)
        )
    async with database.transaction() as session:
        made: dict[str, object] = json.loads(await archive.consent_proof(session, case, asked.id))
    await database.close()
    clones.drop(name)
    return made


async def test_proof_of_a_deemed_consent_verifies_offline(proof: dict[str, object], tmp_path: Path) -> None:
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(proof), encoding="utf-8")
    assert verify(str(file))[0] == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("read_at", "2026-03-02T00:00:00.000000+00:00"),
        ("due", "2026-03-01"),
        ("supervisor", 1),
        ("legal_basis", "别的文件"),
        ("department", "fire"),
        ("letter", 999_999),
    ],
)
async def test_proof_that_claims_something_else_fails(
    proof: dict[str, object], tmp_path: Path, field: str, value: object
) -> None:
    file = tmp_path / "proof.json"
    statement = proof["statement"]
    assert isinstance(statement, dict)
    file.write_text(json.dumps(proof | {"statement": statement | {field: value}}), encoding="utf-8")
    assert verify(str(file))[0] == 1
