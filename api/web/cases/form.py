"""The application form: read field by field, each fault named beside its field."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.web.cases.acts import Entered
from core.errors import FieldProblem, InvalidInput
from inspection.commands.application import ProjectForm, SegmentForm
from inspection.models import Case, Project, Segment
from inspection.rules import PROJECT_CODE
from inspection.triggers import Facts, Risk, Use

#: Facts that are ticked or not.
SWITCHES = tuple(name for name, kind in Facts.__annotations__.items() if kind is bool)
CONNECTIONS = ("water", "power", "gas", "heat", "telecom")
CREDIT_CODE_LENGTH = 18
_LARGEST = Decimal(10**9)

T = TypeVar("T")


class _Reader:
    """Reads the fields of a form and remembers what is wrong with each."""

    def __init__(self, entered: Entered) -> None:
        self.entered = entered
        self.problems: list[FieldProblem] = []

    def required(self, name: str) -> str:
        text = self.entered.text(name)
        if not text:
            self.problems.append(FieldProblem(name, "请填写此项。"))
        return text

    def parsed(self, name: str, kind: Callable[[str], T], default: T, message: str) -> T:
        text = self.entered.text(name)
        try:
            return kind(text)
        except (ValueError, InvalidOperation):
            self.problems.append(FieldProblem(name, message))
            return default

    def number(self, name: str, low: int, high: Decimal, *, blank: Decimal | None = None) -> Decimal:
        if blank is not None and not self.entered.text(name):
            return blank
        value = self.parsed(name, _finite, Decimal(low), "请填写数字。")
        if not low <= value <= high:
            self.problems.append(FieldProblem(name, "数值不在合理范围内。"))
        return value

    def day(self, name: str) -> date | None:
        try:
            return self.entered.date(name)
        except InvalidInput as refusal:
            self.problems += refusal.problems
            return None


def _finite(text: str) -> Decimal:
    value = Decimal(text.replace(",", "").replace("，", ""))
    if not value.is_finite():
        raise ValueError(text)
    return value


def application_of(entered: Entered) -> tuple[ProjectForm, SegmentForm, tuple[date, date] | None]:
    """Project, segment, wished days. Raises `InvalidInput` with everything that is wrong."""
    read = _Reader(entered)
    project = _project(read)
    facts = _facts(read)
    segment = SegmentForm(
        number=int(read.number("number", 1, Decimal(999), blank=Decimal(1))),
        name=read.required("segment"),
        facts=facts,
        buildings=int(read.number("buildings", 1, Decimal(999), blank=Decimal(1))),
    )
    wanted = _wanted(read)
    if read.problems:
        raise InvalidInput(problems=tuple(read.problems))
    return project, segment, wanted


def _project(read: _Reader) -> ProjectForm:
    code = read.required("code")
    if code and not PROJECT_CODE.fullmatch(code):
        read.problems.append(
            FieldProblem("code", "项目代码应为 24 位（含短横），例如 2403-330299-04-01-123456。")
        )
    credit_code = read.required("owner_credit_code").upper()
    if credit_code and len(credit_code) != CREDIT_CODE_LENGTH:
        read.problems.append(FieldProblem("owner_credit_code", "统一社会信用代码应为 18 位。"))
    return ProjectForm(
        code=code,
        name=read.required("project"),
        owner_name=read.required("owner_name"),
        owner_credit_code=credit_code,
        address=read.required("address"),
        district=read.required("district"),
        lon=read.number("lon", -180, Decimal(180)),
        lat=read.number("lat", -90, Decimal(90)),
    )


def _facts(read: _Reader) -> Facts:
    ticked = set(read.entered.texts("facts"))
    area = read.number("floor_area", 1, _LARGEST)
    switches: dict[str, Any] = {name: name in ticked for name in SWITCHES}
    return Facts(
        use=read.parsed("use", Use, Use.PUBLIC, "请选择一项。"),
        risk=read.parsed("risk", Risk, Risk.MIDDLE, "请选择一项。"),
        floor_area=area,
        elevators=int(read.number("elevators", 0, Decimal(999), blank=Decimal(0))),
        connections=tuple(kind for kind in CONNECTIONS if kind in read.entered.texts("connections")),
        **switches,
    )


def _wanted(read: _Reader) -> tuple[date, date] | None:
    first, last = read.day("wanted_from"), read.day("wanted_to")
    if not first and not last:
        return None
    first, last = first or last, last or first
    assert first is not None and last is not None  # noqa: PT018, S101 - one of them was given
    if last < first:
        read.problems.append(FieldProblem("wanted_to", "结束日期早于开始日期。"))
    return first, last


async def check_owner(session: AsyncSession, project: ProjectForm) -> None:
    """A project that is known already belongs to the owner whose credit code is registered with it."""
    registered = await session.scalar(
        sa.select(col(Project.owner_credit_code)).where(col(Project.code) == project.code)
    )
    if registered not in {None, project.owner_credit_code}:
        raise InvalidInput(problems=(FieldProblem("owner_credit_code", "与该项目登记的建设单位不一致。"),))


async def known_application(session: AsyncSession, applicant: int, code: str) -> dict[str, Any]:
    """What this applicant has said about the project before; nothing of what others have."""
    project = await session.scalar(
        sa.select(Project)
        .join(Segment, col(Segment.project_id) == col(Project.id))
        .join(Case, col(Case.segment_id) == col(Segment.id))
        .where(col(Project.code) == code, col(Case.applicant_id) == applicant)
        .limit(1)
    )
    if project is None:
        return {"code": code}
    return {
        "code": project.code,
        "project": project.name,
        "owner_name": project.owner_name,
        "owner_credit_code": project.owner_credit_code,
        "address": project.address,
        "district": project.district,
        "lon": project.lon,
        "lat": project.lat,
    }
