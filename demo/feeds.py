"""What the three source systems send: the same notices in their own encodings, time formats and units of money.

About 2 % of a feed's rows are sent twice and 1 % arrive after younger ones, as real senders do.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from random import Random
from xml.etree import ElementTree as ET

from demo.chance import stream
from demo.processes import Notice, Process

DUPLICATED, LATE = 0.02, 0.01
SOURCES = {
    "construction": ("works",),
    "procurement": ("procurement",),
    "resources": ("land", "property", "other"),
}
Row = tuple[Process, Notice]


def feed(source: str, processes: Iterable[Process], *, seed: str) -> bytes:
    """One source's delivery: `construction` JSON in UTF-8 and yuan, `procurement` XML in GB 18030 and 万元,
    `resources` CSV in UTF-8 with a byte order mark and 亿元.
    """
    rows = [
        (process, notice)
        for process in processes
        if process.category in SOURCES[source]
        for notice in process.notices
    ]
    rows.sort(key=lambda row: (row[1].published_at, row[1].number))
    return WRITERS[source](_disturbed(stream(seed, "feed", source), rows))


def _disturbed(rng: Random, rows: list[Row]) -> list[Row]:
    sent: list[Row] = []
    late: list[Row] = []
    for row in rows:
        if rng.random() < LATE:
            late.append(row)
            continue
        sent.append(row)
        if rng.random() < DUPLICATED:
            sent.append(row)
    return sent + late


def _construction(rows: list[Row]) -> bytes:
    return json.dumps(
        [_row(row, lambda at: at.isoformat(), money=1) for row in rows], ensure_ascii=False, indent=1
    ).encode()


def _procurement(rows: list[Row]) -> bytes:
    root = ET.Element("notices")
    for row in rows:
        element = ET.SubElement(root, "notice")
        for name, value in _row(row, lambda at: f"{at:%Y年%m月%d日 %H:%M}", money=10_000).items():
            ET.SubElement(element, name).text = str(value)
    return bytes(ET.tostring(root, encoding="gb18030", xml_declaration=True))


def _resources(rows: list[Row]) -> bytes:
    text = io.StringIO()
    written = [
        _row(row, lambda at: f"{at.year}/{at.month}/{at.day} {at:%H:%M}", money=100_000_000) for row in rows
    ]
    writer = csv.DictWriter(text, list(written[0]) if written else [])
    writer.writeheader()
    writer.writerows(written)
    return text.getvalue().encode("utf-8-sig")


WRITERS: Mapping[str, Callable[[list[Row]], bytes]] = {
    "construction": _construction,
    "procurement": _procurement,
    "resources": _resources,
}


def _row(row: Row, written: Callable[[datetime], str], *, money: int) -> dict[str, str]:
    process, notice = row
    return {
        "id": notice.number,
        "process": process.ocid,
        "kind": notice.kind,
        "facet": notice.facet,
        "title": notice.title,
        "published": written(notice.published_at),
        "deadline": written(notice.deadline) if notice.deadline else "",
        "region": process.district.code,
        "buyer": process.buyer.name,
        "buyer_code": process.buyer.credit_code,
        "agent": process.agent.name,
        "project_code": process.project_code or "",
        "limit": f"{process.estimate / money:.8g}",
        "text": notice.text,
    }
