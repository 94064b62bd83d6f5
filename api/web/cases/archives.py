"""归档包: the whole case as one ZIP, for those who keep it; and the proof of a deemed consent."""

import asyncio
from datetime import datetime

import sqlalchemy as sa
from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.auth.principal import Principal
from api.resources import Resources
from api.web.cases.acts import person
from api.web.cases.view import check_reach
from core.access import Action, Scope
from core.errors import NotAllowed, NotFound
from core.printed import typeset
from inspection import archive, papers
from inspection.commands.letters import PRINTED_ELSEWHERE
from inspection.exchange import as_json, as_xml, exchange_record
from inspection.models import Case, Letter
from inspection.states import CaseState


@get("/inspections/{code:str}/archive.zip", opt={"action": Action.CASE_READ}, include_in_schema=False)
async def download_archive(
    code: FromPath[str], caller: Principal | None, resources: Resources, now: datetime
) -> Stream:
    """For everybody who may read all cases once it is archived; for supervision at any time."""
    who = person(caller)
    await print_letters(resources, code, now=now)
    async with resources.database.transaction() as session:
        case = await case_of(session, code)
        archived = case.state is CaseState.ARCHIVED and who.scope(Action.CASE_READ) is Scope.ALL
        if not archived and not who.may(Action.SUPERVISE):
            raise NotAllowed
        members = await archive.members_of(session, case, resources.settings.upload_dir)
        listing = archive.manifest(case, members, now=now)
    headers = {"Content-Disposition": f'attachment; filename="{code}.zip"'}
    return Stream(archive.package(members, listing), media_type="application/zip", headers=headers)


async def print_letters(resources: Resources, code: str, *, now: datetime) -> None:
    """Those that the worker has not come to yet."""
    async with resources.database.transaction() as session:
        case = await case_of(session, code)
        waiting = list(
            await session.scalars(
                sa.select(Letter).where(
                    col(Letter.case_id) == case.id,
                    col(Letter.sha256).is_(None),
                    col(Letter.kind).not_in(PRINTED_ELSEWHERE),
                )
            )
        )
        contents = {letter.id: await papers.letter_content(session, letter) for letter in waiting}
    made = {
        number: await asyncio.to_thread(
            typeset, papers.TEMPLATE, content, base_url=resources.settings.base_url
        )
        for number, content in contents.items()
    }
    async with resources.database.transaction() as session:
        for number, pdf in made.items():
            await papers.keep_letter(session, number, pdf, now=now)


async def case_of(session: AsyncSession, code: str) -> Case:
    case = await session.scalar(sa.select(Case).where(col(Case.code) == code))
    if case is None:
        raise NotFound
    return case


@get(
    "/inspections/{code:str}/deemed/{consent:int}", opt={"action": Action.CASE_READ}, include_in_schema=False
)
async def download_consent_proof(
    session: AsyncSession, code: FromPath[str], consent: FromPath[int], caller: Principal | None
) -> Response[bytes]:
    await check_reach(session, person(caller), code)
    proof = await archive.consent_proof(session, await case_of(session, code), consent)
    headers = {"Content-Disposition": f'attachment; filename="{code}-deemed-{consent}.json"'}
    return Response(proof, media_type="application/json", headers=headers)


@get("/inspections/{code:str}/exchange/{kind:str}", opt={"action": Action.CASE_READ}, include_in_schema=False)
async def download_exchange(
    session: AsyncSession, code: FromPath[str], kind: FromPath[str], caller: Principal | None
) -> Response[bytes]:
    """国家交换码 as JSON or XML; the same records in both."""
    await check_reach(session, person(caller), code)
    encoders = {"json": as_json, "xml": as_xml}
    if kind not in encoders:
        raise NotFound
    content = encoders[kind](await exchange_record(session, code))
    headers = {"Content-Disposition": f'attachment; filename="{code}-exchange.{kind}"'}
    return Response(content, media_type=f"application/{kind}", headers=headers)


ROUTES: list[ControllerRouterHandler] = [download_archive, download_consent_proof, download_exchange]
