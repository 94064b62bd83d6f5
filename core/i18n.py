"""Chinese first, English too: Chinese source strings, English from each area's `locale/en.po`.

The catalogues are read at start and need no compile step.
"""

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

LOCALES = ("zh-CN", "en")
DEFAULT_LOCALE = "zh-CN"
#: The reader's language for the present request or job; templates and the error edge read it.
current_locale: ContextVar[str] = ContextVar("current_locale", default=DEFAULT_LOCALE)

ROOT = Path(__file__).parent.parent


def catalogues() -> Iterable[Path]:
    return sorted(ROOT.glob("*/locale/en.po"))


@cache
def translations(locale: str) -> NullTranslations:
    if locale != "en":
        return NullTranslations()
    merged = Catalog(locale="en")
    for path in catalogues():
        with path.open("rb") as source:
            for message in read_po(source, locale="en"):
                if message.id:
                    merged[message.id] = message
    compiled = BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return Translations(compiled)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name
    """Marks a source string in a table of data; it is translated where it is shown."""
    return message


def gettext(message: str, /, **params: object) -> str:
    """The message in the reader's language, its `%(name)s` filled in."""
    return translate(current_locale.get(), message, params)


def translate(locale: str, message: str, params: Mapping[str, object] | None = None) -> str:
    text = translations(locale).gettext(message)
    return text % params if params else text


def ngettext(singular: str, plural: str, number: int, /, **params: object) -> str:
    text = translations(current_locale.get()).ngettext(singular, plural, number)
    return text % {"num": number, **params}


def negotiate(*, cookie: str | None, account: str | None, accept: str) -> str:
    """The reader's language: their account's, else the cookie's, else the browser's first that we speak."""
    for choice in (account, cookie):
        if choice in LOCALES:
            return choice
    for part in accept.split(","):
        language = part.split(";")[0].strip().lower()
        if language.startswith("zh"):
            return "zh-CN"
        if language.startswith("en"):
            return "en"
    return DEFAULT_LOCALE
