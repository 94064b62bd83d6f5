"""Everything that can be set from outside, read once at start."""

import secrets
from functools import cached_property
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

MEGABYTE = 1 << 20


class Settings(BaseSettings):
    """Environment variables, `YICHUANG_…` unless an alias is given.

    Where `DATABASE_URL` or `REDIS_URL` is unset, `yichuang run` starts embedded servers in `data_dir`.
    """

    model_config = SettingsConfigDict(env_prefix="YICHUANG_", extra="ignore", populate_by_name=True)

    database_url: str = Field(default="", validation_alias="DATABASE_URL")
    redis_url: str = Field(default="", validation_alias="REDIS_URL")
    data_dir: Path = Path(".data")
    host: str = Field(default="127.0.0.1", validation_alias="HOST")
    port: int = Field(default=8000, validation_alias="PORT")
    public_url: str = ""
    """The address in letters, QR codes and feeds; `http://localhost:PORT` unless set."""
    secret_key: str = ""
    """At least 32 characters; made and kept in `data_dir/secret` unless set."""
    signing_key: str = ""
    """64 hexadecimal digits; made and kept in `data_dir/signing_key` unless set."""
    secure_cookies: bool = False
    """True behind HTTPS."""
    demo: bool = False
    """Show the demo logins on the login page."""
    demo_speed: float = Field(default=1, gt=0, le=1_000_000)
    """How many times as fast as the true clock a demo's runs; see `api/demo_clock.py`."""
    debug: bool = False
    upload_limit: int = 512 * MEGABYTE
    """Bytes in one uploaded file."""
    webhooks_into_private_networks: bool = False
    """Allow webhooks to addresses that are not public, as an information site next door has."""
    log_json: bool = False
    public_cache: bool = True
    """Keep public pages in memory until something is published."""
    api_rate: float = 20
    """Requests a second that a caller of /api/v1 without a key may make for long; a burst may hold 30 times as many."""
    database_pool: int = 10
    warm_kernels: bool = True
    """Have the API load the solver's kernels at its start, compiled first where the disk has none."""
    solve_memory: int = 2048 * MEGABYTE
    """Bytes that solving one plan may take beyond the loaded program."""
    smtp_url: str = Field(default="", validation_alias="SMTP_URL")
    """`smtp://` or `smtps://user:password@host:port`; where unset, e-mail is written into `data_dir/mail`."""
    mail_from: str = Field(default="一窗 <yichuang@localhost>", validation_alias="MAIL_FROM")
    sms_gateway: str = Field(default="", validation_alias="SMS_GATEWAY")
    """`module:function` that makes a `core.gateways.Gateway`; where unset, texts are written into `data_dir/sms`."""
    wechat_gateway: str = Field(default="", validation_alias="WECHAT_GATEWAY")
    """As `sms_gateway`, for the city's official account; else `data_dir/wechat`."""

    @property
    def sqlalchemy_url(self) -> str:
        scheme, _, rest = self.database_url.partition("://")
        return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else self.database_url

    @property
    def base_url(self) -> str:
        return self.public_url or f"http://localhost:{self.port}"

    @property
    def upload_dir(self) -> Path:
        return self.data_dir / "uploads"

    @property
    def attachment_dir(self) -> Path:
        """Files published with notices, or to be."""
        return self.data_dir / "attachments"

    @property
    def mail_dir(self) -> Path:
        return self.data_dir / "mail"

    @cached_property
    def secret(self) -> str:
        return self.secret_key or self._kept("secret")

    @cached_property
    def signing_seed(self) -> bytes:
        """The Ed25519 key that signs each day's notices."""
        return bytes.fromhex(self.signing_key or self._kept("signing_key"))

    def _kept(self, name: str) -> str:
        """32 random bytes in hexadecimal, made once and kept in the data folder for our eyes only."""
        path = self.data_dir / name
        if not path.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(32))
        return path.read_text()
