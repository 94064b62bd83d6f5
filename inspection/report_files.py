"""The report to take away: as a PDF set with typst, and as a workbook with charts."""

import io
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from core.i18n import translate
from core.printed import set_pages
from inspection.figures import Figure, plain
from inspection.report import BY_DEPARTMENT, MONTHLY, Bar, Report, department_bars, monthly_bars, sentences

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
TITLE = "联合验收工作报告"


def charts_of(
    report: Report, locale: str, departments: Mapping[str, str]
) -> list[tuple[str, str, list[Bar]]]:
    """Title, unit and bars of each chart that has any."""
    charts = [(code, monthly_bars(report, code)) for code in MONTHLY]
    charts += [(code, department_bars(report, code, departments)) for code in BY_DEPARTMENT]
    found = []
    for code, bars in charts:
        figure = next((each for each in report.figures if each.code == code), None)
        if figure and bars:
            found.append((name_of(figure, locale), translate(locale, figure.unit), bars))
    return found


def name_of(figure: Figure, locale: str) -> str:
    return figure.en if locale == "en" else figure.zh


def as_pdf(report: Report, locale: str, departments: Mapping[str, str], *, made_on: date) -> bytes:
    """Takes some hundred milliseconds: run it in a thread."""

    def said(text: str) -> str:
        return translate(locale, text)

    content = {
        "locale": "en" if locale == "en" else "zh",
        "title": said(TITLE),
        "period": f"{report.period.first} – {report.period.last}",
        "note": said("日历版本") + f" {report.calendar_version} · {made_on}",
        "paragraphs": sentences(report, locale),
        "charts": [
            {
                "title": title,
                "unit": unit,
                "bars": [{"label": bar.label, "value": bar.shown, "share": bar.share} for bar in bars],
            }
            for title, unit, bars in charts_of(report, locale, departments)
        ],
        "head": [said(each) for each in ("编号", "指标", "部门", "分子", "分母", "数值", "件数")],
        "rows": [
            [
                each.code.partition(".")[0],
                name_of(each, locale),
                departments.get(each.department or "", ""),
                plain(each.numerator),
                plain(each.denominator),
                each.shown and f"{each.shown} {said(each.unit)}",
                str(len(each.cases)),
            ]
            for each in report.figures
        ],
        "figures_title": said("指标一览"),
    }
    return set_pages(TEMPLATE, content)


def as_workbook(report: Report, locale: str, departments: Mapping[str, str]) -> bytes:
    """Sheets: the text, the figures, the cases behind each figure, and a sheet with its chart for each series."""
    import xlsxwriter

    def said(text: str) -> str:
        return translate(locale, text)

    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        bold, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
        text = book.add_worksheet(said("文字"))
        text.set_column(0, 0, 100)
        text.write(0, 0, f"{said(TITLE)} {report.period.first} – {report.period.last}", bold)
        text.write(1, 0, f"{said('日历版本')} {report.calendar_version}")
        for row, sentence in enumerate(sentences(report, locale), start=3):
            text.write(row, 0, sentence, wrap)
        head = ("编号", "指标", "部门", "分子", "分母", "数值", "单位", "件数")
        rows = [
            (
                each.code,
                name_of(each, locale),
                departments.get(each.department or "", ""),
                each.numerator,
                each.denominator,
                each.value,
                said(each.unit),
                len(each.cases),
            )
            for each in report.figures
        ]
        _fill(book.add_worksheet(said("指标")), [said(each) for each in head], rows, bold)
        cases = [
            (each.code, departments.get(each.department or "", ""), code)
            for each in report.figures
            for code in each.cases
        ]
        _fill(
            book.add_worksheet(said("办件")),
            [said(each) for each in ("编号", "部门", "办件")],
            cases,
            bold,
        )
        for number, (title, unit, bars) in enumerate(charts_of(report, locale, departments), start=1):
            name = said("图") + str(number)
            sheet = book.add_worksheet(name)
            _fill(sheet, ["", f"{title} {unit}"], [(bar.label, bar.value) for bar in bars], bold)
            chart: Any = book.add_chart({"type": "column"})
            chart.add_series(
                {
                    "name": [name, 0, 1],
                    "categories": [name, 1, 0, len(bars), 0],
                    "values": [name, 1, 1, len(bars), 1],
                    "fill": {"color": "#1f6f6b"},
                }
            )
            chart.set_title({"name": f"{title} {unit}", "name_font": {"size": 11}})
            chart.set_legend({"none": True})
            sheet.insert_chart(1, 3, chart)
    return target.getvalue()


def _fill(sheet: Any, head: list[str], rows: list[tuple[Any, ...]], bold: Any) -> None:
    sheet.write_row(0, 0, head, bold)
    sheet.freeze_panes(1, 0)
    for number, row in enumerate(rows, start=1):
        sheet.write_row(number, 0, row)
    sheet.autofit()
