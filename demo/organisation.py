"""Who works in the city's government: departments, officers, experts, vehicles, and when they cannot."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from random import Random

from core.workdays import WorkCalendar
from demo.chance import stream
from demo.names import Person, person, person_name, phone


@dataclass(frozen=True, slots=True)
class Department:
    """A party to joint inspections.

    `share` is its share of cases, `failing` its share of failed first visits, both between 0 and 1.
    """

    code: str
    name: str
    matter: str
    share: float
    failing: float
    primaries: int
    substitutes: int
    friday_study: bool = False
    at_desk: bool = False  # takes no part on site


#: The last seven are minor: they take part in 1.4 of the 6.8 parties of a case and fail 1–2 % of theirs.
DEPARTMENTS = (
    Department("quality", "临澜市住房和城乡建设局（质监）", "竣工验收监督", 1.0, 0.04, 5, 3),
    Department(
        "planning", "临澜市自然资源和规划局", "规划核实与土地核验", 1.0, 0.05, 5, 3, friday_study=True
    ),
    Department("fire", "临澜市住房和城乡建设局（消防）", "建设工程消防验收", 0.95, 0.085, 5, 3),
    Department("water", "临澜市水务局", "排水与水土保持设施验收", 0.60, 0.045, 4, 2, friday_study=True),
    Department("gardens", "临澜市园林绿化管理中心", "附属绿化工程验收", 0.55, 0.045, 3, 2),
    Department("civil_defence", "临澜市人民防空办公室", "人防工程竣工验收备案", 0.50, 0.045, 3, 2),
    Department(
        "archives",
        "临澜市城市建设档案馆",
        "建设工程档案验收",
        0.45,
        0.06,
        3,
        2,
        friday_study=True,
        at_desk=True,
    ),
    Department("traffic", "临澜市公安局交通警察支队", "停车与出入口核验", 0.30, 0.035, 3, 2),
    Department("elevators", "临澜市特种设备检验院", "电梯监督检验", 0.30, 0.015, 3, 2),
    Department("sanitation", "临澜市环境卫生管理中心", "环卫设施验收", 0.25, 0.02, 3, 2),
    Department("gas", "临澜市燃气管理服务中心", "燃气接入核验", 0.25, 0.015, 3, 1, friday_study=True),
    Department("power", "临澜市供电服务中心", "供电接入核验", 0.25, 0.01, 3, 2),
    Department("environment", "临澜市生态环境局", "环境保护设施验收", 0.15, 0.02, 3, 2, friday_study=True),
    Department("telecom", "临澜市通信发展管理办公室", "通信配套设施核验", 0.15, 0.01, 3, 1),
    Department("lightning", "临澜市气象局", "防雷装置竣工验收", 0.06, 0.015, 3, 1),
)
EXPERTS, VEHICLES = 24, 9
SPECIALTIES = (
    "结构",
    "建筑",
    "给排水",
    "暖通",
    "电气",
    "岩土",
    "消防",
    "市政",
    "园林",
    "造价",
    "规划",
    "测绘",
)
EMPLOYERS = ("临澜大学", "临澜市建筑设计研究院（退休）", "澜江工程咨询中心", "临澜市工程质量检测站")
ANNUAL_LEAVE_DAYS = (10, 15)  # working days
SICK_SHARE = 0.02
RECUSED_SHARE = 0.12  # of officers, from one firm each
STUDY_EVERY_WEEKS = 4


@dataclass(frozen=True, slots=True)
class Officer:
    number: str
    person: Person
    department: str
    post: str  # A: primary, B: substitute
    certificate: str
    certificate_until: date


@dataclass(frozen=True, slots=True)
class Expert:
    number: str
    person: Person
    specialty: str
    employer: str


@dataclass(frozen=True, slots=True)
class Vehicle:
    plate: str
    seats: int


@dataclass(frozen=True, slots=True)
class Absence:
    """Days away, both ends included; `afternoon_only` for study."""

    officer: str
    first: date
    last: date
    reason: str  # annual | sick | study
    afternoon_only: bool = False


@dataclass(frozen=True, slots=True)
class Organisation:
    departments: tuple[Department, ...]
    officers: tuple[Officer, ...]
    experts: tuple[Expert, ...]
    vehicles: tuple[Vehicle, ...]
    absences: tuple[Absence, ...]


def build_organisation(
    seed: str, calendar: WorkCalendar, first: date, last: date, *, scale: float = 1
) -> Organisation:
    """Staff for `scale` times the usual load, with their absences between `first` and `last`."""
    officers = tuple(
        _officer(seed, department, post, number, last)
        for department in DEPARTMENTS
        for post, count in (("A", department.primaries), ("B", department.substitutes))
        for number in range(1, ceil(count * scale) + 1)
    )
    rng = stream(seed, "resources")
    return Organisation(
        DEPARTMENTS,
        officers,
        tuple(_expert(rng, number) for number in range(1, ceil(EXPERTS * scale) + 1)),
        tuple(_vehicle(rng, number) for number in range(1, ceil(VEHICLES * scale) + 1)),
        tuple(
            absence
            for officer in officers
            for absence in _absences(stream(seed, "absence", officer.number), officer, calendar, first, last)
        ),
    )


def _officer(seed: str, department: Department, post: str, number: int, until: date) -> Officer:
    identifier = f"{department.code}-{post}{number:02d}"
    rng = stream(seed, "officer", identifier)
    return Officer(
        identifier,
        person(rng),
        department.code,
        post,
        f"临澜执{rng.randrange(10**6):06d}",
        until + timedelta(days=rng.randrange(200, 1600)),
    )


def _expert(rng: Random, number: int) -> Expert:
    return Expert(
        f"expert-{number:02d}",
        Person(person_name(rng), phone(rng)),
        SPECIALTIES[number % len(SPECIALTIES)],
        rng.choice(EMPLOYERS),
    )


def _vehicle(rng: Random, number: int) -> Vehicle:
    return Vehicle(f"澜A·{number:02d}{rng.randrange(1000):03d}", 7 if number % 3 == 0 else 5)


def _absences(
    rng: Random, officer: Officer, calendar: WorkCalendar, first: date, last: date
) -> Iterator[Absence]:
    department = next(item for item in DEPARTMENTS if item.code == officer.department)
    months: set[int] = set()
    for year in range(first.year, last.year + 1):
        wanted = rng.randint(*ANNUAL_LEAVE_DAYS)
        while wanted > 0:
            begin = date(year, 1, 1) + timedelta(days=rng.randrange(350))
            if begin.month + 12 * year in months:  # the parts of one year's leave lie in different months
                continue
            months.add(begin.month + 12 * year)
            length = min(wanted, rng.randint(2, 7))
            begin = calendar.roll_to_working_day(begin)
            yield Absence(officer.number, begin, calendar.add_working_days(begin, length - 1), "annual")
            wanted -= length
    day = calendar.roll_to_working_day(first)
    while day <= last:
        if rng.random() < SICK_SHARE / 2:  # two days at a time
            yield Absence(officer.number, day, calendar.add_working_days(day, 1), "sick")
        day = calendar.add_working_days(day, 1)
    if department.friday_study:
        yield from _study(officer, calendar, first, last)


def _study(officer: Officer, calendar: WorkCalendar, first: date, last: date) -> Iterator[Absence]:
    """Friday afternoons, one week in four; departments take turns."""
    turn = [item.code for item in DEPARTMENTS if item.friday_study].index(officer.department)
    day = first + timedelta(days=(4 - first.weekday()) % 7)
    while day <= last:
        if (day.toordinal() // 7) % STUDY_EVERY_WEEKS == turn % STUDY_EVERY_WEEKS and calendar.is_working_day(
            day
        ):
            yield Absence(officer.number, day, day, "study", afternoon_only=True)
        day += timedelta(days=7)
