"""Files that nobody here wrote, and mutants of some: each gets a verdict, and no process but its child ends.

A sample of both; `make bench-documents` takes all files and three thousand mutants.
"""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from documents import sandbox
from documents.check import check_document
from documents.report import Content, DocumentReport, Severity, Verdict
from tests.documents.builders import TODAY, saved

MUTANTS = 24
EVERY = 4  # of the files that are no bombs
NOT_TO_BE_READ = {
    "unreadable",
    "password-required",
    "inflates-too-far",
    "runaway-forms",
    "limits-exceeded",
    "launch-action",
}
#: These take seconds to parse or to draw; test_triage.py has small ones.
HEAVY = {"bomb_image_60000.pdf", "pages_200k_same.pdf"}
SOUND = ("synthetic", "cjk_generated", "signed_generated", "vector_heavy", "cjk")


@pytest.fixture(scope="module")
def reports(corpus: Path) -> dict[Path, DocumentReport]:
    everything = sorted(path for path in corpus.rglob("*") if path.suffix in {".pdf", ".fuzz"})
    bombs = [path for path in everything if path.parent.name == "bombs_generated" and path.name not in HEAVY]
    others = [path for path in everything if path.parent.name not in {"bombs_generated", "vector_heavy"}]
    paths = [*bombs, *others[::EVERY]]
    server_before = sandbox.shared().server_id
    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(paths, pool.map(lambda path: check_document(path, today=TODAY), paths), strict=True))
    assert server_before in {None, sandbox.shared().server_id}, "a document brought the sandbox's server down"
    return found


def test_every_file_of_the_collection_gets_a_verdict(reports: dict[Path, DocumentReport]) -> None:
    assert len(reports) >= 60
    assert {report.verdict for report in reports.values()} <= set(Verdict)


def test_nothing_is_called_clean_that_was_not_read(reports: dict[Path, DocumentReport]) -> None:
    for path, report in reports.items():
        if report.verdict is Verdict.CLEAN:
            assert report.pages, path
            assert all(page.content in {Content.TEXT, Content.STROKES} for page in report.pages), path
            assert path.parent.name not in {"malformed", "encrypted", "hostile", "bombs_generated"}, path


def test_what_could_not_be_read_says_why(reports: dict[Path, DocumentReport]) -> None:
    for path, report in reports.items():
        if report.verdict is Verdict.UNREADABLE:
            assert any(finding.severity is Severity.BLOCKS for finding in report.findings), path


def test_sound_files_are_never_blocked(reports: dict[Path, DocumentReport]) -> None:
    blocked = {
        path.name: codes
        for path, report in reports.items()
        if path.parent.name in SOUND
        and (codes := NOT_TO_BE_READ & {finding.code for finding in report.findings})
    }
    assert blocked == {}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("bomb_content_1g_double", "inflates-too-far"),
        ("bomb_content_1g_spaces", "inflates-too-far"),
        ("bomb_ops_15M_lines", "inflates-too-far"),
        ("bomb_form_laughs", "runaway-forms"),
        ("recursive_form", "runaway-forms"),
        ("pagecount_lie", "page-count-disagrees"),
        ("pagetree_loop", "damaged"),
        ("deep_array", "damaged"),
        ("giant_mediabox", "odd-page-size"),
        ("hidden_text", "hidden-text"),
        ("polyglot_html_prefix", "foreign-bytes"),
        ("polyglot_pdf_zip", "foreign-bytes"),
        ("active_content", "launch-action"),
    ],
)
def test_each_bomb_is_named(corpus: Path, reports: dict[Path, DocumentReport], name: str, code: str) -> None:
    report = reports[corpus / f"bombs_generated/{name}.pdf"]
    assert code in {finding.code for finding in report.findings}


def mutants(data: bytes, count: int, *, seed: int) -> Iterator[bytes]:
    """Bytes flipped, cut out, repeated, and files cut short: where structure is, more than in the streams."""
    chance = random.Random(seed)
    for _ in range(count):
        changed = bytearray(data)
        for _ in range(chance.choice((1, 3, 20))):
            at = chance.randrange(len(changed))
            match chance.randrange(5):
                case 0:
                    changed[at] = chance.randrange(256)
                case 1:
                    del changed[at : at + chance.randrange(1, 60)]
                case 2:
                    changed[at:at] = changed[at : at + chance.randrange(1, 200)]
                case 3:
                    changed[at : at + 4] = str(chance.choice((0, -1, 9999, 2**31, 10**12))).encode()
                case _:
                    place = changed.find(b"obj", at)
                    changed[max(place, 0) : max(place, 0) + 1] = b"<"
            if not changed:
                break
        yield bytes(changed[: chance.randrange(1, len(changed) + 1)] if chance.random() < 0.1 else changed)


def test_mutants_get_a_verdict_and_harm_nobody(corpus: Path, tmp_path: Path) -> None:
    seeds = sorted(corpus.glob("synthetic/form_*.pdf")) + sorted(corpus.glob("signed_generated/ok*.pdf"))
    seeds += sorted(corpus.glob("hostile/*.pdf"))[:6]
    each = -(-MUTANTS // len(seeds))
    paths = [
        saved(tmp_path, f"{seed.stem}-{number}.pdf", data)
        for seed in seeds
        for number, data in enumerate(mutants(seed.read_bytes(), each, seed=len(seed.name)))
    ]
    check_document(seeds[0], today=TODAY)
    server = sandbox.shared().server_id
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda path: check_document(path, today=TODAY), paths))
    assert sandbox.shared().server_id == server
    unread = [report for report in reports if not report.readable]
    assert all(report.verdict is Verdict.UNREADABLE and report.findings for report in unread)
