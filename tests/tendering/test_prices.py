from decimal import Decimal

import pytest

from tendering.prices import PriceForm, parse_price


@pytest.mark.parametrize(
    ("printed", "form", "amount"),
    [
        ("1,799,255.53元", PriceForm.AMOUNT, Decimal("1799255.53")),
        ("12.5万元", PriceForm.AMOUNT, Decimal(125_000)),
        ("1799255.53", PriceForm.AMOUNT, Decimal("1799255.53")),
        ("98.5", PriceForm.TEXT, None),  # a rate whose unit was not printed
        ("下浮率3%", PriceForm.DISCOUNT, None),
        ("详见附件", PriceForm.TEXT, None),
        ("99999999999999999999元", PriceForm.TEXT, None),  # more than anybody trades
        ("99999999亿元", PriceForm.TEXT, None),
    ],
)
def test_price_keeps_its_form_and_what_was_printed(
    printed: str, form: PriceForm, amount: Decimal | None
) -> None:
    price = parse_price(printed)

    assert (price.form, price.amount, price.text) == (form, amount, printed)
