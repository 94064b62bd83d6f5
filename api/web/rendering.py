"""Jinja: the environment that every page is rendered with."""

import hashlib
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import jinja2
from babel import Locale, dates, numbers
from litestar import Request
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template

from core import clock
from core.access import Action
from core.i18n import current_locale, gettext, ngettext
from core.settings import Settings
from demo.loading import PASSWORD, SHOWN_LOGINS

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
STATIC = HERE / "static"
ASSETS = HERE.parent.parent / ".assets"


def build_engine(settings: Settings) -> JinjaTemplateEngine:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=settings.debug,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    environment.install_gettext_callables(gettext, ngettext, newstyle=False)  # type: ignore[attr-defined]  # added by the i18n extension
    environment.globals.update(
        _=gettext,
        static=static_url,
        asset=asset_url,
        Action=Action,
        demo=settings.demo,
        demo_speed=settings.demo_speed,
        demo_now=clock.now,
        base_url=settings.base_url,
    )
    if settings.demo:
        environment.globals.update(demo_logins=SHOWN_LOGINS, demo_password=PASSWORD)
    environment.filters.update(
        localdate=localdate,
        localday=localday,
        localdatetime=localdatetime,
        localtime=localtime,
        money=money,
        area=area,
        number=number,
    )
    return JinjaTemplateEngine.from_environment(environment)


def page(
    request: Request[Any, Any, Any],
    template: str,
    *,
    status: int | None = None,
    headers: dict[str, str] | None = None,
    **context: Any,
) -> Template:
    """A template with what `base.html` needs on every page."""
    common: dict[str, Any] = {
        "account": request.scope.get("user"),
        "locale": current_locale.get(),
        "now": clock.now(),
    }
    answer = Template(template, context=common | context, headers=headers)
    answer.status_code = status  # None leaves it to the handler
    return answer


@cache
def static_url(name: str) -> str:
    """Our own file, with a hash of its content, so that browsers may keep it for ever."""
    return _hashed(STATIC / name, f"/static/{name}")


@cache
def asset_url(name: str) -> str:
    """A file from a front-end package, built by `make assets`."""
    return _hashed(ASSETS / name, f"/assets/{name}")


def _hashed(path: Path, url: str) -> str:
    return f"{url}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:12]}" if path.exists() else url


def _babel_locale() -> Locale:
    return _parsed(current_locale.get())


@cache
def _parsed(name: str) -> Locale:
    """Babel looks through all its locales each time that one is named by text."""
    return Locale.parse(name, sep="-")


def localdate(value: date | datetime | None, fmt: str = "medium") -> str:
    if value is None:
        return ""
    return _date(clock.local_date(value) if isinstance(value, datetime) else value, fmt, current_locale.get())


@lru_cache(maxsize=4096)
def _date(day: date, fmt: str, locale: str) -> str:
    return str(dates.format_date(day, fmt, locale=_parsed(locale)))


def localday(value: date | datetime) -> str:
    """Month, day and weekday, where the year goes without saying."""
    day = clock.local_date(value) if isinstance(value, datetime) else value
    return str(dates.format_skeleton("MMMEd", day, locale=_babel_locale()))


def localdatetime(value: datetime | None) -> str:
    if value is None:
        return ""
    return f"{localdate(value)} {localtime(value)}"


def localtime(value: datetime) -> str:
    return value.astimezone(clock.LOCAL).strftime("%H:%M")


def money(value: Decimal | float | None) -> str:
    """Yuan, as Babel writes them in both languages, in a thirtieth of its time."""
    if value is None:
        return ""
    sign = "-" if value < 0 else ""
    return f"{sign}{_yuan_sign(current_locale.get())}{abs(value):,.2f}"


@cache
def _yuan_sign(locale: str) -> str:
    return str(numbers.get_currency_symbol("CNY", locale=_parsed(locale)))


def area(value: Decimal | float | None) -> str:
    """Square metres."""
    return "" if value is None else f"{number(value)} ㎡"


def number(value: Decimal | float | None) -> str:
    return "" if value is None else str(numbers.format_decimal(value, locale=_babel_locale()))
