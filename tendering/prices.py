"""A price is a form, not a number: an amount, a rate, a discount, several parts, or only a text.

Of real bids about one in eight is a rate or a discount and one in eighteen has several parts; reading them as numbers
would be wrong, so a price keeps the form and always the text as printed.
"""

import re
from decimal import Decimal
from enum import StrEnum

import msgspec

SCALES = {"": Decimal(1), "万": Decimal(10_000), "亿": Decimal(100_000_000)}
#: A bare number below this is no price in yuan: such bids are rates whose unit was not printed.
SMALLEST_BARE_AMOUNT = Decimal(1000)
#: Beyond this an amount is a mistake of units: no city trades a trillion yuan.
LARGEST_AMOUNT = Decimal(10) ** 12
LABEL_LENGTH = 24
YUAN = "CNY"


class PriceForm(StrEnum):
    AMOUNT = "amount"  # so many yuan, or yuan per unit
    RATE = "rate"  # a share of a named base: 费率, 价格系数
    DISCOUNT = "discount"  # 下浮率, 折扣率, as printed
    PARTS = "parts"  # design 3 %, building works 1,200,000 yuan
    TEXT = "text"  # none of these could be read


class PricePart(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One of several prices in a bid. `amount` is in yuan (per `per`, when given), `percent` as printed."""

    label: str
    form: PriceForm
    amount: Decimal | None = None
    per: str | None = None
    percent: Decimal | None = None


class Price(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """`text` is what was printed; for `parts`, `amount` is the total where one is stated."""

    form: PriceForm
    text: str
    amount: Decimal | None = None
    per: str | None = None
    percent: Decimal | None = None
    parts: tuple[PricePart, ...] = ()
    currency: str = YUAN

    @property
    def total(self) -> Decimal | None:
        """The whole price in its currency, where it is a sum."""
        return self.amount if self.per is None else None

    @property
    def yuan(self) -> Decimal | None:
        """The whole price in yuan, where it is one."""
        return self.total if self.currency == YUAN else None


def amount_of(value: Decimal, currency: str = YUAN) -> Price:
    text = f"{value} {'元' if currency == YUAN else currency}"
    return Price(PriceForm.AMOUNT, text, amount=value, currency=currency)


_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: " ",
    0x200B: None,
    0x200C: None,
}
_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
#: Not prices: titles of tariffs, their years and numbers, sums in words, ceilings, shares of the work.
_NOISE = re.compile(
    r"《[^》]*》"
    r"|[\[〔【(]\s*\d{4}\s*[\]〕】)]?\s*(?:第?\s*\d+\s*)?号?"
    r"|大写:[^;,。)]*"
    rf"|(?:不高于|超(?:过|出)?|按|控制价(?:总金额)?|暂定总价)\s*{_NUMBER}\s*[亿万]?元?"
    rf"|占总[^;,。]*?{_NUMBER}\s*%"
)
_COMPONENT = re.compile(
    rf"(?P<number>{_NUMBER})\s*(?:(?P<percent>%)|(?P<scale>[亿万]?)\s*元(?:/(?P<per>[^\s;,。、:)]+))?)"
    rf"|%(?P<reversed>{_NUMBER})"
    rf"|(?:[¥￥]:?|报价:|^)\s*(?P<bare>{_NUMBER})(?=\s*[(),;]|$)"
)
_DISCOUNT = re.compile(r"下浮|折扣|优惠")
#: "下浮比例部分：建筑工程 18 %；市政工程 18 % …": the word stands once, before all.
_DISCOUNT_HEADING = re.compile(r"(?:报价)?(?:下浮|折扣)[^:]*:")
#: What most prices are: a number and its unit, nothing else.
_SUM = re.compile(rf"(?P<number>{_NUMBER})\s*(?P<scale>[亿万]?)元")
_TAIL = re.compile(r"^[^:;,。、]*[;,。、]")
_QUOTED = re.compile(r"“(?:\d\.)?([^“”]*费)”")
_LABEL = re.compile(r"(?:其中:|[\s\d.、;,。:()“”+=])*([^:为按(;,。]*)")
_LABEL_NOISE = re.compile(
    r"投标(?:总?报?价)?(?!\d|报?价\d)|报价(?!\d)|人民币|小写|其中|[¥￥]"
    r"|的?(?:折扣|下浮)(?:率|比例)?$"
)


def parse_price(printed: str) -> Price:
    """Read a printed price. Never fails: what cannot be read is `TEXT`."""
    price = _read(printed.strip())
    return (
        price if price.amount is None or price.amount <= LARGEST_AMOUNT else Price(PriceForm.TEXT, price.text)
    )


def _read(text: str) -> Price:
    plain = text.translate(_HALF_WIDTH)
    if match := _SUM.fullmatch(plain):
        return Price(PriceForm.AMOUNT, text, amount=_decimal(match["number"]) * SCALES[match["scale"]])
    if re.fullmatch(_NUMBER, plain):
        value = _decimal(plain)
        readable = value >= SMALLEST_BARE_AMOUNT
        return Price(PriceForm.AMOUNT, text, amount=value) if readable else Price(PriceForm.TEXT, text)
    parts = _parts(_NOISE.sub("", plain))
    if not parts:
        return Price(PriceForm.TEXT, text)
    if len(parts) == 1:
        part = parts[0]
        return Price(part.form, text, amount=part.amount, per=part.per, percent=part.percent)
    return _composed(text, parts)


def _composed(text: str, parts: list[PricePart]) -> Price:
    """Several parts, of which one may be the total: it says so, has no name, or is the sum of the others."""
    amounts = [part.amount for part in parts if part.amount is not None and part.per is None]
    total = next((part for part in parts if _is_total(part, sum(amounts, Decimal(0)))), None)
    if total is None or total.amount is None:
        return Price(PriceForm.PARTS, text, parts=tuple(parts))
    rest = tuple(part for part in parts if part is not total)
    form = PriceForm.PARTS if any(part.amount is not None for part in rest) else PriceForm.AMOUNT
    return Price(form, text, amount=total.amount, parts=rest)


def _is_total(part: PricePart, amounts: Decimal) -> bool:
    if part.amount is None or part.per is not None:
        return False
    return part.label in {"", "总", "总价"} or abs(2 * part.amount - amounts) < 1


def _parts(text: str) -> list[PricePart]:
    found = list(_COMPONENT.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)]
    discounted = _DISCOUNT_HEADING.match(text) is not None
    parts, start = list[PricePart](), 0
    for match, end in zip(found, ends, strict=False):
        before = text[start : match.start()] if not start else _TAIL.sub("", text[start : match.start()])
        # A word in brackets after the number belongs to it: 80%(折扣报价), 60元(设计费).
        after = re.match(r"\s*\(([^)\d]*)\)", text[match.end() : end])
        part = _part(match, before, after.group(1) if after else "", discounted=discounted)
        if part not in parts:
            parts.append(part)
        start = match.end() + (after.end() if after else 0)
    return parts


def _part(match: re.Match[str], before: str, after: str, *, discounted: bool) -> PricePart:
    label = _label(before) or _label(after)
    percent = match["reversed"] or (match["number"] if match["percent"] else None)
    if percent is not None:
        discounted = discounted or _DISCOUNT.search(before + after) is not None
        return PricePart(
            label, PriceForm.DISCOUNT if discounted else PriceForm.RATE, percent=_decimal(percent)
        )
    value = _decimal(match["bare"] or match["number"]) * SCALES[match["scale"] or ""]
    return PricePart(label, PriceForm.AMOUNT, amount=value, per=match["per"])


def _label(before: str) -> str:
    """What the number is the price of, in the bidder's own short words."""
    if quoted := _QUOTED.findall(before):
        return str(quoted[-1])
    match = _LABEL.match(before)
    return _LABEL_NOISE.sub("", match.group(1)).strip()[:LABEL_LENGTH] if match else ""


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))
