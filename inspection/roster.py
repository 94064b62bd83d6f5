"""人员名册: who inspects with which certificates, and the vehicles, as the tables of a workbook."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

import msgspec

from core.errors import FieldProblem
from inspection.states import Post

#: Table: its name, and the headings of its columns by field; all Chinese source strings.
TABLES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "officers": (
        "人员",
        {
            "number": "编号",
            "name": "姓名",
            "department": "部门代码",
            "post": "岗位",
            "login": "登录名",
            "lon": "办公地点经度",
            "lat": "办公地点纬度",
            "district": "片区",
            "pool": "车队",
            "active": "在岗",
        },
    ),
    "certificates": (
        "证书",
        {"officer": "编号", "name": "证书", "number": "证号", "valid_from": "起", "valid_to": "止"},
    ),
    "vehicles": ("车辆", {"plate": "车牌", "pool": "车队", "seats": "座位", "active": "在用"}),
}
YES, NO = "是", "否"
#: A row's number in its table as a spreadsheet shows it, and its cells by field.
Rows = Sequence[tuple[int, Mapping[str, str]]]


class OfficerLine(msgspec.Struct, frozen=True):
    row: int
    number: str
    name: str
    department: str
    post: Post
    login: str
    lon: Decimal
    lat: Decimal
    district: str
    pool: str
    active: bool


class CertificateLine(msgspec.Struct, frozen=True):
    row: int
    officer: str
    name: str
    number: str
    valid_from: date
    valid_to: date


class VehicleLine(msgspec.Struct, frozen=True):
    row: int
    plate: str
    pool: str
    seats: int
    active: bool


class Roster(msgspec.Struct, frozen=True):
    officers: tuple[OfficerLine, ...] = ()
    certificates: tuple[CertificateLine, ...] = ()
    vehicles: tuple[VehicleLine, ...] = ()


def fault(table: str, row: int, message: str, **params: str | int) -> FieldProblem:
    """What is wrong in a row; the field reads TABLE:ROW."""
    return FieldProblem(f"{table}:{row}", message, params)


def read_roster(tables: Mapping[str, Rows]) -> tuple[Roster, list[FieldProblem]]:
    """The lines that can be read, and everything that is wrong with the others."""
    problems: list[FieldProblem] = []

    def cells(table: str) -> Iterator["_Cells"]:
        return (_Cells(table, row, fields, problems) for row, fields in tables.get(table, ()))

    officers = tuple(filter(None, map(_officer, cells("officers"))))
    certificates = tuple(filter(None, map(_certificate, cells("certificates"))))
    vehicles = tuple(filter(None, map(_vehicle, cells("vehicles"))))
    keys = {
        "officers": [(line.row, line.number) for line in officers],
        "vehicles": [(line.row, line.plate) for line in vehicles],
    }
    for table, rows in keys.items():
        first: dict[str, int] = {}
        for row, key in rows:
            if first.setdefault(key, row) != row:
                problems.append(
                    fault(table, row, "%(key)s与第 %(other)s 行重复。", key=key, other=first[key])
                )
    return Roster(officers, certificates, vehicles), problems


class _Cells:
    """One row, read before the next one: every reading that fails is noted, and something of its type returned."""

    def __init__(self, table: str, row: int, fields: Mapping[str, str], problems: list[FieldProblem]) -> None:
        self.row = row
        self._table, self._fields, self._problems = table, fields, problems
        self._before = len(problems)

    @property
    def sound(self) -> bool:
        return len(self._problems) == self._before

    def text(self, field: str) -> str:
        return self._fields.get(field, "").strip()

    def needed(self, field: str) -> str:
        if not (text := self.text(field)):
            self.wrong(field, "%(column)s没有填写。")
        return text

    def yes(self, field: str) -> bool:
        """Yes where nothing is said."""
        text = self.text(field) or YES
        if text not in {YES, NO}:
            self.wrong(field, "%(column)s应填“是”或“否”。")
        return text == YES

    def post(self, field: str) -> Post:
        text = self.text(field).upper()
        if text in set(Post):
            return Post(text)
        self.wrong(field, "%(column)s应填 A 或 B。")
        return Post.PRIMARY

    def degrees(self, field: str, most: int) -> Decimal:
        try:
            value = Decimal(self.text(field))
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or abs(value) > most:
            self.wrong(field, "%(column)s应为十进制度数。")
            return Decimal(0)
        return value

    def whole(self, field: str, least: int, most: int) -> int:
        text = self.text(field)
        if text.isascii() and text.isdigit() and least <= int(text) <= most:
            return int(text)
        self.wrong(field, "%(column)s应为 %(least)s 至 %(most)s 的整数。", least=least, most=most)
        return least

    def day(self, field: str) -> date:
        try:
            return date.fromisoformat(self.text(field)[:10])
        except ValueError:
            self.wrong(field, "%(column)s应为日期，如 2026-11-23。")
            return date.min

    def wrong(self, field: str, message: str, **params: int) -> None:
        column = TABLES[self._table][1][field]
        self._problems.append(fault(self._table, self.row, message, column=column, **params))


def _officer(cells: _Cells) -> OfficerLine | None:
    line = OfficerLine(
        row=cells.row,
        number=cells.needed("number"),
        name=cells.needed("name"),
        department=cells.needed("department"),
        post=cells.post("post"),
        login=cells.text("login"),
        lon=cells.degrees("lon", 180),
        lat=cells.degrees("lat", 90),
        district=cells.text("district"),
        pool=cells.text("pool"),
        active=cells.yes("active"),
    )
    return line if cells.sound else None


def _certificate(cells: _Cells) -> CertificateLine | None:
    first, last = cells.day("valid_from"), cells.day("valid_to")
    line = CertificateLine(
        row=cells.row,
        officer=cells.needed("officer"),
        name=cells.needed("name"),
        number=cells.needed("number"),
        valid_from=first,
        valid_to=max(first, last),
    )
    if cells.sound and last < first:
        cells.wrong("valid_to", "%(column)s早于起期。")
    return line if cells.sound else None


def _vehicle(cells: _Cells) -> VehicleLine | None:
    line = VehicleLine(
        row=cells.row,
        plate=cells.needed("plate"),
        pool=cells.needed("pool"),
        seats=cells.whole("seats", 1, 60),
        active=cells.yes("active"),
    )
    return line if cells.sound else None
