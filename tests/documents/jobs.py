"""What a hostile document may make its reader do."""

import ctypes
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

Emit = Callable[[bytes, bytes], None]


def echo(arguments: bytes, emit: Emit) -> None:
    emit(b"R", arguments)


def spin(_: bytes, __: Emit) -> None:
    while True:
        pass


def sleep(_: bytes, __: Emit) -> None:
    time.sleep(60)


def hoard(_: bytes, __: Emit) -> None:
    kept = []
    while True:
        kept.append(bytearray(64 << 20))


def crash(_: bytes, __: Emit) -> None:
    ctypes.string_at(0)


def echo_then_crash(arguments: bytes, emit: Emit) -> None:
    emit(b"R", arguments)
    ctypes.string_at(0)


def fail(_: bytes, __: Emit) -> None:
    raise ValueError("broken")


def connect(_: bytes, __: Emit) -> None:
    socket.create_connection(("192.0.2.1", 80), timeout=2)


def write(arguments: bytes, _: Emit) -> None:
    Path(arguments.decode()).write_bytes(b"x")


def environment(_: bytes, emit: Emit) -> None:
    emit(b"R", repr(sorted(set(os.environ) - {"LC_CTYPE"})).encode())
