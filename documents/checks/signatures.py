"""Electronic signatures, as `documents.signatures` found them."""

from collections.abc import Iterator

from documents.reading import Reading
from documents.report import Finding

_CODES = {
    "tampered": "signature-tampered",
    "changed": "changed-after-signing",
    "annotated": "annotated-after-signing",
    "expired": "signature-expired",
    "untrusted": "signature-untrusted",
    "unverifiable": "signature-unverifiable",
}


def electronic_signatures(reading: Reading) -> Iterator[Finding]:
    for signature in reading.signatures:
        if code := _CODES.get(signature.status):
            yield reading.finding(
                code,
                evidence=signature.signer,
                field=signature.field,
                signer=signature.signer,
                reason=signature.reason,
            )


CHECKS = (electronic_signatures,)
