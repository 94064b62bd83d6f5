import json
from collections import Counter
from xml.etree import ElementTree as ET

import pytest

from demo.city import City
from demo.feeds import feed
from demo.notices import build_processes
from demo.processes import Process


def processes_of(city: City, notices: int) -> list[Process]:
    made = build_processes(city.seed, city.market, city.projects, city.calendar, city.moment, notices=notices)
    return list(made)


@pytest.fixture(scope="module")
def processes(city: City) -> list[Process]:
    return processes_of(city, 14_000)


def test_notices_are_about_as_many_as_asked_for(processes: list[Process]) -> None:
    assert sum(len(process.notices) for process in processes) == pytest.approx(14_000, rel=0.06)


def test_trades_follow_the_published_years_shares_and_amounts(processes: list[Process]) -> None:
    """1,676 trades worth 350.89 亿元, 9.87 % saved."""
    shares = Counter(process.category for process in processes)
    concluded = [process for process in processes if process.deal is not None]
    deal = sum(process.deal or 0 for process in concluded)

    assert shares["works"] / len(processes) == pytest.approx(0.41, abs=0.005)
    assert shares["procurement"] / len(processes) == pytest.approx(0.37, abs=0.005)
    assert deal / len(concluded) == pytest.approx(20_940_000, rel=0.06)
    assert 1 - deal / sum(process.estimate for process in concluded) == pytest.approx(0.0987, abs=0.006)


def test_chains_that_have_run_their_course_have_3_to_11_notices(city: City, processes: list[Process]) -> None:
    old = [p for p in processes if (city.moment - p.notices[0].published_at).days > 500]

    lengths = {len(process.notices) for process in old}

    assert (min(lengths), max(lengths) <= 11) == (3, True)


def test_chains_meet_their_mishaps_as_often_as_in_the_brief(city: City, processes: list[Process]) -> None:
    old = [p for p in processes if (city.moment - p.notices[0].published_at).days > 200]
    kinds = Counter(kind for process in old for kind in {notice.kind for notice in process.notices})

    assert kinds["change"] / len(old) == pytest.approx(0.14, abs=0.02)
    assert kinds["terminated"] / len(old) == pytest.approx(0.04, abs=0.01)
    assert kinds["failed"] / len(old) == pytest.approx(0.07, abs=0.015)


def test_18_percent_of_works_tenders_belong_to_a_project_inspected_later(
    city: City, processes: list[Process]
) -> None:
    works = [process for process in processes if process.category == "works"]
    inspected = {project.code: project for project in city.projects}
    joined = [process for process in works if process.project_code in inspected]

    assert len(joined) / len(works) == pytest.approx(0.18, abs=0.001)
    for process in joined:
        project = inspected[process.project_code or ""]
        assert process.notices[-1].published_at.date() > project.started_on.replace(
            year=project.started_on.year - 2
        )
        if process.title.endswith("施工"):
            results = [notice for notice in process.notices if notice.kind == "result"]
            assert {notice.bids[0].bidders[0] for notice in results} <= {project.builder}


def test_notices_of_a_process_are_published_in_order_on_working_days(
    city: City, processes: list[Process]
) -> None:
    for process in processes[:500]:
        times = [notice.published_at for notice in process.notices]
        assert times == sorted(times)
        assert all(city.calendar.is_working_day(moment.date()) for moment in times)
        for notice in process.notices:
            if notice.kind == "tender" and process.category == "works" and notice.deadline:
                assert (notice.deadline.date() - notice.published_at.date()).days >= 20


def test_processes_from_the_same_seed_are_equal(city: City) -> None:
    assert processes_of(city, 300) == processes_of(city, 300)


def test_feeds_carry_the_same_notices_in_their_own_forms(city: City) -> None:
    processes = processes_of(city, 3000)
    rows = json.loads(feed("construction", processes, seed="s"))
    xml = feed("procurement", processes, seed="s")
    table = feed("resources", processes, seed="s").decode("utf-8-sig").splitlines()
    works = {n.number for p in processes if p.category == "works" for n in p.notices}

    assert {row["id"] for row in rows} == works
    assert len(rows) / len(works) == pytest.approx(1.02, abs=0.01)
    assert xml.startswith(b"<?xml version='1.0' encoding='gb18030'?>")
    root = ET.fromstring(xml.decode("gb18030").partition("?>")[2])  # noqa: S314 - our own
    assert "年" in (root.findtext("notice/published") or "")
    assert table[0].split(",")[:3] == ["id", "process", "kind"]
