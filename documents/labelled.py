"""Labels and the values that belong to them, wherever a layout puts them: after, beside, below, with or without rules.

What a layout is like is not asked beforehand. Each label has a few places where its value may stand; those that look
like such a value, and that most labels of the same block agree on, win.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from documents import layout
from documents.layout import Char, Span
from documents.normalise import TICKED, UNTICKED
from documents.report import BBox
from documents.tables import Cell
from documents.vocabulary import Spot, Vocabulary, gap_between, plain

_PHRASE_GAP = 1.5
_FAR = 330.0  # points from a label to a value that no rule ties to it
_LEVEL = 0.8  # heights by which a value may stand higher or lower than its label
_WRAPPED = 0.6  # heights between the lines of a wrapped value
_NAME = 4.0  # heights of the writing that a name is wide
_COLUMN = 4  # filled in labels one below the other
_SAME_EDGE = 1.5  # points
_LINE_BELOW = 2.4  # heights from a label to a value below it
_TOUCH = 4.0  # points between cells that share a line
_BESIDE, _AGREED, _LOOKS = 2.0, 4.0, 3.0  # what speaks for a place
_UNRULED_GAP = 0.5  # heights of white space around a label that neither a rule nor a colon sets off
_LABEL_LIKE = re.compile(r"[\u4e00-\u9fff]{2,10}(?:\([^()]*\))?:")  # a label that the rule book does not know
_WORD_GAP = 0.8


@dataclass(slots=True)
class Entry:
    """What stands at a label, in the upright frame. `text` is empty where nothing does; `room` is where it should."""

    name: str
    label: str
    label_box: BBox
    text: str = ""
    bbox: BBox | None = None
    cell: BBox | None = None  # ruled
    room: BBox | None = (
        None  # the cell; without rules the line as far as the next label, or as the writing reaches
    )
    sure: bool = True  # a rule, a colon or the column that it stands in ties the value to its label


@dataclass(slots=True)
class _Place:
    """A label with the places where its value may stand."""

    spot: Spot
    cell: Cell | None
    own: list[Span] = field(default_factory=list)  # what belongs to it in its own cell
    room: BBox | None = None  # where its value would stand: its cell, or its share of a cell or line
    in_column: bool = False

    @property
    def middle(self) -> float:
        return (self.spot.span.bbox[1] + self.spot.span.bbox[3]) / 2

    @property
    def centre(self) -> float:
        return (self.spot.span.bbox[0] + self.spot.span.bbox[2]) / 2

    @property
    def reach(self) -> float:
        return max(span.bbox[2] for span in (self.spot.span, *self.own))


def read_entries(
    cells: Sequence[Cell], lines: Sequence[Span], words: Vocabulary, *, level: bool = False
) -> list[Entry]:
    """Every label among the cells and, where no cell holds them, among the lines; with what belongs to it.

    With `level`, of several lines in a value's cell the one level with the label counts: lettering of a drawing may
    shine through a stamp.
    """
    places = [place for cell in cells for place in _in_cell(cell, words)]
    unruled = list(_in_zone(_outside(lines, cells), None, words))
    for place in unruled:
        place.room = _room(place, unruled, None)
        place.in_column = sum(_in_column(place, other) for other in unruled if other.own) >= _COLUMN
    return list(_assigned([*places, *unruled], cells, words, level=level))


def _in_column(a: _Place, b: _Place) -> bool:
    """Labels that begin at the same place across, and differ in what they mean."""
    left, other = a.spot.span.bbox[0], b.spot.span.bbox[0]
    return a.spot.name != b.spot.name and abs(left - other) <= _SAME_EDGE


def _outside(lines: Sequence[Span], cells: Sequence[Cell]) -> list[Span]:
    """The parts of lines that no cell holds."""
    if not cells:
        return list(lines)
    around = layout.union(cell.bbox for cell in cells)
    parts = []
    for line in lines:
        if not layout.overlaps(line.bbox, around):
            parts.append(line)
            continue
        chars = [
            char
            for char in line.chars
            if not any(_holds(cell.bbox, (char.x0, char.top, char.x1, char.bottom)) for cell in cells)
        ]
        if chars:
            parts.append(Span("".join(char.text for char in chars), layout.box_of(chars), chars))
    return parts


def _in_cell(cell: Cell, words: Vocabulary) -> Iterator[_Place]:
    if not cell.lines:
        return
    if (spot := words.whole(cell)) is not None:
        yield _Place(spot, cell, room=cell.bbox)
        return
    places = list(_in_zone(cell.lines, cell, words))
    for place in places:
        place.room = _room(place, places, cell.bbox) if len(places) > 1 else cell.bbox
    yield from places


def _room(place: _Place, places: Sequence[_Place], cell: BBox | None) -> BBox:
    """From a label to the next one on its line, as high as the cell unless labels stand above one another."""
    _, top, left, bottom = place.spot.span.bbox
    height = place.spot.span.height
    level = [other for other in places if abs(other.middle - place.middle) <= height]
    end = cell[2] if cell else max(left + _NAME * height, *(other.reach for other in places))
    right = min((x0 for other in level if (x0 := other.spot.span.bbox[0]) >= left), default=end)
    if cell and len(level) == len(places):
        return left, cell[1], right, cell[3]
    return left, top - height / 2, right, bottom + height / 2


def _in_zone(lines: Sequence[Span], cell: Cell | None, words: Vocabulary) -> Iterator[_Place]:
    """Labels of one cell, or of unruled lines: a value follows its label on the line, or stands below it."""
    places: list[_Place] = []
    others: list[Span] = []
    for line in lines:
        spots = [spot for spot in words.spots(line) if cell or spot.colon or spot.apart >= _UNRULED_GAP]
        ends = [spot.start for spot in spots[1:]] + [len(line.chars)]
        for spot, end in zip(spots, ends[: len(spots)], strict=True):
            place = _Place(spot, cell)
            if value := _following(line, spot, end, ruled=cell is not None):
                place.own.append(value)
            places.append(place)
        rest = None if spots else words.without_translation(line)
        if not spots and rest is None:
            _extend(places, line)
        elif rest is not None:
            others += layout.spans(rest, gap=_PHRASE_GAP)
    for phrase in [*others, *reversed(others)]:  # a value may begin above its label
        if any(phrase is own for place in places for own in place.own):
            continue
        if owner := _owner(phrase, places, ruled=cell is not None):
            above = owner.own and phrase.bbox[3] <= (owner.own[0].bbox[1] + owner.own[0].bbox[3]) / 2
            owner.own.insert(0 if above else len(owner.own), phrase)
    yield from places


def _extend(places: Sequence[_Place], translation: Span) -> None:
    """A translation on a line of its own belongs to the label above it."""
    above = [place for place in places if place.spot.span.bbox[1] <= translation.bbox[1]]
    level = [place for place in above if place.spot.span.bbox[0] <= translation.bbox[2]]
    if level:
        span = max(level, key=lambda place: (place.spot.span.bbox[1], place.spot.span.bbox[0])).spot.span
        span.bbox = layout.union((span.bbox, translation.bbox))


def _following(line: Span, spot: Spot, end: int, *, ruled: bool) -> Span | None:
    """What stands on the line behind a label, as far as the next thing that looks like one."""
    end = _before_label(line.chars, spot.after, end)
    chars = line.chars[spot.after : end]
    if not chars:
        return None
    span = layout.span(chars)
    if ruled:
        return span
    if chars[0].x0 - spot.span.bbox[2] > _FAR:
        return None
    first, *others = layout.spans(span, gap=_PHRASE_GAP)
    options = takewhile(lambda phrase: phrase.text[0] in TICKED + UNTICKED, others)
    return layout.span([char for phrase in (first, *options) for char in phrase.chars])


def _before_label(chars: Sequence[Char], start: int, end: int) -> int:
    text = plain(chars[:end])
    for match in _LABEL_LIKE.finditer(text, start):
        at = match.start()
        if at == start or gap_between(chars[at - 1], chars[at]) > _WORD_GAP * chars[at].height:
            return at
    return end


def _owner(phrase: Span, places: Sequence[_Place], *, ruled: bool) -> _Place | None:
    """The label whose value a phrase is, or continues: the nearest one above it or level with it, to its left."""
    x0, top, x1, bottom = phrase.bbox
    height = phrase.height
    near = []
    for place in places:
        label = place.spot.span.bbox
        if place.own:
            first, last = place.own[0].bbox, place.own[-1].bbox
            apart = max(first[1] - bottom, top - last[3])
            continued = abs(x0 - first[0]) <= height / 2 and apart <= _WRAPPED * height
            if continued or (ruled and top >= place.middle and x0 >= label[0] - height):
                near.append(place)
            continue
        beside = x0 >= label[2] and abs((top + bottom) / 2 - place.middle) <= _LEVEL * height
        below = top >= place.middle and label[0] - height <= (x0 + x1) / 2
        if not ruled:
            below = below and top - label[3] <= _LINE_BELOW * height and label[0] - height <= x0 <= label[2]
        if beside or below:
            near.append(place)
    return max(near, key=lambda place: (round(place.middle / height), place.centre), default=None)


def _assigned(
    places: Sequence[_Place], cells: Sequence[Cell], words: Vocabulary, *, level: bool
) -> Iterator[Entry]:
    """Each place's value: its own text, or the free neighbouring cell for which most speaks."""
    labelled = {id(place.cell) for place in places if place.cell is not None}
    neighbours = {
        id(place): _neighbours(place, cells, labelled) for place in places if place.cell and not place.own
    }
    votes = Counter({"own": sum(bool(place.own) for place in places)})
    for found in neighbours.values():
        if len(found) == 1:
            votes.update(found.keys())
    total = max(votes.total(), 1)
    claims = sorted(
        (
            (
                (_BESIDE if where == "beside" else 0.0)
                + _AGREED * votes[where] / total
                + _LOOKS * words.looks(place.spot.name, cell.text),
                -index,
                where,
            )
            for index, place in enumerate(places)
            for where, cell in neighbours.get(id(place), {}).items()
        ),
        reverse=True,
    )
    own_claim = _AGREED * votes["own"] / total
    taken: set[int] = set()
    given: dict[int, Cell] = {}
    for score, index, where in claims:
        cell = neighbours[id(places[-index])][where]
        if -index not in given and id(cell) not in taken and score > own_claim:
            given[-index] = cell
            taken.add(id(cell))
    for index, place in enumerate(places):
        yield _entry(place, given.get(index), level=level)


def _neighbours(place: _Place, cells: Sequence[Cell], labelled: set[int]) -> dict[str, Cell]:
    """Cells without a label that touch the label's cell: at its right, and below."""
    if place.cell is None:
        return {}
    _, _, right, bottom = place.cell.bbox
    found = {}
    for cell in cells:
        if id(cell) in labelled:
            continue
        x0, top, x1, low = cell.bbox
        if abs(x0 - right) <= _TOUCH and top <= place.middle < low:
            found["beside"] = cell
        elif abs(top - bottom) <= _TOUCH and x0 <= place.centre < x1:
            found["below"] = cell
    return found


def _entry(place: _Place, cell: Cell | None, *, level: bool) -> Entry:
    spot, ruled = place.spot, place.cell is not None
    sure = ruled or spot.colon or place.in_column
    entry = Entry(spot.name, spot.text, spot.span.bbox, room=place.room, sure=sure)
    if place.own:
        entry.text = "".join(span.text for span in place.own)
        entry.bbox = layout.union(span.bbox for span in place.own)
        entry.cell = place.room if ruled else None
        return entry
    if cell is None:
        entry.cell = place.room if ruled else None
        return entry
    entry.text, entry.bbox, entry.cell = cell.text.replace("\n", ""), cell.ink, cell.bbox
    entry.room = cell.bbox
    if level and len(cell.lines) > 1:
        beside = [line for line in cell.lines if line.bbox[1] <= place.middle < line.bbox[3]]
        if len(beside) == 1 and beside[0].height <= 1.5 * place.spot.span.height:
            entry.text, entry.bbox = beside[0].text, beside[0].bbox
    return entry


def _holds(outer: BBox, inner: BBox) -> bool:
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return outer[0] <= x < outer[2] and outer[1] <= y < outer[3]
