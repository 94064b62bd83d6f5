"""PyJobShop: every officer's part is a task whose modes are the officers who may take it.

Officers are machines: nights, leave and the noon hour are their breaks, travel is their setup time. A visit's tasks
start together; a first task on the site's own machine keeps to its opening times. Left out, for want of a way to say
it: the ride from and to the office (breaks are widened by the officer's mean ride instead), caps, seats, B posts as a
cost, and leaving a visit out. Objective: total setup time, after lateness.
"""

from collections import defaultdict
from itertools import pairwise
from typing import Any

from pyjobshop import Model

from scheduling.plan import Placement, Plan
from scheduling.problem import Officer, Post, Problem, Visit
from scheduling.tours import Tours


def solve(problem: Problem, *, seconds: float, workers: int) -> Plan:
    tours = Tours(problem, Plan())
    horizon = problem.days * problem.day_ticks
    model = Model()
    machines = {each.id: model.add_machine(breaks=_breaks(tours, each)) for each in problem.officers}
    seats: dict[str, list[list[Any]]] = {}
    of_officer: dict[str, list[tuple[Any, Visit]]] = defaultdict(list)
    ends: dict[str, Any] = {}
    for visit in problem.visits:
        deadline = problem.deadline_of(visit)
        due = horizon if deadline is None else ((deadline - problem.first_day).days + 1) * problem.day_ticks
        job = model.add_job(weight=visit.priority, due_date=max(0, due))
        gate = model.add_task(job)
        model.add_mode(gate, model.add_machine(breaks=_closed(problem, visit)), 1)
        seats[visit.id] = []
        for party in visit.parties:
            team = []
            for _ in range(party.officers):
                task = model.add_task(job)
                for officer in _able(problem, visit, party.department, party.certificates):
                    model.add_mode(task, machines[officer.id], party.duration, name=officer.id)
                    of_officer[officer.id].append((task, visit))
                model.add_start_at_start(gate, task)
                team.append(task)
            for one, other in pairwise(team):
                model.add_different_resources(one, other)
            seats[visit.id].append(team)
        ends[visit.id] = seats[visit.id][0][0]
        if visit.after is not None:
            model.add_end_before_start(ends[visit.after], gate)
    for officer, held in of_officer.items():
        for one, visit in held:
            for other, next_visit in held:
                if visit.id != next_visit.id and (way := tours.travel(visit.site, next_visit.site)):
                    model.add_setup_time(machines[officer], one, other, way)
    model.set_objective(weight_total_tardiness=5, weight_total_setup_time=1)
    result = model.solve(time_limit=seconds, num_workers=workers, display=False)
    if not result.best.tasks:
        return Plan()
    return _plan(problem, model, seats, result.best)


def _able(problem: Problem, visit: Visit, department: str, certificates: tuple[str, ...]) -> list[Officer]:
    """Those who may serve; B posts only where A posts are too few, since they cannot be given a cost."""
    barred = {
        recusal.officer
        for recusal in problem.recusals
        if visit.id == recusal.visit or visit.applicant == recusal.applicant
    }
    able = [
        officer
        for officer in problem.officers
        if officer.department == department
        and officer.id not in barred
        and {paper.name for paper in officer.certificates}.issuperset(certificates)
    ]
    primaries = [officer for officer in able if officer.post is Post.PRIMARY]
    return able if len(primaries) < 4 else primaries


def _breaks(tours: Tours, officer: Officer) -> list[tuple[int, int]]:
    """Nights, leave and noon; the working day is shortened by the mean ride from the office."""
    problem = tours.problem
    rides = [tours.travel(officer.office, site.id) for site in problem.sites]
    ride = sum(rides) // max(1, len(rides))
    open_spans: list[tuple[int, int]] = []
    for day in range(problem.days):
        spans = tours.spans(officer, day)
        if spans:
            spans[0] = (spans[0][0] + ride, spans[0][1])
            spans[-1] = (spans[-1][0], spans[-1][1] - ride)
        open_spans += [span for span in spans if span[0] < span[1]]
    return _gaps(open_spans, problem.days * problem.day_ticks)


def _closed(problem: Problem, visit: Visit) -> list[tuple[int, int]]:
    """When a visit may not begin."""
    site = problem.site_by_id[visit.site]
    spans = []
    for day in range(problem.days):
        today = problem.date_of(day)
        if visit.earliest and today < visit.earliest:
            continue
        midnight = day * problem.day_ticks
        spans += [(midnight + window.start, midnight + window.end + 1) for window in site.access]
    return _gaps(spans, problem.days * problem.day_ticks)


def _gaps(spans: list[tuple[int, int]], horizon: int) -> list[tuple[int, int]]:
    edges = [0, *(edge for span in sorted(spans) for edge in span), horizon]
    return [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end]


def _plan(problem: Problem, model: Model, seats: dict[str, list[list[Any]]], solution: Any) -> Plan:
    """Starts are rounded up to the grid, so that only the formulation and not the format is judged."""
    number = {id(task): index for index, task in enumerate(model.tasks)}
    names = list(model.resources)
    officer_of = {id(names[index]): officer.id for index, officer in enumerate(problem.officers)}
    placements = []
    for visit in problem.visits:
        teams, start = [], 0
        for team in seats[visit.id]:
            tasks = [solution.tasks[number[id(task)]] for task in team]
            start = tasks[0].start
            teams.append(tuple(sorted(officer_of[id(names[task.resources[0]])] for task in tasks)))
        start += -start % problem.grid
        placements.append(Placement(visit=visit.id, starts=(start,) * len(teams), teams=tuple(teams)))
    return Plan(placements=tuple(placements))
