import re
from datetime import date

import pytest

from core.i18n import translate
from scheduling.problem import Half, HalfDay
from scheduling.validation import KINDS
from scheduling.validation import MESSAGES as CONTRADICTIONS
from scheduling.wording import ABSENCE, HALF_DAYS, MESSAGES, Absence, Span, reason, word

SOURCES = [*MESSAGES.values(), *CONTRADICTIONS.values(), *KINDS, *HALF_DAYS.values(), ABSENCE]


@pytest.mark.parametrize("source", SOURCES)
def test_messages_have_an_english_text_with_the_same_values(source: str) -> None:
    english = translate("en", source)
    assert english != source
    assert sorted(re.findall(r"%\((\w+)\)s", english)) == sorted(re.findall(r"%\((\w+)\)s", source))


def test_reasons_are_worded_in_both_languages() -> None:
    away = (
        Absence(name="张", span=Span(first=date(2026, 3, 9), last=date(2026, 3, 12))),
        Absence(name="李", span=Span(first=date(2026, 3, 9), last=date(2026, 3, 9))),
    )
    leave = reason("leave", department="消防", absences=away)
    assert word(leave) == "消防：张（3月9日至12日）和李（3月9日）休假"
    assert word(leave, gettext=lambda text: translate("en", text), locale="en") == (
        "消防: on leave 张 (Mar 9\u2009–\u200912) and 李 (Mar 9)"
    )
    move = reason("move", visit="件1", half_day=HalfDay(day=date(2026, 3, 9), half=Half.AFTERNOON))
    assert word(move) == "将件1改到3月9日下午"
    assert (
        word(move, gettext=lambda text: translate("en", text), locale="en") == "Move 件1 to Mar 9 afternoon"
    )
