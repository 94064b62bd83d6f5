"""What makes a problem contradict itself. Every refusal has a stable code and a Chinese message with named values."""

import math
from collections.abc import Iterable, Iterator
from itertools import pairwise

from scheduling.records import (
    Certificate,
    DayWindow,
    Hold,
    Leave,
    Matrix,
    Office,
    ProblemData,
    Site,
    Speed,
    Visit,
    Window,
)

EAST, NORTH = 180, 90
#: Below walking pace a speed profile is a slip of the pen.
SLOWEST = 0.1

MESSAGES = {
    "duplicate_id": "%(kind)s编号重复：%(id)s",
    "unknown_id": "%(owner)s引用了不存在的%(kind)s：%(id)s",
    "empty_horizon": "排期至少要有一天",
    "bad_window": "%(owner)s的时间段无效：%(start)s–%(end)s",
    "overlapping_hours": "%(owner)s的工作时间段重叠或未按先后排列",
    "no_parties": "联合验收件%(owner)s没有参验部门",
    "bad_number": "%(owner)s的%(field)s取值无效：%(value)s",
    "bad_lag": "%(owner)s的部门起始间隔无效",
    "cyclic_order": "联合验收件%(owner)s的先后顺序成环",
    "bad_coordinates": "%(owner)s的坐标无效：%(lon)s, %(lat)s",
    "matrix_shape": "路程矩阵与地点不符",
    "negative_travel": "路程时间不能为负",
    "booking_shape": "%(owner)s的既有预约与参验部门不符",
    "recusal_target": "回避须指明联合验收件或申请人之一：%(owner)s",
}
#: What `kind` may be in these.
KINDS = ("地点", "人员", "联合验收件", "车辆", "既有预约", "办公地点", "场地", "参验部门")


class ProblemError(ValueError):
    """The problem contradicts itself. `code` is stable; `params` fill the message's placeholders."""

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params = params
        super().__init__(MESSAGES[code] % params)


def validate(problem: ProblemData) -> None:
    """Raises `ProblemError` for the first contradiction found."""
    if problem.days < 1:
        raise ProblemError("empty_horizon")
    _positive("problem", resolution=problem.resolution, grid=problem.grid, fair_share=problem.fair_share)
    _unique(problem)
    _check_places(problem)
    _check_officers(problem)
    for visit in problem.visits:
        _check_visit(problem, visit)
    _check_order(problem)
    _check_bookings(problem)
    for level in problem.levels:
        for term, weight in level.weights.items():
            if weight < 0:
                raise ProblemError("bad_number", owner="levels", field=term, value=weight)


def _unique(problem: ProblemData) -> None:
    kinds: dict[str, Iterable[str]] = {
        "地点": [*(office.id for office in problem.offices), *(site.id for site in problem.sites)],
        "人员": [officer.id for officer in problem.officers],
        "联合验收件": [visit.id for visit in problem.visits],
        "车辆": [vehicle.id for vehicle in problem.vehicles],
        "既有预约": [booking.visit for booking in problem.bookings],
    }
    for kind, ids in kinds.items():
        seen: set[str] = set()
        for each in ids:
            if each in seen:
                raise ProblemError("duplicate_id", kind=kind, id=each)
            seen.add(each)


def _known(owner: str, kind: str, each: str, known: Iterable[str]) -> None:
    if each not in known:
        raise ProblemError("unknown_id", owner=owner, kind=kind, id=each)


def _positive(owner: str, **values: int) -> None:
    for name, value in values.items():
        if value < 1:
            raise ProblemError("bad_number", owner=owner, field=name, value=value)


def _check_window(owner: str, window: Window | DayWindow, *, limit: int | None = None) -> None:
    """An empty span is allowed: it says "exactly then"."""
    if not 0 <= window.start <= window.end or (limit is not None and window.end > limit):
        raise ProblemError("bad_window", owner=owner, start=window.start, end=window.end)


def _check_hours(owner: str, windows: tuple[DayWindow, ...], limit: int) -> None:
    for window in windows:
        _check_window(owner, window, limit=limit)
    if any(left.end > right.start for left, right in pairwise(windows)):
        raise ProblemError("overlapping_hours", owner=owner)


def _check_places(problem: ProblemData) -> None:
    places: tuple[Office | Site, ...] = (*problem.offices, *problem.sites)
    for place in places:
        if not (abs(place.lon) <= EAST and abs(place.lat) <= NORTH):
            raise ProblemError("bad_coordinates", owner=place.id, lon=place.lon, lat=place.lat)
    for site in problem.sites:
        _check_hours(site.id, site.access, problem.day_ticks)
    if isinstance(problem.travel, Matrix):
        _check_matrix(problem, problem.travel)
    else:
        _check_speed(problem.travel)


def _check_speed(speed: Speed) -> None:
    for name in ("kmh", "far_kmh", "near_km", "detour", "fixed"):
        value = getattr(speed, name)
        least = 0 if name in ("near_km", "fixed") else SLOWEST
        if not least <= value < math.inf:
            raise ProblemError("bad_number", owner="travel", field=name, value=value)


def _check_matrix(problem: ProblemData, matrix: Matrix) -> None:
    if {len(row) for row in matrix.ticks} - {len(matrix.places)} or len(matrix.ticks) != len(matrix.places):
        raise ProblemError("matrix_shape")
    places = set(matrix.places)
    for each in (*(office.id for office in problem.offices), *(site.id for site in problem.sites)):
        _known("travel", "地点", each, places)
    if any(tick < 0 for row in matrix.ticks for tick in row):
        raise ProblemError("negative_travel")


def _check_officers(problem: ProblemData) -> None:
    offices = {office.id for office in problem.offices}
    for officer in problem.officers:
        _known(officer.id, "办公地点", officer.office, offices)
        _check_hours(officer.id, officer.hours, problem.day_ticks)
        periods: tuple[Leave | Certificate, ...] = (*officer.leave, *officer.certificates)
        for period in periods:
            if period.last < period.first:
                raise ProblemError("bad_window", owner=officer.id, start=period.first, end=period.last)
        for leave in officer.leave:
            if leave.part:
                _check_window(officer.id, leave.part, limit=problem.day_ticks)
        for name in ("lunch", "daily", "weekly"):
            value = getattr(officer, name)
            if value is not None and value < 0:
                raise ProblemError("bad_number", owner=officer.id, field=name, value=value)
    for vehicle in problem.vehicles:
        _positive(vehicle.id, seats=vehicle.seats)
    for recusal in problem.recusals:
        _known("recusal", "人员", recusal.officer, problem.officer_by_id)
        if (recusal.visit is None) == (recusal.applicant is None):
            raise ProblemError("recusal_target", owner=recusal.officer)
        if recusal.visit is not None:
            _known(recusal.officer, "联合验收件", recusal.visit, problem.visit_by_id)


def _check_visit(problem: ProblemData, visit: Visit) -> None:
    _known(visit.id, "场地", visit.site, problem.site_by_id)
    if not visit.parties:
        raise ProblemError("no_parties", owner=visit.id)
    _positive(visit.id, priority=visit.priority)
    if visit.promised is not None and visit.promised < 0:
        raise ProblemError("bad_number", owner=visit.id, field="promised", value=visit.promised)
    if visit.wanted:
        _check_window(visit.id, visit.wanted)
    for party in visit.parties:
        _positive(f"{visit.id}/{party.id}", duration=party.duration, officers=party.officers)
        if party.lag[0] < 0 or party.lag[0] > party.lag[1]:
            raise ProblemError("bad_lag", owner=visit.id)
    if visit.parties[0].lag != (0, 0):
        raise ProblemError("bad_lag", owner=visit.id)
    if len({party.id for party in visit.parties}) != len(visit.parties):
        raise ProblemError("duplicate_id", kind="参验部门", id=visit.id)
    if visit.after is not None:
        _known(visit.id, "联合验收件", visit.after, problem.visit_by_id)


def _predecessors(problem: ProblemData, visit: Visit) -> Iterator[str]:
    after = visit.after
    while after is not None:
        yield after
        after = problem.visit_by_id[after].after


def _check_order(problem: ProblemData) -> None:
    for visit in problem.visits:
        seen = {visit.id}
        for each in _predecessors(problem, visit):
            if each in seen:
                raise ProblemError("cyclic_order", owner=visit.id)
            seen.add(each)


def _check_bookings(problem: ProblemData) -> None:
    for booking in problem.bookings:
        _known("booking", "联合验收件", booking.visit, problem.visit_by_id)
        parties = problem.visit_by_id[booking.visit].parties
        if not len(parties) == len(booking.starts) == len(booking.teams) or booking.cost < 0:
            raise ProblemError("booking_shape", owner=booking.visit)
        for team in booking.teams:
            for officer in team:
                _known(booking.visit, "人员", officer, problem.officer_by_id)
        if booking.hold is not Hold.MOVABLE and any(start < 0 for start in booking.starts):
            raise ProblemError("booking_shape", owner=booking.visit)
