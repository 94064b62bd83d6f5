"""Proof of publication: each day's signed Merkle root, and a notice's way to it."""

from typing import Any

import msgspec
from litestar import Response, get
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from api.v1.answers import MISSING, READ, ApiRequest, Reading, json_answer, refused_as, shown
from api.v1.notices import Code
from tendering.sealing import NotSealed, Proof, SignedRoot, list_roots, prove_notice

_ROOT = {
    "number": 118,
    "day": "2026-03-04",
    "size": 3,
    "root": "4f" * 32,
    "signature": "a1" * 64,
    "publicKey": "d7" * 32,
}
_PROOF = {
    "notice": "G1B2C3D4E5F60-01",
    "published": '{"buyer":null,"category":"works","content":{},"id":"G1B2C3D4E5F60-01"}',
    "digest": "0c" * 32,
    "place": 1,
    "path": ["9e" * 32, "51" * 32],
    "tree": _ROOT,
}


class RootList(msgspec.Struct):
    roots: list[SignedRoot]


@get(
    "/roots",
    opt={"public": True},
    operation_class=Reading,
    tags=["交易信息"],
    summary="每日公告的签名默克尔树根 · Signed Merkle roots, newest first",
    responses=shown({"roots": [_ROOT]}, RootList, "树根 · Roots") | READ,
)
async def get_roots(request: ApiRequest, session: AsyncSession) -> Response[Any]:
    return json_answer(request, RootList(await list_roots(session)), max_age=3600)


@get(
    "/notices/{code:str}/proof",
    opt={"public": True},
    operation_class=Reading,
    tags=["交易信息"],
    summary="一份公告确曾发布的证明，可离线核验 · Proof that a notice was published, verifiable offline",
    responses=shown(_PROOF, Proof, "RFC 6962 证明 · Inclusion proof")
    | READ
    | MISSING
    | refused_as(NotSealed),
)
async def get_proof(request: ApiRequest, session: AsyncSession, code: Code) -> Response[Any]:
    return json_answer(request, await prove_notice(session, code), max_age=3600)


ROUTES: list[ControllerRouterHandler] = [get_roots, get_proof]
