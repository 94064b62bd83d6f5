"""Kinds of defect, each planted on a faultless draft, with the finding that must come of it.

A defect's name says what somebody did wrong; its code is that of the finding in the intake's rule book. Some defects
share a code: an area can differ because of a slip of the pen or because of a forgotten 万.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from demo.dossiers import broken_files
from demo.dossiers.dossier import DRAWINGS, LIST, Draft, File
from demo.dossiers.drawings import Drawing
from demo.dossiers.forms import SignOff, Table
from demo.dossiers.paper import MM, Paper

FORMS = (
    "joint_application",
    "completion_acceptance_report",
    "completion_report",
    "quality_assessment",
    "fire_application",
)
Plant = Callable[[Draft], None]


@dataclass(frozen=True, slots=True)
class Defect:
    """`families` must be in the dossier for it; `sheets` drawings too."""

    name: str
    codes: tuple[str, ...]
    families: tuple[str, ...]
    sheets: int
    plant: Plant


DEFECTS: dict[str, Defect] = {}


def defect(
    name: str, *codes: str, families: tuple[str, ...] = ("joint_application",), sheets: int = 0
) -> Callable[[Plant], Plant]:
    def register(plant: Plant) -> Plant:
        DEFECTS[name] = Defect(name, codes, families, sheets, plant)
        return plant

    return register


# ── the file ────────────────────────────────────────────────────────────────────────────────────────────────


def _file_defect(name: str, code: str, change: Callable[[bytes], bytes], *, page: int | None = None) -> None:
    @defect(name, code, families=("completion_acceptance_report",))
    def _(made: Draft) -> None:
        made.in_bytes["completion_acceptance_report"] = change
        made.expect(code, "completion_acceptance_report", page=page)


_file_defect("empty file", "empty-file", lambda _: b"")
_file_defect("needs a password", "password-required", broken_files.with_password)
_file_defect("picture called PDF", "renamed-file", broken_files.as_picture)
_file_defect("starts a script", "script", broken_files.with_script)
_file_defect("starts a program", "launch-action", broken_files.with_launch)
_file_defect("first page turned", "rotated-page", broken_files.turned, page=1)
_file_defect("empty page between", "blank-page", broken_files.with_blank_page, page=2)
_file_defect("same page twice", "duplicate-page", broken_files.with_page_twice, page=2)


@defect("first page scanned", "scan", families=("warranty",))
def _(made: Draft) -> None:
    made.in_bytes["warranty"] = broken_files.scanned
    made.expect("scan", "warranty", page=1)


@defect("page of odd size", "odd-page-size", families=("warranty",))
def _(made: Draft) -> None:
    def add(paper: Paper) -> None:
        paper.next_page(40 * MM, 30 * MM)
        paper.text(12, 40, "附：保修联系卡", 9)

    made.on_paper["warranty"] = add
    made.expect("odd-page-size", "warranty", page=2)


@defect("file cut off", "unreadable", families=("completion_report",))
def _(made: Draft) -> None:
    made.in_bytes["completion_report"] = lambda data: data[: made.rng.randrange(40, 200)]
    made.expect("unreadable", "completion_report")


@defect("same file twice", "duplicate-file", families=("quality_assessment",))
def _(made: Draft) -> None:
    made.in_bytes["quality_assessment"] = lambda data: _copied(made, data)
    made.expect("duplicate-file", "质量评估报告（副本）.pdf")


def _copied(made: Draft, data: bytes) -> bytes:
    made.extra.append(File("质量评估报告（副本）.pdf", "quality_assessment", data))
    return data


@defect("page left out", "page-missing", families=("planning_survey",))
def _(made: Draft) -> None:
    form = made.forms["planning_survey"]
    rows = tuple(
        (f"N{row}", f"{made.rng.uniform(80, 99):.4f}", f"{made.rng.uniform(80, 99):.4f}", "合格")
        for row in range(75)
    )
    points = Table("points", ("点号", "纵坐标（m）", "横坐标（m）", "检核"), (0.2, 0.3, 0.3, 0.2), rows)
    made.forms["planning_survey"] = replace(form, blocks=(*form.blocks, points))
    made.in_bytes["planning_survey"] = broken_files.without_second_page
    made.expect("page-missing", "planning_survey")


@defect("invisible text", "hidden-text")
def _(made: Draft) -> None:
    def hide(paper: Paper) -> None:
        text = "本工程已全部验收合格，准予备案。"
        paper.text(30 * MM, 275 * MM, text, 9, mode=3, key="hidden")

    made.on_paper["joint_application"] = hide
    made.expect("hidden-text", "joint_application", "hidden")


@defect("font not embedded", "font-not-embedded", families=("warranty",))
def _(made: Draft) -> None:
    made.on_paper["warranty"] = broken_files.write_without_embedding
    made.expect("font-not-embedded", "warranty")


# ── forms ───────────────────────────────────────────────────────────────────────────────────────────────────


def _changed(made: Draft, family: str, key: str, value: str, code: str) -> None:
    made.forms[family] = made.forms[family].with_value(key, value)
    made.expect(code, family, f"value:{key}")


@defect("required field left empty", "field-missing")
def _(made: Draft) -> None:
    key = made.rng.choice(("project_name", "project_code", "construction_unit", "floor_area"))
    _changed(made, "joint_application", key, "", "field-missing")


@defect("project code mistyped", "malformed-code", "project-code-differs")
def _(made: Draft) -> None:
    code = made.facts.project_code
    mistyped = made.rng.choice((code[:-1], code[:4] + code[5:], code + "7"))
    _changed(made, "joint_application", "project_code", mistyped, "malformed-code")
    made.expect("project-code-differs", "joint_application", "value:project_code")


@defect("day that does not exist", "impossible-date", families=("completion_report",))
def _(made: Draft) -> None:
    year = made.facts.start_date.year
    _changed(
        made,
        "completion_report",
        "start_date",
        f"{year}年{made.rng.choice((2, 4, 6, 9, 11))}月31日",
        "impossible-date",
    )


@defect("report dated in the future", "future-date", families=("fire_test",))
def _(made: Draft) -> None:
    day = made.facts.applied_on + timedelta(days=made.rng.randint(30, 300))
    _changed(made, "fire_test", "issue_date", f"{day.year}年{day.month}月{day.day}日", "future-date")


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
    _changed(made, "fire_test", "valid_until", day.isoformat(), "certificate-expired")


@defect("test failed", "conclusion-negative", families=("fire_test",))
def _(made: Draft) -> None:
    _changed(made, "fire_test", "conclusion", "不合格，消火栓系统须整改", "conclusion-negative")


@defect("nothing ticked", "nothing-ticked", families=("fire_application",))
def _(made: Draft) -> None:
    _changed(made, "fire_application", "building_class", "□新建 □扩建 □改建", "nothing-ticked")


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


# ── drawings ────────────────────────────────────────────────────────────────────────────────────────────────


def _change_sheet(made: Draft, change: Callable[[Drawing], Drawing]) -> tuple[int, Drawing]:
    """Change one drawing at random, and list the set as it was."""
    index = made.rng.randrange(len(made.drawings))
    made.listed = list(made.drawings)
    made.drawings[index] = change(made.drawings[index])
    return index, made.drawings[index]


@defect("sheet cut to no standard", "sheet-not-standard", sheets=3)
def _(made: Draft) -> None:
    index, _ = _change_sheet(made, lambda item: replace(item, size_mm=(870, 610), sheet="A1"))
    made.listed = None
    made.expect("sheet-not-standard", DRAWINGS, page=index + 1)


@defect("no title block", "title-block-missing", "drawing-missing", sheets=3)
def _(made: Draft) -> None:
    made.drawings.sort(key=lambda item: item.number)
    made.listed = list(made.drawings)
    made.drawings[-1] = replace(made.drawings[-1], has_block=False)
    made.expect("title-block-missing", DRAWINGS, page=len(made.drawings))
    made.expect("drawing-missing", LIST, f"drawings:{len(made.drawings) - 1}:1")


@defect("title block field left empty", "title-block-field-missing", sheets=3)
def _(made: Draft) -> None:
    key = made.rng.choice(("project_name", "scale", "stage", "date"))
    _, item = _change_sheet(made, lambda item: item.with_block(**{key: ""}))
    made.expect("title-block-field-missing", DRAWINGS, f"{item.number}:{key}")


@defect("odd scale", "scale-unusual", sheets=3)
def _(made: Draft) -> None:
    scale = f"1:{made.rng.choice((7, 33, 110, 125, 175, 350))}"
    _, item = _change_sheet(made, lambda item: item.with_block(scale=scale))
    made.expect("scale-unusual", DRAWINGS, f"{item.number}:scale")


@defect("construction drawing handed in", "stage-not-as-built", sheets=3)
def _(made: Draft) -> None:
    _, item = _change_sheet(made, lambda item: replace(item.with_block(stage="施工图"), stamp=None))
    made.expect("stage-not-as-built", DRAWINGS, f"{item.number}:stage")


@defect("no as-built stamp", "as-built-stamp-missing", "title-block-field-missing", sheets=3)
def _(made: Draft) -> None:
    index, item = _change_sheet(made, lambda item: replace(item.with_block(stage=""), stamp=None))
    made.expect("as-built-stamp-missing", DRAWINGS, page=index + 1)
    made.expect("title-block-field-missing", DRAWINGS, f"{item.number}:stage")


@defect("stamp not filled in", "as-built-stamp-incomplete", sheets=3)
def _(made: Draft) -> None:
    label = made.rng.choice(("编制人", "审核人", "技术负责人", "编制日期", "现场监理"))
    _, item = _change_sheet(made, lambda item: replace(item, stamp={**(item.stamp or {}), label: ""}))
    made.expect("as-built-stamp-incomplete", DRAWINGS, f"{item.number}:stamp:{label}")


@defect("listed but not there", "drawing-missing", sheets=4)
def _(made: Draft) -> None:
    made.listed = list(made.drawings)
    index = made.rng.randrange(len(made.drawings))
    del made.drawings[index]
    made.expect("drawing-missing", LIST, f"drawings:{index}:1")


@defect("there but not listed", "drawing-surplus", sheets=4)
def _(made: Draft) -> None:
    item = made.rng.choice(made.drawings)
    made.listed = [other for other in made.drawings if other is not item]
    made.expect("drawing-surplus", DRAWINGS, f"{item.number}:drawing_number")


@defect("two sheets with one number", "drawing-duplicate", sheets=3)
def _(made: Draft) -> None:
    made.listed = list(made.drawings)
    first = made.drawings[0]
    made.drawings.append(replace(first, number=f"{first.number}bis", segments=first.segments + 40))
    made.expect("drawing-duplicate", DRAWINGS, f"{first.number}bis:drawing_number")


@defect("listed twice", "listed-twice", sheets=3)
def _(made: Draft) -> None:
    made.listed = [*made.drawings, made.drawings[0]]
    made.expect("listed-twice", LIST, f"drawings:{len(made.drawings)}:1")


@defect("renamed since the list", "drawing-renamed", sheets=3)
def _(made: Draft) -> None:
    _, item = _change_sheet(made, lambda item: item.with_block(drawing_title="地下室防水节点详图"))
    made.expect("drawing-renamed", DRAWINGS, f"{item.number}:drawing_number")


@defect("other revision than listed", "drawing-revision", sheets=3)
def _(made: Draft) -> None:
    _, item = _change_sheet(made, lambda item: item.with_block(revision=made.rng.choice("BCD")))
    made.expect("drawing-revision", DRAWINGS, f"{item.number}:drawing_number")


@defect("other size than listed", "drawing-sheet-differs", sheets=3)
def _(made: Draft) -> None:
    _, item = _change_sheet(made, lambda item: replace(item, sheet="A2" if item.sheet == "A1" else "A1"))
    made.expect("drawing-sheet-differs", DRAWINGS, f"{item.number}:drawing_number")


# ── between documents ───────────────────────────────────────────────────────────────────────────────────────

OTHER_NAME, OTHER_CODE = "望海碧澄物流园二期", "2401-990104-47-02-987654"


@defect("document of another project", "wrong-project", families=("quality_inspection", "joint_application"))
def _(made: Draft) -> None:
    _changed(made, "quality_inspection", "project_name", OTHER_NAME, "wrong-project")


@defect("project name misspelt", "project-name-differs", families=("fire_application", "joint_application"))
def _(made: Draft) -> None:
    name = made.facts.project_name
    changed = _with_slip(made.rng, name, "苑", "院")
    _changed(made, "fire_application", "project_name", changed, "project-name-differs")


def _with_slip(rng: Random, text: str, *swaps: str) -> str:
    """The text with one character changed near its end."""
    place = rng.randrange(max(len(text) - 4, 1), len(text))
    return text[:place] + (swaps[1] if text[place] == swaps[0] else swaps[0]) + text[place + 1 :]


@defect("another project code", "project-code-differs", families=("commitment", "joint_application"))
def _(made: Draft) -> None:
    _changed(made, "commitment", "project_code", OTHER_CODE, "project-code-differs")


@defect("another address", "address-differs", families=("completion_report", "joint_application"))
def _(made: Draft) -> None:
    changed = made.facts.address.replace("号", f"{made.rng.randrange(10)}号")
    _changed(made, "completion_report", "address", changed, "address-differs")


@defect(
    "another permit", "permit-differs", families=("planning_permit", "planning_survey", "joint_application")
)
def _(made: Draft) -> None:
    changed = made.facts.planning_permit.replace("GG", "GG1")
    _changed(made, "planning_survey", "planning_permit", changed[:-2] + "号", "permit-differs")


@defect(
    "another company",
    "unit-differs",
    families=("completion_acceptance_report", "quality_assessment", "completion_report"),
)
def _(made: Draft) -> None:
    _changed(made, "completion_report", "builder", "望海宏图营造有限公司", "unit-differs")


@defect("slip in the floor area", "floor-area-differs", families=("fire_application", "joint_application"))
def _(made: Draft) -> None:
    value = made.facts.floor_area + made.rng.choice((9, 90, -27))
    _changed(made, "fire_application", "floor_area", f"{value:.2f}㎡", "floor-area-differs")


@defect(
    "floor area with a 万 too much", "floor-area-differs", families=("completion_report", "joint_application")
)
def _(made: Draft) -> None:
    _changed(
        made, "completion_report", "floor_area", f"{made.facts.floor_area:.2f}万㎡", "floor-area-differs"
    )


@defect(
    "another completion date",
    "completion-date-differs",
    families=("completion_acceptance_report", "completion_report", "joint_application"),
)
def _(made: Draft) -> None:
    day = made.facts.completion_date - timedelta(days=made.rng.randint(2, 60))
    _changed(
        made, "completion_acceptance_report", "completion_date", f"{day:%Y-%m-%d}", "completion-date-differs"
    )
