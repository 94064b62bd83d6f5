"""The city's ground: three districts, two zones, and sites on a grid of streets around the service centre.

The coordinates lie in the open sea, so that no address is anyone's.
"""

from dataclasses import dataclass
from math import cos, hypot, radians, sin
from random import Random

from demo.chance import pick

CENTRE = (30.0, 125.0)  # latitude, longitude of the service centre
KM_PER_DEGREE = 111.32
FAR_SHARE, FAR_KM, EDGE_KM = 0.05, 25.0, 38.0
TRAVEL_MINUTES = (12, 55)
MINUTES_PER_KM = 1.15


@dataclass(frozen=True, slots=True)
class District:
    code: str  # GB/T 2260 form, in the unassigned range 99
    name: str
    is_zone: bool
    sector: tuple[int, int]  # degrees around the centre
    share: float  # of the city's projects


DISTRICTS = (
    District("990102", "澜东区", is_zone=False, sector=(-40, 40), share=0.27),
    District("990103", "澜西区", is_zone=False, sector=(130, 220), share=0.23),
    District("990104", "云渡区", is_zone=False, sector=(220, 320), share=0.18),
    District("990171", "临澜经济技术开发区", is_zone=True, sector=(40, 90), share=0.18),
    District("990172", "临澜高新技术产业开发区", is_zone=True, sector=(90, 130), share=0.14),
)
AVENUES = (
    "澜江路",
    "望海路",
    "云渡大道",
    "青屿路",
    "学府路",
    "滨河路",
    "科创大道",
    "迎宾路",
    "锦绣路",
    "丰泽路",
)
STREETS = ("一街", "二街", "三街", "五街", "六街", "八街", "九街", "十街", "中街", "横街")


@dataclass(frozen=True, slots=True)
class Site:
    district: District
    address: str
    east_km: float  # from the service centre
    north_km: float

    @property
    def distance_km(self) -> float:
        return hypot(self.east_km, self.north_km)

    @property
    def latitude(self) -> float:
        return CENTRE[0] + self.north_km / KM_PER_DEGREE

    @property
    def longitude(self) -> float:
        return CENTRE[1] + self.east_km / (KM_PER_DEGREE * cos(radians(CENTRE[0])))


def site(rng: Random) -> Site:
    district = pick(rng, {district: district.share for district in DISTRICTS})
    far = rng.random() < FAR_SHARE
    radius = rng.uniform(FAR_KM, EDGE_KM) if far else 0.8 + (FAR_KM - 1) * rng.random() ** 0.9
    angle = radians(rng.uniform(*district.sector))
    avenue, street = rng.choice(AVENUES), rng.choice(STREETS)
    address = f"临澜市{district.name}{avenue}与{street}交汇处{rng.randrange(1, 400)}号"
    return Site(district, address, round(radius * cos(angle), 3), round(radius * sin(angle), 3))


def travel_minutes(one: Site | None, other: Site) -> int:
    """Driving time; `one` None means from the service centre."""
    east, north = (one.east_km, one.north_km) if one else (0.0, 0.0)
    shortest, longest = TRAVEL_MINUTES
    minutes = shortest + MINUTES_PER_KM * hypot(other.east_km - east, other.north_km - north)
    return min(longest, round(minutes))
