from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.credit_codes import ALPHABET, check_character, credit_code, is_valid


def test_check_character_of_the_standards_example() -> None:
    assert check_character("91350100M000100Y4") == "3"


@given(st.integers())
def test_credit_code_is_valid_and_in_the_unassigned_range(seed: int) -> None:
    code = credit_code(Random(seed))

    assert is_valid(code)
    assert code[2:4] == "99"


@given(st.integers(), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_is_valid_when_one_character_is_changed_says_no(seed: int, position: int, char: str) -> None:
    code = credit_code(Random(seed))
    changed = code[:position] + char + code[position + 1 :]

    assert is_valid(changed) is (changed == code)


def test_check_character_of_a_letter_outside_the_alphabet_is_refused() -> None:
    with pytest.raises(ValueError, match="substring"):
        check_character("9199010OM000100Y4")
