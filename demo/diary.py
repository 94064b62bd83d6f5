"""Who is free when: books two officers of each department for a visit, never one person twice."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from core.clock import LOCAL
from core.workdays import WorkCalendar
from demo.organisation import Officer, Organisation

MORNING, AFTERNOON = (time(9, 30), time(11, 30)), (time(14), time(16, 30))
NOON = time(12)
SEARCHED_DAYS = 30
PAIR = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a visit within one half-day."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Recusal:
    officer: str
    company: str  # credit code
    reason: str


Crew = Mapping[str, tuple[str, str]]
"""Department → its two officers, the one who leads first."""


class NoSlotError(LookupError):
    """No half-day within a month had two officers of every department."""


class Diary:
    def __init__(
        self, organisation: Organisation, recusals: Collection[Recusal], calendar: WorkCalendar
    ) -> None:
        self.calendar = calendar
        self._posts: dict[tuple[str, str], list[Officer]] = defaultdict(list)
        for officer in organisation.officers:
            self._posts[officer.department, officer.post].append(officer)
        self._turn: dict[tuple[str, str], int] = defaultdict(int)
        self._busy: dict[tuple[str, date], list[Piece]] = defaultdict(list)
        self._barred = {(recusal.officer, recusal.company) for recusal in recusals}
        self._away: set[tuple[str, date]] = set()
        self._studying: set[tuple[str, date]] = set()
        for absence in organisation.absences:
            for offset in range((absence.last - absence.first).days + 1):
                days = self._studying if absence.afternoon_only else self._away
                days.add((absence.officer, absence.first + timedelta(days=offset)))

    def book(
        self,
        departments: Sequence[str],
        *,
        earliest: date,
        minutes: int,
        travel: int,
        companies: Collection[str],
        substituted: Collection[str],
    ) -> tuple[tuple[Piece, ...], Crew]:
        """The first half-day from `earliest` on which all can come; `substituted` departments send a B officer.

        `minutes` on site may run over several half-days; `travel` minutes are kept free around each.
        Raises NoSlotError.
        """
        for pieces in self._openings(earliest, minutes):
            crew = {
                department: self._pair(
                    department, pieces, travel, companies, substitute=department in substituted
                )
                for department in departments
            }
            found = {department: pair for department, pair in crew.items() if pair}
            if len(found) == len(departments):
                for pair in found.values():
                    for officer in pair:
                        for piece in pieces:
                            self._busy[officer, piece.start.date()].append(piece)
                return pieces, found
        raise NoSlotError(earliest)

    def _pair(
        self,
        department: str,
        pieces: Sequence[Piece],
        travel: int,
        companies: Collection[str],
        *,
        substitute: bool,
    ) -> tuple[str, str] | None:
        order = ("B", "A") if substitute else ("A", "A")
        chosen: list[str] = []
        for post in (*order, "A", "B"):  # the wanted posts, then whoever is left
            officer = self._next((department, post), pieces, travel, companies, chosen)
            chosen += [officer] if officer else []
            if len(chosen) == PAIR:
                return chosen[0], chosen[1]
        return None

    def _next(
        self,
        post: tuple[str, str],
        pieces: Sequence[Piece],
        travel: int,
        companies: Collection[str],
        chosen: Collection[str],
    ) -> str | None:
        """Officers take turns."""
        officers, turn = self._posts[post], self._turn[post]
        for offset in range(len(officers)):
            number = officers[(turn + offset) % len(officers)].number
            if number not in chosen and self._is_free(number, pieces, travel, companies):
                self._turn[post] = turn + offset + 1
                return number
        return None

    def _is_free(
        self, officer: str, pieces: Sequence[Piece], travel: int, companies: Collection[str]
    ) -> bool:
        if any((officer, company) in self._barred for company in companies):
            return False
        buffer = timedelta(minutes=travel)
        for piece in pieces:
            day = piece.start.date()
            if (officer, day) in self._away:
                return False
            if piece.end.time() > NOON and (officer, day) in self._studying:
                return False
            if any(
                piece.start < other.end + buffer and other.start < piece.end + buffer
                for other in self._busy[officer, day]
            ):
                return False
        return True

    def _openings(self, earliest: date, minutes: int) -> Iterator[tuple[Piece, ...]]:
        """Beginnings at each half-day, and at the latest moment of it that still leaves time enough."""
        day = self.calendar.roll_to_working_day(earliest)
        for _ in range(SEARCHED_DAYS):
            for half in (MORNING, AFTERNOON):
                begin, end = (datetime.combine(day, edge, LOCAL) for edge in half)
                yield self._pieces(begin, minutes)
                late = end - timedelta(minutes=minutes)
                if late > begin:
                    yield self._pieces(late, minutes)
            day = self.calendar.add_working_days(day, 1)

    def _pieces(self, begin: datetime, minutes: int) -> tuple[Piece, ...]:
        pieces, day, halves = [], begin.date(), (MORNING, AFTERNOON)
        while minutes > 0:
            for first, last in halves:
                start = max(begin, datetime.combine(day, first, LOCAL))
                room = (datetime.combine(day, last, LOCAL) - start).total_seconds() / 60
                if room > 0 and minutes > 0:
                    length = min(minutes, int(room))
                    pieces.append(Piece(start, start + timedelta(minutes=length)))
                    minutes -= length
            day = self.calendar.add_working_days(day, 1)
        return tuple(pieces)
