"""Amounts as people type them into forms."""

from decimal import Decimal, InvalidOperation

from tendering.prices import LARGEST_AMOUNT


def typed_amount(text: str) -> Decimal:
    """Yuan above nothing, perhaps grouped by commas. Raises ValueError for what is none, or can be none."""
    try:
        amount = Decimal(text.replace(",", "").replace("，", ""))
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not (amount.is_finite() and 0 < amount <= LARGEST_AMOUNT):
        raise ValueError(text)
    return amount
