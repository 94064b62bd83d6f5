"""What a dossier says about its project, and the ways in which documents print it."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from demo.chance import stream
from demo.names import person_name
from demo.projects import Market, Project

DIGITS = "〇一二三四五六七八九"
CAPITALS = "零壹贰叁肆伍陆柒捌玖"
CAPITAL_UNITS = ("", "拾", "佰", "仟")
FULL_WIDTH = str.maketrans("0123456789.,", "０１２３４５６７８９．，")


@dataclass(frozen=True, slots=True)
class Building:
    name: str
    above: float
    below: float
    floors: int


@dataclass(frozen=True, slots=True)
class Facts:
    """One project's, or segment's, as every document of its dossier should state them. Areas in ㎡."""

    project_name: str
    project_code: str
    address: str
    construction_unit: str
    builder: str
    designer: str
    surveyor: str
    supervisor: str
    mapper: str
    tester: str
    planning_permit: str
    construction_permit: str
    land_permit: str
    fire_review: str
    civil_defence_permit: str
    buildings: tuple[Building, ...]
    land_area: float
    green_ratio: float  # 0–1
    height: float  # m
    structure: str
    elevators: int
    start_date: date
    completion_date: date
    applied_on: date
    people: tuple[str, ...]

    @property
    def area_above_ground(self) -> float:
        return round(sum(building.above for building in self.buildings), 2)

    @property
    def area_below_ground(self) -> float:
        return round(sum(building.below for building in self.buildings), 2)

    @property
    def floor_area(self) -> float:
        return round(self.area_above_ground + self.area_below_ground, 2)

    @property
    def civil_defence_area(self) -> float:
        return round(max(self.area_below_ground * 0.4, 120.0), 2)

    @property
    def green_area(self) -> float:
        return round(self.land_area * self.green_ratio, 2)

    @property
    def storeys(self) -> str:
        floors = max(building.floors for building in self.buildings)
        return f"地上{floors}层" + ("，地下1层" if self.area_below_ground else "")


def facts_of(project: Project, market: Market, *, segment: int = 1) -> Facts:
    part = project.segments[segment - 1]
    rng = stream("facts", project.code, segment)
    finished = project.finished_on
    region, year = project.site.district.code, project.started_on.year
    return Facts(
        project_name=project.name,
        project_code=project.code,
        address=project.site.address,
        construction_unit=project.owner.name,
        builder=project.builder.name,
        designer=project.designer.name,
        surveyor=project.surveyor.name,
        supervisor=project.supervisor.name,
        mapper=market.firm(rng, "mapper").name,
        tester=market.firm(rng, "tester").name,
        planning_permit=project.permits.planning,
        construction_permit=project.permits.construction,
        land_permit=project.permits.land,
        fire_review=f"临消审字〔{year}〕第{rng.randrange(1, 999):04d}号",
        civil_defence_permit=f"临人防审字〔{year}〕{region[-2:]}{rng.randrange(1, 999):03d}号",
        buildings=tuple(
            Building(house.name, round(house.area - house.below, 2), house.below, house.floors)
            for house in part.buildings
        ),
        land_area=project.land_area,
        green_ratio=project.green_ratio,
        height=max(house.height for house in part.buildings),
        structure=project.structure,
        elevators=max(1, project.elevators),
        start_date=project.started_on,
        completion_date=finished,
        applied_on=finished + timedelta(days=6),
        people=tuple(person_name(rng) for _ in range(8)),
    )


@dataclass(frozen=True, slots=True)
class Style:
    """How one document prints numbers and dates."""

    dates: str  # chinese | dashes | dots | capitals
    areas: str  # plain | commas | wan | full_width | capitals

    @classmethod
    def draw(cls, rng: Random) -> "Style":
        return cls(
            rng.choices(("chinese", "dashes", "dots", "capitals"), (5, 3, 2, 1))[0],
            rng.choices(("plain", "commas", "wan", "full_width", "capitals"), (6, 3, 2, 1, 1))[0],
        )

    def date(self, day: date) -> str:
        if self.dates == "dashes":
            return day.isoformat()
        if self.dates == "dots":
            return f"{day:%Y.%m.%d}"
        if self.dates == "capitals":
            year = "".join(DIGITS[int(digit)] for digit in str(day.year))
            return f"{year}年{_small(day.month)}月{_small(day.day)}日"
        return f"{day.year}年{day.month}月{day.day}日"

    def area(self, value: float) -> str:
        if self.areas == "commas":
            return f"{value:,.2f} ㎡"
        if self.areas == "wan":
            return f"{value / 10_000:.6f}万㎡"
        if self.areas == "full_width":
            return f"{value:.2f}".translate(FULL_WIDTH) + "㎡"
        if self.areas == "capitals":
            return capitals(value) + "平方米"
        return f"{value:.2f}㎡"


def _small(number: int) -> str:
    """1–31 in Chinese numerals."""
    tens, ones = divmod(number, 10)
    head = ("" if tens == 1 else DIGITS[tens]) + "十" if tens else ""
    return head + (DIGITS[ones] if ones else "")


def capitals(value: float) -> str:
    """12345.67 → 壹万贰仟叁佰肆拾伍点陆柒"""
    whole, _, fraction = f"{value:.2f}".partition(".")
    parts = []
    groups = [whole[max(0, end - 4) : end] for end in range(len(whole), 0, -4)][::-1]
    for index, group in enumerate(groups):
        text = _thousands(group)
        if text:
            parts.append(text + ("万" if len(groups) - index == 2 else ""))  # noqa: PLR2004 - second from the end
    return ("".join(parts).lstrip("零") or "零") + "点" + "".join(CAPITALS[int(digit)] for digit in fraction)


def _thousands(group: str) -> str:
    text, zero = "", False
    for position, digit in enumerate(group):
        unit = CAPITAL_UNITS[len(group) - position - 1]
        if digit == "0":
            zero = True
        else:
            text += ("零" if zero else "") + CAPITALS[int(digit)] + unit
            zero = False
    return text
