import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tendering import merkle

#: Eight inputs and their heads, from the reference tests of Certificate Transparency.
INPUTS = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    bytes(range(0x50, 0x58)),
    bytes(range(0x60, 0x70)),
]
HEADS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


@pytest.mark.parametrize("size", HEADS)
def test_root_is_that_of_the_reference(size: int) -> None:
    leaves = [merkle.leaf_hash(each) for each in INPUTS[:size]]

    assert merkle.root(leaves).hex() == HEADS[size]


def test_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert merkle.root([]) == hashlib.sha256(b"").digest()


@given(size=st.integers(1, 70), data=st.data())
def test_a_path_leads_to_the_root_and_from_nowhere_else(size: int, data: st.DataObject) -> None:
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(size)]
    place, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    path = merkle.path(place, leaves)

    assert merkle.root_from_path(leaves[place], place, size, path) == merkle.root(leaves)
    if other != place:
        assert merkle.root_from_path(leaves[other], place, size, path) != merkle.root(leaves)
        assert merkle.root_from_path(leaves[place], other, size, path) != merkle.root(leaves)
    assert merkle.root_from_path(leaves[place], place, size, [*path, leaves[0]]) is None
