"""统一社会信用代码 (GB 32100-2015): 18 characters, the ninth to seventeenth an organisation code (GB 11714).

The demo's codes use the district range 99xxxx, which GB/T 2260 gives to no district: none belongs to anyone.
"""

from random import Random

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = tuple(pow(3, index, 31) for index in range(17))
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def check_character(first17: str) -> str:
    """The eighteenth character. Raises ValueError for a character outside the alphabet."""
    total = sum(weight * ALPHABET.index(char) for weight, char in zip(WEIGHTS, first17, strict=True))
    return ALPHABET[-total % 31]


def organisation_check(first8: str) -> str:
    """The ninth character of an organisation code."""
    total = sum(w * int(char, 36) for w, char in zip(ORGANISATION_WEIGHTS, first8, strict=True))
    return "0123456789X"[-total % 11]


def is_valid(code: str) -> bool:
    return (
        len(code) == len(WEIGHTS) + 1
        and set(code) <= set(ALPHABET)
        and check_character(code[:-1]) == code[-1]
        and organisation_check(code[8:16]) == code[16]
    )


def credit_code(rng: Random, *, registrar: str = "91", district: str = "990100") -> str:
    """A valid code; `registrar` 91 is an enterprise, 11 an organ of the state, 12 a public institution."""
    while True:
        organisation = "".join(rng.choices(ALPHABET, k=8))
        body = registrar + district + organisation + organisation_check(organisation)
        if body[-1] in ALPHABET:
            return body + check_character(body)
