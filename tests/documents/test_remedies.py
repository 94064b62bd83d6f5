import tomllib
from collections import Counter
from pathlib import Path

import documents.remedies
from documents.remedies import LOOK_AGAIN, remedies, remedy
from documents.rulebook import shipped


def test_every_finding_has_something_to_do_about_it() -> None:
    assert set(remedies()) == set(shipped().findings.finding)


def test_no_finding_has_two_remedies() -> None:
    path = Path(documents.remedies.__file__).with_name("remedies.toml")
    codes = Counter(code for each in tomllib.loads(path.read_text())["remedy"] for code in each["codes"])
    assert set(codes.values()) == {1}


def test_a_finding_that_an_administrator_added_gets_the_general_advice() -> None:
    assert remedy("added-later") == LOOK_AGAIN
