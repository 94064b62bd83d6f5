import datetime as dt
from pathlib import Path

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from documents.signatures import present, verify

TODAY = dt.date(2026, 11, 22)


@pytest.fixture(scope="module")
def roots(corpus: Path) -> list[bytes]:
    """The authority that issued the sound certificates of the collection."""
    with (corpus / "signed_generated/ok.pdf").open("rb") as file:
        (signature,) = PdfFileReader(file).embedded_signatures
        issuer = signature.signer_cert.issuer
        certificates = [each.chosen for each in signature.signed_data["certificates"]]
    return [each.dump() for each in certificates if each.subject == issuer]


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        ("ok", ["valid"]),
        ("ok2", ["valid", "valid"]),
        ("expired", ["expired"]),
        ("rogue", ["untrusted"]),
        ("tampered", ["tampered"]),
        ("modified_after", ["changed"]),
        ("annot_after", ["annotated"]),
    ],
)
def test_each_way_of_signing_is_told_apart(
    corpus: Path, roots: list[bytes], name: str, statuses: list[str]
) -> None:
    path = str(corpus / f"signed_generated/{name}.pdf")
    assert present(path)
    assert [found.status for found in verify(path, roots=roots, today=TODAY)] == statuses


def test_without_trust_roots_nothing_is_valid(corpus: Path) -> None:
    (found,) = verify(str(corpus / "signed_generated/ok.pdf"), roots=[], today=TODAY)
    assert (found.status, found.signer) == ("untrusted", "江城建筑设计研究院有限公司")


def test_a_signature_that_nobody_can_parse_is_unverifiable(corpus: Path) -> None:
    path = next((corpus / "signatures").glob("*_pdf-sig-with-econtent.pdf"))
    (found,) = verify(str(path), roots=[], today=TODAY)
    assert found.status == "unverifiable"


def test_a_file_without_signatures(corpus: Path) -> None:
    assert not present(str(corpus / "synthetic/form_人防验收.pdf"))
