"""Changed days as administrators write them: one line a day, `2027-01-01 休` or `2027-01-01 off`, a note after it."""

from datetime import date

from core.errors import FieldProblem, InvalidInput
from core.workdays import DayKind

WORDS = {
    "休": DayKind.OFF,
    "班": DayKind.WORKING,
    "上午": DayKind.MORNING,
    "下午": DayKind.AFTERNOON,
    **{kind.value: kind for kind in DayKind},
}
#: Longer notices than a year's are a mistake in pasting.
LINES_LIMIT = 400


def parse_days(text: str) -> dict[date, DayKind]:
    """Raises InvalidInput with one problem for each line that cannot be read."""
    days: dict[date, DayKind] = {}
    problems: list[FieldProblem] = []
    for number, line in enumerate(text.splitlines()[:LINES_LIMIT], start=1):
        if not line.strip():
            continue
        written, _, rest = line.strip().partition(" ")
        word = rest.split(" ")[0]
        try:
            day = date.fromisoformat(written)
        except ValueError:
            problems.append(FieldProblem("days", "第 %(line)s 行：日期应写作 2027-01-01。", {"line": number}))
            continue
        if word not in WORDS:
            problems.append(
                FieldProblem("days", "第 %(line)s 行：日期之后应写 休、班、上午 或 下午。", {"line": number})
            )
        elif day in days:
            problems.append(FieldProblem("days", "第 %(line)s 行：该日期重复出现。", {"line": number}))
        else:
            days[day] = WORDS[word]
    if problems:
        raise InvalidInput(problems=tuple(problems))
    return days
