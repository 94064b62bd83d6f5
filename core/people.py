"""Departments, accounts and their roles, delegations, login sessions and API keys."""

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlmodel import Field, SQLModel

from core.access import Role
from core.tables import Timestamp, enum_type, identity, reference


class Department(SQLModel, table=True):
    __tablename__ = "department"

    code: str = Field(primary_key=True)
    name_zh: str
    name_en: str


class Account(SQLModel, table=True):
    """A person who logs in. `name` is personal and never leaves through a public route."""

    __tablename__ = "account"

    id: int = identity()
    login: str = Field(unique=True)
    name: str
    email: str | None = None
    phone: str | None = None
    wechat: str | None = None
    """The open id under which the city's official account knows the person."""
    department_code: str | None = Field(default=None, foreign_key="department.code", index=True)
    password_hash: str
    active: bool = True
    locale: str | None = None
    created_at: datetime = Field(sa_type=Timestamp)


class AccountRole(SQLModel, table=True):
    __tablename__ = "account_role"

    account_id: int = Field(primary_key=True, foreign_key="account.id", sa_type=sa.BigInteger)
    role: Role = Field(primary_key=True, sa_type=enum_type(Role))


class LoginSession(SQLModel, table=True):
    """A server-side session: only the SHA-256 of the cookie's token is kept."""

    __tablename__ = "login_session"

    token_hash: str = Field(primary_key=True, sa_type=sa.CHAR(64))
    account_id: int = reference("account.id")
    created_at: datetime = Field(sa_type=Timestamp)
    expires_at: datetime = Field(sa_type=Timestamp)


class ApiKey(SQLModel, table=True):
    """A machine's key: `hash` is the SHA-256 of the secret part, `scopes` what it may do."""

    __tablename__ = "api_key"

    id: int = identity()
    prefix: str = Field(unique=True)
    hash: str = Field(sa_type=sa.CHAR(64))
    label: str
    scopes: list[str] = Field(sa_type=postgresql.ARRAY(sa.Text))
    must_sign: bool = False
    """Whether what it delivers must be signed."""
    created_at: datetime = Field(sa_type=Timestamp)
    expires_at: datetime | None = Field(default=None, sa_type=Timestamp)
    revoked_at: datetime | None = Field(default=None, sa_type=Timestamp)


class Right(StrEnum):
    """The five rights that a department delegates to its window."""

    ACCEPTANCE = "acceptance"  # 受理决定
    INSTANT_APPROVAL = "instant_approval"  # 即办审批
    COMMITMENT = "commitment"  # 承诺件协调
    SERVICE = "service"  # 送达
    RESPONSE = "response"  # 应诉


class Delegation(SQLModel, table=True):
    """Who may exercise which right of a department, for which matters, from when to when."""

    __tablename__ = "delegation"
    __table_args__ = (sa.CheckConstraint("valid_from <= valid_to", name="valid"),)

    id: int = identity()
    department_code: str = Field(foreign_key="department.code", index=True)
    account_id: int = reference("account.id")
    right: Right = Field(sa_type=enum_type(Right))
    matters: list[str] = Field(sa_type=postgresql.ARRAY(sa.Text))
    valid_from: date
    valid_to: date
