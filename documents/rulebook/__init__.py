"""The rule book: what is expected of documents, as dated and sourced data that an administrator can read and change.

The TOML files beside this one are the version the product ships with; a stored, approved version has the same shape.
"""

import datetime as dt
import hashlib
import tomllib
from collections.abc import Mapping
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

import msgspec

from documents.report import BBox, Finding, Message, Severity

ENOUGH_TO_REJECT = 0.6
"""Confidence below which nothing blocks: a person looks instead."""


class FindingRule(msgspec.Struct, frozen=True):
    severity: Severity
    rule: str
    source: str
    zh: str
    en: str


class FieldRule(msgspec.Struct, frozen=True):
    type: str
    labels: list[str]


class Family(msgspec.Struct, frozen=True):
    code: str
    zh: str
    en: str
    title: list[str]
    body: list[str] = []
    never: list[str] = []
    required: list[str] = []
    seals: list[str] = []
    drawing: bool = False


class Sheet(msgspec.Struct, frozen=True):
    name: str
    short: float
    long: float
    extended: list[float]


class BlockRule(msgspec.Struct, frozen=True, kw_only=True):
    """`translations` may stand beside labels; `looks` are patterns of values; `elsewhere` marks other tables."""

    labels: dict[str, list[str]]
    translations: list[str] = []
    looks: dict[str, str] = {}
    elsewhere: list[str] = []


class TitleBlockRule(BlockRule, frozen=True, kw_only=True):
    source: str
    required: list[str]
    signed: list[str] = []


class SheetRules(msgspec.Struct, frozen=True):
    valid_from: dt.date
    source: str
    tolerance_mm: float
    scales: list[int]
    scales_also: list[int]
    stamp_mm: list[float]
    stamp_source: str
    sheet: list[Sheet]
    title_block: TitleBlockRule
    stamp: BlockRule


class RequiredItem(msgspec.Struct, frozen=True):
    code: str
    party: str
    matter: str
    zh: str
    en: str
    any_of: list[str]
    when: str | None = None
    optional: bool = False


class _FindingsFile(msgspec.Struct, frozen=True):
    valid_from: dt.date
    finding: dict[str, FindingRule]


class _FieldsFile(msgspec.Struct, frozen=True):
    valid_from: dt.date
    source: str
    field: dict[str, FieldRule]
    translations: list[str] = []


class _FamiliesFile(msgspec.Struct, frozen=True):
    valid_from: dt.date
    source: str
    family: list[Family]


class _ChecklistFile(msgspec.Struct, frozen=True):
    valid_from: dt.date
    source: str
    item: list[RequiredItem]


class RuleBook(msgspec.Struct, frozen=True, dict=True):
    findings: _FindingsFile
    fields: _FieldsFile
    families: _FamiliesFile
    sheets: SheetRules
    checklist: _ChecklistFile

    @cached_property
    def family(self) -> Mapping[str, Family]:
        return {family.code: family for family in self.families.family}

    @cached_property
    def version(self) -> str:
        """Changes when any rule does; a stored result is reused only under the version it was made with."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]

    def label(self, field: str) -> str:
        rule = self.fields.field.get(field)
        if rule:
            return rule.labels[0]
        for labels in (self.sheets.title_block.labels, self.sheets.stamp.labels):
            if field in labels:
                return labels[field][0]
        return field

    def finding(
        self,
        code: str,
        document: str,
        *,
        page: int | None = None,
        bbox: BBox | None = None,
        evidence: str = "",
        confidence: float = 1.0,
        severity: Severity | None = None,
        **values: Any,
    ) -> Finding:
        """A finding as the rule words it; `values` fill the placeholders, a `Message` each language by its own.

        An unknown code is a KeyError.
        """
        rule = self.findings.finding[code]
        zh, en = (_worded({"page": page, **values}, language) for language in ("zh", "en"))
        level = severity or rule.severity
        if confidence < ENOUGH_TO_REJECT and level is Severity.BLOCKS:
            level = Severity.DOUBTFUL
        return Finding(
            code=code,
            severity=level,
            document=document,
            page=page,
            bbox=bbox,
            evidence=evidence,
            rule=rule.rule,
            source=rule.source,
            confidence=confidence,
            message=Message(zh=rule.zh % zh, en=rule.en % en),
        )


def _worded(values: Mapping[str, Any], language: str) -> dict[str, Any]:
    return {
        n: getattr(value, language) if isinstance(value, Message) else value for n, value in values.items()
    }


def shipped_text(part: str) -> str:
    """The TOML of a part as the product ships it."""
    return (Path(__file__).parent / f"{part}.toml").read_text("utf-8")


@lru_cache(maxsize=8)
def assembled(texts: tuple[tuple[str, str], ...]) -> RuleBook:
    """A book of (part, TOML). Raises `tomllib.TOMLDecodeError` or `msgspec.ValidationError`."""
    return msgspec.convert({part: tomllib.loads(text) for part, text in texts}, RuleBook)


@cache
def shipped() -> RuleBook:
    """The rule book that the product comes with."""
    return assembled(tuple((part, shipped_text(part)) for part in sorted(RuleBook.__struct_fields__)))
