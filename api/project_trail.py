"""One project through both areas: its notices from plan to contract, then its joint inspections."""

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import NotFound
from inspection.queries.public_board import ProjectCase, project_cases
from tendering.queries import NoticeFilter, NoticeLine, list_notices

#: More than any project of a city has; the rest is one search away.
MOST_NOTICES = 200


class ProjectTrail(msgspec.Struct, frozen=True, kw_only=True):
    """What is public under one national project code, oldest first."""

    code: str
    name: str
    notices: list[NoticeLine]
    inspections: list[ProjectCase]


async def project_trail(session: AsyncSession, code: str) -> ProjectTrail:
    """Raises NotFound where no area knows the code."""
    found = await list_notices(session, NoticeFilter(project=code), limit=MOST_NOTICES)
    cases = await project_cases(session, code)
    if not found.items and not cases:
        raise NotFound
    notices = found.items[::-1]
    name = cases[0].project_name if cases else notices[0].title
    return ProjectTrail(code=code, name=name, notices=notices, inspections=cases)
