"""Alembic's environment: one connection, psycopg, the metadata of every area."""

import sqlalchemy as sa
from alembic import context

from migrations.schema import metadata


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


run()
