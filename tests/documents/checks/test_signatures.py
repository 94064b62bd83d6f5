import pytest

from documents.checks.signatures import electronic_signatures
from documents.report import Signature
from tests.documents.builders import reading


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("tampered", "signature-tampered"), ("changed", "changed-after-signing"),
        ("annotated", "annotated-after-signing"), ("expired", "signature-expired"),
        ("untrusted", "signature-untrusted"), ("unverifiable", "signature-unverifiable"),
    ],
)  # fmt: skip
def test_each_status_has_its_finding(status: str, code: str) -> None:
    read = reading()
    read.signatures = [Signature(field="Sig1", status=status, reason="SM2")]
    assert [found.code for found in electronic_signatures(read)] == [code]


def test_a_valid_signature_needs_no_word() -> None:
    read = reading()
    read.signatures = [Signature(field="Sig1", status="valid")]
    assert list(electronic_signatures(read)) == []
