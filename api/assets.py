"""Browser scripts and fonts, copied out of node_modules into one folder that the application serves.

Run by `python -m api.assets`. The layout below the target folder:

- `htmx.min.js`, `redoc.standalone.js`, and `axe.min.js` where the development packages are installed
- `fonts/noto-sans-sc-{chinese-simplified,latin}-{400,600,700}.woff2`: for the web pages
- `fonts/ttf/NotoSansSC-{Regular,Bold}.ttf`: for the PDFs that we write (typst, reportlab)
"""

import json
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

SCRIPTS = ("htmx.org/dist/htmx.min.js", "redoc/bundles/redoc.standalone.js", "axe-core/axe.min.js")
PACKAGES = ("htmx.org", "redoc", "axe-core", "@fontsource/noto-sans-sc")
FONT_FILES = "@fontsource/noto-sans-sc/files"
WEB_SUBSETS = ("chinese-simplified", "latin")
WEB_WEIGHTS = (400, 600, 700)
PRINT_STYLES = {"Regular": 400, "Bold": 700}
#: Tables that name glyphs of one subset only, or serve vertical setting and variation.
DROPPED_TABLES = ("BASE", "GDEF", "GPOS", "GSUB", "GlyphOrder", "STAT", "vhea", "vmtx", "prep", "gasp")
FORMAT = 1  # raise when the output of this module changes


def build_assets(source: Path, target: Path) -> bool:
    """Bring `target` up to date with the packages under `source`; False if it already was.

    Raises FileNotFoundError when the front-end packages are not installed.
    """
    stamp = target / "versions.json"
    versions = json.dumps({"format": FORMAT} | {name: _version(source / name) for name in PACKAGES})
    if stamp.exists() and stamp.read_text() == versions:
        return False
    (target / "fonts/ttf").mkdir(parents=True, exist_ok=True)
    for script in map(source.joinpath, SCRIPTS):
        if script.exists() or "axe" not in script.name:
            shutil.copyfile(script, target / script.name)
    fonts = source / FONT_FILES
    for subset in WEB_SUBSETS:
        for weight in WEB_WEIGHTS:
            shutil.copyfile(
                fonts / f"noto-sans-sc-{subset}-{weight}-normal.woff2",
                target / f"fonts/noto-sans-sc-{subset}-{weight}.woff2",
            )
    with ProcessPoolExecutor() as pool:
        builds = [
            pool.submit(merge_subsets, fonts, weight, target / f"fonts/ttf/NotoSansSC-{style}.ttf")
            for style, weight in PRINT_STYLES.items()
        ]
        for build in builds:
            build.result()
    stamp.write_text(versions)
    return True


def merge_subsets(fonts: Path, weight: int, target: Path) -> None:
    """Join all web subsets of one weight into one TrueType font.

    The big subset lacks signs that forms and drawings use (≥ ① √ □ ℃) and the rarer characters of names.
    """
    from fontTools.ttLib import TTFont

    font = TTFont(fonts / f"noto-sans-sc-chinese-simplified-{weight}-normal.woff2")
    for table in DROPPED_TABLES:
        if table in font:
            del font[table]
    names, order = font.getBestCmap(), font.getGlyphOrder()
    glyphs, widths = font["glyf"], font["hmtx"]
    for subset in sorted(fonts.glob(f"noto-sans-sc-*-{weight}-normal.woff2")):
        part = TTFont(subset)
        for code, glyph in part.getBestCmap().items():
            if code not in names:
                name = f"u{code:05X}"
                glyphs.glyphs[name] = part["glyf"][glyph]
                widths.metrics[name] = part["hmtx"][glyph]
                order.append(name)
                names[code] = name
    font.setGlyphOrder(order)
    glyphs.setGlyphOrder(order)
    _set_characters(font, names)
    _set_names(font, "Bold" if weight > WEB_WEIGHTS[0] else "Regular")
    font.flavor = None
    font.save(target)


def _set_characters(font: Any, names: dict[int, str]) -> None:
    from fontTools.ttLib.tables._c_m_a_p import CmapSubtable

    table = CmapSubtable.newSubtable(12)
    table.platformID, table.platEncID, table.language, table.cmap = 3, 10, 0, names
    basic = CmapSubtable.newSubtable(4)
    basic.platformID, basic.platEncID, basic.language = 3, 1, 0
    basic.cmap = {code: name for code, name in names.items() if code <= 0xFFFF}  # noqa: PLR2004 - format 4's limit
    font["cmap"].tables = [basic, table]


def _set_names(font: Any, style: str) -> None:
    """The subsets of every weight call themselves Thin; typst picks fonts by family and weight."""
    for identifier, text in {
        1: "Noto Sans SC",
        2: style,
        4: f"Noto Sans SC {style}",
        6: f"NotoSansSC-{style}",
        16: "Noto Sans SC",
        17: style,
    }.items():
        font["name"].setName(text, identifier, 3, 1, 0x409)


def _version(package: Path) -> str | None:
    manifest = package / "package.json"
    return str(json.loads(manifest.read_text())["version"]) if manifest.exists() else None


if __name__ == "__main__":
    arguments = [Path(argument) for argument in sys.argv[1:]]
    root = Path(__file__).resolve().parent.parent
    build_assets(*(arguments or [root / "node_modules", root / ".assets"]))
