"""Recognised text: what is borrowed from it, and that nothing is rejected on it."""

import datetime as dt
from pathlib import Path

import msgspec
import pytest

from documents import ocr, read
from documents.check import check_document, submitted_file
from documents.ocr import Found, Recognised
from documents.report import Content, DocumentReport, Severity
from documents.rulebook import shipped
from tests.documents.builders import TODAY


def read_with(path: Path, lines: list[Recognised], *, skew: float = 0.0) -> DocumentReport:
    """The reading job as the sandbox runs it, with these lines recognised on page 1, straightened by `skew`."""
    file, frames = submitted_file(path), []
    request = read.ReadRequest(
        path=file.path, file=file.name, sha256=file.sha256, size=file.size, today=TODAY, book=shipped(),
        recognised={1: Found(page=1, lines=lines, skew=skew)},
    )  # fmt: skip
    read.read_document(msgspec.msgpack.encode(request), lambda kind, payload: frames.append((kind, payload)))
    return msgspec.msgpack.decode(frames[-1][1], type=DocumentReport)


LINES = [
    Recognised(text="建设工程峻工验收报告", bbox=(190, 70, 395, 92), confidence=0.9),
    Recognised(text="建设单位（公章）：", bbox=(60, 700, 150, 712), confidence=0.9),
    Recognised(text="法定代表人：", bbox=(220, 700, 285, 712), confidence=0.9),
]


def test_recognised_text_names_the_kind_despite_confused_characters(corpus: Path) -> None:
    report = read_with(corpus / "synthetic/scan_竣工验收报告_seal.pdf", LINES)
    assert (report.kind, report.pages[0].content) == ("completion_acceptance_report", Content.SCAN)
    assert report.kind_confidence < 0.6


def test_nothing_is_rejected_on_recognised_text(corpus: Path) -> None:
    report = read_with(corpus / "synthetic/scan_竣工验收报告_seal.pdf", LINES)
    severities = {finding.code: finding.severity for finding in report.findings}
    assert severities["signature-missing"] is Severity.DOUBTFUL
    assert Severity.BLOCKS not in severities.values()


@pytest.mark.skipif(not ocr.available(), reason="the extra `ocr` is not installed")
@pytest.mark.timeout(600)
def test_a_scan_is_recognised_in_its_own_sandbox(corpus: Path) -> None:
    path = corpus / "synthetic/scan_消防_rot90.pdf"
    report = check_document(path, today=dt.date(2026, 3, 4), recognise=True)
    assert {"recognised", "rotated-page"} <= {finding.code for finding in report.findings}
    assert {"height", "floor_area"} <= {field.name for field in report.fields}
