"""A draft as the public will read it, with what the law says of its dates, before a second clerk publishes it."""

from datetime import datetime

from litestar import get
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.web.portal.drafts import DRAFTING
from api.web.portal.notices import WORDS, PageRequest, said_of
from api.web.rendering import page
from core.calendars import load_calendar
from tendering import drafts
from tendering.rules import may_follow


@get("/drafts/{number:int}/preview", **DRAFTING)
async def preview(
    request: PageRequest, session: AsyncSession, now: datetime, number: FromPath[int]
) -> Template:
    """As of its moment, where it is to be published later; else as of now."""
    draft = await drafts.find_draft(session, number)
    moment = draft.publish_at or now
    process = await drafts.preview_draft(session, draft, now=moment)
    *earlier, notice = process.notices
    said = said_of(notice, process, now=moment, calendar=await load_calendar(session))
    said["chain"][0]["href"] = None  # it has no address yet
    return page(
        request,
        "portal/draft_preview.html",
        **said,
        draft=draft,
        address=f"/drafts/{number}",
        findings=await drafts.check_draft(session, draft, now=moment),
        fits=may_follow(notice.kind, earlier[-1].kind if earlier else None, notice.category),
        objections=[],
        similar=[],
        **WORDS,
    )


ROUTES: list[ControllerRouterHandler] = [preview]
