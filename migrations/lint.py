"""Render the migrations as SQL and let squawk judge them: python -m migrations.lint"""

import subprocess
import sys
from io import StringIO
from pathlib import Path

from alembic import command
from alembic.config import Config

HERE = Path(__file__).parent
SETTINGS = HERE.parent / ".squawk.toml"


def main() -> int:
    sql = StringIO()
    config = Config(output_buffer=sql)
    config.set_main_option("script_location", str(HERE))
    config.attributes["url"] = "postgresql+psycopg://"
    command.upgrade(config, "head", sql=True)
    squawk = Path(sys.executable).parent / "squawk"
    arguments = ["--config", str(SETTINGS), "--stdin-filepath", "migrations.sql"]
    return subprocess.run([squawk, *arguments], input=sql.getvalue(), text=True, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
