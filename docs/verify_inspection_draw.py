"""Draw again from a public draw file, offline, with nothing but Python: python verify_inspection_draw.py FILE."""

import hashlib
import json
import sys
from pathlib import Path


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def main(path: str) -> int:
    file = json.loads(Path(path).read_text("utf-8"))
    seed, roster = file["seed"], file["roster"]
    text = json.dumps(roster, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if sha256(f"{seed}|{text}") != file["commitment"]:
        print("the commitment does not fit seed and roster")
        return 1
    objects = sorted(roster["objects"], key=lambda each: sha256(f"{seed}|object|{each['id']}"))
    departments = sorted({officer["department"] for officer in roster["officers"]})
    result = []
    for each in objects[: roster["count"]]:
        drawn = []
        for department in departments:
            numbers = [
                officer["number"]
                for officer in roster["officers"]
                if officer["department"] == department and each["owner"] not in officer["recused_from"]
            ]
            numbers.sort(key=lambda number: sha256(f"{seed}|{each['id']}|{number}"))
            drawn += numbers[: roster["officers_each"]]
        result.append({"object": each["id"], "officers": drawn})
    if result != file["result"]:
        print("the result is not what seed and roster give")
        return 1
    print(f"verified: {len(result)} objects drawn from {len(objects)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
