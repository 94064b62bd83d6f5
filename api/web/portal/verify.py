"""Anyone checks that a notice was published as it stands."""

from litestar import get
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.web.portal.notices import PageRequest
from api.web.rendering import page
from tendering import sealing
from tendering.records import find_notice


@get("/verify/notices/{code:str}", opt={"public": True, "cached": True}, include_in_schema=False)
async def show_proof(request: PageRequest, session: AsyncSession, code: FromPath[str]) -> Template:
    notice = await find_notice(session, code)
    try:
        proof = await sealing.prove_notice(session, code)
    except sealing.NotSealed:
        proof = None
    genuine = proof is not None and proof.digest == notice.digest and sealing.holds(proof)
    return page(request, "portal/verify.html", notice=notice, proof=proof, genuine=genuine)


ROUTES: list[ControllerRouterHandler] = [show_proof]
