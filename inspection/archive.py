"""归档: everything of a case in one ZIP with a manifest, streamed as it is read; and proofs that leave on their own.

manifest.json                 every file with kind, size and SHA-256
ledger.jsonl                  the case's entries of the ledger
documents/ photos/ letters/   what was handed in, seen on site, told in writing
opinion.pdf minutes/ case.json verify_case.py
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core import ledger
from core.errors import NotFound
from core.ledger import LedgerEntry
from documents import queries, store
from documents.models import DeficiencyNotice
from inspection.exchange import as_json, exchange_record
from inspection.models import Case, DeemedConsent, Finding, JointOpinion, Letter, Paper, Party, Visit

VERIFIER = Path(__file__).parent.parent / "docs" / "verify_case.py"
PIECE = 1 << 18
#: ZIP knows no earlier day; a fixed one makes the same case the same bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One file of the package; `source` is where its bytes are."""

    path: str
    kind: str
    size: int
    sha256: str
    source: Path | bytes


def member(path: str, kind: str, content: bytes) -> Member:
    digest = hashlib.sha256(content).hexdigest()
    return Member(path=path, kind=kind, size=len(content), sha256=digest, source=content)


async def members_of(session: AsyncSession, case: Case, folder: Path) -> list[Member]:
    """Everything that is kept of the case; `folder` is the store of uploads. Reads only."""
    return [
        *await _documents(session, case, folder),
        *await _photos(session, case, folder),
        *await _papers(session, case),
        *await _minutes(session, case),
        member("case.json", "exchange", as_json(await exchange_record(session, case.code))),
        member("ledger.jsonl", "ledger", "".join(await extract(session, case.code)).encode()),
        member("verify_case.py", "verifier", VERIFIER.read_bytes()),
    ]


async def extract(session: AsyncSession, code: str) -> list[str]:
    """The ledger's entries of the case, a line each; entries of this very transaction are not sealed yet."""
    rows = await session.scalars(
        sa.select(LedgerEntry)
        .where(col(LedgerEntry.subject) == f"case:{code}")
        .order_by(col(LedgerEntry.seq))
    )
    return [ledger.export_line(row) + "\n" for row in rows]


async def _documents(session: AsyncSession, case: Case, folder: Path) -> list[Member]:
    dossier = await queries.latest_dossier(session, f"case:{case.code}")
    lines = await queries.files(session, dossier) if dossier else []
    return [
        Member(
            path=f"documents/{line.id}-{store.shown_name(line.name)}",
            kind="document",
            size=line.size,
            sha256=line.sha256,
            source=store.path_of(folder, line.sha256),
        )
        for line in lines
    ]


async def _photos(session: AsyncSession, case: Case, folder: Path) -> list[Member]:
    """Each picture once, however many findings show it."""
    findings = await session.scalars(
        sa.select(Finding).where(col(Finding.case_id) == case.id).order_by(col(Finding.id))
    )
    names = dict.fromkeys(
        name
        for finding in findings
        for name in (*finding.photos, *(finding.remote_look or {}).get("photos", []))
    )
    paths = {name: store.path_of(folder, name) for name in names}
    return [
        Member(path=f"photos/{name}.jpg", kind="photo", size=path.stat().st_size, sha256=name, source=path)
        for name, path in paths.items()
        if path.is_file()
    ]


async def _papers(session: AsyncSession, case: Case) -> list[Member]:
    found = []
    letters = await session.execute(
        sa.select(Letter, Paper)
        .join(Paper, col(Paper.sha256) == col(Letter.sha256))
        .where(col(Letter.case_id) == case.id)
        .order_by(col(Letter.id))
    )
    found += [member(f"letters/{row.id}-{row.kind}.pdf", "letter", paper.pdf) for row, paper in letters]
    notices = await session.scalars(
        sa.select(DeficiencyNotice)
        .where(col(DeficiencyNotice.subject) == f"case:{case.code}", col(DeficiencyNotice.pdf).is_not(None))
        .order_by(col(DeficiencyNotice.id))
    )
    found += [member(f"letters/notice-{row.id}.pdf", "notice", row.pdf or b"") for row in notices]
    opinion = await session.scalar(
        sa.select(Paper)
        .join(JointOpinion, col(JointOpinion.sha256) == col(Paper.sha256))
        .where(col(JointOpinion.case_id) == case.id)
    )
    if opinion is not None:
        found.append(member("opinion.pdf", "opinion", opinion.pdf))
    return found


async def _minutes(session: AsyncSession, case: Case) -> list[Member]:
    visits = await session.scalars(
        sa.select(Visit)
        .where(col(Visit.case_id) == case.id, col(Visit.minutes_text) != "")
        .order_by(col(Visit.id))
    )
    return [
        member(f"minutes/round-{visit.round}-{visit.id}.txt", "minutes", visit.minutes_text.encode())
        for visit in visits
    ]


def manifest(case: Case, members: Iterable[Member], *, now: datetime) -> bytes:
    files = [
        {"path": each.path, "kind": each.kind, "size": each.size, "sha256": each.sha256} for each in members
    ]
    content = {
        "case": case.code,
        "state": case.state.value,
        "made_at": now.astimezone(UTC).isoformat(timespec="microseconds"),
        "files": files,
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode()


def package(members: Iterable[Member], listing: bytes) -> Iterator[bytes]:
    """The ZIP in pieces, the manifest first; memory stays at one piece, whatever the files' size."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as target:
        target.writestr(zipfile.ZipInfo("manifest.json", EPOCH), listing)
        for each in members:
            info = zipfile.ZipInfo(each.path, EPOCH)
            info.file_size = each.size
            opened = io.BytesIO(each.source) if isinstance(each.source, bytes) else each.source.open("rb")
            with opened as content, target.open(info, "w") as written:
                while piece := content.read(PIECE):
                    written.write(piece)
                    yield pipe.drain()
    yield pipe.drain()


class _Pipe(io.RawIOBase):
    """Takes what the ZIP writes, without going back in it, until it is fetched."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting += data
        return len(data)

    def drain(self) -> bytes:
        piece = bytes(self._waiting)
        self._waiting.clear()
        return piece


async def consent_proof(session: AsyncSession, case: Case, consent_id: int) -> bytes:
    """超时默许 as one file: what is claimed, and the ledger's entries from which it follows. Raises `NotFound`."""
    row = (
        await session.execute(
            sa.select(DeemedConsent, Party, Letter)
            .join(Party, col(Party.id) == col(DeemedConsent.party_id))
            .join(Letter, col(Letter.id) == col(DeemedConsent.letter_id))
            .where(
                col(DeemedConsent.id) == consent_id,
                col(Party.case_id) == case.id,
                col(DeemedConsent.approved).is_(True),
            )
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    consent, party, letter = row
    statement = {
        "case": case.code,
        "department": party.department_code,
        "consent": consent.id,
        "letter": letter.id,
        "letter_code": letter.verification_code,
        "sent_at": _utc(letter.sent_at),
        "read_at": _utc(letter.read_at),
        "due": consent.due.isoformat(),
        "legal_basis": consent.legal_basis,
        "lead": consent.lead_id,
        "asked_at": _utc(consent.asked_at),
        "supervisor": consent.supervisor_id,
        "decided_at": _utc(consent.decided_at),
    }
    entries = [json.loads(line) for line in await extract(session, case.code)]
    proof = {"kind": "deemed_consent", "statement": statement, "ledger": entries}
    return json.dumps(proof, ensure_ascii=False, indent=1).encode()


def _utc(moment: datetime | None) -> str | None:
    """As the ledger writes it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds") if moment else None
