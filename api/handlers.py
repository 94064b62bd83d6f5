"""What the worker does about each topic of the outbox."""

from api.case_dossiers import HANDLERS as CASE_DOSSIERS
from api.following import HANDLERS as FOLLOWING
from api.notice_sealing import HANDLERS as NOTICE_SEALING
from api.schedules.city import HANDLERS as CITY_PLANS
from api.schedules.solving import HANDLERS as SCHEDULES
from api.stored_files import HANDLERS as STORED_FILES
from api.webhooks import HANDLERS as WEBHOOKS
from core.gateways import HANDLERS as TEXTS
from core.mail import HANDLERS as MAIL
from core.outbox import Handler
from documents.handlers import HANDLERS as DOCUMENTS
from inspection.handlers import HANDLERS as INSPECTION
from tendering.milestones.handlers import HANDLERS as MILESTONES

HANDLERS: list[Handler] = [
    *DOCUMENTS,
    *INSPECTION,
    *CASE_DOSSIERS,
    *SCHEDULES,
    *STORED_FILES,
    *CITY_PLANS,
    *MILESTONES,
    *NOTICE_SEALING,
    *FOLLOWING,
    *WEBHOOKS,
    *MAIL,
    *TEXTS,
]
