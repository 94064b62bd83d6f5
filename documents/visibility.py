"""Which characters a reader of the displayed page can see: not those that a box covers."""

from collections.abc import Sequence

from documents import layout
from documents.layout import Char
from documents.pages import PageFacts
from documents.report import BBox

SCALE = 1.5
_CONTRAST = 12  # shades of grey between the darkest and the lightest pixel of a character that shows
_FEWEST = 2  # a lone dot may be too small to be drawn
_MOST_CHARS = 20_000


def uncover(page: PageFacts, region: BBox | None = None) -> bool:
    """Moves what is covered within a region of the displayed page to the hidden text; says whether there was any.

    Judged by the rendering alone, so it is all one whether a path, an image or an annotation lies on top. What is
    covered by other writing counts as visible.
    """
    box = region or (0.0, 0.0, page.width, page.height)
    inside = [
        char
        for char in page.chars
        if char.embedded and layout.overlaps(box, (char.x0, char.top, char.x1, char.bottom))
    ]
    if page.borrowed or not inside or len(inside) > _MOST_CHARS:
        return False
    dark = _without_contrast(page, box, inside)
    covered = [run for run in _runs(inside, dark) if len(run) >= _FEWEST]
    if not covered:
        return False
    gone = {id(char) for run in covered for char in run}
    page.hide([char for char in page.chars if id(char) in gone])
    return True


def _without_contrast(page: PageFacts, box: BBox, chars: Sequence[Char]) -> list[bool]:
    left, top = max(box[0], 0.0), max(box[1], 0.0)
    picture = page.render(box, SCALE)
    flat = []
    for char in chars:
        rows = slice(max(int((char.top - top) * SCALE), 0), max(int((char.bottom - top) * SCALE) + 1, 0))
        columns = slice(max(int((char.x0 - left) * SCALE), 0), max(int((char.x1 - left) * SCALE) + 1, 0))
        pixels = picture[rows, columns]
        flat.append(bool(pixels.size) and int(pixels.max()) - int(pixels.min()) < _CONTRAST)
    return flat


def _runs(chars: Sequence[Char], flat: Sequence[bool]) -> list[list[Char]]:
    """Characters without contrast that follow each other, as they are written."""
    runs: list[list[Char]] = [[]]
    for char, is_flat in zip(chars, flat, strict=True):
        if is_flat:
            runs[-1].append(char)
        elif runs[-1]:
            runs.append([])
    return runs
