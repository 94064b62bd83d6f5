from documents.checks import dates
from documents.report import Field
from tests.documents.builders import field, page, reading


def found(check: object, *fields: Field) -> list[str]:
    return [each.code for each in check(reading(page(fields=list(fields))))]  # type: ignore[operator] # a check


def test_impossible_dates() -> None:
    assert found(dates.impossible_dates, field("start_date", None, "2025年6月31日")) == ["impossible-date"]


def test_impossible_dates_leave_blanks_alone() -> None:
    assert found(dates.impossible_dates, field("start_date", None, "年 月 日")) == []


def test_future_dates() -> None:
    assert found(
        dates.future_dates, field("completion_date", "2026-03-05"), field("start_date", "2026-03-04")
    ) == ["future-date"]


def test_date_order() -> None:
    assert found(
        dates.date_order, field("start_date", "2025-06-02"), field("completion_date", "2025-06-01")
    ) == ["dates-out-of-order"]


def test_date_order_on_one_day_is_possible() -> None:
    assert (
        found(dates.date_order, field("start_date", "2025-06-01"), field("completion_date", "2025-06-01"))
        == []
    )


def test_expired_certificates_count_their_last_date() -> None:
    assert (
        found(dates.expired_certificates, field("valid_until", "2020-01-01", "2020年1月1日至2027年1月1日"))
        == []
    )
    assert found(dates.expired_certificates, field("valid_until", "2026-03-03")) == ["certificate-expired"]


def test_expired_certificates_are_valid_on_their_last_day() -> None:
    assert found(dates.expired_certificates, field("valid_until", "2026-03-04")) == []
