"""The warm process that forks one child for each document. It holds no secrets and has no network.

Started by `documents.sandbox` as `python -m documents.sandbox_server FD MODULE…`; the modules are imported once, so
that a fork costs milliseconds. For each request (one packet, with the writing end of a pipe) it forks a supervisor,
which forks the child that reads the document, waits for it, and closes the pipe with how the child ended. A child can
therefore exhaust its limits, hang or crash without anyone else noticing.
"""

import array
import ctypes
import gc
import importlib
import os
import pkgutil
import resource
import signal
import socket
import struct
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import msgspec

Emit = Callable[[bytes, bytes], None]
"""Sends a frame of one kind (a byte) to the parent."""

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_HEADER = struct.Struct("!I")
OUT_OF_MEMORY = 2


class Limits(msgspec.Struct, frozen=True):
    memory_bytes: int = 1 << 30
    cpu_seconds: int = 20
    #: Longer than a busy machine needs to give a child its processor time.
    wall_seconds: int = 110


class Request(msgspec.Struct):
    """`job` is a function of this project, `package.module:name`, called with `arguments` and a way to send frames."""

    job: str
    arguments: bytes
    limits: Limits


class Ended(msgspec.Struct):
    """How a child ended: `signal` when it was killed, else its exit status; what it used."""

    status: int
    signal: int
    cpu_seconds: float
    peak_bytes: int


def send_frame(pipe: int, kind: bytes, payload: bytes) -> None:
    data = memoryview(kind + _HEADER.pack(len(payload)) + payload)
    while data:
        data = data[os.write(pipe, data) :]


def cut_off_network() -> str:
    """Leaves the network namespace where the kernel lets us; else Python's sockets are refused."""
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "unshare") and (
        libc.unshare(_CLONE_NEWNET) == 0 or libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0
    ):
        return "namespace"

    def refuse(event: str, _: tuple[Any, ...]) -> None:
        if event in {"socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto"}:
            raise PermissionError(event)

    sys.addaudithook(refuse)
    return "audit"


def serve(control: socket.socket, *, warm: Sequence[str]) -> None:
    cut_off_network()
    for name in warm:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # children that collected garbage would copy every page that they share with this process
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # supervisors are reaped by the kernel
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for our parent, which then closes the socket
    while True:
        data, ancillary, _, _ = control.recvmsg(1 << 18, socket.CMSG_SPACE(4))
        if not data:
            return
        pipes = array.array("i")
        for _, _, packed in ancillary:
            pipes.frombytes(packed[:4])
        if os.fork() == 0:
            control.close()
            _supervise(msgspec.msgpack.decode(data, type=Request), pipes[0])
        os.close(pipes[0])


def _supervise(request: Request, pipe: int) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        _run(request, pipe)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, request.limits.wall_seconds)
    _, status, usage = os.wait4(child, 0)
    ended = Ended(
        status=os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 0,
        signal=os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_bytes=usage.ru_maxrss * 1024,
    )
    send_frame(pipe, b"E", msgspec.msgpack.encode(ended))
    os._exit(0)


def _run(request: Request, pipe: int) -> NoReturn:
    limits = request.limits
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    status = 1
    try:
        job = pkgutil.resolve_name(request.job)
        job(request.arguments, lambda kind, payload: send_frame(pipe, kind, payload))
        status = 0
    except MemoryError:
        status = OUT_OF_MEMORY
    except Exception as error:  # noqa: BLE001 — whatever a document provokes ends here, and the parent says so
        send_frame(pipe, b"X", f"{type(error).__name__}: {error}"[:500].encode())
    finally:
        os._exit(status)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), warm=sys.argv[2:])
