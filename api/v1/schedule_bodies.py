"""What /api/v1/schedules takes and gives, and its description made from these very types."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, Reference, RequestBody
from msgspec import Meta

from api.schedules.city import SECONDS
from api.schedules.models import ScheduleState
from api.schedules.planned_cases import PlannedCase
from api.v1.answers import Reading
from scheduling.disturbances import Disturbance
from scheduling.explain import NoSlot
from scheduling.problem import Problem
from scheduling.process import Failure, Result, Step
from scheduling.repair import Repair
from scheduling.rolling import FORTNIGHT
from scheduling.slots import Slots


class Roll(msgspec.Struct):
    """A window of a long horizon: `days` from day `today` on (the horizon's first is 0), of which the first `frozen`
    keep what is booked there. Later bookings may move at their cost, visits that may begin within the window join them.
    """

    today: Annotated[int, Meta(ge=0)] = 0
    days: Annotated[int, Meta(ge=1)] = FORTNIGHT.days
    frozen: Annotated[int, Meta(ge=0)] = FORTNIGHT.frozen


class SolveRequest(msgspec.Struct):
    """`parts`: how many workers may share the problem, by days or districts (`split`); by default by its size.

    `roll`: plan no more than this window; what was held in weeks before it is not part of the answer.
    """

    problem: Problem
    seconds: Annotated[float, Meta(gt=0, le=100)] = 10.0
    seed: Annotated[int, Meta(ge=0, lt=1 << 31)] = 0
    parts: Annotated[int, Meta(ge=1, le=16)] | None = None
    split: Literal["days", "districts"] = "days"
    roll: Roll | None = None


class CityRequest(msgspec.Struct):
    """Every case that waits for its visit is planned, around what is booked."""

    seconds: Annotated[float, Meta(gt=0, le=100)] = SECONDS


class ExplainRequest(msgspec.Struct):
    visit: str
    count: Annotated[int, Meta(ge=1, le=20)] = 5


class RepairRequest(msgspec.Struct):
    """`not_before`: nothing is moved to before this tick of the horizon."""

    disturbances: Annotated[tuple[Disturbance, ...], Meta(min_length=1)]
    not_before: Annotated[int, Meta(ge=0)] = 0
    seconds: Annotated[float, Meta(gt=0, le=10)] = 2.0


class PartStep(Step, frozen=True, kw_only=True, tag="progress"):
    """Progress of one part of a large problem."""

    part: int


class Overview(msgspec.Struct, rename="camel"):
    """One version of a plan, and how far its solving has come; `failure` where it failed."""

    id: str
    series: str
    version: int
    state: ScheduleState
    created_at: datetime
    finished_at: datetime | None
    progress: dict[str, Any] | None


class Solved(Overview, rename="camel"):
    """With the result of a solve or of a repair; null until there is one."""

    result: dict[str, Any] | None


class Repaired(Overview, rename="camel"):
    result: Repair


class ReleaseRequest(msgspec.Struct):
    """`dispatcher`: the login of who is answerable for what the city's plan books; other plans need none."""

    dispatcher: str = ""


class CityCases(msgspec.Struct):
    """In the order of their visits, those without a place first."""

    items: list[PlannedCase]


PREFIX = "#/components/schemas/"


def schema_components() -> dict[str, Any]:
    """JSON Schema by component name. Records of the engine are called Schedule…, which keeps them apart from others."""
    types = (
        SolveRequest,
        CityRequest,
        CityCases,
        ReleaseRequest,
        ExplainRequest,
        RepairRequest,
        Overview,
        Solved,
        Repaired,
        Slots,
        NoSlot,
        Repair,
        Result,
        Step,
    )
    _, found = msgspec.json.schema_components(
        (*types, PartStep, Failure), ref_template=f"{PREFIX}Schedule{{name}}"
    )
    found["Reason"]["properties"]["text"] = {"type": "string", "description": "In the reader's language."}
    found["Solved"]["properties"]["result"] = _any_of("Result", "Repair", null=True)
    found["Overview"]["properties"]["progress"] = _any_of("Step", "PartStep", "Failure", null=True)
    for name in ("Solved", "Repaired"):
        found[name]["properties"]["progress"] = _any_of("Step", "PartStep", "Failure", null=True)
    found["Answer"] = _any_of("Slots", "NoSlot")
    return {f"Schedule{name}": schema for name, schema in found.items()}


def _any_of(*names: str, null: bool = False) -> dict[str, Any]:
    refs: list[dict[str, str]] = [{"$ref": f"{PREFIX}Schedule{name}"} for name in names]
    return {"anyOf": [*refs, {"type": "null"}] if null else refs}


@dataclass
class Described(Reading):
    """An operation whose body (`takes`) and answer (`gives`, with `status`) are components by these names."""

    takes: ClassVar[str | None] = None
    needs_body: ClassVar[bool] = True
    gives: ClassVar[str] = "Overview"
    status: ClassVar[str] = "200"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.takes is not None:
            self.request_body = RequestBody(required=self.needs_body, content=_json(self.takes))
        if self.responses is not None:
            before = self.responses.get(self.status)
            description = (before.description if before else None) or ""
            self.responses[self.status] = OpenAPIResponse(description=description, content=_json(self.gives))


def _json(name: str) -> dict[str, OpenAPIMediaType]:
    return {"application/json": OpenAPIMediaType(schema=Reference(ref=f"{PREFIX}Schedule{name}"))}


@dataclass
class Solving(Described):
    takes = "SolveRequest"
    status = "202"


@dataclass
class PlanningCity(Described):
    takes = "CityRequest"
    status = "202"


@dataclass
class ShowingCases(Described):
    gives = "CityCases"


@dataclass
class Showing(Described):
    gives = "Solved"


@dataclass
class Cancelling(Described):
    status = "202"


@dataclass
class Releasing(Described):
    takes = "ReleaseRequest"
    needs_body = False


@dataclass
class Explaining(Described):
    takes = "ExplainRequest"
    gives = "Answer"


@dataclass
class Repairing(Described):
    takes = "RepairRequest"
    gives = "Repaired"
    status = "201"
