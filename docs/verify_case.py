"""Verify the archive package of a case, or the proof of a deemed consent, with nothing but Python:

    python verify_case.py LH202600001.zip            every file as the manifest lists it, the ledger extract unchanged
    python verify_case.py deemed-consent.json        the statement follows from the ledger entries that it carries
    python verify_case.py FILE ledger.jsonl          and every entry stands in the whole ledger's export

An extract holds the entries of one case, each as {"body": text, "hash": hex}; the hash is SHA-256 of the body's UTF-8
bytes, so no entry can be altered. That none was left out, only the whole ledger can show (verify_ledger.py). Exit 0:
nothing is wrong.
"""

import hashlib
import json
import sys
import zipfile

NEVER_DEEMED = {"fire", "civil_defence", "quality", "planning"}


def check_entries(lines, subject):
    faults, previous = [], None
    for line in lines:
        body = json.loads(line["body"])
        if hashlib.sha256(line["body"].encode()).hexdigest() != line["hash"]:
            faults.append(f"ledger entry {body['seq']} was changed")
        if body["subject"] != subject:
            faults.append(f"ledger entry {body['seq']} is not of {subject}")
        if previous and body["seq"] <= previous[0]:
            faults.append(f"ledger entry {body['seq']} is out of order")
        if previous and body["seq"] == previous[0] + 1 and body["prev"] != previous[1]:
            faults.append(f"ledger entry {body['seq']} does not follow the one before it")
        previous = body["seq"], line["hash"]
    return faults


def check_membership(lines, whole):
    known = set()
    with open(whole, encoding="utf-8") as export:  # noqa: PTH123 - plain Python on purpose
        for line in export:
            known.add(json.loads(line)["hash"])
    return [
        f"ledger entry {json.loads(each['body'])['seq']} is not in the ledger"
        for each in lines
        if each["hash"] not in known
    ]


def check_package(path):
    faults = []
    with zipfile.ZipFile(path) as package:
        manifest = json.loads(package.read("manifest.json"))
        listed = {each["path"]: each for each in manifest["files"]}
        present = set(package.namelist()) - {"manifest.json"}
        faults += [f"{name} is missing" for name in sorted(set(listed) - present)]
        faults += [f"{name} is not in the manifest" for name in sorted(present - set(listed))]
        for name in sorted(present & set(listed)):
            digest, size = hashlib.sha256(), 0
            with package.open(name) as content:
                while piece := content.read(1 << 20):
                    digest.update(piece)
                    size += len(piece)
            if digest.hexdigest() != listed[name]["sha256"] or size != listed[name]["size"]:
                faults.append(f"{name} was changed")
        lines = [json.loads(line) for line in package.read("ledger.jsonl").decode().splitlines()]
    bodies = [json.loads(line["body"]) for line in lines]
    printed = {
        body["data"]["sha256"]
        for body in bodies
        if body["action"] in {"letter.render", "opinion.render", "notice.print"}
    }
    faults += [
        f"{name} is not the paper that the ledger names"
        for name, each in listed.items()
        if each["kind"] in {"letter", "opinion", "notice"} and each["sha256"] not in printed
    ]
    faults += check_entries(lines, f"case:{manifest['case']}")
    print(f"{len(listed)} files, {len(lines)} ledger entries of case {manifest['case']}")
    return faults, lines


def check_proof(path):
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - as above
        proof = json.load(file)
    said, lines = proof["statement"], proof["ledger"]
    faults = check_entries(lines, f"case:{said['case']}")
    bodies = [json.loads(line["body"]) for line in lines]

    def find(action, **data):
        return next(
            (
                b
                for b in bodies
                if b["action"] == action and all(b["data"].get(k) == v for k, v in data.items())
            ),
            None,
        )

    sent, read = find("letter.send", letter=said["letter"]), find("letter.read", letter=said["letter"])
    asked = find("case.party.deemed_asked", consent=said["consent"])
    decided = find("case.party.deemed", consent=said["consent"])
    for name, entry in (("sending", sent), ("reading", read), ("proposal", asked), ("review", decided)):
        if entry is None:
            faults.append(f"the ledger has no entry of the {name}")
    if faults:
        return faults, lines
    wrong = {
        "sent_at": sent["at"] != said["sent_at"],
        "read_at": read["at"] != said["read_at"],
        "recipient": sent["data"]["recipient"] != f"department:{said['department']}",
        "due": decided["data"]["due"] != said["due"],
        "legal_basis": decided["data"]["legal_basis"] != said["legal_basis"],
        "lead": asked["actor"] != f"account:{said['lead']}",
        "supervisor": decided["actor"] != f"account:{said['supervisor']}",
        "decided_at": decided["at"] != said["decided_at"],
    }
    faults += [f"{name} differs from the ledger" for name, differs in wrong.items() if differs]
    if said["lead"] == said["supervisor"]:
        faults.append("one person proposed and reviewed")
    if said["department"] in NEVER_DEEMED:
        faults.append("silence never counts as consent of this department")
    if not said["sent_at"] <= said["read_at"] < said["decided_at"] or said["decided_at"][:10] < said["due"]:
        faults.append("the order of sending, reading, deadline and decision is wrong")
    print(f"deemed consent of {said['department']} in case {said['case']}, {len(lines)} ledger entries")
    return faults, lines


def main(path, whole=None):
    faults, lines = check_package(path) if zipfile.is_zipfile(path) else check_proof(path)
    if whole:
        faults += check_membership(lines, whole)
    for fault in faults:
        print("WRONG:", fault)
    if not faults:
        print("nothing is wrong")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
