"""Deliveries as bytes: JSON, XML or CSV, in UTF-8 or GBK, as rows of plain text fields."""

import csv
import io
from xml.etree import ElementTree as ET

import msgspec

from core.errors import Refusal

Row = dict[str, str]
ITEMS_LIMIT = 2000


class Unreadable(Refusal):
    status = 422
    code = "unreadable_delivery"
    message = "数据无法读取：%(reason)s"


def read_rows(document: bytes, media_type: str) -> list[Row]:
    """The items of a delivery.

    Raises Unreadable when it is neither JSON, XML nor CSV, or holds too many.
    """
    if "xml" in media_type:
        rows = _xml(document)
    elif "csv" in media_type:
        rows = _csv(document)
    else:
        rows = _json(document)
    if len(rows) > ITEMS_LIMIT:
        raise Unreadable(reason=f"{len(rows)} > {ITEMS_LIMIT}")
    return rows


def decoded(document: bytes) -> str:
    """UTF-8 (with or without a mark), else GB 18030, which includes GBK."""
    try:
        return document.decode("utf-8-sig").replace("\0", "")
    except UnicodeDecodeError:
        try:
            return document.decode("gb18030").replace("\0", "")
        except UnicodeDecodeError as error:
            raise Unreadable(reason="encoding") from error


def _json(document: bytes) -> list[Row]:
    try:
        content = msgspec.json.decode(decoded(document))
    except msgspec.DecodeError as error:
        raise Unreadable(reason=str(error)) from error
    items = content.get("items") if isinstance(content, dict) else content
    if not isinstance(items, list):
        raise Unreadable(reason="items")
    return [
        {str(name): _text(value) for name, value in item.items()} if isinstance(item, dict) else {}
        for item in items
    ]


def _xml(document: bytes) -> list[Row]:
    """Every child of the root is an item, every child of an item a field. A document type is refused unread."""
    text = decoded(document)
    if text.startswith("<?xml"):
        text = text[text.index("?>") + 2 :]
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Unreadable(reason="DOCTYPE")
    try:
        root = ET.fromstring(text)  # noqa: S314 - without a document type there are no entities to expand
    except (ET.ParseError, ValueError) as error:
        raise Unreadable(reason=type(error).__name__) from error
    return [{field.tag: (field.text or "").strip() for field in item} for item in root]


def _csv(document: bytes) -> list[Row]:
    try:
        return [
            {name: value or "" for name, value in row.items() if name}
            for row in csv.DictReader(io.StringIO(decoded(document)))
        ]
    except csv.Error as error:
        raise Unreadable(reason=str(error)) from error


def _text(value: object) -> str:
    return "" if value is None else str(value).replace("\0", "").strip()
