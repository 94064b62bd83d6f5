"""Nothing that is closed leaves: markers in every closed column, then every public page, feed, file and error read."""

import gzip
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import unquote

import httpx
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.status_codes import HTTP_200_OK
from sqlmodel import col

from core.db import Database
from core.settings import Settings
from documents import store
from inspection.commands.draws import commit_draw
from inspection.models import JointOpinion, Project
from migrations.schema import metadata
from tendering import drafts
from tendering.commands import publish_notices
from tendering.content import Attachment, Content
from tendering.rules import NoticeKind
from tendering.sealing import seal_notices
from tests.api.planting import closed_columns, declared, fill_empty_tables, leaked_in, plant
from tests.conftest import NOW
from tests.inspection import world as inspection
from tests.tendering.factories import publication, publish_chain

LINK = re.compile(r"[\"'>](?:http://localhost:8000)?(/[^/\"'<>#\\\s][^\"'<>#\\\s]*)")


def test_every_column_is_public_or_closed() -> None:
    columns = {table.name: {column.name for column in table.columns} for table in metadata.sorted_tables}
    classed = {table: set().union(*kinds.values()) for table, kinds in declared().items()}
    twice = {
        table: kinds["public"] & kinds["closed"] for table, kinds in declared().items() if len(kinds) > 1
    }

    assert classed == columns
    assert {table: both for table, both in twice.items() if both} == {}


#: Not read: what a secret opens, files of the house, a redirection, what only those who build pages see, and the file
#: of a draw whose seed is still sealed.
UNREAD = {
    "/draws/{draw:int}/file",
    "/feeds/{token:str}/tasks.ics",
    "/welcome/{token:str}",
    "/static/{file_path:path}",
    "/assets/{file_path:path}",
    "/lang/{locale:str}",
    "/styleguide",
}


@dataclass
class Reader:
    """A stranger who opens everything that is linked or whose address can be guessed."""

    client: httpx.AsyncClient
    opened: dict[str, int] = field(default_factory=dict)
    leaks: dict[str, set[str]] = field(default_factory=dict)
    _shapes: set[object] = field(default_factory=set)

    async def read(self, *paths: str) -> None:
        waiting = list(paths)
        while waiting:
            path = waiting.pop()
            if not self._is_new(path):
                continue
            answer = await self.client.get(path)
            self.opened[path] = answer.status_code
            text = unquote("\n".join((text_of(answer), *map(str, answer.headers.raw))))
            if leaked := leaked_in(text):
                self.leaks[path] = leaked
            waiting += [link.replace("&amp;", "&") for link in LINK.findall(text) if "{" not in link]

    def _is_new(self, path: str) -> bool:
        """A page that differs from one already opened only in what it is filtered by tells nothing more."""
        place, _, query = path.partition("?")
        shape = (place, tuple(sorted(part.partition("=")[0] for part in query.split("&"))))
        fresh = shape not in self._shapes and not place.startswith(("/static/", "/assets/"))
        self._shapes.add(shape)
        return fresh

    def has_read(self, route: str) -> bool:
        address = re.compile(re.sub(r"\{[^}]*\}", "[^/]+", route) + r"(\?.*)?")
        return any(status == HTTP_200_OK and address.fullmatch(path) for path, status in self.opened.items())


def text_of(answer: httpx.Response) -> str:
    """What a file says, packed or not."""
    content = answer.content
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            content = b"\n".join(packed.read(name) for name in packed.namelist())
    return content.decode(errors="replace")


def public_routes(app: Litestar) -> Iterator[str]:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", []):
            if (
                isinstance(handler, HTTPRouteHandler)
                and "GET" in handler.http_methods
                and handler.opt.get("public")
            ):
                yield route.path


@pytest.fixture
async def guesses(database: Database, settings: Settings) -> list[str]:
    """A city in which something has happened everywhere, its secrets marked; addresses that somebody could guess."""
    await publish_chain(database)
    plan = store.path_of(settings.attachment_dir, sha256(b"%PDF-plan").hexdigest())
    plan.parent.mkdir(parents=True)
    plan.write_bytes(b"%PDF-plan")
    shown = Content(attachments=(Attachment("图纸.pdf", plan.name, 9),))
    async with database.transaction() as session:
        drawing = publication(8, NoticeKind.TENDER, shown, process="p2")
        await publish_notices(session, [drawing], now=NOW, by="system")
        world = await inspection.build_world(session, inspection.at(3), officers=3)
        issued, _ = await inspection.issued(session, world, inspection.at(3))
        hidden = await inspection.draft(session, world, inspection.at(3), 2)
        await drafts.save_draft(
            session, publication(9, NoticeKind.TENDER, Content(text="内部")), by=world.owner, now=NOW
        )
        await seal_notices(session, NOW.date(), key=Ed25519PrivateKey.generate(), now=NOW)
        await commit_draw(
            session,
            title="抽查",
            project_codes=list(await session.scalars(sa.select(col(Project.code)))),
            departments=["fire"],
            count=1,
            by=world.owner,
            now=NOW,
        )
        papers = await session.scalars(sa.union(sa.select(col(JointOpinion.verification_code))))
        codes = [issued.code, hidden.code, *papers]
    async with database.engine.begin() as connection:
        await fill_empty_tables(connection)
        await plant(connection)
    return [
        f"{place}/{code}"
        for code in [*codes, "nothing"]
        for place in ("/progress", "/verify", "/api/v1/cases")
    ] + [
        *(f"/api/v1/cases/{code}/public" for code in codes),
        *("/projects/2601-990101-47-01-000001", "/projects/2601-990101-47-01-000002", "/projects/nothing"),
        *("/nothing", "/notices/nothing", "/processes/nothing", "/complaints/1", "/drafts/1", "/cases"),
        *("/api/v1/nothing", "/api/v1/notices?limit=0", "/api/v1/webhooks", "/api/v1/exchange/sources"),
        *("/feeds/nothing/tasks.ics", "/following/nothing", "/unsubscribe/nothing"),
    ]


async def test_no_public_address_tells_what_is_closed(
    app: Litestar, client: httpx.AsyncClient, guesses: list[str]
) -> None:
    reader, routes = Reader(client), list(public_routes(app))
    await reader.read(*(path for path in routes if "{" not in path), *guesses)

    assert reader.leaks == {}
    assert {path: status for path, status in reader.opened.items() if status >= 500} == {}
    assert {route for route in routes if not reader.has_read(route)} == UNREAD


def test_markers_are_found_however_they_are_written() -> None:
    assert leaked_in("1,731,000,001 qzx000q 2391-01-04") == {"a closed day", *map(str, closed_columns()[:2])}
