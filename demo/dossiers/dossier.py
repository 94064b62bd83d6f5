"""A dossier: documents of one project as files, what the application says, and the truth about what is wrong."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from demo.dossiers import drawings as sheets
from demo.dossiers import layouts, title_blocks
from demo.dossiers.facts import Facts
from demo.dossiers.families import FAMILIES, TITLES_ZH
from demo.dossiers.forms import Form
from demo.dossiers.paper import Box, Paper
from demo.dossiers.sheet import BLOCK_FIELDS, Drawing
from demo.dossiers.writer import Writer

DRAWINGS = "as_built_drawing"
LIST = "drawing_list"


@dataclass(frozen=True, slots=True)
class File:
    name: str
    family: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Truth:
    """Something that is wrong, on purpose. Without a box it concerns the page, or the file, as a whole."""

    code: str
    document: str
    page: int | None = None
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """What the applicant states; documents are compared with it. Area in ㎡."""

    name: str
    code: str
    address: str
    floor_area: float
    construction_unit: str


@dataclass(frozen=True, slots=True)
class Dossier:
    files: tuple[File, ...]
    application: Application
    truth: tuple[Truth, ...]
    fields: Mapping[tuple[str, int], Mapping[str, str]]
    """Title block fields as printed, by document and page."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A finding to come: at the place named `key`, else on the page, else about the file."""

    code: str
    family: str  # or the name of an extra file
    key: str | None = None
    page: int | None = None


@dataclass(slots=True)
class Draft:
    """A dossier in the making, on which a defect is planted before it is set in type, on paper, or in the bytes."""

    facts: Facts
    rng: Random
    seed: str
    forms: dict[str, Form] = field(default_factory=dict)
    layout: dict[str, str] = field(default_factory=dict)
    drawings: list[Drawing] = field(default_factory=list)
    listed: list[Drawing] | None = None  # where the list names others than are there
    on_paper: dict[str, Callable[[Paper], None]] = field(default_factory=dict)
    in_bytes: dict[str, Callable[[bytes], bytes]] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    extra: list[File] = field(default_factory=list)
    wrong: list[Expected] = field(default_factory=list)

    def expect(self, code: str, family: str, key: str | None = None, *, page: int | None = None) -> None:
        self.wrong.append(Expected(code, family, key, page))

    def name_of(self, family: str) -> str:
        return self.renamed.get(family) or f"{TITLES_ZH[family]}.pdf"


def draft(
    facts: Facts,
    families: Sequence[str],
    *,
    seed: str,
    sheet_count: int = 0,
    held_out: bool = False,
) -> Draft:
    """A faultless draft of these families, with so many drawings and their list."""
    rng = Random(seed)
    form_layouts = (
        list(layouts.HELD_OUT) if held_out else [*layouts.TUNED, *[layouts.VARIED] * len(layouts.TUNED)]
    )
    blocks = list(title_blocks.HELD_OUT) if held_out else title_blocks.LAYOUTS
    made = Draft(facts, rng, seed)
    for family in families:
        made.forms[family] = FAMILIES[family](Writer(facts, rng))
        made.layout[family] = layout = rng.choice(form_layouts)
        if layout == layouts.VARIED:
            made.layout[family] += str(rng.randrange(1_000_000))
    if sheet_count:
        made.drawings = sheets.drawing_set(facts, rng, count=sheet_count, layouts=blocks)
    return made


def produce(made: Draft) -> Dossier:
    """Set the draft in type. The same draft gives the same bytes."""
    papers: dict[str, Paper] = {
        family: layouts.typeset(form, made.layout[family], seed=f"{made.seed}:{family}")
        for family, form in made.forms.items()
    }
    if made.drawings:
        listed = made.drawings if made.listed is None else made.listed
        papers[LIST] = layouts.typeset(sheets.drawing_list(listed), "ruled", seed=made.seed)
        papers[DRAWINGS] = sheets.draw(made.drawings, seed=made.seed)
    for family, change in made.on_paper.items():
        change(papers[family])
    files = []
    for family, paper in papers.items():
        data = paper.save()
        if family in made.in_bytes:
            data = made.in_bytes[family](data)
        files.append(File(made.name_of(family), family, data))
    facts = made.facts
    return Dossier(
        files=(*files, *made.extra),
        application=Application(
            facts.project_name, facts.project_code, facts.address, facts.floor_area, facts.construction_unit
        ),
        truth=tuple(_truth(made, papers, expected) for expected in made.wrong),
        fields={
            (made.name_of(DRAWINGS), page): {
                name: item.block.get(name, "")
                for name in BLOCK_FIELDS
                if f"{item.number}:{name}" in papers[DRAWINGS].places
            }
            for page, item in enumerate(made.drawings, 1)
            if item.has_block
        },
    )


def _truth(made: Draft, papers: Mapping[str, Paper], expected: Expected) -> Truth:
    family = expected.family
    document = made.name_of(family) if family in TITLES_ZH else family
    if expected.key is None:
        return Truth(expected.code, document, expected.page)
    place = papers[family].places[expected.key]
    return Truth(expected.code, document, place.page, place.box)
