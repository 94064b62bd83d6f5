"""Draws again from a public file whose ballot has no rules: python verify_inspection_draw.py DRAW.json

Objects and officers of a 双随机 draw. Needs nothing but Python; verify_draw.py also repeats ballots with rules.
"""

import hashlib
import json
import sys
from math import comb
from pathlib import Path

draw = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
counter = 0


def below(limit: int) -> int:
    """A whole number, each as likely as the other: the seed's hashes, those of the last, incomplete span skipped."""
    global counter  # noqa: PLW0603 - one row of numbers for the whole draw
    blocks = limit.bit_length() // 256 + 1
    span = 2 ** (256 * blocks)
    while True:
        texts = [f"{draw['seed']}:{draw['public']}:{counter + each}" for each in range(blocks)]
        counter += blocks
        number = int("".join(hashlib.sha256(text.encode()).hexdigest() for text in texts), 16)
        if number < span - span % limit:
            return number % limit


def team(group: dict) -> list:
    left = sorted(group["eligible"])
    below(comb(len(left), group["seats"]))  # which kinds of officers: without rules there is one
    return sorted(left.pop(below(len(left))) for _ in range(group["seats"]))


text = json.dumps(draw["ballot"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
committed = hashlib.sha256(f"{draw['seed']}:{text}".encode()).hexdigest() == draw["commitment"]
same = not draw["ballot"].get("rules") and [team(each) for each in draw["ballot"]["groups"]] == draw["teams"]
print(f"commitment {'holds' if committed else 'BROKEN'}, teams {'as drawn' if same else 'DIFFER'}")
sys.exit(not (committed and same))
