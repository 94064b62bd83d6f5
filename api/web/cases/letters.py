"""文书: every letter as a PDF; opening one's own is the read receipt, and the window may hand one over on paper."""

import asyncio
from datetime import datetime
from typing import Any

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.principal import Principal
from api.resources import Resources
from api.web.cases.acts import Entered, act, address_of, person
from api.web.cases.view import load_case
from core.access import Action
from core.clock import local_date
from core.errors import NotFound
from core.printed import typeset
from inspection import papers
from inspection.commands import letters
from inspection.models import Case, Letter


@get(
    ["/cases/{code:str}/letters/{letter:int}", "/inspections/{code:str}/letters/{letter:int}"],
    opt={"action": Action.CASE_READ},
    include_in_schema=False,
)
async def download_letter(
    code: FromPath[str],
    letter: FromPath[int],
    caller: Principal | None,
    resources: Resources,
    now: datetime,
) -> Response[Any]:
    """The PDF of a letter that this reader may see; what the worker has not made yet is made now."""
    who = person(caller)
    async with resources.database.transaction() as session:
        view = await load_case(session, who, code, today=local_date(now))
        if letter not in {each.id for each in view.letters}:
            raise NotFound
        row = await letters.read_letter(session, letter, by=who.person, now=now)
        if row.kind in letters.PRINTED_ELSEWHERE:
            return Redirect(f"{address_of(who, code)}/notice", status_code=303)
        pdf = await papers.pdf_of(session, row.sha256)
        content = await papers.letter_content(session, row) if pdf is None else {}
    if pdf is None:
        made = await asyncio.to_thread(
            typeset, papers.TEMPLATE, content, base_url=resources.settings.base_url
        )
        async with resources.database.transaction() as session:
            await papers.keep_letter(session, letter, made, now=now)
            row = await session.get_one(Letter, letter)
            pdf = await papers.pdf_of(session, row.sha256) or made
    headers = {"Content-Disposition": f'inline; filename="{code}-{letter}.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=headers)


@act("/inspections/{code:str}/letters/{letter:int}/hand-over", Action.CASE_ACCEPT)
async def hand_over(session: AsyncSession, case: Case, entered: Entered) -> None:
    await letters.hand_over(session, case, entered.path["letter"], by=entered.by, now=entered.now)


ROUTES: list[ControllerRouterHandler] = [download_letter, hand_over]
