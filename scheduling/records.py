"""What a problem is made of: sites, visits, officers, vehicles, travel and the bookings that already stand.

Everything is immutable. Times are integers: *ticks* counted from 00:00 of the horizon's first day, so many in a minute
as `ProblemData.resolution` says (1 unless a benchmark needs finer ones). A `DayWindow` is a span of every day, in ticks
after its midnight; a `Window` is one span of the horizon, in absolute ticks.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property

import msgspec

from core.workdays import WorkCalendar

MINUTES_OF_DAY = 24 * 60
#: A visit that starts before noon belongs to the morning.
NOON = 12 * 60


class Half(StrEnum):
    MORNING = "morning"
    AFTERNOON = "afternoon"


class Post(StrEnum):
    """A岗 does the work; B岗 stands in for it."""

    PRIMARY = "A"
    SUBSTITUTE = "B"


class Hold(StrEnum):
    """How firmly an existing booking stands."""

    PINNED = "pinned"  # time and team stay
    LOCKED = "locked"  # the time stays; a substitute may take a seat
    MOVABLE = "movable"  # both may change, at a cost


class Term(StrEnum):
    """What a plan is judged by; `objectives.py` defines each."""

    UNSERVED = "unserved"
    LATENESS = "lateness"
    MOVED = "moved"
    SUBSTITUTES = "substitutes"
    OVERLOAD = "overload"
    TRAVEL = "travel"
    TARDINESS = "tardiness"
    MAX_TARDINESS = "max_tardiness"
    WAITING = "waiting"
    SPLITS = "splits"
    DISLIKED = "disliked"


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An immutable record whose fields are named wherever it is built."""


class Window(Record, frozen=True, kw_only=True):
    start: int
    end: int


class DayWindow(Record, frozen=True, kw_only=True):
    start: int
    end: int


class HalfDay(Record, frozen=True, kw_only=True):
    day: date
    half: Half


class Office(Record, frozen=True, kw_only=True):
    """Where officers start and end their day. Coordinates are WGS 84 degrees."""

    id: str
    lon: float = 0.0
    lat: float = 0.0


class Site(Record, frozen=True, kw_only=True):
    """`access` are the spans of a day in which a visit may begin; none means at any time."""

    id: str
    lon: float = 0.0
    lat: float = 0.0
    district: str | None = None
    access: tuple[DayWindow, ...] = ()
    closed: tuple[date, ...] = ()


class Party(Record, frozen=True, kw_only=True):
    """A department's part in a visit: `officers` of its own who each hold all `certificates`.

    Its part lasts `duration` ticks; less than another party's means that it leaves early. It begins `lag[0]` to
    `lag[1]` ticks after the first party's part: (0, 0) is together.
    """

    id: str
    department: str
    duration: int
    matter: str = ""
    certificates: tuple[str, ...] = ()
    officers: int = 2
    lag: tuple[int, int] = (0, 0)


class Visit(Record, frozen=True, kw_only=True):
    """One joint visit to one site.

    It may be held from `earliest` on, and is promised within `promised` working days of `received`. `wanted` asks for a
    start inside it: earlier is impossible, later is tardy. `after` names the visit that must have ended before this one
    starts. Visits of one `group` (parts of one case, cases of one site) would like to share a half-day.
    """

    id: str
    site: str
    parties: tuple[Party, ...]
    applicant: str = ""
    priority: int = 1
    earliest: date | None = None
    received: date | None = None
    promised: int | None = None
    wanted: Window | None = None
    preferred: tuple[HalfDay, ...] = ()
    forbidden: tuple[HalfDay, ...] = ()
    after: str | None = None
    group: str | None = None


class Certificate(Record, frozen=True, kw_only=True):
    name: str
    first: date = date.min
    last: date = date.max


class Leave(Record, frozen=True, kw_only=True):
    """Absence on each of the days, all day unless a `part` of it is given."""

    first: date
    last: date
    part: DayWindow | None = None


class Officer(Record, frozen=True, kw_only=True):
    """`hours` are the working spans of a day. Between two of them an officer has `lunch` ticks without work or travel.

    `district` keeps an officer to sites of that district; `daily` and `weekly` cap the on-site ticks; `pool` names the
    vehicles that the officer depends on. The day begins and ends at `office`, within the hours.
    """

    id: str
    department: str
    office: str
    hours: tuple[DayWindow, ...] = (DayWindow(start=540, end=720), DayWindow(start=810, end=1020))
    post: Post = Post.PRIMARY
    certificates: tuple[Certificate, ...] = ()
    leave: tuple[Leave, ...] = ()
    lunch: int = 0
    district: str | None = None
    daily: int | None = None
    weekly: int | None = None
    pool: str | None = None


class Recusal(Record, frozen=True, kw_only=True):
    """The officer takes no part in the visit, or in any visit of the applicant."""

    officer: str
    visit: str | None = None
    applicant: str | None = None


class Vehicle(Record, frozen=True, kw_only=True):
    """A half-day takes at most as many officers of the pool into the field as its vehicles then seat."""

    id: str
    pool: str
    seats: int
    unavailable: tuple[HalfDay, ...] = ()


class Matrix(Record, frozen=True, kw_only=True, tag="matrix"):
    """Travel ticks between `places` (offices and sites), row to column."""

    places: tuple[str, ...]
    ticks: tuple[tuple[int, ...], ...]


class Speed(Record, frozen=True, kw_only=True, tag="speed"):
    """Travel from coordinates: great circle × `detour`, at `kmh` up to `near_km` and `far_kmh` beyond, plus `fixed`.

    `fixed` minutes are for parking and the gate; two visits on the same spot are no travel. The distance is rounded to
    whole metres before, the ticks upwards after.
    """

    kmh: float = 28.0
    far_kmh: float = 50.0
    near_km: float = 10.0
    detour: float = 1.3
    fixed: int = 8


class Booking(Record, frozen=True, kw_only=True):
    """Where a visit stands in the present plan: `starts` and `teams` are given for each party in order."""

    visit: str
    starts: tuple[int, ...]
    teams: tuple[tuple[str, ...], ...]
    hold: Hold = Hold.MOVABLE
    cost: int = 1


class Level(Record, frozen=True, kw_only=True):
    """Terms that are weighed against each other; an earlier level is never traded for a later one."""

    weights: Mapping[Term, int]


def _levels(*terms: Term) -> tuple[Level, ...]:
    return tuple(Level(weights={term: 1}) for term in terms)


CITY_LEVELS = _levels(
    Term.UNSERVED,
    Term.LATENESS,
    Term.MOVED,
    Term.SUBSTITUTES,
    Term.OVERLOAD,
    Term.TRAVEL,
    Term.WAITING,
    Term.SPLITS,
    Term.DISLIKED,
)


class ProblemData(Record, frozen=True, kw_only=True, dict=True):
    """All that a plan depends on, unchecked: see `Problem`.

    Starts fall on multiples of `grid` ticks. `fair_share` is the load, in percent of an officer's even share of the
    department's work, up to which load counts as fair.
    """

    first_day: date
    days: int
    offices: tuple[Office, ...]
    sites: tuple[Site, ...]
    officers: tuple[Officer, ...]
    visits: tuple[Visit, ...]
    travel: Matrix | Speed = Speed()
    vehicles: tuple[Vehicle, ...] = ()
    recusals: tuple[Recusal, ...] = ()
    bookings: tuple[Booking, ...] = ()
    calendar: WorkCalendar = WorkCalendar("weekdays", {})
    levels: tuple[Level, ...] = CITY_LEVELS
    resolution: int = 1
    grid: int = 1
    fair_share: int = 125

    @property
    def day_ticks(self) -> int:
        return MINUTES_OF_DAY * self.resolution

    @property
    def noon(self) -> int:
        return NOON * self.resolution

    @cached_property
    def visit_by_id(self) -> dict[str, Visit]:
        return {visit.id: visit for visit in self.visits}

    @cached_property
    def officer_by_id(self) -> dict[str, Officer]:
        return {officer.id: officer for officer in self.officers}

    @cached_property
    def site_by_id(self) -> dict[str, Site]:
        return {site.id: site for site in self.sites}

    @cached_property
    def booking_by_visit(self) -> dict[str, Booking]:
        return {booking.visit: booking for booking in self.bookings}

    def date_of(self, day: int) -> date:
        return self.first_day + timedelta(days=day)

    def half_day_of(self, tick: int) -> HalfDay:
        day, rest = divmod(tick, self.day_ticks)
        return HalfDay(day=self.date_of(day), half=Half.MORNING if rest < self.noon else Half.AFTERNOON)

    def deadline_of(self, visit: Visit) -> date | None:
        """The last day of the promise, or None where nothing is promised."""
        if visit.received is None or visit.promised is None:
            return None
        promise = visit.received, visit.promised
        if promise not in self._deadlines:
            self._deadlines[promise] = self.calendar.add_working_days(*promise)
        return self._deadlines[promise]

    @cached_property
    def _deadlines(self) -> dict[tuple[date, int], date]:
        """As far as they were asked for: a search asks for its visit's on every day."""
        return {}
