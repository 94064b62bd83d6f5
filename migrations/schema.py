"""Every table of the service, and the DDL that metadata cannot express."""

import sqlalchemy as sa

from api.schedules import models as schedules
from core import calendars, ledger, outbox, people
from core.tables import metadata
from documents import models as documents
from inspection import models as inspection
from tendering import models as tendering
from tendering import search
from tendering.complaints import models as complaints
from tendering.following import models as following
from tendering.milestones import models as milestones
from tendering.openings import models as openings
from tendering.webhooks import models as webhooks

__all__ = [
    "TRIGGERS",
    "calendars",
    "complaints",
    "documents",
    "following",
    "inspection",
    "ledger",
    "metadata",
    "milestones",
    "openings",
    "outbox",
    "people",
    "schedules",
    "tendering",
    "webhooks",
]

#: What keeps the ledger append-only even for a program with our own rights.
TRIGGERS = (
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$
    """,
    """
    CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    """
    CREATE TRIGGER notice_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON notice
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    *search.DDL,
)

for statement in TRIGGERS:
    sa.event.listen(metadata, "after_create", sa.DDL(statement.replace("%", "%%")))  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
