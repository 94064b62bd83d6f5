"""What is wrong with drawings, and between them and their list."""

from collections.abc import Callable
from dataclasses import replace

from demo.dossiers.dossier import DRAWINGS, LIST, Draft
from demo.dossiers.planting import defect
from demo.dossiers.sheet import SIGNED, Drawing


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


@defect("title block not signed", "title-block-unsigned", sheets=3)
def _(made: Draft) -> None:
    role = made.rng.choice(SIGNED[:3])
    _, item = _change_sheet(made, lambda item: item.with_block(**{role: ""}))
    made.expect("title-block-unsigned", DRAWINGS, f"{item.number}:{role}")


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
    _, item = _change_sheet(made, lambda item: replace(item, sheet="A1" if item.sheet == "A2" else "A2"))
    made.expect("drawing-sheet-differs", DRAWINGS, f"{item.number}:drawing_number")
