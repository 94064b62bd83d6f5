"""What kind of document it is: the heading decides, words in the body support or contradict; the evidence is kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from documents import normalise
from documents.layout import Span
from documents.report import BBox
from documents.rulebook import Family, RuleBook

_HEADING_LINES = 12
_CONFIDENT = 0.6


@dataclass(frozen=True)
class Kind:
    """`code` is None where nothing speaks clearly enough. Confidence is 0–1."""

    code: str | None
    confidence: float
    evidence: str
    bbox: BBox | None = None


def heading(lines: Sequence[Span], page_height: float) -> Span | None:
    """The largest writing in the upper half of the page."""
    upper = [
        line for line in lines if line.bbox[3] < 0.55 * page_height and len(normalise.compact(line.text)) > 1
    ]
    return max(upper, key=lambda line: (round(line.height), -line.bbox[1]), default=None)


def classify(
    lines: Sequence[Span], page_height: float, book: RuleBook, *, title_block: bool, recognised: bool = False
) -> Kind:
    """Judges by the first page. A title block makes a drawing, unless the heading says that it is a list of them."""
    title = heading(lines, page_height)
    plain = normalise.as_recognised if recognised else normalise.compact
    best = max(
        (_score(family, title, lines, plain) for family in book.families.family if not family.drawing),
        key=lambda scored: scored[0],
        default=(0.0, Kind(None, 0.0, "")),
    )
    score, kind = best
    if title_block and not (kind.code == "drawing_list" and score >= _CONFIDENT):
        return Kind("as_built_drawing", 0.95, "图签")
    if score < _CONFIDENT:
        return Kind(None, score, title.text if title else "")
    return kind


def _score(
    family: Family, title: Span | None, lines: Sequence[Span], plain: Callable[[str], str]
) -> tuple[float, Kind]:
    text = plain("".join(line.text for line in lines))
    headings = lines[:_HEADING_LINES]
    candidates = ([(title, 0.9)] if title else []) + [(line, 0.65) for line in headings]
    excluded = any(plain(word) in plain(line.text) for line, _ in candidates[:1] for word in family.never)
    best, found = 0.0, None
    for line, weight in candidates:
        words = plain(line.text)
        longest = max((phrase for phrase in map(plain, family.title) if phrase in words), key=len, default="")
        if longest and not excluded:
            # A heading that is little more than the phrase speaks louder than a sentence that mentions it.
            score = weight * (0.7 + 0.3 * len(longest) / max(len(words), 1)) + 0.002 * len(longest)
            if score > best:
                best, found = score, line
    support = sum(plain(word) in text for word in family.body) / max(len(family.body), 1)
    score = min(best + 0.08 * support, 1.0) if found else 0.45 * support
    evidence = found.text if found else ""
    return score, Kind(family.code, round(min(score, 0.99), 2), evidence, found.bbox if found else None)
