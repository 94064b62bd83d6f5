"""Merkle trees as RFC 6962, section 2.1, defines them: a root that stands for a list, and proofs of membership."""

import hashlib
from collections.abc import Sequence


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The tree head of leaf hashes; of none, the hash of nothing."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return node_hash(root(leaves[:split]), root(leaves[split:]))


def path(place: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The audit path of the leaf at this place: the hashes that lead from it to the root, nearest first."""
    if len(leaves) <= 1:
        return []
    split = _split(len(leaves))
    if place < split:
        return [*path(place, leaves[:split]), root(leaves[split:])]
    return [*path(place - split, leaves[split:]), root(leaves[:split])]


def root_from_path(leaf: bytes, place: int, size: int, hashes: Sequence[bytes]) -> bytes | None:
    """The root that the path leads to (RFC 9162, section 2.1.3.2); None when it does not fit place and size."""
    if not 0 <= place < size:
        return None
    at, last, found = place, size - 1, leaf
    for hashed in hashes:
        if last == 0:
            return None
        if at & 1 or at == last:
            found = node_hash(hashed, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, hashed)
        at, last = at >> 1, last >> 1
    return found if last == 0 else None


def _split(size: int) -> int:
    """The largest power of two below the size."""
    return 1 << (size - 1).bit_length() - 1
