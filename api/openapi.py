"""The OpenAPI document as a file, without a database."""

from pathlib import Path

import msgspec
from litestar.serialization import encode_json

from api.app import create_app
from core.settings import Settings


def write_document(target: Path) -> None:
    app = create_app(
        Settings(database_url="postgresql://nowhere", redis_url="redis://nowhere", secret_key="-" * 32)
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(msgspec.json.format(encode_json(app.openapi_schema.to_schema())) + b"\n")
