"""What is wrong in a form, and between the documents of one dossier."""

from dataclasses import replace
from datetime import timedelta
from random import Random

from demo.dossiers.dossier import Draft
from demo.dossiers.forms import SignOff, Table
from demo.dossiers.planting import defect, misprint


@defect("required field left empty", "field-missing")
def _(made: Draft) -> None:
    key = made.rng.choice(("project_name", "project_code", "construction_unit", "floor_area"))
    misprint(made, "joint_application", key, "", "field-missing")


@defect("project code mistyped", "malformed-code", "project-code-differs")
def _(made: Draft) -> None:
    code = made.facts.project_code
    mistyped = made.rng.choice((code[:-1], code[:4] + code[5:], code + "7"))
    misprint(made, "joint_application", "project_code", mistyped, "malformed-code")
    made.expect("project-code-differs", "joint_application", "value:project_code")


@defect("day that does not exist", "impossible-date", families=("completion_report",))
def _(made: Draft) -> None:
    year = made.facts.start_date.year
    misprint(
        made,
        "completion_report",
        "start_date",
        f"{year}年{made.rng.choice((2, 4, 6, 9, 11))}月31日",
        "impossible-date",
    )


@defect("report dated in the future", "future-date", families=("fire_test",))
def _(made: Draft) -> None:
    day = made.facts.applied_on + timedelta(days=made.rng.randint(30, 300))
    misprint(made, "fire_test", "issue_date", f"{day.year}年{day.month}月{day.day}日", "future-date")


@defect("finished before it was begun", "dates-out-of-order", families=("completion_report",))
def _(made: Draft) -> None:
    day = made.facts.completion_date + timedelta(days=1)
    made.forms["completion_report"] = made.forms["completion_report"].with_value(
        "start_date", f"{day.year}年{day.month}月{day.day}日"
    )
    made.expect("dates-out-of-order", "completion_report", "value:completion_date")


@defect("report no longer valid", "certificate-expired", families=("fire_test",))
def _(made: Draft) -> None:
    day = made.facts.applied_on - timedelta(days=made.rng.randint(5, 400))
    misprint(made, "fire_test", "valid_until", day.isoformat(), "certificate-expired")


@defect("test failed", "conclusion-negative", families=("fire_test",))
def _(made: Draft) -> None:
    misprint(made, "fire_test", "conclusion", "不合格，消火栓系统须整改", "conclusion-negative")


@defect("nothing ticked", "nothing-ticked", families=("fire_application",))
def _(made: Draft) -> None:
    misprint(made, "fire_application", "building_class", "□新建 □扩建 □改建", "nothing-ticked")


def _sign_off(made: Draft, family: str, **changes: str) -> str:
    """Change one sign-off of a form; returns its party."""
    form = made.forms[family]
    chosen = made.rng.choice([block for block in form.blocks if isinstance(block, SignOff)])
    blocks = tuple(replace(block, **changes) if block is chosen else block for block in form.blocks)
    made.forms[family] = replace(form, blocks=blocks)
    return chosen.party


@defect("not sealed", "seal-missing", families=("completion_acceptance_report",))
def _(made: Draft) -> None:
    party = _sign_off(made, "completion_acceptance_report", name="")
    made.expect("seal-missing", "completion_acceptance_report", f"seal:{party}")


@defect("not signed", "signature-missing", "seal-missing", families=("completion_report",))
def _(made: Draft) -> None:
    party = _sign_off(made, "completion_report", signer="", name="")
    made.expect("signature-missing", "completion_report", f"sign:{party}")
    made.expect("seal-missing", "completion_report", f"seal:{party}")


@defect("not dated", "date-blank", families=("quality_assessment",))
def _(made: Draft) -> None:
    party = _sign_off(made, "quality_assessment", date="")
    made.expect("date-blank", "quality_assessment", f"date:{party}")


@defect("table does not add up", "table-sum", families=("planning_survey",))
def _(made: Draft) -> None:
    form = made.forms["planning_survey"]
    table = next(block for block in form.blocks if isinstance(block, Table))
    last = len(table.rows) - 1
    total = float(table.rows[last][1]) + made.rng.choice((10, 100, -5))
    rows = (*table.rows[:last], (table.rows[last][0], f"{total:.2f}", *table.rows[last][2:]))
    blocks = tuple(replace(table, rows=rows) if block is table else block for block in form.blocks)
    made.forms["planning_survey"] = replace(form, blocks=blocks)
    made.expect("table-sum", "planning_survey", f"areas:{last}:1")


@defect("parts are not the whole", "parts-differ-from-total")
def _(made: Draft) -> None:
    value = made.facts.area_above_ground + made.rng.choice((20, 150, 1000))
    made.forms["joint_application"] = made.forms["joint_application"].with_value(
        "area_above_ground", f"{value:.2f}㎡"
    )
    made.expect("parts-differ-from-total", "joint_application", "value:floor_area")


OTHER_NAME, OTHER_CODE = "望海碧澄物流园二期", "2401-990104-47-02-987654"


@defect("document of another project", "wrong-project", families=("quality_inspection", "joint_application"))
def _(made: Draft) -> None:
    misprint(made, "quality_inspection", "project_name", OTHER_NAME, "wrong-project")


@defect("project name misspelt", "project-name-differs", families=("fire_application", "joint_application"))
def _(made: Draft) -> None:
    name = made.facts.project_name
    changed = _with_slip(made.rng, name, "苑", "院")
    misprint(made, "fire_application", "project_name", changed, "project-name-differs")


def _with_slip(rng: Random, text: str, *swaps: str) -> str:
    """The text with one character changed near its end."""
    place = rng.randrange(max(len(text) - 4, 1), len(text))
    return text[:place] + (swaps[1] if text[place] == swaps[0] else swaps[0]) + text[place + 1 :]


@defect("another project code", "project-code-differs", families=("commitment", "joint_application"))
def _(made: Draft) -> None:
    misprint(made, "commitment", "project_code", OTHER_CODE, "project-code-differs")


@defect("another address", "address-differs", families=("completion_report", "joint_application"))
def _(made: Draft) -> None:
    changed = made.facts.address.replace("号", f"{made.rng.randrange(10)}号")
    misprint(made, "completion_report", "address", changed, "address-differs")


@defect(
    "another permit", "permit-differs", families=("planning_permit", "planning_survey", "joint_application")
)
def _(made: Draft) -> None:
    changed = made.facts.planning_permit.replace("GG", "GG1")
    misprint(made, "planning_survey", "planning_permit", changed[:-2] + "号", "permit-differs")


@defect(
    "another company",
    "unit-differs",
    families=("completion_acceptance_report", "quality_assessment", "completion_report"),
)
def _(made: Draft) -> None:
    misprint(made, "completion_report", "builder", "望海宏图营造有限公司", "unit-differs")


@defect("slip in the floor area", "floor-area-differs", families=("fire_application", "joint_application"))
def _(made: Draft) -> None:
    value = made.facts.floor_area + made.rng.choice((9, 90, -27))
    misprint(made, "fire_application", "floor_area", f"{value:.2f}㎡", "floor-area-differs")


@defect(
    "floor area with a 万 too much", "floor-area-differs", families=("completion_report", "joint_application")
)
def _(made: Draft) -> None:
    misprint(
        made, "completion_report", "floor_area", f"{made.facts.floor_area:.2f}万㎡", "floor-area-differs"
    )


@defect(
    "another completion date",
    "completion-date-differs",
    families=("completion_acceptance_report", "completion_report", "joint_application"),
)
def _(made: Draft) -> None:
    day = made.facts.completion_date - timedelta(days=made.rng.randint(2, 60))
    misprint(
        made, "completion_acceptance_report", "completion_date", f"{day:%Y-%m-%d}", "completion-date-differs"
    )
