"""What is wrong with a file, its pages or its text."""

from collections.abc import Callable
from dataclasses import replace

from demo.dossiers import broken_files
from demo.dossiers.dossier import Draft, File
from demo.dossiers.forms import Table
from demo.dossiers.paper import MM, Paper
from demo.dossiers.planting import defect


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


@defect("text under a white box", "hidden-text")
def _(made: Draft) -> None:
    def cover(paper: Paper) -> None:
        box = paper.text(30 * MM, 275 * MM, "原验收结论：不合格，限期整改。", 9, key="covered")
        paper.rect((box[0] - 2, box[1] - 2, box[2] + 2, box[3] + 2), width=0, fill=(1, 1, 1))

    made.on_paper["joint_application"] = cover
    made.expect("hidden-text", "joint_application", "covered")


@defect("font not embedded", "font-not-embedded", families=("warranty",))
def _(made: Draft) -> None:
    made.on_paper["warranty"] = broken_files.write_without_embedding
    made.expect("font-not-embedded", "warranty")
