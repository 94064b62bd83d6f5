"""The independent judge of a plan: reads only the problem and the plan, and shares no code with the solver."""

from collections.abc import Collection

from scheduling.constraints import Violation, violations
from scheduling.objectives import MEASURES, level_values
from scheduling.plan import Plan
from scheduling.problem import Problem, Record, Term
from scheduling.tours import Tours


class Report(Record, frozen=True, kw_only=True):
    """`terms` are the measures by name, `levels` their weighted sums in the order of importance."""

    violations: tuple[Violation, ...]
    terms: dict[Term, int]
    levels: tuple[int, ...]

    @property
    def feasible(self) -> bool:
        return not self.violations


class PlanRejectedError(ValueError):
    """A plan breaks a hard constraint; `report` names each."""

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__(", ".join(sorted({violation.constraint for violation in report.violations})))


def check(problem: Problem, plan: Plan, *, without: Collection[Term] = ()) -> Report:
    """Terms that are `without` are not reckoned and count nothing."""
    tours = Tours(problem, plan)
    terms = {term: 0 if term in without else measure(tours) for term, measure in MEASURES.items()}
    return Report(violations=violations(tours), terms=terms, levels=level_values(problem, terms))


def accept(problem: Problem, plan: Plan) -> Report:
    """The report of a plan without violations; raises `PlanRejectedError` for any other."""
    report = check(problem, plan)
    if not report.feasible:
        raise PlanRejectedError(report)
    return report
