"""Conventions of every table: constraint names, timestamps with zone, enums as checked text, JSONB.

SQLModel classes are tables only; what leaves an area is a msgspec Struct.
"""

from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = SQLModel.metadata

#: Instants; every datetime in the project is aware.
Timestamp = sa.TIMESTAMP(timezone=True)
Json = postgresql.JSONB(none_as_null=True)


def identity() -> Any:
    """A bigint key that the database counts; internal, never in a public address."""
    return Field(default=None, primary_key=True, sa_type=sa.BigInteger)


def reference(target: str, *, index: bool = True, nullable: bool = False) -> Any:
    """A bigint foreign key, indexed unless a wider index already starts with it."""
    default: Any = {"default": None} if nullable else {}
    return Field(
        **default,
        foreign_key=target,
        index=index,
        nullable=nullable,
        sa_type=sa.BigInteger,
        ondelete="RESTRICT",
    )


def enum_type(enum: type[Enum]) -> sa.Enum:
    """Text with a CHECK, loading as the enum's member."""
    return sa.Enum(
        enum,
        native_enum=False,
        create_constraint=True,
        length=40,
        name=enum.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )
