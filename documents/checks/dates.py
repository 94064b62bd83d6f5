"""Dates: real, in order, not in the future, not expired."""

import datetime as dt
from collections.abc import Iterator

from documents import normalise
from documents.reading import Reading
from documents.report import Field, Finding

_DONE = ("start_date", "completion_date", "issue_date")


def impossible_dates(reading: Reading) -> Iterator[Finding]:
    for field in reading.fields:
        if _is_date(reading, field) and field.value is None and normalise.looks_like_date(field.raw):
            yield reading.about(field, "impossible-date", value=field.raw)


def future_dates(reading: Reading) -> Iterator[Finding]:
    for field in reading.fields:
        if field.name in _DONE and (date := _date(field)) and date > reading.today:
            yield reading.about(field, "future-date", field=field.label, value=date.isoformat())


def date_order(reading: Reading) -> Iterator[Finding]:
    start = _first(reading, "start_date")
    end = _first(reading, "completion_date")
    if start and end and (first := _date(start)) and (last := _date(end)) and last < first:
        yield reading.about(end, "dates-out-of-order", start=first.isoformat(), end=last.isoformat())


def expired_certificates(reading: Reading) -> Iterator[Finding]:
    for field in reading.fields:
        if field.name == "valid_until" and (until := _last_date(field)) and until < reading.today:
            yield reading.about(field, "certificate-expired", value=until.isoformat())


def _is_date(reading: Reading, field: Field) -> bool:
    rule = reading.book.fields.field.get(field.name)
    return rule is not None and rule.type == "date"


def _first(reading: Reading, name: str) -> Field | None:
    return next((field for field in reading.fields if field.name == name and field.value is not None), None)


def _date(field: Field) -> dt.date | None:
    return dt.date.fromisoformat(field.value) if isinstance(field.value, str) else None


def _last_date(field: Field) -> dt.date | None:
    """`有效期：2023年1月1日至2026年1月1日` ends with its last date."""
    dates = normalise.dates(field.raw)
    return dates[-1] if dates else None


CHECKS = (impossible_dates, future_dates, date_order, expired_certificates)
