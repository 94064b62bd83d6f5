"""Examples in the interface's description. A test checks them against what the service answers."""

from typing import Any

LINE: dict[str, Any] = {
    "id": "G5D0C3A9E71B2-01",
    "ocid": "ocds-linlan-G5D0C3A9E71B2",
    "title": "滨江路改造工程中标候选人公示",
    "category": "works",
    "kind": "candidates",
    "stage": "candidates",
    "nature": "normal",
    "district": "990102",
    "buyer": "临澜市城市建设投资有限公司",
    "amount": "1799255.53",
    "publishedAt": "2026-03-02T09:00:00Z",
    "closesAt": "2026-03-05T09:00:00Z",
}
NOTICE_PAGE: dict[str, Any] = {"items": [LINE], "older": "oMTc3MjQ0MjAwMDAwMDAwMC40Mg", "newer": None}
CONTENT: dict[str, Any] = {
    "bids": [
        {
            "suppliers": [{"name": "临澜城建工程有限公司", "code": "91990102MA0000001X"}],
            "price": {"form": "amount", "text": "1799255.53", "amount": "1799255.53"},
            "rank": 1,
        }
    ],
    "dates": {"publicity_from": "2026-03-02T09:00:00Z", "publicity_to": "2026-03-05T09:00:00Z"},
}
NOTICE: dict[str, Any] = {
    **{key: LINE[key] for key in ("id", "ocid", "title", "category", "kind", "stage", "nature")},
    "about": None,
    "district": "990102",
    "projectCode": "2603-990102-04-01-118842",
    "buyer": {"name": "临澜市城市建设投资有限公司"},
    "amount": LINE["amount"],
    "publishedAt": LINE["publishedAt"],
    "closesAt": LINE["closesAt"],
    "source": "construction",
    "digest": "9f2c6b1d" * 8,
    "content": CONTENT,
    "chain": [
        {
            **{key: LINE[key] for key in ("id", "kind", "stage", "nature", "title", "publishedAt")},
            "about": None,
        }
    ],
}
RELEASE: dict[str, Any] = {
    "ocid": LINE["ocid"],
    "id": LINE["id"],
    "date": LINE["publishedAt"],
    "language": "zh",
    "tag": ["tenderUpdate", "award"],
    "initiationType": "tender",
    "tender": {"id": LINE["ocid"], "title": LINE["title"], "status": "active"},
}
_PACKAGE: dict[str, Any] = {
    "version": "1.1",
    "extensions": [],
    "publisher": {"name": "临澜市公共资源交易中心"},
    "license": "https://creativecommons.org/licenses/by/4.0/",
    "publishedDate": LINE["publishedAt"],
}
RELEASE_PACKAGE: dict[str, Any] = {
    "uri": f"/api/v1/notices/{LINE['id']}/release",
    **_PACKAGE,
    "releases": [RELEASE],
}
RECORD_PACKAGE: dict[str, Any] = {
    "uri": f"/api/v1/processes/{LINE['ocid']}",
    **_PACKAGE,
    "records": [
        {
            "ocid": LINE["ocid"],
            "releases": [RELEASE],
            "compiledRelease": {**RELEASE, "tag": ["compiled"]},
        }
    ],
}
CHANGE_PAGE: dict[str, Any] = {
    "items": [
        {
            **{key: LINE[key] for key in ("id", "ocid", "title", "category", "kind", "stage", "nature")},
            "about": None,
            "district": LINE["district"],
            "publishedAt": LINE["publishedAt"],
            "recordedAt": LINE["publishedAt"],
            "digest": NOTICE["digest"],
        }
    ],
    "cursor": "NjdmLTUtMTo3NDI6NDI",
    "more": False,
}
