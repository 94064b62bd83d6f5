"""Verify an exported audit ledger with nothing but Python: python verify_ledger.py ledger.jsonl

Each line is {"body": text, "hash": hex}; the hash is SHA-256 of the body's UTF-8 bytes, and the body, itself JSON,
carries its number (seq) and the hash of the entry before it (prev). Exit 0: every entry is present, unchanged and in
order. Compare the printed head with one that you noted earlier, to know that nothing was cut off at the end.
"""

import hashlib
import json
import sys

previous, count = "0" * 64, 0
with open(sys.argv[1], encoding="utf-8") as lines:  # noqa: PTH123 - plain Python on purpose
    for line in lines:
        entry = json.loads(line)
        body = json.loads(entry["body"])
        count += 1
        if body["seq"] != count:
            sys.exit(print(f"entry {count} is missing") or 1)
        if hashlib.sha256(entry["body"].encode()).hexdigest() != entry["hash"]:
            sys.exit(print(f"entry {count} was changed") or 1)
        if body["prev"] != previous:
            sys.exit(print(f"entry {count} does not follow entry {count - 1}") or 1)
        previous = entry["hash"]
print(f"{count} entries, head {previous}")
