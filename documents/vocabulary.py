"""The labels that a rule knows, and where they stand by themselves among the words of a line."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from documents import layout, normalise
from documents.layout import Char, Span
from documents.rulebook import BlockRule
from documents.tables import Cell

_APART = 0.25  # of the height of the writing: white space that ends a word
_SPACED_OUT = 4.5  # the widest space within a label: 图　　名
_ENDLESS = 330.0  # heights: nothing else stands there
_LONGEST_LABEL = 60
_REMARK = re.compile(r"\([^()]*\)")
_OPENING = ":/)、;,.。("


@dataclass(slots=True)
class Spot:
    """A label in a line, from character `start` on; its value begins `after` its remark, translation and colon."""

    name: str
    span: Span
    text: str  # with a remark in brackets
    start: int = 0
    after: int = 0
    colon: bool = False
    apart: float = _ENDLESS  # heights of white space before and behind it, the smaller


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
        text = plain(line.chars)
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
        text = self._foreign.sub("", "".join(plain(line.chars) for line in cell.lines)).rstrip(":")
        name = self._meanings.get(text) or self._meanings.get(_REMARK.sub("", text))
        chars = [char for line in cell.lines for char in line.chars]
        return Spot(name, Span(text, cell.ink, chars), text) if name else None

    def without_translation(self, line: Span) -> Span | None:
        """What a line says beside the translation of a label."""
        match = self._foreign.match(plain(line.chars))
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
        text = plain(line.chars)
        return any(word in text for word in self._elsewhere)


def _alternatives(words: Iterator[str] | dict[str, str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(set(words), key=len, reverse=True))))


def plain(chars: Sequence[Char]) -> str:
    """One character for each, in plain form and capitals, so that positions stay valid."""
    return "".join(
        upper if len(upper := normalise.char(char.text).upper()) == 1 else char.text for char in chars
    )


def _letters(text: str) -> str:
    return normalise.compact(text).upper().rstrip(".")


def _apart(chars: Sequence[Char], text: str, start: int, end: int, after: int) -> float:
    """Heights of white space around a label, the smaller; 0 where it does not stand by itself."""
    height = max(char.height for char in chars[start:end])
    inner = [gap_between(a, b) / height for a, b in pairwise(chars[start:end])]
    widest = max(inner, default=0.0)
    if widest > _SPACED_OUT or widest - min(inner, default=0.0) > max(0.6, 0.4 * widest):
        return 0.0
    before = gap_between(chars[start - 1], chars[start]) / height if start else _ENDLESS
    behind = gap_between(chars[after - 1], chars[after]) / height if after < len(chars) else _ENDLESS
    apart = max(_APART, 0.5 * widest if widest > _APART else 0.0)
    opened = before > apart or text[start - 1] in _OPENING
    closed = behind > apart or after > end or (text[end].isascii() and text[end].isalpha())
    return max(min(before, behind), 0.01) if opened and closed else 0.0


def gap_between(a: Char, b: Char) -> float:
    return b.x0 - a.x1
