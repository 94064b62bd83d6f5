"""Printed text to comparable values: full-width and compatibility forms, areas, amounts in Chinese numerals, dates."""

import datetime as dt
import re
import unicodedata
from decimal import Decimal
from functools import cache

# NFKC would turn ㎡ into m2 and ① into 1: characters that mean something in a building document stay as they are.
_KEEP = {chr(code) for code in (*range(0x2460, 0x2500), *range(0x3200, 0x3400), 0x2103)}
# Radicals that fonts map glyphs to and that have no compatibility decomposition.
_RADICALS = str.maketrans("⺠⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻢⻤⻥⻦⻩⻬⻰", "民见角贝车长门青韦页风飞马鬼鱼鸟黄齐龙")
_CHINESE_DIGITS = {
    char: value
    for value, chars in enumerate(
        ("〇零○", "一壹", "二贰貳", "三叁參", "四肆", "五伍", "六陆陸", "七柒", "八捌", "九玖"),
    )
    for char in chars
}
_CHINESE_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_CHINESE_NUMBER = re.compile(r"[〇零○一二三四五六七八九壹贰貳叁參肆伍陆陸柒捌玖十拾百佰千仟万萬亿億点點]{2,}")
_CONFUSED = str.maketrans("口", "□", "竣峻浚骏")
_BRACKETS = str.maketrans("〔〕[]【】", "()()()")
PROJECT_CODE = re.compile(r"(?<!\d)\d{4}-\d{6}-\d{2}-\d{2}-\d{6}(?!\d)")
_SMALLEST_ROUNDING = Decimal("0.0051")
TICKED, UNTICKED = "☑☒■√✓✔◼", "□☐◻"  # boxes of an option
_SQUARE_METRES = ("㎡", "m²", "m2", "平方米", "平米", "平方公尺")


@cache
def char(text: str) -> str:
    """One character in its plain form; one in, one out, so that positions stay valid."""
    if text in _KEEP:
        return text
    plain = unicodedata.normalize("NFKC", text.translate(_RADICALS))
    return plain if len(plain) == 1 else text


def plain(text: str) -> str:
    return "".join(map(char, text))


def as_recognised(text: str) -> str:
    """Without what recognition drops or confuses (竣 becomes 峻, or nothing), to find phrases in recognised text."""
    return compact(text).translate(_CONFUSED)


def compact(text: str) -> str:
    """Without any white space and in plain forms: for comparing and matching labels."""
    return "".join(plain(text).split())


def chinese_number(text: str) -> Decimal | None:
    """壹万捌仟陆佰伍拾贰点叁柒 → 18652.37; also 二〇二五 as a plain run of digits."""
    text = compact(text).replace("萬", "万").replace("億", "亿").replace("點", "点")
    whole, _, fraction = text.partition("点")
    if not whole or any(
        c not in _CHINESE_DIGITS and c not in _CHINESE_UNITS and c not in "万亿" for c in whole
    ):
        return None
    if all(c in _CHINESE_DIGITS for c in whole):
        total = int("".join(str(_CHINESE_DIGITS[c]) for c in whole))
    else:
        total = _chinese_whole(whole)
    if any(c not in _CHINESE_DIGITS for c in fraction):
        return None
    digits = "".join(str(_CHINESE_DIGITS[c]) for c in fraction)
    return Decimal(f"{total}.{digits or 0}")


def _chinese_whole(text: str) -> int:
    total = section = digit = 0
    for c in text:
        if c in _CHINESE_DIGITS:
            digit = _CHINESE_DIGITS[c]
        elif c in _CHINESE_UNITS:
            section += (digit or 1) * _CHINESE_UNITS[c]
            digit = 0
        else:
            total = (total + section + digit) * (10_000 if c == "万" else 100_000_000)
            section = digit = 0
    return total + section + digit


def number(text: str) -> Decimal | None:
    found = _NUMBER.search(plain(text).replace("，", ","))
    if found:
        return Decimal(found.group().replace(",", ""))
    chinese = _CHINESE_NUMBER.search(compact(text))
    return chinese_number(chinese.group()) if chinese else None


def area(text: str, *, label: str = "") -> Decimal | None:
    """An area in ㎡, whether printed in ㎡, 万㎡, 公顷 or 亩-free Chinese numerals; the unit may stand in the label."""
    value = number(text)
    if value is None:
        return None
    unit = compact(text) if _has_area_unit(compact(text)) else compact(label)
    in_tens_of_thousands = "公顷" in unit or any(f"万{metres}" in unit for metres in _SQUARE_METRES)
    return value * 10_000 if in_tens_of_thousands else value


def area_rounding(text: str, *, label: str = "") -> Decimal:
    """Half a unit of the last printed digit, in ㎡: 1.87万㎡ stands for anything from 18,650 to 18,750 ㎡."""
    printed = number(text)
    value = area(text, label=label)
    if not printed or value is None:
        return _SMALLEST_ROUNDING
    last_digit = Decimal(10) ** int(printed.as_tuple().exponent)
    return (
        max(last_digit / 2 * (value / printed), _SMALLEST_ROUNDING)
        if value != printed
        else _SMALLEST_ROUNDING
    )


def _has_area_unit(text: str) -> bool:
    return "公顷" in text or any(unit in text for unit in _SQUARE_METRES)


_DATE = re.compile(r"(\d{4})\s*[年./\-]\s*(\d{1,2})(?:\s*[月./\-]\s*(\d{1,2})\s*日?)?")
_DIGIT_DATE = re.compile(r"(?<!\d)(20\d{2})(0[1-9]|1[0-2])([0-2]\d|3[01])(?!\d)")
_CHINESE_DATE = re.compile(
    r"([〇零○一二三四五六七八九]{4})年([一二三四五六七八九十]{1,2})月(?:([一二三四五六七八九十]{1,3})日)?"
)


_DATE_LIKE = re.compile(r"\d{4}[年./\-]\d{1,2}[月./\-]\d{1,2}")


def date(text: str) -> dt.date | None:
    """The first of `dates`."""
    return next(iter(dates(text)), None)


def dates(text: str) -> list[dt.date]:
    """2025年6月20日, 2025.6.20, 2025-06-20, 20250620, 二〇二五年六月二十日; a month alone is its first day.

    A day that does not exist is left out.
    """
    text = compact(text)
    found = sorted(
        (match.start(), match.groups(default="一" if pattern is _CHINESE_DATE else "1"))
        for pattern in (_CHINESE_DATE, _DATE, _DIGIT_DATE)
        for match in pattern.finditer(text)
    )
    return [day for _, parts in found if (day := _day(parts))]


def _day(parts: tuple[str, ...]) -> dt.date | None:
    numbers = [
        Decimal(part) if part.isdecimal() and part.isascii() else chinese_number(part) for part in parts
    ]
    try:
        year, month, day = (int(number) for number in numbers if number is not None)
        return dt.date(year, month, day)
    except ValueError:
        return None


def looks_like_date(text: str) -> bool:
    return bool(_DATE_LIKE.search(compact(text)))


def offers_options(text: str) -> bool:
    """Boxes to tick, with something beside them."""
    return any(mark in text for mark in UNTICKED) and len(compact(text)) > len("□")


def name(text: str) -> str:
    """A company, project or address, comparable: no spaces, half-width brackets, no closing punctuation."""
    return compact(text).translate(_BRACKETS).rstrip("。.,;:")


def permit(text: str) -> str:
    """A permit number, comparable: brackets and spaces unified, the word 号 and the 第 before it kept out."""
    return re.sub(r"[\s()〔〕\[\]【】第号]", "", compact(text)).upper()
