"""The child dies; nobody else does, and there is always an answer."""

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from documents.sandbox import OUT_OF_MEMORY, Ended, Limits, Sandbox

SMALL = Limits(memory_bytes=600 << 20, cpu_seconds=1, wall_seconds=60)


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    made = Sandbox()
    yield made
    made.close()


def run(
    box: Sandbox, job: str, arguments: bytes = b"", limits: Limits = SMALL
) -> tuple[list[tuple[bytes, bytes]], Ended]:
    *frames, (_, ended) = box.run(f"tests.documents.jobs:{job}", arguments, limits=limits)
    return frames, msgspec.msgpack.decode(ended, type=Ended)


def test_a_job_sends_frames_and_ends_well(box: Sandbox) -> None:
    frames, ended = run(box, "echo", b"hello")
    assert (frames, ended.status, ended.signal) == ([(b"R", b"hello")], 0, 0)


def test_endless_computing_ends_by_its_cpu_limit(box: Sandbox) -> None:
    _, ended = run(box, "spin")
    assert ended.signal in (signal.SIGXCPU, signal.SIGKILL)
    assert ended.cpu_seconds < 2


def test_waiting_for_ever_ends_by_the_clock(box: Sandbox) -> None:
    _, ended = run(box, "sleep", limits=Limits(memory_bytes=600 << 20, cpu_seconds=5, wall_seconds=1))
    assert ended.signal == signal.SIGKILL


def test_asking_for_too_much_memory_ends_the_child(box: Sandbox) -> None:
    _, ended = run(box, "hoard")
    assert ended.status == OUT_OF_MEMORY


def test_a_crash_is_told_from_an_end(box: Sandbox) -> None:
    _, ended = run(box, "crash")
    assert ended.signal == signal.SIGSEGV


def test_what_was_sent_before_a_crash_is_kept(box: Sandbox) -> None:
    frames, _ = run(box, "echo_then_crash", b"first")
    assert frames == [(b"R", b"first")]


def test_an_exception_is_reported(box: Sandbox) -> None:
    frames, ended = run(box, "fail")
    assert (frames, ended.status) == ([(b"X", b"ValueError: broken")], 1)


def test_there_is_no_network(box: Sandbox) -> None:
    (kind, reason), *_ = run(box, "connect")[0]
    assert (kind, reason.split(b":")[0]) in {(b"X", b"OSError"), (b"X", b"PermissionError")}


def test_nothing_can_be_written(box: Sandbox, tmp_path: Path) -> None:
    run(box, "write", str(tmp_path / "x").encode())
    assert not (tmp_path / "x").exists() or (tmp_path / "x").stat().st_size == 0


def test_of_the_environment_nothing_comes_in(box: Sandbox) -> None:
    frames, _ = run(box, "environment")
    assert frames == [(b"R", b"['LANG', 'OPENBLAS_NUM_THREADS', 'PYTHONPATH']")]


def test_several_threads_get_their_own_answers(box: Sandbox) -> None:
    answers: dict[int, bytes] = {}

    def ask(number: int) -> None:
        answers[number] = run(box, "echo", str(number).encode())[0][0][1]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: str(number).encode() for number in range(8)}


def test_a_dead_server_is_replaced(box: Sandbox) -> None:
    assert box._server is not None
    box._server.kill()
    box._server.wait()
    assert run(box, "echo", b"again")[0] == [(b"R", b"again")]
