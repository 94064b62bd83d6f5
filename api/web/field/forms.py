"""What officers send from the field, by kind of record; the same fields from a page's form and from a phone's queue."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from litestar.datastructures import FormMultiDict, UploadFile
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth.principal import Principal
from api.case_dossiers import files_of
from api.resources import Resources
from api.web.cases.acts import Entered
from api.web.field.photos import store_photos
from api.web.field.task import party_in_reach
from core.clock import local_date
from core.errors import FieldProblem, InvalidInput, NotFound
from inspection.commands import fieldwork, opinions, visits
from inspection.commands.fieldwork import FindingForm
from inspection.commands.opinions import CommitmentForm
from inspection.commands.transitions import lock_case
from inspection.models import Case, Party
from inspection.refusals import PlaceInvalid
from inspection.states import CheckResult, RecheckMode, Verdict

VERDICTS = {each.value: each for each in Verdict if each is not Verdict.DEEMED}
RESULTS = {each.value: each for each in CheckResult}
MODES = {each.value: each for each in RecheckMode}
LONGEST_KEY = 64
LARGEST_INTEGER = 2**31
#: Of a plan's picture that is 1000 wide.
TALLEST = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Entered):
    """`at` is when it was said, by the phone's clock but never in the future; `photos` are in the store already."""

    at: datetime
    photos: list[str] = field(default_factory=list)

    @property
    def seen(self) -> int | None:
        """The version that the sender had before him; None where the form does not say."""
        return self.number("seen") if self.text("seen") else None

    @property
    def key(self) -> str:
        key = self.text("key")
        if not 0 < len(key) <= LONGEST_KEY:
            raise InvalidInput(problems=(FieldProblem("key", "该项填写有误。"),))
        return key


Verb = Callable[[AsyncSession, Case, Party, Told], Awaitable[int | None]]
"""Returns the version of what it recorded."""


async def carry_out(
    resources: Resources,
    form: FormMultiDict,
    *,
    kind: str,
    code: str,
    matter: str,
    caller: Principal,
    now: datetime,
    said_at: datetime | None = None,
    record: str | None = None,
) -> int:
    """One record, in a transaction of its own; a `record` that came before changes nothing.

    Returns the version that the thing recorded now has, 0 where it has none or nothing changed.

    Raises `NotFound` for another department's task, and what the verb raises.
    """
    verb = VERBS.get(kind)
    if verb is None:
        raise NotFound
    async with resources.database.transaction() as session:
        await party_in_reach(session, caller, code, matter, on=local_date(now))
    sent = [each for each in form.getall("photos", []) if isinstance(each, UploadFile) and each.filename]
    photos = await store_photos(sent, resources.settings.upload_dir)
    at = min(said_at or now, now)
    told = Told(form, {}, caller, now, at=at, photos=photos)
    async with resources.database.transaction() as session:
        case = await lock_case(session, code)
        party = await party_in_reach(session, caller, code, matter, on=local_date(now))
        if record and not await fieldwork.once(
            session, party, key=record, kind=kind, by=told.by, said_at=at, now=now
        ):
            return 0
        return await verb(session, case, party, told) or 0


async def check_in(session: AsyncSession, case: Case, party: Party, told: Told) -> None:
    await visits.check_in(
        session,
        case,
        party,
        by=told.by,
        now=told.now,
        at=told.at,
        place=_position(told),
        override_reason=told.text("reason"),
    )


def _position(told: Told) -> tuple[Decimal, Decimal] | None:
    """Longitude and latitude as the phone gave them; an officer without them states a reason."""
    if not told.text("lon") or not told.text("lat"):
        return None
    try:
        lon, lat = Decimal(told.text("lon")), Decimal(told.text("lat"))
    except InvalidOperation as error:
        raise InvalidInput(problems=(FieldProblem("lon", "位置有误。"),)) from error
    if not (lon.is_finite() and lat.is_finite() and abs(lon) <= 180 and abs(lat) <= 90):  # noqa: PLR2004 - degrees
        raise InvalidInput(problems=(FieldProblem("lon", "位置有误。"),))
    return round(lon, 6), round(lat, 6)


async def answer_item(session: AsyncSession, case: Case, party: Party, told: Told) -> int:
    result = RESULTS.get(told.text("result"))
    if result is None:
        raise InvalidInput(problems=(FieldProblem("result", "请选择一项。"),))
    answer = await fieldwork.answer_item(
        session,
        case,
        party,
        item=told.number("item"),
        result=result,
        text=told.text("note"),
        by=told.by,
        now=told.now,
        at=told.at,
        seen=told.seen,
    )
    return answer.version


async def record_finding(session: AsyncSession, case: Case, party: Party, told: Told) -> None:
    """What is safety-critical is rechecked on site, whatever was chosen."""
    critical = bool(told.text("critical"))
    form = FindingForm(
        text=told.text("text"),
        basis=told.text("basis"),
        safety_critical=critical,
        recheck=RecheckMode.SITE if critical else MODES.get(told.text("recheck"), RecheckMode.DESK),
        place=await _place(session, case, told),
        photos=told.photos,
    )
    await fieldwork.record_finding(
        session, case, party, form, key=told.key, by=told.by, now=told.now, seen=told.seen
    )


async def _place(session: AsyncSession, case: Case, told: Told) -> dict[str, Any] | None:
    """`FILE:PAGE:X:Y:HEIGHT` of one of the case's own files. Raises `PlaceInvalid`."""
    if not told.text("place"):
        return None
    try:
        file, page, x, y, height = told.text("place").split(":")
        place = {"file": int(file), "page": int(page), "x": float(x), "y": float(y), "height": int(height)}
    except ValueError as error:
        raise PlaceInvalid from error
    own = {each.id for each in await files_of(session, case.code)}
    inside = 0 <= place["x"] <= 1 and 0 <= place["y"] <= 1
    inside = inside and 0 < place["page"] < LARGEST_INTEGER and 0 < place["height"] <= TALLEST
    if place["file"] not in own or not inside:
        raise PlaceInvalid
    return place


async def remove_finding(session: AsyncSession, case: Case, party: Party, told: Told) -> None:
    await fieldwork.remove_finding(
        session, case, party, key=told.key, by=told.by, now=told.now, seen=told.seen
    )


async def look_from_afar(session: AsyncSession, case: Case, party: Party, told: Told) -> None:
    await fieldwork.look_from_afar(
        session,
        case,
        party,
        finding_id=told.number("finding"),
        text=told.text("text"),
        photos=told.photos,
        by=told.by,
        now=told.now,
    )


async def give_opinion(session: AsyncSession, case: Case, party: Party, told: Told) -> None:
    """The opinion, signed by the officer who writes it; its findings are those recorded."""
    verdict = VERDICTS.get(told.text("verdict"))
    if verdict is None:
        raise InvalidInput(problems=(FieldProblem("verdict", "请选择验收意见。"),))
    due = told.date("commitment_due")
    await opinions.give_opinion(
        session,
        case,
        party,
        verdict=verdict,
        text=told.text("text"),
        by=told.by,
        now=told.now,
        at=told.at,
        seen=told.seen,
        findings=None,
        commitment=CommitmentForm(told.text("commitment"), due) if due else None,
    )


async def countersign(session: AsyncSession, case: Case, party: Party, told: Told) -> None:
    await opinions.countersign_opinion(
        session, case, party, by=told.by, now=told.now, at=told.at, seen=told.seen
    )


VERBS: Mapping[str, Verb] = {
    "check-in": check_in,
    "checklist": answer_item,
    "finding": record_finding,
    "finding-removal": remove_finding,
    "remote-look": look_from_afar,
    "opinion": give_opinion,
    "sign": countersign,
}
