"""Electronic signatures, verified offline with pyHanko against the trust roots that the administrator configured.

Nothing is fetched: neither certificates nor revocation lists. What pyHanko cannot judge, SM2 above all, is reported as
present and unverifiable, and never as valid.
"""

import datetime as dt
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from asn1crypto import x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import EmbeddedPdfSignature, validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext

from documents.report import Signature
from documents.triage import MAX_PAGES

_CHINESE_ALGORITHMS = "1.2.156.10197"  # GM/T arc: SM2, SM3, SM4
_MOST_SIGNATURES = 20


def present(path: str) -> bool:
    """Whether the file has signed byte ranges at all."""
    return b"/ByteRange" in Path(path).read_bytes()


def verify(path: str, *, roots: Sequence[bytes], today: dt.date) -> list[Signature]:
    """Every signature with its status; `roots` are DER certificates. Document time stamps are not counted."""
    logging.disable(logging.ERROR)  # pyHanko logs a trace for every certificate that it does not trust
    anchors = [x509.Certificate.load(root) for root in roots]
    moment = dt.datetime.combine(today, dt.time(12), tzinfo=dt.UTC)
    with Path(path).open("rb") as file:
        try:
            embedded = [
                s
                for s in PdfFileReader(file, strict=False).embedded_signatures
                if s.sig_object_type == "/Sig"
            ]
        except Exception as error:  # noqa: BLE001 — a parser that gives up must not read as "no signature"
            return [Signature(field="?", status="unverifiable", reason=type(error).__name__)]
        return list(_verified(embedded[:_MOST_SIGNATURES], anchors, moment))


def _verified(
    signatures: Sequence[EmbeddedPdfSignature], anchors: list[x509.Certificate], moment: dt.datetime
) -> Iterator[Signature]:
    for index, signature in enumerate(signatures):
        try:
            yield _judged(signature, anchors, moment, signed_again=index + 1 < len(signatures))
        except Exception as error:  # noqa: BLE001 — many kinds of broken CMS; each is "cannot be verified"
            yield Signature(
                field=str(signature.field_name), status="unverifiable", reason=type(error).__name__
            )


def _judged(
    signature: EmbeddedPdfSignature,
    anchors: list[x509.Certificate],
    moment: dt.datetime,
    *,
    signed_again: bool,
) -> Signature:
    certificate = _certificate(signature)
    when = signature.self_reported_timestamp
    found = Signature(
        field=str(signature.field_name),
        status="unverifiable",
        signer=_common_name(certificate),
        signed_at=when.isoformat() if when else None,
    )
    if _is_chinese(certificate):
        found.reason = "SM2"
        return found
    context = ValidationContext(
        trust_roots=anchors, allow_fetching=False, moment=moment, revocation_mode="soft-fail"
    )
    status = validate_pdf_signature(signature, signer_validation_context=context)
    found.status = _status(signature, status, moment, signed_again=signed_again)
    return found


def _status(
    signature: EmbeddedPdfSignature, status: PdfSignatureStatus, moment: dt.datetime, *, signed_again: bool
) -> str:
    certificate = signature.signer_cert
    if not status.intact or not status.valid:
        return "tampered"
    level = status.modification_level
    if level is ModificationLevel.OTHER:
        if not _only_annotations_added(signature):
            return "changed"
        level = ModificationLevel.ANNOTATIONS
    if not certificate.not_valid_before <= moment <= certificate.not_valid_after:
        return "expired"
    if not status.trusted:
        return "untrusted"
    # A further signature fills in a form field: that is no annotation.
    harmless = ModificationLevel.FORM_FILLING if signed_again else ModificationLevel.LTA_UPDATES
    if level is not None and level > harmless:
        return "annotated"
    return "valid"


def _only_annotations_added(signature: EmbeddedPdfSignature) -> bool:
    """Whether later revisions leave every signed object as it was, but for the pages' lists of annotations.

    pyHanko knows no policy that allows comments, and calls them a modification. New objects alone show nothing: they
    count only where a signed object was rewritten to point at them.
    """
    reader, signed = signature.reader, signature.signed_revision
    before = reader.get_historical_resolver(signed)
    lists = _annotation_lists(before)
    for revision in range(signed + 1, reader.xrefs.total_revisions):
        for reference in reader.xrefs.explicit_refs_in_revision(revision):
            old, new = _object(before, reference), _object(reader, reference)
            if old is None or (reference.idnum in lists and isinstance(old, generic.ArrayObject)):
                continue
            if not _same_but_for_annotations(old, new):
                return False
    return True


def _same_but_for_annotations(old: Any, new: Any) -> bool:
    if not isinstance(old, generic.DictionaryObject) or not isinstance(new, generic.DictionaryObject):
        return False
    kind = old.get("/Type")
    if isinstance(old, generic.StreamObject):
        return bool(kind == "/Metadata" and new.get("/Type") == "/Metadata")
    if {"/CreationDate", "/Producer"} & old.keys() and kind is None:
        return True  # the information dictionary: dates and programs
    volatile = {"/Annots", "/LastModified"} if kind == "/Page" else {"/Metadata"}
    return {k: v for k, v in old.items() if k not in volatile} == {
        k: v for k, v in new.items() if k not in volatile
    }


def _object(handler: Any, reference: generic.Reference) -> Any:
    """None where the revision has no such object."""
    try:
        found = handler.get_object(reference)
    except PdfReadError:
        return None
    return None if isinstance(found, generic.NullObject) else found


def _annotation_lists(handler: Any) -> set[int]:
    """Numbers of the objects that hold a page's list of annotations, where it is an object of its own."""
    numbers = set()
    for index in range(min(int(handler.root["/Pages"]["/Count"]), MAX_PAGES)):
        page = handler.find_page_for_modification(index)[0].get_object()
        entry = page.raw_get("/Annots") if "/Annots" in page else None
        if isinstance(entry, generic.IndirectObject):
            numbers.add(entry.idnum)
    return numbers


def _certificate(signature: EmbeddedPdfSignature) -> x509.Certificate:
    """The signer's, also where pyHanko refuses it because it does not know the hash that names it (SM3)."""
    signer = signature.signer_info["sid"]
    if signer.name == "issuer_and_serial_number":
        serial = signer.chosen["serial_number"].native
        for each in signature.signed_data["certificates"]:
            if isinstance(each.chosen, x509.Certificate) and each.chosen.serial_number == serial:
                return each.chosen
    return signature.signer_cert


def _is_chinese(certificate: x509.Certificate) -> bool:
    key = certificate.public_key["algorithm"]
    curve = key["parameters"].native if key["algorithm"].native == "ec" else None
    names = (certificate["signature_algorithm"]["algorithm"].dotted, key["algorithm"].dotted, str(curve))
    return any(name.startswith(_CHINESE_ALGORITHMS) for name in names)


def _common_name(certificate: x509.Certificate) -> str:
    name = certificate.subject.native
    return str(name.get("common_name", certificate.subject.human_friendly))[:120]
