import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from core.i18n import ROOT, catalogues, negotiate, translate

AREAS = ("api", "core", "documents", "inspection", "scheduling", "tendering")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
#: Refusals carry their source string as a class attribute.
MESSAGE = re.compile(r'^    message(?:: ClassVar\[str\])? = "([^"]*)"', re.MULTILINE)


def first(text: str | Sequence[str] | None) -> str:
    """Of a message that counts, its form for one; it has no words that the others lack."""
    return text if isinstance(text, str) else (text or ("",))[0]


def english() -> dict[str, str]:
    known: dict[str, str] = {}
    for path in catalogues():
        with path.open("rb") as source:
            known |= {
                first(m.id): first(m.string) for m in read_po(source, locale="en") if m.id and not m.fuzzy
            }
    return known


def used_messages() -> set[str]:
    found: set[str] = set()
    for area in AREAS:
        folder = ROOT / area
        extracted = extract_from_dir(
            folder,
            method_map=[("**.py", "python"), ("**/templates/**.html", "jinja2")],
            options_map={"**/templates/**.html": {"extensions": "jinja2.ext.do", "trimmed": "true"}},
            keywords={"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "FieldProblem": (2,)},
        )
        found |= {message[0] if isinstance(message, tuple) else message for _, _, message, _, _ in extracted}
        for path in folder.rglob("*.py"):
            found |= set(MESSAGE.findall(path.read_text(encoding="utf-8")))
    return {message for message in found if CHINESE.search(message)}


def test_every_message_has_an_english_text() -> None:
    known = english()
    assert sorted(message for message in used_messages() if not known.get(message)) == []


def test_translations_keep_their_placeholders() -> None:
    differing = {
        source: text
        for source, text in english().items()
        if text and set(PLACEHOLDER.findall(source)) != set(PLACEHOLDER.findall(text))
    }
    assert differing == {}


@pytest.mark.parametrize(
    ("account", "cookie", "accept", "expected"),
    [
        ("en", "zh-CN", "zh", "en"),
        (None, "en", "zh", "en"),
        (None, None, "fr, en-GB;q=0.8, zh;q=0.5", "en"),
        (None, None, "zh-TW,en", "zh-CN"),
        (None, "xx", "", "zh-CN"),
    ],
)
def test_language_is_chosen_by_account_then_cookie_then_browser(
    account: str | None, cookie: str | None, accept: str, expected: str
) -> None:
    assert negotiate(account=account, cookie=cookie, accept=accept) == expected


def test_translation_fills_in_values() -> None:
    assert translate("en", "请求过于频繁，请在 %(seconds)s 秒后再试。", {"seconds": 5}).startswith(
        "Too many requests"
    )


def test_catalogues_stand_in_their_areas() -> None:
    assert {Path(path).parent.parent.name for path in catalogues()} <= set(AREAS)
