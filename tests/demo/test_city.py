from collections import Counter, defaultdict
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest

from core.clock import LOCAL
from demo.cases import FAILED, SHOWN_STATES, Case
from demo.city import PRESETS, A, City, Preset, build_city, fingerprint
from demo.credit_codes import is_valid
from demo.diary import Piece

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
SMALL = Preset(70, 2_100_000, 100)


@pytest.fixture(scope="module")
def large() -> City:
    """Enough cases for shares to show."""
    return build_city(A.scaled(4), now=NOW)


def visited(city: City) -> list[Case]:
    return [case for case in city.cases if any(step.event == "close_visit" for step in case.history)]


def test_city_has_the_published_years_cases_and_area(city: City) -> None:
    assert len(city.cases) == 330
    assert sum(case.segment.area for case in city.cases) == pytest.approx(10_560_000, rel=0.01)


def test_surveys_and_drawing_reviews_are_three_in_a_hundred_each(city: City) -> None:
    assert Counter(case.kind for case in city.cases) == {
        "inspection": 310,
        "survey": 10,
        "drawing_review": 10,
    }


def test_organisation_has_the_briefs_staff(city: City) -> None:
    posts = Counter(officer.post for officer in city.organisation.officers)
    fire = Counter(officer.post for officer in city.organisation.officers if officer.department == "fire")

    assert posts == {"A": 52, "B": 30}
    assert fire == {"A": 5, "B": 3}
    assert len(city.organisation.departments) == 15
    assert (len(city.organisation.experts), len(city.organisation.vehicles)) == (24, 9)


@pytest.mark.parametrize("now", [datetime(2026, 2, 25, 3, tzinfo=UTC), datetime(2026, 5, 6, 0, tzinfo=UTC)])
def test_every_state_is_met_on_any_day(now: datetime) -> None:
    states = {case.state for case in build_city(PRESETS["B"], now=now).cases}

    assert {*SHOWN_STATES, "archived"} - states == set()


def test_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    same = {fingerprint(build_city(SMALL, now=NOW)) for _ in range(2)}

    assert len(same) == 1
    assert fingerprint(build_city(SMALL, now=NOW, seed="another")) not in same


def test_projects_follow_the_briefs_shares(large: City) -> None:
    count = len(large.projects)
    kinds = Counter(project.kind for project in large.projects)
    risks = Counter(project.risk for project in large.projects)
    big = [project for project in large.projects if project.area > 50_000]

    assert kinds["housing"] / count == pytest.approx(0.34, abs=0.002)
    assert risks["very_high"] / count == pytest.approx(0.03, abs=0.002)
    assert sum(project.is_key for project in large.projects) / count == pytest.approx(0.09, abs=0.002)
    assert sum(len(project.segments) > 1 for project in big) / len(big) == pytest.approx(0.22, abs=0.01)
    assert max(len(project.segments) for project in big) == 5
    assert all(len(project.segments) == 1 for project in large.projects if project.area <= 50_000)
    assert all(299 < project.area <= 420_001 for project in large.projects)


def test_sites_lie_mostly_within_25_km(large: City) -> None:
    far = [project for project in large.projects if project.site.distance_km > 25]

    assert len(far) / len(large.projects) == pytest.approx(0.05, abs=0.015)


def test_parties_and_their_behaviour_follow_the_brief(large: City) -> None:
    parts = [part for case in visited(large) for part in case.participations]
    replies, attendance = Counter(p.reply for p in parts), Counter(p.attendance for p in parts)

    assert len(parts) / len(visited(large)) == pytest.approx(6.8, abs=0.15)
    assert replies["confirm"] / len(parts) == pytest.approx(0.89, abs=0.01)
    assert replies["silent"] / len(parts) == pytest.approx(0.03, abs=0.006)
    assert attendance["absent"] / len(parts) == pytest.approx(0.015, abs=0.005)


def test_failures_are_correlated_within_a_project(large: City) -> None:
    """Were they independent, 73 % would pass at the first visit."""
    cases = visited(large)
    parts = [part for case in cases for part in case.participations if part.result != "na"]

    assert sum(part.result not in FAILED for part in parts) / len(parts) == pytest.approx(0.956, abs=0.012)
    assert sum(case.passed_at_first_visit for case in cases) / len(cases) == pytest.approx(0.775, abs=0.03)


def test_december_has_the_years_most_applications_and_february_the_fewest(large: City) -> None:
    months = Counter(case.history[0].at.month for case in large.cases)

    assert months.most_common(1)[0][0] == 12
    assert min(months, key=months.__getitem__) == 2


def test_no_officer_is_in_two_places_or_away(large: City) -> None:
    booked: dict[str, list[Piece]] = defaultdict(list)
    for case in large.cases:
        for visit in case.visits:
            for pair in visit.crew.values():
                for officer in pair:
                    booked[officer] += visit.pieces
    away = {
        (absence.officer, absence.first + timedelta(days=offset))
        for absence in large.organisation.absences
        if not absence.afternoon_only
        for offset in range((absence.last - absence.first).days + 1)
    }

    for officer, pieces in booked.items():
        pieces.sort(key=lambda piece: piece.start)
        assert all(one.end <= other.start for one, other in pairwise(pieces))
        assert not any((officer, piece.start.date()) in away for piece in pieces)


def test_visits_stay_within_the_site_windows_of_working_days(city: City) -> None:
    pieces = [piece for case in city.cases for visit in case.visits for piece in visit.pieces]

    assert len(pieces) > 300
    for piece in pieces:
        start, end = piece.start.time(), piece.end.time()
        assert city.calendar.is_working_day(piece.start.date())
        assert time(9, 30) <= start < end <= time(11, 30) or time(14) <= start < end <= time(16, 30)


def test_recused_officers_are_never_sent_to_their_companies(city: City) -> None:
    recused = {(recusal.officer, recusal.company) for recusal in city.recusals}
    sent = {
        (officer, case.project.builder.credit_code)
        for case in city.cases
        for visit in case.visits
        for pair in visit.crew.values()
        for officer in pair
    }

    assert len(recused) == 11
    assert recused & sent == set()


def test_histories_run_forward_and_end_before_now(city: City) -> None:
    for case in city.cases:
        times = [step.at for step in case.history]
        assert times == sorted(times)
        assert times[-1] <= city.moment
        assert case.history[0].state == "draft"


def test_leave_is_ten_to_fifteen_days_a_year(city: City) -> None:
    days: Counter[str] = Counter()
    for absence in city.organisation.absences:
        if absence.reason == "annual" and absence.first.year == 2026:
            days[absence.officer] += city.calendar.working_days_between(
                absence.first - timedelta(days=1), absence.last
            )

    assert {10 <= count <= 15 for count in days.values()} == {True}


def test_identifiers_are_valid_and_belong_to_nobody(city: City) -> None:
    firms = [firm for trade in city.market.firms.values() for firm in trade]

    assert all(is_valid(firm.credit_code) and firm.credit_code[2:4] == "99" for firm in firms)
    assert all(firm.contact.phone.startswith("199-0000-") for firm in firms)
    assert len({project.code for project in city.projects}) == len(city.projects)


def test_moment_on_a_sunday_is_fridays_afternoon() -> None:
    sunday = datetime(2026, 11, 22, 9, tzinfo=UTC)

    assert build_city(SMALL, now=sunday).moment == datetime.combine(date(2026, 11, 20), time(15), LOCAL)
