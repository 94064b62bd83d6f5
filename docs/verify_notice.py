"""Check offline that a notice was published as claimed: python verify_notice.py PROOF.json [PUBLIC_KEY]

PROOF.json is what /api/v1/notices/{id}/proof answers. Give the centre's public key as you know it from elsewhere;
without it, only the proof's own key is used. Needs Python and the `cryptography` package, and no network.
"""

import hashlib
import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


proof = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
tree, digest = proof["tree"], hashlib.sha256(proof["published"].encode()).digest()
# RFC 6962: a leaf's hash, and the way from it to the root.
found, at, last = hashlib.sha256(b"\x00" + digest).digest(), proof["place"], tree["size"] - 1
for step in map(bytes.fromhex, proof["path"]):
    if at % 2 or at == last:
        found = node(step, found)
        while at and not at % 2:
            at, last = at // 2, last // 2
    else:
        found = node(found, step)
    at, last = at // 2, last // 2
if last or found.hex() != tree["root"] or json.loads(proof["published"])["id"] != proof["notice"]:
    sys.exit("FALSE: this text is not in the tree")
key = sys.argv[2] if len(sys.argv) > 2 else tree["publicKey"]  # noqa: PLR2004
text = f"yichuang notices\n{tree['number']}\n{tree['day']}\n{tree['size']}\n{tree['root']}\n"
Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(tree["signature"]), text.encode())
print(f"genuine: {proof['notice']}, published and sealed on {tree['day']}")
