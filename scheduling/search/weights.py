"""One number for many terms: strictly by level, or close enough for the search to trade levels for each other."""

import numpy as np

from scheduling.problem import Problem, Term
from scheduling.search import model as at
from scheduling.search.jit import Floats, SmallInts


def level_weights(problem: Problem, tt: SmallInts) -> Floats:
    """One number for lexicographic levels: a unit outweighs what one visit can change in all levels below it.

    Behind the terms there is scratch room for the scores of one party's team.
    """
    seats = max((sum(party.officers for party in visit.parties) for visit in problem.visits), default=1)
    longest = max((party.duration for visit in problem.visits for party in visit.parties), default=1)
    priority = max((visit.priority for visit in problem.visits), default=1)
    farthest = int(tt.max(initial=1))
    swing = {
        Term.UNSERVED: priority,
        Term.LATENESS: priority * problem.days,
        Term.MOVED: 10 * max((booking.cost for booking in problem.bookings), default=1),
        Term.SUBSTITUTES: seats,
        Term.OVERLOAD: seats * longest,
        Term.TRAVEL: 3 * seats * farthest,
        Term.TARDINESS: 4 * longest,
        Term.MAX_TARDINESS: 4 * longest,
        Term.WAITING: 2 * seats * longest,
        Term.SPLITS: 2,
        Term.DISLIKED: 2,
    }
    weights = np.zeros(at.N_TERMS + _largest_team(problem))
    unit = 1.0
    for level in reversed(problem.levels):
        for term, weight in level.weights.items():
            weights[list(Term).index(term)] += unit * weight
        unit *= 1 + sum(weight * swing[term] for term, weight in level.weights.items())
    return weights


#: What the search gives for a unit of each term, in minutes of travel, while it may still trade levels for each other.
TRADE = {
    Term.UNSERVED: 5000.0,
    Term.LATENESS: 500.0,
    Term.MOVED: 60.0,
    Term.SUBSTITUTES: 60.0,
    Term.OVERLOAD: 1.0,
    Term.TRAVEL: 1.0,
    Term.TARDINESS: 1.0,
    Term.MAX_TARDINESS: 1.0,
    Term.WAITING: 0.05,
    Term.SPLITS: 20.0,
    Term.DISLIKED: 20.0,
}
#: Terms that are counted in ticks; the others count things.
IN_TICKS = {Term.OVERLOAD, Term.TRAVEL, Term.TARDINESS, Term.MAX_TARDINESS, Term.WAITING}


def trade_weights(problem: Problem) -> Floats:
    """Weights close enough to each other for the search to pass through plans that are worse at a higher level.

    Within a level the problem's own weights stand.
    """
    weights = np.zeros(at.N_TERMS + _largest_team(problem))
    for level in problem.levels:
        prices = [
            TRADE[term] * (1.0 if term in IN_TICKS else float(problem.resolution)) / weight
            for term, weight in level.weights.items()
            if weight
        ]
        for term, weight in level.weights.items():
            weights[list(Term).index(term)] += max(prices, default=0.0) * weight
    return weights


def _largest_team(problem: Problem) -> int:
    return max((party.officers for visit in problem.visits for party in visit.parties), default=1)
