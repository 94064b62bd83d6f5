"""Runs a job on a hostile file in a child process with limits, and always comes back with an answer."""

import array
import atexit
import contextlib
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec

from documents.sandbox_server import OUT_OF_MEMORY, Emit, Ended, Limits, Request

__all__ = ["OUT_OF_MEMORY", "Emit", "Ended", "Limits", "Sandbox", "shared"]

_HEADER = struct.Struct("!cI")
_MAX_FRAME = 256 << 20


class Sandbox:
    """One warm fork server. Safe to use from several threads; a server that died is replaced at the next job.

    `warm` are modules that the jobs need: imported once, before the first fork.
    """

    def __init__(self, *warm: str) -> None:
        self._warm = warm
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def server_id(self) -> int | None:
        """The fork server's process id; None before the first job."""
        return self._server.pid if self._server else None

    def run(self, job: str, arguments: bytes, *, limits: Limits) -> Iterator[tuple[bytes, bytes]]:
        """Yields the child's frames (kind, payload); the last is always `b"E"`, an encoded `Ended`."""
        reader, writer = os.pipe()
        try:
            self._submit(msgspec.msgpack.encode(Request(job=job, arguments=arguments, limits=limits)), writer)
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        with os.fdopen(reader, "rb") as frames:
            yield from _frames(frames)

    def close(self) -> None:
        with self._lock:
            if self._control:
                self._control.close()
            if self._server:
                try:
                    self._server.wait(timeout=10)
                except subprocess.TimeoutExpired:  # a busy machine; it holds nothing that must be kept
                    self._server.kill()
                    self._server.wait()
            self._control = self._server = None

    def _submit(self, request: bytes, pipe: int) -> None:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [pipe]))]
        with self._lock:
            if self._control is not None:
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    self._control.sendmsg([request], rights)
                    return
            self._start().sendmsg([request], rights)

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        root = Path(__file__).resolve().parent.parent
        # A bare environment: no database address, no keys. One thread for numpy, or forking would be unsafe.
        environment = {"PYTHONPATH": str(root), "OPENBLAS_NUM_THREADS": "1", "LANG": "C.UTF-8"}
        with theirs:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "documents.sandbox_server", str(theirs.fileno()), *self._warm],
                pass_fds=[theirs.fileno()],
                env=environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
            )
        self._control = ours
        return ours


def _frames(pipe: "os._BufferedReader") -> Iterator[tuple[bytes, bytes]]:  # type: ignore[name-defined]
    while len(header := pipe.read(_HEADER.size)) == _HEADER.size:
        kind, size = _HEADER.unpack(header)
        payload = pipe.read(size) if size <= _MAX_FRAME else b""
        if len(payload) < size:
            break
        yield kind, payload
        if kind == b"E":
            return
    yield b"E", msgspec.msgpack.encode(Ended(status=1, signal=9, cpu_seconds=0.0, peak_bytes=0))


_shared = Sandbox("documents.read", "documents.checks")
atexit.register(_shared.close)


def shared() -> Sandbox:
    return _shared
