"""Timefold: every visit has a start, every seat an officer; construction heuristic, then late acceptance, its default.

Hard: an officer's day (hours, leave, travel, lunch, the way from and to the office), nobody twice in a visit, order of
segments. Medium: visits without a start. Soft, in minutes as in the city's cost: lateness, B posts, and travel as round
trips less what pairs on a day save. Left out: caps, seats of vehicles, waiting, splits and preferences.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated

from timefold.solver import SolverFactory
from timefold.solver.config import Duration, ScoreDirectorFactoryConfig, SolverConfig, TerminationConfig
from timefold.solver.domain import (
    PlanningEntityCollectionProperty,
    PlanningId,
    PlanningScore,
    PlanningVariable,
    ProblemFactCollectionProperty,
    ValueRangeProvider,
    planning_entity,
    planning_solution,
)
from timefold.solver.score import (
    Constraint,
    ConstraintFactory,
    HardMediumSoftScore,
    Joiners,
    constraint_provider,
)

from scheduling.plan import Placement, Plan
from scheduling.problem import Officer, Party, Post, Problem, Visit
from scheduling.tours import Tours

#: Starts that are tried: every quarter of an hour that the site allows.
STEP = 15
DAY = 1440
NOON = 720


@dataclass
class Person:
    id: str
    substitute: int
    office: int
    lunch: int
    opens: list[int]  # by day, ticks after midnight; -1: absent
    closes: list[int]
    breaks: list[int]  # when the morning's span ends
    resumes: list[int]  # and the afternoon's begins


@planning_entity
@dataclass
class Meeting:
    """A visit; `starts` are the ticks at which it may begin, `late` what each day costs."""

    id: Annotated[str, PlanningId]
    place: int
    priority: int
    late: list[int]
    after: str
    minutes: int
    ways: list[int]  # to the places of other visits
    rides: list[int]  # from each office
    starts: Annotated[list[int], ValueRangeProvider(id="starts")]
    start: Annotated[
        int | None, PlanningVariable(value_range_provider_refs=["starts"], allows_unassigned=True)
    ] = None


@planning_entity
@dataclass
class Seat:
    id: Annotated[str, PlanningId]
    meeting: str
    minutes: int
    able: Annotated[list[Person], ValueRangeProvider(id="able")]
    person: Annotated[Person | None, PlanningVariable(value_range_provider_refs=["able"])] = None


@planning_solution
@dataclass
class Timetable:
    people: Annotated[list[Person], ProblemFactCollectionProperty]
    meetings: Annotated[list[Meeting], PlanningEntityCollectionProperty]
    seats: Annotated[list[Seat], PlanningEntityCollectionProperty]
    score: Annotated[HardMediumSoftScore | None, PlanningScore] = field(default=None)


def clash(seat: Seat, meeting: Meeting, other_seat: Seat, other: Meeting) -> int:
    """Minutes that the officer lacks between two visits of a day."""
    way = meeting.ways[other.place]
    if meeting.start <= other.start:
        gap = other.start - meeting.start - seat.minutes
        crosses = meeting.start % 1440 < 720 and other.start % 1440 >= 720
    else:
        gap = meeting.start - other.start - other_seat.minutes
        crosses = other.start % 1440 < 720 and meeting.start % 1440 >= 720
    needed = way
    if crosses:
        needed = needed + seat.person.lunch
    if gap >= needed:
        return 0
    return needed - gap


def saving(seat: Seat, meeting: Meeting, other_seat: Seat, other: Meeting) -> int:
    """Minutes on the road that going from one visit to the other saves against going home between."""
    return meeting.rides[seat.person.office] + other.rides[seat.person.office] - meeting.ways[other.place]


def outside(seat: Seat, meeting: Meeting) -> int:
    """Minutes of a part, and of the way to and from the office, outside the officer's working day."""
    person = seat.person
    day = meeting.start // 1440
    begin = meeting.start % 1440
    end = begin + seat.minutes
    ride = meeting.rides[person.office]
    if person.opens[day] < 0:
        return 600
    excess = 0
    if begin < person.opens[day] + ride:
        excess = excess + person.opens[day] + ride - begin
    if end + ride > person.closes[day]:
        excess = excess + end + ride - person.closes[day]
    if begin < person.resumes[day] and end > person.breaks[day]:
        excess = excess + min(end, person.resumes[day]) - max(begin, person.breaks[day])
    return excess


def too_early(meeting: Meeting, before: Meeting) -> int:
    return max(0, before.start + before.minutes - meeting.start)


@constraint_provider
def rules(factory: ConstraintFactory) -> list[Constraint]:
    def held():
        return factory.for_each(Seat).join(
            Meeting, Joiners.equal(lambda seat: seat.meeting, lambda meeting: meeting.id)
        )

    def pairs():
        return (
            held()
            .join(
                Seat,
                Joiners.equal(lambda seat, meeting: seat.person, lambda other: other.person),
                Joiners.less_than(lambda seat, meeting: seat.id, lambda other: other.id),
            )
            .join(
                Meeting,
                Joiners.equal(lambda seat, meeting, other: other.meeting, lambda second: second.id),
                Joiners.equal(
                    lambda seat, meeting, other: meeting.start // 1440, lambda second: second.start // 1440
                ),
            )
        )

    return [
        held().penalize(HardMediumSoftScore.ONE_HARD, outside).as_constraint("within hours"),
        pairs().penalize(HardMediumSoftScore.ONE_HARD, clash).as_constraint("no overlap"),
        factory.for_each(Meeting)
        .join(Meeting, Joiners.equal(lambda meeting: meeting.after, lambda before: before.id))
        .penalize(HardMediumSoftScore.ONE_HARD, too_early)
        .as_constraint("segments in order"),
        factory.for_each_including_unassigned(Meeting)
        .filter(lambda meeting: meeting.start is None)
        .penalize(HardMediumSoftScore.ONE_MEDIUM, lambda meeting: meeting.priority)
        .as_constraint("unserved"),
        factory.for_each(Meeting)
        .penalize(HardMediumSoftScore.ONE_SOFT, lambda meeting: 500 * meeting.late[meeting.start // 1440])
        .as_constraint("lateness"),
        held()
        .penalize(HardMediumSoftScore.ONE_SOFT, lambda seat, meeting: 60 * seat.person.substitute)
        .as_constraint("substitutes"),
        held()
        .penalize(HardMediumSoftScore.ONE_SOFT, lambda seat, meeting: 2 * meeting.rides[seat.person.office])
        .as_constraint("round trips"),
        pairs().reward(HardMediumSoftScore.ONE_SOFT, saving).as_constraint("savings"),
    ]


def solve(problem: Problem, *, seconds: float, workers: int) -> Plan:
    """`workers` is ignored: more than one needs the commercial edition."""
    del workers
    timetable, meetings = _timetable(problem)
    config = SolverConfig(
        solution_class=Timetable,
        entity_class_list=[Meeting, Seat],
        score_director_factory_config=ScoreDirectorFactoryConfig(constraint_provider_function=rules),
        termination_config=TerminationConfig(spent_limit=Duration(milliseconds=int(seconds * 1000))),
        random_seed=0,
    )
    best = SolverFactory.create(config).build_solver().solve(timetable)
    seats: dict[str, list[Seat]] = {name: [] for name in meetings}
    for seat in best.seats:
        seats[seat.meeting].append(seat)
    placements = []
    for meeting in best.meetings:
        if meeting.start is None:
            continue
        held = iter(seats[meeting.id])
        parties = problem.visit_by_id[meeting.id].parties
        teams = tuple(tuple(sorted(next(held).person.id for _ in range(party.officers))) for party in parties)
        placements.append(Placement(visit=meeting.id, starts=(meeting.start,) * len(teams), teams=teams))
    return Plan(placements=tuple(placements))


def _timetable(problem: Problem) -> tuple[Timetable, list[str]]:
    tours = Tours(problem, Plan())
    offices = [office.id for office in problem.offices]
    people = {each.id: _person(tours, each, offices) for each in problem.officers}
    meetings = [_meeting(tours, visit, number, offices) for number, visit in enumerate(problem.visits)]
    seats = [
        Seat(
            id=f"{visit.id}/{party.id}/{number}",
            meeting=visit.id,
            minutes=party.duration,
            able=[people[each.id] for each in _able(problem, visit, party)],
        )
        for visit in problem.visits
        for party in visit.parties
        for number in range(party.officers)
    ]
    return Timetable(list(people.values()), meetings, seats), [visit.id for visit in problem.visits]


def _able(problem: Problem, visit: Visit, party: Party) -> list[Officer]:
    barred = {
        each.officer
        for each in problem.recusals
        if each.visit == visit.id or (each.applicant is not None and each.applicant == visit.applicant)
    }
    return [
        officer
        for officer in problem.officers
        if officer.department == party.department
        and officer.id not in barred
        and {paper.name for paper in officer.certificates}.issuperset(party.certificates)
    ]


def _person(tours: Tours, officer: Officer, offices: list[str]) -> Person:
    spans = [
        [(start - day * DAY, end - day * DAY) for start, end in tours.spans(officer, day)]
        for day in range(tours.problem.days)
    ]
    return Person(
        id=officer.id,
        substitute=int(officer.post is Post.SUBSTITUTE),
        office=offices.index(officer.office),
        lunch=officer.lunch,
        opens=[day[0][0] if day else -1 for day in spans],
        closes=[day[-1][1] if day else -1 for day in spans],
        breaks=[day[0][1] if len(day) > 1 else DAY for day in spans],
        resumes=[day[-1][0] if len(day) > 1 else DAY for day in spans],
    )


def _meeting(tours: Tours, visit: Visit, number: int, offices: list[str]) -> Meeting:
    problem = tours.problem
    starts = [
        day * DAY + tick
        for day in range(problem.days)
        if problem.calendar.is_working_day(problem.date_of(day))
        and problem.date_of(day) >= (visit.earliest or date.min)
        for window in problem.site_by_id[visit.site].access
        for tick in range(window.start, window.end + 1, STEP)
    ]
    deadline = problem.deadline_of(visit) or date.max
    return Meeting(
        id=visit.id,
        place=number,
        priority=visit.priority,
        late=[
            visit.priority * max(0, problem.calendar.working_days_between(deadline, problem.date_of(day)))
            if problem.date_of(day) > deadline
            else 0
            for day in range(problem.days)
        ],
        after=visit.after or "",
        minutes=max(party.duration for party in visit.parties),
        ways=[tours.travel(visit.site, other.site) for other in problem.visits],
        rides=[tours.travel(office, visit.site) for office in offices],
        starts=starts,
    )
