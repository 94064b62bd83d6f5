import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tendering.ocds_merge import RELEASE_RULES, Strategy, merge


def rules_of(schema: dict[str, Any]) -> dict[tuple[str, ...], Strategy]:
    """The strategies that a release schema states, by path."""
    return dict(_walk(schema, schema, (), ()))


def _walk(
    root: dict[str, Any], node: dict[str, Any], path: tuple[str, ...], seen: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Strategy]]:
    if reference := node.get("$ref"):
        if reference in seen:
            return
        name = reference.rsplit("/", 1)[-1]
        yield from _walk(root, root["definitions"][name], path, (*seen, reference))
    items = node.get("items", {})
    holds_objects = "properties" in items or "$ref" in items
    without_id = "properties" in items and "id" not in items["properties"]
    is_list = "array" in node.get("type", ())
    if node.get("omitWhenMerged"):
        yield path, Strategy.OMIT
    elif is_list and (node.get("wholeListMerge") or (holds_objects and without_id)):
        yield path, Strategy.WHOLE_LIST
    for name, child in node.get("properties", {}).items():
        yield from _walk(root, child, (*path, name), seen)
    yield from _walk(root, items, path, seen) if items else ()


def vectors(folder: Path) -> list[tuple[str, list[Any], dict[str, Any]]]:
    return [
        (
            path.stem,
            json.loads(path.with_name(path.name.replace("-compiled", "")).read_text()),
            json.loads(path.read_text()),
        )
        for path in sorted(folder.glob("*-compiled.json"))
        if path.with_name(path.name.replace("-compiled", "")).exists()
    ]


@pytest.mark.parametrize(
    ("folder", "schema", "count"),
    [("1.1", "release-schema-1__1__4.json", 17), ("schema", "schema.json", 13)],
)
def test_merge_of_a_published_vector_gives_its_compiled_release(
    shared: Path, folder: str, schema: str, count: int
) -> None:
    root = shared / "ocds/merge_vectors"
    rules = rules_of(json.loads((root / schema).read_text()))

    cases = vectors(root / folder)
    different = [name for name, releases, expected in cases if merge(releases, rules) != expected]

    assert different == []
    assert len(cases) == count


def test_release_rules_are_those_of_the_schema(shared: Path) -> None:
    schema = json.loads((shared / "ocds/schema/release-schema.json").read_text())

    stated = rules_of(schema)

    assert dict(RELEASE_RULES) == stated
