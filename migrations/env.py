"""Alembic's environment: one connection, psycopg, the metadata of every area."""

import sqlalchemy as sa
from alembic import context

from migrations.schema import metadata


def render() -> None:
    """SQL text instead of a connection, for the linter."""
    context.configure(url=context.config.attributes["url"], target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run() -> None:
    engine = sa.create_engine(context.config.attributes["url"])
    with engine.connect() as connection:
        # A migration that cannot get its lock quickly must fail rather than queue everyone behind it.
        connection.execute(sa.text("SET lock_timeout = '10s'"))
        context.configure(connection=connection, target_metadata=metadata, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    engine.dispose()


render() if context.is_offline_mode() else run()
