"""One sheet of a set of drawings, and what its title block says."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

SIGNED = ("审定", "审核", "校对", "专业负责", "设计", "制图")
BLOCK_FIELDS = {
    "designer": "设计单位", "construction_unit": "建设单位", "project_name": "工程名称", "drawing_title": "图名",
    "drawing_number": "图号", "scale": "比例", "stage": "设计阶段", "date": "日期", "discipline": "专业",
    "project_number": "工程编号", "revision": "版本",
}  # fmt: skip
LETTERS = 10  # pt: 3.5 mm, the least height of Chinese characters on drawings (GB/T 14691)


@dataclass(frozen=True, slots=True)
class Drawing:
    """One sheet. `block` maps title block fields to what is printed; `stamp` the stamp's, None without a stamp."""

    number: str
    title: str
    sheet: str
    block: Mapping[str, str]
    stamp: Mapping[str, str] | None
    layout: str
    rotate: int = 0  # /Rotate of the page
    segments: int = 1_500
    has_block: bool = True
    size_mm: tuple[float, float] | None = None  # where it is not the named sheet's

    def with_block(self, **changes: str) -> "Drawing":
        return replace(self, block={**self.block, **changes})
