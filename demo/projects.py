"""Projects and their segments: what was built, by whom, where, and who has a part in inspecting it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import accumulate
from random import Random

from demo.chance import NORMAL, quota, strata, stream
from demo.geography import Site, site
from demo.names import PUBLIC_BODIES, Company, company, project_name, public_body
from demo.organisation import DEPARTMENTS

KINDS = {
    "housing": 0.34,
    "industry": 0.30,
    "commerce": 0.12,
    "public": 0.11,
    "municipal": 0.08,
    "refit": 0.05,
}
RISKS = {"low": 0.18, "lower_middle": 0.30, "middle": 0.32, "high": 0.17, "very_high": 0.03}
KEY_SHARE = 0.09
AREA_SIGMA, AREA_LIMITS = 1.15, (300, 420_000)
SEGMENTED_ABOVE, SEGMENTED_SHARE, SEGMENT_COUNTS = 50_000, 0.22, (2, 3, 4, 5)
#: Minutes on site by area in ㎡, the larger of two neighbours beginning where the smaller ends.
SITE_MINUTES = ((3_000, 60), (10_000, 90), (30_000, 150), (50_000, 210), (100_000, 240), (math.inf, 420))
MINUTES_PER_BUILDING, BUILDINGS_COUNTED, MEETING_MINUTES = 12, 6, 20
BUILDING_AREA = 14_000
BUILDING_NOUNS = {"housing": "号住宅楼", "industry": "号厂房", "municipal": "号构筑物"}
PUBLIC_OWNER_SHARE = 0.7
STRUCTURES = ("框架结构", "剪力墙结构", "框架剪力墙结构", "钢结构", "排架结构")
PHASES = "一二三四五"
INDUSTRY_CODES = ("47", "36", "39", "70", "82", "83", "77", "54")


@dataclass(frozen=True, slots=True)
class Building:
    name: str
    area: float  # ㎡ of floor, above and below ground
    below: float  # of it, ㎡ below ground
    floors: int
    height: float  # m


@dataclass(frozen=True, slots=True)
class Segment:
    number: int
    name: str
    buildings: tuple[Building, ...]

    @property
    def area(self) -> float:
        """㎡"""
        return round(sum(building.area for building in self.buildings), 2)

    @property
    def below(self) -> float:
        """㎡ below ground"""
        return round(sum(building.below for building in self.buildings), 2)

    @property
    def site_minutes(self) -> int:
        """The time that an inspection needs on site, meetings included."""
        base = next(minutes for limit, minutes in SITE_MINUTES if self.area < limit)
        further = min(len(self.buildings) - 1, BUILDINGS_COUNTED)
        return base + MINUTES_PER_BUILDING * further + MEETING_MINUTES


@dataclass(frozen=True, slots=True)
class Permits:
    planning: str
    construction: str
    land: str


@dataclass(frozen=True, slots=True)
class Project:
    code: str
    name: str
    kind: str
    risk: str
    is_key: bool
    site: Site
    owner: Company
    builder: Company
    designer: Company
    surveyor: Company
    supervisor: Company
    permits: Permits
    segments: tuple[Segment, ...]
    parties: tuple[str, ...]  # department codes
    structure: str
    land_area: float  # ㎡
    green_ratio: float  # 0–1
    parking: int
    elevators: int
    started_on: date
    finished_on: date
    difficulty: float  # standard normal: makes failures of one project's parties alike

    @property
    def area(self) -> float:
        return round(sum(segment.area for segment in self.segments), 2)


@dataclass(frozen=True, slots=True)
class Market:
    """The firms that build in the city."""

    firms: dict[str, tuple[Company, ...]]

    def firm(self, rng: Random, trade: str) -> Company:
        return rng.choice(self.firms[trade])


def build_market(seed: str, projects: int) -> Market:
    sizes = {"developer": 3, "builder": 4, "designer": 8, "surveyor": 12, "supervisor": 8}
    sizes |= {"mapper": 20, "tester": 12, "agent": 10, "supplier": 3}
    firms: dict[str, tuple[Company, ...]] = {}
    for trade, share in sizes.items():
        found: dict[str, Company] = {}
        for number in range(max(6, projects // share)):
            firm = company(stream(seed, "firm", trade, number), trade)
            found.setdefault(firm.name, firm)
        firms[trade] = tuple(found.values())
    firms["public"] = tuple(public_body(stream(seed, "public", name), name) for name in PUBLIC_BODIES)
    return Market(firms)


def build_projects(
    seed: str, market: Market, finished: Sequence[date], *, cases: int, area: float
) -> tuple[Project, ...]:
    """Projects whose segments number `cases` and whose floor area is about `area` ㎡.

    `finished` gives the day on which the work ended, one for each case; a project takes its segments' earliest.
    """
    rng = stream(seed, "projects")
    counts, areas = _sizes(rng, cases, area)
    number = len(areas)
    sketches = map(
        Sketch,
        range(number),
        quota(rng, KINDS, number),
        areas,
        counts,
        (
            min(finished[used : used + more])
            for used, more in zip(accumulate(counts, initial=0), counts, strict=False)
        ),
        quota(rng, RISKS, number),
        quota(rng, {True: KEY_SHARE, False: 1 - KEY_SHARE}, number),
        (NORMAL.inv_cdf(point) for point in strata(rng, number)),
    )
    return tuple(_project(stream(seed, "project", sketch.number), market, sketch) for sketch in sketches)


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is decided for all projects together, so that the city's figures come out."""

    number: int
    kind: str
    area: float
    segments: int
    finished: date
    risk: str
    is_key: bool
    difficulty: float


def _sizes(rng: Random, cases: int, area: float) -> tuple[list[int], list[float]]:
    """How many segments each project has, and its area."""
    projects = cases
    while True:
        median = _median_for(area / projects)
        points = strata(rng, projects)
        areas = [_area(median, point) for point in points]
        large = [index for index, size in enumerate(areas) if size > SEGMENTED_ABOVE]
        counts = [1] * projects
        for index in large[: round(len(large) * SEGMENTED_SHARE)]:
            counts[index] = rng.choice(SEGMENT_COUNTS)
        surplus = sum(counts) - cases
        if not surplus:
            return counts, areas
        projects -= max(1, surplus // 2) if surplus > 0 else min(-1, surplus // 2)


@cache
def _median_for(mean: float) -> float:
    """The median of the clipped lognormal distribution that has this mean."""
    low, high = mean / 4, mean * 2
    points = [(index + 0.5) / 300 for index in range(300)]
    for _ in range(30):
        middle = (low + high) / 2
        if sum(_area(middle, point) for point in points) / len(points) < mean:
            low = middle
        else:
            high = middle
    return low


def _area(median: float, point: float) -> float:
    size = median * math.exp(AREA_SIGMA * NORMAL.inv_cdf(point))
    return round(min(max(size, AREA_LIMITS[0]), AREA_LIMITS[1]), 2)


def _project(rng: Random, market: Market, sketch: Sketch) -> Project:
    ground = site(rng)
    parties = tuple(item.code for item in DEPARTMENTS if rng.random() < item.share)
    started = sketch.finished - timedelta(
        days=240 + round(min(sketch.area, 150_000) / 250) + rng.randrange(120)
    )
    serial = 100_000 + (sketch.number * 7919) % 900_000
    is_public = sketch.kind in {"public", "municipal"} and rng.random() < PUBLIC_OWNER_SHARE
    return Project(
        code=f"{started:%y%m}-{ground.district.code}-{rng.choice(INDUSTRY_CODES)}-0{rng.randint(1, 3)}-{serial}",
        name=project_name(rng, sketch.kind, ground.district.name[:2]),
        kind=sketch.kind,
        risk=sketch.risk,
        is_key=sketch.is_key,
        site=ground,
        owner=market.firm(rng, "public" if is_public else "developer"),
        builder=market.firm(rng, "builder"),
        designer=market.firm(rng, "designer"),
        surveyor=market.firm(rng, "surveyor"),
        supervisor=market.firm(rng, "supervisor"),
        permits=_permits(rng, ground, started),
        segments=tuple(_segments(rng, sketch, has_basement="civil_defence" in parties)),
        parties=parties,
        structure=rng.choice(STRUCTURES),
        land_area=round(sketch.area / rng.uniform(1.2, 2.8), 2),
        green_ratio=round(rng.uniform(0.25, 0.38) if "gardens" in parties else rng.uniform(0.05, 0.2), 3),
        parking=round(sketch.area / rng.uniform(80, 140)) if "traffic" in parties else 0,
        elevators=max(1, round(sketch.area / 4500)) if "elevators" in parties else 0,
        started_on=started,
        finished_on=sketch.finished,
        difficulty=sketch.difficulty,
    )


def _segments(rng: Random, sketch: Sketch, *, has_basement: bool) -> Iterator[Segment]:
    low_rise = sketch.kind in {"industry", "municipal"}
    floors = rng.randint(1, 4) if low_rise else rng.randint(3, 26)
    below = rng.uniform(0.08, 0.24) if has_basement else 0.0
    first = 1
    for number, area in enumerate(_parts(rng, sketch.area, sketch.segments), 1):
        buildings = tuple(
            Building(
                f"{first + index}{BUILDING_NOUNS.get(sketch.kind, '号楼')}",
                size,
                round(size * below, 2),
                floors,
                round(floors * (3.0 if sketch.kind == "housing" else 4.5) + rng.uniform(0.3, 1.8), 2),
            )
            for index, size in enumerate(_parts(rng, area, max(1, round(area / BUILDING_AREA))))
        )
        first += len(buildings)
        yield Segment(number, f"{PHASES[number - 1]}期" if sketch.segments > 1 else "全部", buildings)


def _parts(rng: Random, whole: float, count: int) -> list[float]:
    """Unequal parts, to two decimals, that add up to the whole."""
    shares = [rng.uniform(0.7, 1.3) for _ in range(count)]
    parts = [round(whole * share / sum(shares), 2) for share in shares[1:]]
    return [round(whole - sum(parts), 2), *parts]


def _permits(rng: Random, ground: Site, started: date) -> Permits:
    region, year = ground.district.code, started.year
    return Permits(
        planning=f"建字第{region}{year}GG{rng.randrange(10**7):07d}号",
        construction=f"{region}{started:%Y%m%d}{rng.randrange(10_000):04d}",
        land=f"临（{year - 1}）{ground.district.name[:2]}不动产权第{rng.randrange(10**7):07d}号",
    )
