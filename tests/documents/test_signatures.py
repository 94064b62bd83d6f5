import datetime as dt
from pathlib import Path

import pytest
from asn1crypto import cms, keys
from pyhanko.pdf_utils.reader import PdfFileReader

from documents.check import check_document
from documents.report import Verdict
from documents.signatures import present, verify
from tests.documents.builders import saved

SM2, SM2_WITH_SM3 = "1.2.156.10197.1.301", "1.2.156.10197.1.501"
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


def test_an_sm2_signature_is_there_and_cannot_be_verified(corpus: Path, tmp_path: Path) -> None:
    path = saved(tmp_path, "国密.pdf", in_sm2((corpus / "signed_generated/ok.pdf").read_bytes()))
    (found,) = verify(str(path), roots=[], today=TODAY)
    assert (found.status, found.reason, found.signer) == ("unverifiable", "SM2", "江城建筑设计研究院有限公司")
    report = check_document(path, today=TODAY)
    assert "signature-unverifiable" in {finding.code for finding in report.findings}
    assert report.verdict is Verdict.FINDINGS


def in_sm2(signed: bytes) -> bytes:
    """The same file, its signature and certificate said to be SM2 with SM3 (GM/T 0006 object identifiers)."""
    start = signed.index(b"/Contents <") + len(b"/Contents <")
    end = signed.index(b">", start)
    content = cms.ContentInfo.load(bytes.fromhex(signed[start:end].decode()), strict=False)
    data = content["content"]
    signer = data["signer_infos"][0]["sid"].chosen["serial_number"].native
    (certificate,) = (each.chosen for each in data["certificates"] if each.chosen.serial_number == signer)
    algorithms = {"algorithm": "ec", "parameters": keys.ECDomainParameters("named", SM2)}
    plain = certificate["tbs_certificate"]
    plain["subject_public_key_info"] = {
        "algorithm": algorithms,
        "public_key": keys.ECPointBitString(b"\4" + bytes(64)),
    }
    for holder in (certificate, plain):
        holder["signature_algorithm" if holder is certificate else "signature"] = {"algorithm": SM2_WITH_SM3}
    changed: bytes = content.dump(force=True).hex().encode()
    assert len(changed) <= end - start
    return signed[:start] + changed.ljust(end - start, b"0") + signed[end:]


def test_without_trust_roots_nothing_is_valid(corpus: Path) -> None:
    (found,) = verify(str(corpus / "signed_generated/ok.pdf"), roots=[], today=TODAY)
    assert (found.status, found.signer) == ("untrusted", "江城建筑设计研究院有限公司")


def test_a_signature_that_nobody_can_parse_is_unverifiable(corpus: Path) -> None:
    path = next((corpus / "signatures").glob("*_pdf-sig-with-econtent.pdf"))
    (found,) = verify(str(path), roots=[], today=TODAY)
    assert found.status == "unverifiable"


def test_a_file_without_signatures(corpus: Path) -> None:
    assert not present(str(corpus / "synthetic/form_人防验收.pdf"))
