"""Signatures on what source systems deliver: Standard Webhooks over the body's bytes.

The `standardwebhooks` package signs text; deliveries may be GBK, so the same sum is made over bytes here.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

from core.errors import Refusal

TOLERANCE = timedelta(minutes=5)
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


class BadSignature(Refusal):
    status = 401
    code = "bad_signature"
    message = "签名缺失、有误或已过期。"


def signing_secret(key: str) -> str:
    """The secret that a key's holder signs with, made from the key itself: "whsec_" and 32 bytes in base64."""
    secret = key.split("_", 2)[-1]
    return "whsec_" + base64.b64encode(hashlib.sha256(secret.encode()).digest()).decode()


def check_signature(
    headers: Mapping[str, str], body: bytes, *, key_hash: str, required: bool, now: datetime
) -> None:
    """`key_hash` is the SHA-256 of the key's secret part, in hex. What is signed is checked even if it need not be.

    Raises BadSignature.
    """
    given = [headers.get(name, "") for name in HEADERS]
    if not any(given):
        if required:
            raise BadSignature
        return
    message, timestamp, signatures = given
    if not (timestamp.isascii() and timestamp.isdecimal()):
        raise BadSignature
    signed = b".".join((message.encode("latin-1"), timestamp.encode(), body))
    expected = base64.b64encode(hmac.digest(bytes.fromhex(key_hash), signed, "sha256")).decode()
    genuine = any(
        hmac.compare_digest(candidate.encode("latin-1"), f"v1,{expected}".encode())
        for candidate in signatures.split()
    )
    if not genuine or abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise BadSignature
