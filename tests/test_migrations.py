"""The migrations and the models describe the same database, constraints, indexes and triggers included."""

from collections.abc import Iterator

import psycopg
import pytest

from api.database_setup import upgrade
from core.settings import Settings
from tests.conftest import TEMPLATE, Clones, settings_for

OBJECTS = {
    "columns": """
        SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default, is_identity
        FROM information_schema.columns WHERE table_schema = 'public'""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace""",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal""",
    "functions": """
        SELECT proname, md5(prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace""",
}


@pytest.fixture(scope="module")
def migrated(clones: Clones) -> Iterator[Settings]:
    name = clones.make_empty()
    settings = settings_for(name)
    upgrade(settings)
    yield settings
    clones.drop(name)


@pytest.mark.parametrize("kind", OBJECTS)
def test_migrations_make_what_the_models_declare(migrated: Settings, kind: str) -> None:
    def read(url: str) -> set[tuple[object, ...]]:
        with psycopg.connect(url) as connection:
            return {row for row in connection.execute(OBJECTS[kind]) if "alembic_version" not in str(row[0])}

    declared = read(settings_for(TEMPLATE).database_url)
    assert read(migrated.database_url) == declared
