import io
import re
import zipfile
from datetime import date

import pytest

from api.web.supervision.reports import period_of
from core.errors import InvalidInput
from inspection.figures import Period
from tests.api.web import walk
from tests.api.web.conftest import City
from tests.factories.dossiers import make_dossier


@pytest.mark.parametrize(
    ("text", "today", "period"),
    [
        ("2026", date(2026, 5, 1), Period(date(2026, 1, 1), date(2026, 12, 31))),
        ("2026-02", date(2026, 5, 1), Period(date(2026, 2, 1), date(2026, 2, 28))),
        ("", date(2026, 1, 9), Period(date(2025, 12, 1), date(2025, 12, 31))),
    ],
)
def test_period_is_a_year_a_month_or_the_last_month(text: str, today: date, period: Period) -> None:
    assert period_of(text, today) == period


async def _visited(city: City) -> str:
    dossier = make_dossier()
    code = await walk.apply(city, dossier.application)
    await walk.upload(city, code, dossier.files)
    await walk.accept(city, code)
    await walk.fan_out(city, code)
    await walk.review(city, code)
    await walk.book(city, code)
    await walk.go_to_visit(city, code)
    return code


@pytest.mark.parametrize("text", ["0000", "2026-13", "2026-1", "9" * 20, "２０２６"])
def test_what_is_no_period_is_wrong_input(text: str) -> None:
    with pytest.raises(InvalidInput):
        period_of(text, date(2026, 3, 4))


async def test_figures_lead_to_their_cases_and_a_snapshot_says_what_changed(city: City) -> None:
    code = await _visited(city)
    await city.log_in(city.world.supervisor)
    report = await city.get("/supervision/report?period=2026-03")
    assert "开展联合验收 1 个" in report.text
    assert re.search(r">\s*1 个", report.text)
    assert not re.search(r"\d\.00 (个(?!工作日)|次|宗)", report.text)
    cases = await city.get("/supervision/report/cases?figure=1.visited&period=2026-03")
    assert f'href="/inspections/{code}"' in cases.text
    kept = await city.post("/supervision/snapshots", {"period": "2026-03"})
    same = await city.get(kept.headers["location"])
    assert "全部数字相同" in same.text
    await walk.conclude(city, code)
    await walk.issue(city, code)
    await city.log_in(city.world.supervisor)
    changed = await city.get(kept.headers["location"])
    assert "联合验收项目数（按出具意见）" in changed.text
    assert f'＋<a class="code" href="/inspections/{code}"' in changed.text


async def test_report_is_a_pdf_and_a_workbook_in_both_languages(city: City) -> None:
    await city.log_in(city.world.supervisor)
    for locale in ("zh-CN", "en"):
        city.client.headers["accept-language"] = locale
        pdf = await city.get("/supervision/report.pdf?period=2026-03")
        assert pdf.content.startswith(b"%PDF")
        book = await city.get("/supervision/report.xlsx?period=2026-03")
        with zipfile.ZipFile(io.BytesIO(book.content)) as parts:
            text = parts.read("xl/sharedStrings.xml").decode()
        assert ("Floor area" in text) == (locale == "en")
        assert any("chart" in name for name in parts.namelist())


async def test_owner_does_not_see_the_report(city: City) -> None:
    await city.log_in(city.world.owner)
    assert (await city.get("/supervision/report")).status_code == 403
