"""Labels and the values that belong to them, wherever a layout puts them: after, beside, below, with or without rules.

What a layout is like is not asked beforehand. Each label has a few places where its value may stand; those that look
like such a value, and that most labels of the same block agree on, win.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from documents import layout, normalise
from documents.layout import Char, Span
from documents.report import BBox
from documents.rulebook import BlockRule
from documents.tables import Cell

_APART = 0.25  # of the height of the writing: white space that ends a word
_SPACED_OUT = 4.5  # the widest space within a label: 图　　名
_PHRASE_GAP = 1.5
_FAR = 330.0  # points from a label to a value that no rule ties to it
_LEVEL = 0.8  # heights by which a value may stand higher or lower than its label
_WRAPPED = 0.6  # heights between the lines of a wrapped value
_LINE_BELOW = 2.4  # heights from a label to a value below it
_LONGEST_LABEL = 60
_REMARK = re.compile(r"\([^()]*\)")
_TOUCH = 4.0  # points between cells that share a line
_BESIDE, _AGREED, _LOOKS = 2.0, 4.0, 3.0  # what speaks for a place
_OPENING = ":/)、;,.。("
_UNRULED_GAP = 0.5  # heights of white space around a label that neither a rule nor a colon sets off
_LABEL_LIKE = re.compile(r"[\u4e00-\u9fff]{2,10}(?:\([^()]*\))?:")  # a label that the rule book does not know
_WORD_GAP = 0.8


@dataclass(slots=True)
class Entry:
    """What stands at a label, in the upright frame. `text` is empty where nothing does; `cell` is where it should."""

    name: str
    label: str
    label_box: BBox
    text: str = ""
    bbox: BBox | None = None
    cell: BBox | None = None
    sure: bool = True  # a rule or a colon ties the value to its label


@dataclass(slots=True)
class Spot:
    """A label in a line, from character `start` on; its value begins `after` its remark, translation and colon."""

    name: str
    span: Span
    text: str  # with a remark in brackets
    start: int = 0
    after: int = 0
    colon: bool = False
    apart: float = _FAR  # heights of white space before and behind it, the smaller


@dataclass(slots=True)
class _Place:
    """A label with the places where its value may stand."""

    spot: Spot
    cell: Cell | None
    own: list[Span] = field(default_factory=list)  # what belongs to it in its own cell
    room: BBox | None = (
        None  # where its value would stand: its cell, or its share of a cell with several labels
    )

    @property
    def middle(self) -> float:
        return (self.spot.span.bbox[1] + self.spot.span.bbox[3]) / 2

    @property
    def centre(self) -> float:
        return (self.spot.span.bbox[0] + self.spot.span.bbox[2]) / 2


class Vocabulary:
    """The labels of a rule, ready to be looked for."""

    def __init__(self, rule: BlockRule) -> None:
        self._meanings = {
            normalise.compact(word): name for name, words in rule.labels.items() for word in words
        }
        self._any = _alternatives(self._meanings)
        foreign = _alternatives(_letters(word) for word in rule.translations).pattern
        self._foreign = re.compile(rf"(?:[(/:]?(?:{foreign})[.)/]*)+:?" if foreign else r"(?!)")
        self._rest = re.compile(rf"(\([^()]*\))?(?:{self._foreign.pattern})?(\([^()]*\))?(:?)")
        self._looks = {name: re.compile(pattern) for name, pattern in rule.looks.items()}
        self._elsewhere = [normalise.compact(word) for word in rule.elsewhere]

    def spots(self, line: Span) -> Iterator[Spot]:
        """Labels that stand by themselves: set off by white space, brackets or a colon."""
        text = _plain(line.chars)
        for match in self._any.finditer(text):
            start, end = match.span()
            rest = self._rest.match(text, end)
            after = rest.end() if rest else end
            if not (apart := _apart(line.chars, text, start, end, after)):
                continue
            chars = line.chars[start:end]
            remark = (rest[1] or rest[2] or "") if rest else ""
            yield Spot(
                self._meanings[match.group()],
                Span(match.group(), layout.box_of(line.chars[start:after]), chars),
                match.group() + remark,
                start,
                after,
                ":" in text[end:after],
                apart,
            )

    def whole(self, cell: Cell) -> Spot | None:
        """The label that a cell is, whole: also wrapped, or written one character below the other."""
        if cell.ink is None or len(cell.text) > _LONGEST_LABEL:
            return None
        text = self._foreign.sub("", "".join(_plain(line.chars) for line in cell.lines)).rstrip(":")
        name = self._meanings.get(text) or self._meanings.get(_REMARK.sub("", text))
        chars = [char for line in cell.lines for char in line.chars]
        return Spot(name, Span(text, cell.ink, chars), text) if name else None

    def without_translation(self, line: Span) -> Span | None:
        """What a line says beside the translation of a label."""
        match = self._foreign.match(_plain(line.chars))
        chars = line.chars[match.end() :] if match else line.chars
        return layout.span(chars) if chars else None

    def looks(self, name: str, text: str) -> float:
        """1 where a text looks like a value of that name, -1 where it does not, 0 where nobody can tell."""
        pattern = self._looks.get(name)
        if pattern is None or not text:
            return 0.0
        return 1.0 if pattern.search(normalise.compact(text)) else -1.0

    def is_elsewhere(self, line: Span) -> bool:
        """A line of another table that uses the same labels, such as the record of revisions."""
        text = _plain(line.chars)
        return any(word in text for word in self._elsewhere)


def _alternatives(words: Iterator[str] | dict[str, str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(set(words), key=len, reverse=True))))


def _plain(chars: Sequence[Char]) -> str:
    """One character for each, in plain form and capitals, so that positions stay valid."""
    return "".join(
        upper if len(upper := normalise.char(char.text).upper()) == 1 else char.text for char in chars
    )


def _letters(text: str) -> str:
    return normalise.compact(text).upper().rstrip(".")


def _apart(chars: Sequence[Char], text: str, start: int, end: int, after: int) -> float:
    """Heights of white space around a label, the smaller; 0 where it does not stand by itself."""
    height = max(char.height for char in chars[start:end])
    inner = [_gap(a, b) / height for a, b in pairwise(chars[start:end])]
    widest = max(inner, default=0.0)
    if widest > _SPACED_OUT or widest - min(inner, default=0.0) > max(0.6, 0.4 * widest):
        return 0.0
    before = _gap(chars[start - 1], chars[start]) / height if start else _FAR
    behind = _gap(chars[after - 1], chars[after]) / height if after < len(chars) else _FAR
    apart = max(_APART, 0.5 * widest if widest > _APART else 0.0)
    opened = before > apart or text[start - 1] in _OPENING
    closed = behind > apart or after > end or (text[end].isascii() and text[end].isalpha())
    return max(min(before, behind), 0.01) if opened and closed else 0.0


def _gap(a: Char, b: Char) -> float:
    return b.x0 - a.x1


def read_entries(
    cells: Sequence[Cell], lines: Sequence[Span], words: Vocabulary, *, level: bool = False
) -> list[Entry]:
    """Every label among the cells and, where no cell holds them, among the lines; with what belongs to it.

    With `level`, of several lines in a value's cell the one level with the label counts: lettering of a drawing may
    shine through a stamp.
    """
    places = [place for cell in cells for place in _in_cell(cell, words)]
    places += _in_zone(_outside(lines, cells), None, words)
    return list(_assigned(places, cells, words, level=level))


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
        place.room = _room(place, places, cell) if len(places) > 1 else cell.bbox
    yield from places


def _room(place: _Place, places: Sequence[_Place], cell: Cell) -> BBox:
    """From a label to the next one on its line, as high as the cell unless labels stand above one another."""
    _, top, left, bottom = place.spot.span.bbox
    height = place.spot.span.height
    level = [other for other in places if abs(other.middle - place.middle) <= height]
    right = min((x0 for other in level if (x0 := other.spot.span.bbox[0]) >= left), default=cell.bbox[2])
    if len(level) == len(places):
        return left, cell.bbox[1], right, cell.bbox[3]
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
    return next(layout.spans(span, gap=_PHRASE_GAP))


def _before_label(chars: Sequence[Char], start: int, end: int) -> int:
    text = _plain(chars[:end])
    for match in _LABEL_LIKE.finditer(text, start):
        at = match.start()
        if at == start or _gap(chars[at - 1], chars[at]) > _WORD_GAP * chars[at].height:
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
    spot = place.spot
    entry = Entry(spot.name, spot.text, spot.span.bbox, sure=place.cell is not None or spot.colon)
    if place.own:
        entry.text = "".join(span.text for span in place.own)
        entry.bbox = layout.union(span.bbox for span in place.own)
        entry.cell = place.room
        return entry
    if cell is None:
        entry.cell = place.room
        return entry
    entry.text, entry.bbox, entry.cell = cell.text.replace("\n", ""), cell.ink, cell.bbox
    if level and len(cell.lines) > 1:
        beside = [line for line in cell.lines if line.bbox[1] <= place.middle < line.bbox[3]]
        if len(beside) == 1 and beside[0].height <= 1.5 * place.spot.span.height:
            entry.text, entry.bbox = beside[0].text, beside[0].bbox
    return entry


def _holds(outer: BBox, inner: BBox) -> bool:
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return outer[0] <= x < outer[2] and outer[1] <= y < outer[3]
