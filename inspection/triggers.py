"""Who takes part in a case, by rule: triggers are data, evaluated on the segment's facts.

A matter's `triggers` are alternatives, any of which draws its department in; an alternative is a table of fact →
condition, all of which must hold. A condition is a value, a list of allowed values, or {"min": n}. The empty
alternative always holds.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec


class Use(StrEnum):
    HOUSING = "housing"
    INDUSTRY = "industry"
    COMMERCE = "commerce"
    PUBLIC = "public"
    MUNICIPAL = "municipal"
    REFIT = "refit"


class Risk(StrEnum):
    LOW = "low"
    LOWER_MIDDLE = "lower_middle"
    MIDDLE = "middle"
    HIGH = "high"
    VERY_HIGH = "very_high"


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the application says about a segment. `floor_area` in ㎡."""

    use: Use
    risk: Risk
    floor_area: Decimal
    fire_exempt: bool = False
    """A small refit that needs no fire inspection."""
    special_fire_class: bool = False
    basement: bool = False
    civil_defence_relocated: bool = False
    """易地建设"""
    archives: bool = True
    green_ratio: bool = False
    """The planning conditions set one."""
    drainage: bool = False
    traffic_impact: bool = False
    elevators: int = 0
    sanitation: bool = False
    school: bool = False
    hospital: bool = False
    flammable: bool = False
    environmental_assessment: bool = False
    security_flagged: bool = False
    public_assembly: bool = False
    connections: tuple[str, ...] = ()
    """Of water, power, gas, heat, telecom."""


def draws_in(triggers: Iterable[Mapping[str, Any]], facts: Facts) -> bool:
    values = msgspec.to_builtins(facts, builtin_types=(Decimal,)) | {"connections": facts.connections}
    return any(
        all(
            _holds(condition, values.get(name, getattr(facts, name)))
            for name, condition in alternative.items()
        )
        for alternative in triggers
    )


def _holds(condition: Any, value: Any) -> bool:
    if isinstance(condition, Mapping):
        return bool(value >= condition["min"])
    if isinstance(value, tuple):
        return condition in value
    if isinstance(condition, list):
        return value in condition
    return bool(value == condition)


def unknown_facts(triggers: Iterable[Mapping[str, Any]]) -> set[str]:
    """Names in the triggers that are no facts; the catalogue's loader refuses them."""
    return {name for alternative in triggers for name in alternative} - set(Facts.__struct_fields__)
