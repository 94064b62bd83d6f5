from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import pytest

from demo.city import City
from demo.dossiers import drawings, layouts, title_blocks
from demo.dossiers.defects import DEFECTS
from demo.dossiers.dossier import Dossier, draft, produce
from demo.dossiers.facts import Facts, Style, capitals, facts_of
from demo.dossiers.families import FAMILIES, TITLES_ZH
from demo.dossiers.paper import FONTS, overlap
from demo.dossiers.writer import Writer
from documents.check import check_dossier, submitted_file
from documents.rulebook import shipped

pytestmark = pytest.mark.skipif(not FONTS.exists(), reason="the fonts are made by `python -m api.assets`")


@pytest.fixture(scope="module")
def facts(city: City) -> Facts:
    project = next(project for project in city.projects if len(project.segments[0].buildings) > 2)
    return facts_of(project, city.market)


def texts(data: bytes) -> list[str]:
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    return [page.get_textpage().get_text_range() for page in document]


def planted(facts: Facts, defect: str) -> Dossier:
    kind = DEFECTS[defect]
    made = draft(facts, kind.families, seed=defect, sheet_count=kind.sheets)
    kind.plant(made)
    return produce(made)


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (12345.67, "壹万贰仟叁佰肆拾伍点陆柒"),
        (10203.04, "壹万零贰佰零叁点零肆"),
        (300.05, "叁佰点零伍"),
        (100000, "壹拾万点零零"),
    ],
)
def test_capitals_write_an_area(value: float, printed: str) -> None:
    assert capitals(value) == printed


def test_style_prints_a_date_in_chinese_numerals() -> None:
    assert Style("capitals", "plain").date(date(2026, 10, 31)) == "二〇二六年十月三十一日"


def test_families_are_more_than_sixteen_and_known_to_the_rule_book() -> None:
    assert set(TITLES_ZH) == {*FAMILIES, "drawing_list", "as_built_drawing"}
    assert len(TITLES_ZH) == 22
    assert set(TITLES_ZH) <= set(shipped().family)


def test_defects_are_more_than_forty_and_each_code_is_the_rule_books() -> None:
    codes = {code for defect in DEFECTS.values() for code in defect.codes}

    assert len(DEFECTS) >= 50
    assert codes <= set(shipped().findings.finding)
    assert len(codes) >= 40


@pytest.mark.parametrize("layout", list(layouts.LAYOUTS))
def test_layout_prints_every_label_and_value_at_its_place(facts: Facts, layout: str) -> None:
    form = FAMILIES["joint_application"](Writer(facts, Random(1)))
    paper = layouts.typeset(form, layout, seed="1")

    printed = "".join("".join(texts(paper.save())).split())

    for entry in form.entries:
        assert "".join(entry.value.split()) in printed
        place = paper.places[f"value:{entry.key}"]
        assert 0 < place.box[0] < place.box[2] < layouts.WIDTH


@pytest.mark.parametrize("block", list(title_blocks.BLOCKS))
@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_title_block_stands_where_it_is_said_to_on_the_displayed_page(
    facts: Facts, block: str, rotate: int
) -> None:
    import pypdfium2

    (item,) = drawings.drawing_set(facts, Random(2), count=1, layouts=[block])
    paper = drawings.draw([replace(item, rotate=rotate, segments=5)], seed="2")
    place = paper.places[f"{item.number}:drawing_title"].box
    page = pypdfium2.PdfDocument(paper.save())[0]

    dark = page.render(crop=_margins(place, page.get_size())).to_numpy().min() < 100
    assert page.get_size() == pytest.approx((paper.width, paper.height), abs=0.1)
    assert dark


def _margins(box: tuple[float, float, float, float], size: tuple[float, float]) -> tuple[float, ...]:
    """Left, bottom, right, top to cut away."""
    return box[0], size[1] - box[3], size[0] - box[2], box[1]


def test_same_draft_gives_the_same_bytes(facts: Facts) -> None:
    made = [produce(draft(facts, ("fire_test", "warranty"), seed="7", sheet_count=2)) for _ in range(2)]

    assert made[0].files == made[1].files


@pytest.mark.parametrize("defect", list(DEFECTS))
def test_defect_leaves_its_truth_on_an_existing_page(facts: Facts, defect: str) -> None:
    dossier = planted(facts, defect)
    names = {file.name for file in dossier.files}

    assert [truth.code for truth in dossier.truth] == list(DEFECTS[defect].codes)
    assert {truth.document for truth in dossier.truth} <= names


def test_intake_finds_nothing_wrong_in_a_faultless_dossier(facts: Facts, tmp_path: Path) -> None:
    dossier = produce(
        draft(facts, ("joint_application", "planning_survey", "fire_test"), seed="3", sheet_count=2)
    )
    files = []
    for file in dossier.files:
        (tmp_path / file.name).write_bytes(file.data)
        files.append(submitted_file(tmp_path / file.name))

    report = check_dossier(files, today=facts.applied_on)

    assert {document.file: document.kind for document in report.documents} == {
        file.name: file.family for file in dossier.files
    }
    assert [f for document in report.documents for f in document.findings if f.severity != "note"] == []


def test_overlap_of_halves_is_a_third() -> None:
    assert overlap((0, 0, 2, 1), (1, 0, 3, 1)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 1, 1), (2, 2, 3, 3)) == 0
