"""Accounts with their roles, the officers with certificates, absences and recusals, the vehicles."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from core.access import Role
from core.people import Account, AccountRole, Delegation, Right
from demo.chance import stream
from demo.city import City
from demo.geography import CENTRE
from demo.loading.rows import Rows
from demo.names import person
from inspection.catalogue import LEAD
from inspection.models import Certificate, Leave, Matter, Officer, Recusal, Vehicle
from inspection.states import Post

PASSWORD = "linlan-2026"  # noqa: S105 - the demo's, printed on its login page
POOLS = ("城东车队", "城西车队", "开发区车队")
CERTIFIED_YEARS = 5
#: One login for each role, as it is shown to visitors: login, role, department, what it is for.
SHOWN = (
    ("owner", Role.OWNER, None, "建设单位"),
    ("window", Role.WINDOW, None, "窗口受理"),
    ("dispatcher", Role.DISPATCHER, "quality", "牵头单位调度"),
    ("issuer", Role.ISSUER, "quality", "牵头单位签发"),
    ("liaison", Role.LIAISON, "fire", "消防联络员"),
    ("officer", Role.OFFICER, "fire", "消防验收人员"),
    ("expert", Role.EXPERT, None, "专家"),
    ("supervisor", Role.SUPERVISOR, None, "中心督查"),
    ("discipline", Role.DISCIPLINE, None, "监察"),
    ("trading", Role.TRADING_CLERK, None, "交易业务"),
    ("trading2", Role.TRADING_CLERK, None, "交易业务（复核）"),
    ("bidder", Role.BIDDER, None, "投标人"),
    ("admin", Role.ADMINISTRATOR, None, "系统管理员"),
    ("admin2", Role.ADMINISTRATOR, None, "系统管理员（复核）"),
)  # fmt: skip

#: (login, what it is for), as the login page lists them.
SHOWN_LOGINS = [(login, purpose) for login, _, _, purpose in SHOWN]

Opened = Callable[[str, str, Role, str | None], int]


@dataclass
class People:
    """Account ids: of the shown logins, of owners by credit code, of liaisons by department, of officers by number."""

    shown: dict[str, int] = field(default_factory=dict)
    owners: dict[str, int] = field(default_factory=dict)
    liaisons: dict[str, int] = field(default_factory=dict)
    officers: dict[str, int] = field(default_factory=dict)
    officer_ids: dict[str, int] = field(default_factory=dict)


def add_people(rows: Rows, city: City, matters: dict[str, Matter], *, password_hash: str) -> People:
    """`matters` by department: an officer is certified for its department's."""
    people = People()
    created = city.moment - timedelta(days=500)

    def account(login: str, name: str, role: Role, department: str | None = None) -> int:
        row = rows.add(
            Account,
            login=login,
            name=name,
            department_code=department,
            password_hash=password_hash,
            created_at=created,
        )
        rows.add(AccountRole, account_id=row["id"], role=role)
        return int(row["id"])

    for login, role, department, _ in SHOWN:
        name = person(stream(city.seed, "account", login)).name
        people.shown[login] = account(login, name, role, department)
    for number, firm in enumerate(
        {project.owner.credit_code: project.owner for project in city.projects}.values()
    ):
        code = firm.credit_code
        people.owners[code] = (
            people.shown["owner"]
            if number == 0
            else account(f"owner-{code[-8:].lower()}", firm.contact.name, Role.OWNER)
        )
    for office in city.organisation.departments:
        name = person(stream(city.seed, "liaison", office.code)).name
        people.liaisons[office.code] = (
            people.shown["liaison"]
            if office.code == "fire"
            else account(f"{office.code}-liaison", name, Role.LIAISON, office.code)
        )
        rows.add(
            Delegation,
            department_code=office.code,
            account_id=people.shown["window"],
            right=Right.ACCEPTANCE,
            matters=[matters[office.code].code],
            valid_from=created.date(),
            valid_to=(city.moment + timedelta(days=400)).date(),
        )
    for login, right in (
        ("window", Right.COMMITMENT),
        ("window", Right.SERVICE),
        ("supervisor", Right.RESPONSE),
    ):
        rows.add(
            Delegation,
            department_code=LEAD,
            account_id=people.shown[login],
            right=right,
            matters=[],
            valid_from=created.date(),
            valid_to=(city.moment + timedelta(days=400)).date(),
        )
    _add_officers(rows, city, matters, people, account)
    for index, vehicle in enumerate(city.organisation.vehicles):
        rows.add(Vehicle, plate=vehicle.plate, pool=POOLS[index % len(POOLS)], seats=vehicle.seats)
    return people


def _add_officers(
    rows: Rows, city: City, matters: dict[str, Matter], people: People, account: Opened
) -> None:
    latitude, longitude = (Decimal(str(degrees)) for degrees in CENTRE)
    for officer in city.organisation.officers:
        shown = officer.number == "fire-A01"
        login = (
            people.shown["officer"]
            if shown
            else account(officer.number.lower(), officer.person.name, Role.OFFICER, officer.department)
        )
        people.officers[officer.number] = login
        row = rows.add(
            Officer,
            number=officer.number,
            account_id=login,
            name=officer.person.name,
            department_code=officer.department,
            post=Post(officer.post),
            office_lon=longitude,
            office_lat=latitude,
        )
        people.officer_ids[officer.number] = row["id"]
        until = officer.certificate_until
        rows.add(
            Certificate,
            officer_id=row["id"],
            name=matters[officer.department].certificate,
            number=officer.certificate,
            valid_from=until - timedelta(days=365 * CERTIFIED_YEARS),
            valid_to=until,
        )
    for absence in city.organisation.absences:
        rows.add(
            Leave,
            officer_id=people.officer_ids[absence.officer],
            first_day=absence.first,
            last_day=absence.last,
            half="afternoon" if absence.afternoon_only else None,
            reason={"annual": "年休假", "sick": "病假", "study": "政治学习"}[absence.reason],
        )
    for recusal in city.recusals:
        rows.add(
            Recusal,
            officer_id=people.officer_ids[recusal.officer],
            credit_code=recusal.company,
            reason=recusal.reason,
        )


def accounts_table() -> str:
    """The shown logins, for a terminal."""
    lines = [f"  {login:<12}{PASSWORD:<14}{purpose}" for login, _, _, purpose in SHOWN]
    return "\n".join(["  login       password      role", *lines])
