"""Repeats a published draw of officers: python verify_draw.py DRAW.json. Needs nothing but Python."""

import hashlib
import json
import sys
from pathlib import Path


def teams_of(seed: str, groups: list, rules: list) -> list:
    counter = 0

    def below(limit: int) -> int:
        nonlocal counter
        while True:
            number = int(hashlib.sha256(f"{seed}:{counter}".encode()).hexdigest(), 16)
            counter += 1
            if number < 2**256 - 2**256 % limit:
                return number % limit

    def team(group: dict) -> list:
        left = list(group["eligible"])
        return sorted(left.pop(below(len(left))) for _ in range(group["seats"]))

    def keeps(rule: dict, lot: dict) -> bool:
        serving = [set(lot[index]) & set(rule["officers"]) for index in rule["groups"]]
        if rule.get("together"):
            return len(set().union(*serving)) <= rule["most"]
        pairs = list(zip(rule["weights"], serving, strict=True))
        return all(sum(w for w, who in pairs if o in who) <= rule["most"] for o in rule["officers"])

    bundle = list(range(len(groups)))  # the first group that each one is joined with
    for rule in rules:
        joined = {bundle[index] for index in rule["groups"]}
        bundle = [min(joined) if first in joined else first for first in bundle]
    teams = {}
    for first in sorted(set(bundle)):
        inside = [rule for rule in rules if bundle[rule["groups"][0]] == first]
        lot = None
        while lot is None or not all(keeps(rule, lot) for rule in inside):
            lot = {index: team(group) for index, group in enumerate(groups) if bundle[index] == first}
        teams |= lot
    return [teams[index] for index in range(len(groups))]


if __name__ == "__main__":
    draw = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    committed = hashlib.sha256(draw["seed"].encode()).hexdigest() == draw["commitment"]
    same = teams_of(draw["seed"], draw["groups"], draw["rules"]) == draw["teams"]
    print(f"commitment {'holds' if committed else 'BROKEN'}, teams {'as drawn' if same else 'DIFFER'}")
    sys.exit(not (committed and same))
