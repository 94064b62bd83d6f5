"""Where an answer leads: OpenAPI links, from a value in it to a parameter of the next request."""

from litestar.openapi.spec import Link, Reference

#: From → (to, parameter, where its value stands in the answer), by operation id.
LINKS: dict[str, list[tuple[str, str, str]]] = {
    "getNotices": [
        ("getNotices", "cursor", "older"),
        ("getNotice", "code", "items/0/id"),
        ("getRelease", "code", "items/0/id"),
        ("getProof", "code", "items/0/id"),
        ("getProcess", "ocid", "items/0/ocid"),
    ],
    "getNotice": [("getProcess", "ocid", "ocid"), ("getProof", "code", "id")],
    "getChanges": [("getChanges", "cursor", "cursor"), ("getNotice", "code", "items/0/id")],
    "getMonths": [("getMonthFile", "month", "months/0/month")],
    "postWebhook": [("getAttempts", "webhook_id", "id"), ("deleteWebhook", "webhook_id", "id")],
    "getWebhooks": [("getAttempts", "webhook_id", "0/id")],
    "postSchedule": [(name, "code", "id") for name in ("getSchedule", "postCancel", "postExplain")],
    "postCity": [(name, "code", "id") for name in ("getSchedule", "postCancel", "getCases", "postRelease")],
}


def links_from(operation: str) -> dict[str, Link | Reference] | None:
    return {
        f"{target}By{parameter.title()}{number}": Link(
            operation_id=target, parameters={parameter: f"$response.body#/{pointer}"}
        )
        for number, (target, parameter, pointer) in enumerate(LINKS.get(operation, ()))
    } or None
