"""The made-up city 临澜市, the same for the same seed, preset and moment: plain frozen data, no database.

Its figures follow published ones: a county-level city held 213 joint inspections over 651.49 万㎡ in 2022 (preset B).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from hashlib import sha256
from itertools import islice

import msgspec

from core.clock import LOCAL
from core.workdays import WorkCalendar, state_council_calendar
from demo.cases import Case, build_cases, submission_days
from demo.chance import stream
from demo.diary import Diary, Recusal
from demo.organisation import RECUSED_SHARE, Organisation, build_organisation
from demo.projects import Market, Project, build_market, build_projects

SEED = "临澜"
HISTORY = timedelta(days=365)
BOOKED_AHEAD = timedelta(days=120)
REFERENCE_HOUR = time(15)
WORK_DONE_BEFORE = timedelta(days=12)  # before the application


@dataclass(frozen=True, slots=True)
class Preset:
    """`cases` and `area` (㎡) of a year."""

    cases: int
    area: float
    notices: int

    def scaled(self, size: float) -> "Preset":
        return Preset(round(self.cases * size), self.area * size, round(self.notices * size))


A = Preset(330, 10_560_000, 50_000)
PRESETS = {
    "A": A,
    "B": Preset(213, 6_514_900, 50_000),
    "stress10": Preset(3_300, 105_600_000, 200_000),
    "stress50": Preset(16_500, 528_000_000, 1_000_000),
}


@dataclass(frozen=True, slots=True)
class City:
    seed: str
    moment: datetime  # the cases stand as at this time
    calendar: WorkCalendar
    organisation: Organisation
    recusals: tuple[Recusal, ...]
    market: Market
    projects: tuple[Project, ...]
    cases: tuple[Case, ...]


def build_city(preset: Preset = A, *, now: datetime, seed: str = SEED) -> City:
    """The city with the year of cases before `now`."""
    calendar = state_council_calendar()
    moment = reference_moment(calendar, now)
    first, last = moment.date() - HISTORY, moment.date()
    scale = max(1.0, preset.cases / A.cases)
    organisation = build_organisation(seed, calendar, first, last + BOOKED_AHEAD, scale=scale)
    market = build_market(seed, preset.cases)
    recusals = tuple(_recusals(seed, organisation, market))
    days = submission_days(seed, calendar, first, last, preset.cases)
    projects = build_projects(
        seed, market, [day - WORK_DONE_BEFORE for day in days], cases=preset.cases, area=preset.area
    )
    diary = Diary(organisation, recusals, calendar)
    cases = build_cases(seed, projects, days, diary, moment)
    return City(seed, moment, calendar, organisation, recusals, market, projects, cases)


def reference_moment(calendar: WorkCalendar, now: datetime) -> datetime:
    """The last working afternoon before `now`, when visits are under way."""
    day = now.astimezone(LOCAL).date()
    while not calendar.is_working_day(day) or datetime.combine(day, REFERENCE_HOUR, LOCAL) > now:
        day -= timedelta(days=1)
    return datetime.combine(day, REFERENCE_HOUR, LOCAL)


def fingerprint(city: City) -> str:
    """SHA-256 of all that was made."""
    encoded = msgspec.json.encode((city.organisation, city.recusals, city.market, city.projects, city.cases))
    return sha256(encoded).hexdigest()


def _recusals(seed: str, organisation: Organisation, market: Market) -> Iterator[Recusal]:
    rng = stream(seed, "recusals")
    reasons = ("近亲属在该单位任职", "两年内曾在该单位工作", "与该单位存在其他利害关系")
    firms = [firm for trade in ("developer", "builder", "designer") for firm in market.firms[trade]]
    for officer in islice(organisation.officers, 0, None, round(1 / RECUSED_SHARE)):
        yield Recusal(officer.number, rng.choice(firms).credit_code, rng.choice(reasons))
