"""Problems and plans as JSON, and the schema that others build them from."""

from typing import Any

import msgspec

from scheduling.plan import Plan
from scheduling.problem import Problem
from scheduling.validation import ProblemError


def decode_problem(data: bytes | str) -> Problem:
    """Raises `ProblemError` for a contradiction and `msgspec.ValidationError` for JSON of another shape."""
    try:
        return msgspec.json.decode(data, type=Problem)
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, ProblemError):
            raise error.__cause__ from None
        raise


def encode(value: Problem | Plan) -> bytes:
    """Deterministic: equal values give equal bytes."""
    return msgspec.json.encode(msgspec.to_builtins(value, str_keys=True), order="deterministic")


def decode_plan(data: bytes | str) -> Plan:
    return msgspec.json.decode(data, type=Plan)


def problem_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a problem."""
    return msgspec.json.schema(Problem)


def plan_schema() -> dict[str, Any]:
    return msgspec.json.schema(Plan)
