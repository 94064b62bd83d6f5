"""What an applicant can do about a finding."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from documents.report import Message

LOOK_AGAIN = Message(
    "请核对所标内容，更正后以同一文件名重新上传。",
    "Look at what is marked, correct it, and upload the document again under the same name.",
)


@cache
def remedies() -> Mapping[str, Message]:
    """By code."""
    text = (Path(__file__).parent / "remedies.toml").read_text("utf-8")
    return {
        code: Message(each["zh"], each["en"])
        for each in tomllib.loads(text)["remedy"]
        for code in each["codes"]
    }


def remedy(code: str) -> Message:
    """For a code that an administrator has added, the general advice."""
    return remedies().get(code, LOOK_AGAIN)
