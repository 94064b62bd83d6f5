"""What documents of one dossier say about the project must agree: with the application, else with the majority."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from documents import normalise
from documents.report import DocumentReport, Field, Finding, Message, ProjectFacts
from documents.rulebook import RuleBook

_CODES = {
    "project_name": "project-name-differs",
    "project_code": "project-code-differs",
    "address": "address-differs",
    "floor_area": "floor-area-differs",
    "completion_date": "completion-date-differs",
    "planning_permit": "permit-differs",
    "construction_permit": "permit-differs",
    "fire_review": "permit-differs",
    "civil_defence_permit": "permit-differs",
    "construction_unit": "unit-differs",
    "surveyor": "unit-differs",
    "designer": "unit-differs",
    "builder": "unit-differs",
    "supervisor": "unit-differs",
}
# A certificate prints its own number under a general label.
_OWN_NUMBER = {"construction_permit": "construction_permit", "planning_permit": "planning_permit"}
_SUFFIX = re.compile(r"(?:新建|建设)?(?:工程|项目)$")
_ANOTHER_PROJECT, _ANOTHER_WITH_CODE = 0.5, 0.8  # likeness of names below which it is another project
_FEWEST_STATEMENTS = 2
_APPLICATION = Message("申请信息", "the application")


@dataclass(frozen=True, slots=True)
class Statement:
    """What one document says. `document` is None for the application."""

    document: DocumentReport | None
    field: Field | None
    value: str | float

    @property
    def where(self) -> Message:
        return Message(self.document.file, self.document.file) if self.document else _APPLICATION


def consistency(
    documents: Sequence[DocumentReport], project: ProjectFacts | None, book: RuleBook
) -> Iterator[tuple[DocumentReport, Finding]]:
    """Each deviating statement once, in the document and at the place where it is printed."""
    elsewhere = set()
    for name, code in _CODES.items():
        statements = list(_statements(documents, name))
        expected = _expected(statements, _applied(project, name))
        if expected is None:
            continue
        for statement in statements:
            document, field = statement.document, statement.field
            if document is None or field is None or document.file in elsewhere:
                continue
            if statement is expected or agree(name, statement, expected):
                continue
            if name == "project_name" and _another_project(statement, expected, project):
                elsewhere.add(document.file)
                yield document, _finding(book, "wrong-project", name, statement, expected)
            else:
                yield document, _finding(book, code, name, statement, expected)


def _statements(documents: Sequence[DocumentReport], name: str) -> Iterator[Statement]:
    """Each different value that a document prints, at its first place; every sheet of a set of drawings."""
    for document in documents:
        seen: set[object] = set()
        for field in document.fields:
            own = _OWN_NUMBER.get(document.kind or "") == name and field.name == "certificate_number"
            if (field.name != name and not own) or field.value is None:
                continue
            key = (field.value, field.page) if document.kind == "as_built_drawing" else field.value
            if key not in seen:
                seen.add(key)
                yield Statement(document, field, field.value)


def _applied(project: ProjectFacts | None, name: str) -> Statement | None:
    if project is None:
        return None
    values: dict[str, str | float | None] = {
        "project_name": project.name,
        "project_code": project.code,
        "address": project.address,
        "floor_area": project.floor_area,
        "construction_unit": project.construction_unit,
    }
    value = values.get(name)
    return None if value is None else Statement(None, None, value)


def _expected(statements: list[Statement], applied: Statement | None) -> Statement | None:
    if applied is not None:
        return applied
    documents = Counter[str | float]()
    for value, _ in {(statement.value, statement.where) for statement in statements}:
        documents[value] += 1
    if len(documents) < _FEWEST_STATEMENTS:
        return None
    # Among equals the joint application speaks for the owner, and then the first document.
    order = sorted(
        statements,
        key=lambda s: (-documents[s.value], s.document is None or s.document.kind != "joint_application"),
    )
    return order[0]


def agree(name: str, a: Statement, b: Statement) -> bool:
    if name == "floor_area":
        return abs(float(a.value) - float(b.value)) <= _slack(a) + _slack(b)
    if name == "project_name":
        return _SUFFIX.sub("", str(a.value)) == _SUFFIX.sub("", normalise.name(str(b.value)))
    if name in {"planning_permit", "construction_permit", "fire_review", "civil_defence_permit"}:
        return re.sub(r"^建?字", "", str(a.value)) == re.sub(r"^建?字", "", normalise.permit(str(b.value)))
    return normalise.name(str(a.value)) == normalise.name(str(b.value))


def _slack(statement: Statement) -> float:
    field = statement.field
    return float(normalise.area_rounding(field.raw, label=field.label)) if field else 0.005


def _another_project(statement: Statement, expected: Statement, project: ProjectFacts | None) -> bool:
    """An unlike name, and no code that says otherwise."""
    likeness = SequenceMatcher(None, str(statement.value), str(expected.value)).ratio()
    document = statement.document
    code = document.first("project_code") if document else None
    expected_code = project.code if project else None
    if expected_code is None and expected.document is not None:
        found = expected.document.first("project_code")
        expected_code = str(found.value) if found else None
    if code is not None and expected_code is not None:
        return code.value != expected_code and likeness < _ANOTHER_WITH_CODE
    return likeness < _ANOTHER_PROJECT


def _finding(book: RuleBook, code: str, name: str, statement: Statement, expected: Statement) -> Finding:
    field, document = statement.field, statement.document
    if field is None or document is None:
        raise ValueError("only a document's statement can deviate")
    return book.finding(
        code,
        document.file,
        page=field.page,
        bbox=field.bbox,
        evidence=field.raw,
        confidence=field.confidence,
        field=book.label(name),
        value=_shown(statement.value),
        expected=_shown(expected.value),
        other=expected.where,
    )


def _shown(value: str | float) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
