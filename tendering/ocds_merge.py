"""Merging OCDS releases into a compiled release, as the Open Contracting Data Standard 1.1 prescribes.

https://standard.open-contracting.org/1.1/en/schema/merging/ – values of later releases replace earlier ones; null
removes; lists of objects with ids merge by id, other lists are replaced whole.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any


class Strategy(StrEnum):
    WHOLE_LIST = "wholeListMerge"
    OMIT = "omitWhenMerged"


Rules = Mapping[tuple[str, ...], Strategy]

#: Release schema 1.1: the lists that are replaced whole although their objects have ids, and what belongs to a single
#: release only. Paths are property names; positions in lists do not count.
RELEASE_RULES: Rules = {
    ("id",): Strategy.OMIT,
    ("date",): Strategy.OMIT,
    ("tag",): Strategy.OMIT,
    **{
        tuple(path.split("/")): Strategy.WHOLE_LIST
        for path in (
            "parties/additionalIdentifiers",
            "buyer/additionalIdentifiers",
            "tender/procuringEntity/additionalIdentifiers",
            "tender/tenderers/additionalIdentifiers",
            "tender/items/additionalClassifications",
            "awards/suppliers/additionalIdentifiers",
            "awards/items/additionalClassifications",
            "contracts/items/additionalClassifications",
            "tender/amendment/changes",
            "tender/amendments/changes",
            "awards/amendment/changes",
            "awards/amendments/changes",
            "contracts/amendment/changes",
            "contracts/amendments/changes",
            "contracts/implementation/transactions/payer/additionalIdentifiers",
            "contracts/implementation/transactions/payee/additionalIdentifiers",
        )
    },
}


def merge(releases: Iterable[Mapping[str, Any]], rules: Rules = RELEASE_RULES) -> dict[str, Any]:
    """The compiled release of one process's releases, taken in order of their dates."""
    ordered = sorted(releases, key=lambda release: str(release.get("date", "")))
    compiled: dict[str, Any] = {}
    for release in ordered:
        _merge_object(compiled, release, (), rules)
    if ordered:
        ocid, moment = ordered[-1].get("ocid"), ordered[-1].get("date")
        compiled |= {"tag": ["compiled"], "id": f"{ocid}-{moment}", "date": moment}
    return compiled


def _merge_object(
    state: dict[str, Any], change: Mapping[str, Any], path: tuple[str, ...], rules: Rules
) -> None:
    for name, value in change.items():
        place = (*path, name)
        strategy = rules.get(place)
        if strategy is Strategy.OMIT:
            continue
        if value is None:
            state.pop(name, None)
        elif isinstance(value, dict):
            held = state.get(name)
            _keep(state, name, _merged(held if isinstance(held, dict) else {}, value, place, rules))
        elif isinstance(value, list) and strategy is None and all(isinstance(item, dict) for item in value):
            held = state.get(name)
            _keep(state, name, _merged_list(held if isinstance(held, list) else [], value, place, rules))
        else:
            state[name] = value


def _keep(state: dict[str, Any], name: str, value: dict[str, Any] | list[Any]) -> None:
    """Objects and lists exist through what they hold."""
    if value:
        state[name] = value
    else:
        state.pop(name, None)


def _merged(
    held: dict[str, Any], change: Mapping[str, Any], path: tuple[str, ...], rules: Rules
) -> dict[str, Any]:
    result = dict(held)
    _merge_object(result, change, path, rules)
    return result


def _merged_list(
    held: list[dict[str, Any]], items: list[dict[str, Any]], path: tuple[str, ...], rules: Rules
) -> list[dict[str, Any]]:
    """Objects with the id of one held are merged into it; the others are added."""
    result = list(held)
    places = {item["id"]: place for place, item in enumerate(result) if "id" in item}
    for item in items:
        place = places.get(item["id"]) if "id" in item else None
        if place is not None:
            result[place] = _merged(result[place], item, path, rules)
        elif merged := _merged({}, item, path, rules):
            if "id" in item:
                places[item["id"]] = len(result)
            result.append(merged)
    return result
