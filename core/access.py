"""Who may do what: one table of role × action × scope.

Every route names its action (`opt={"action": Action.X}`) or says `public`; a test walks every route with every role
and with nobody. Scopes narrow a grant to the person's own things, their department's, or none at all.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Role(StrEnum):
    BIDDER = "bidder"  # 注册投标人
    OWNER = "owner"  # 建设单位 or its agent (代办)
    WINDOW = "window"  # 窗口受理
    DISPATCHER = "dispatcher"  # 牵头单位调度
    ISSUER = "issuer"  # 牵头单位签发
    LIAISON = "liaison"  # 部门联络员
    OFFICER = "officer"  # A/B 岗验收人员
    EXPERT = "expert"
    SUPERVISOR = "supervisor"  # 中心督查
    DISCIPLINE = "discipline"  # 监察
    TRADING_CLERK = "trading_clerk"
    ADMINISTRATOR = "administrator"  # the system's, with no business data


class Action(StrEnum):
    CASE_CREATE = "case.create"
    CASE_READ = "case.read"
    CASE_SUBMIT = "case.submit"
    CASE_RECEIVE = "case.receive"
    CASE_ACCEPT = "case.accept"
    CASE_REVIEW = "case.review"
    CASE_BOOK = "case.book"
    CASE_REPLY = "case.reply"
    CASE_VISIT = "case.visit"
    CASE_OPINE = "case.opine"
    CASE_DELIBERATE = "case.deliberate"
    CASE_ISSUE = "case.issue"
    DOSSIER_UPLOAD = "dossier.upload"
    DOSSIER_READ = "dossier.read"
    DOCUMENT_CHECK = "document.check"  # a program's own documents, by key
    SCHEDULE_READ = "schedule.read"
    SCHEDULE_SOLVE = "schedule.solve"
    SCHEDULE_BOOK = "schedule.book"  # release the city's plan, which books its cases
    NOTICE_DRAFT = "notice.draft"
    NOTICE_PUBLISH = "notice.publish"
    NOTICE_EXCHANGE = "notice.exchange"
    NOTICE_FOLLOW = "notice.follow"
    OBJECTION_RAISE = "objection.raise"
    OBJECTION_ANSWER = "objection.answer"
    COMPLAINT_DECIDE = "complaint.decide"
    SUPERVISE = "supervise"
    CALENDAR_PROPOSE = "calendar.propose"
    CALENDAR_APPROVE = "calendar.approve"
    CATALOGUE_PROPOSE = "catalogue.propose"
    CATALOGUE_APPROVE = "catalogue.approve"
    RULES_PROPOSE = "rules.propose"
    RULES_APPROVE = "rules.approve"
    STAFF_KEEP = "staff.keep"  # inspectors' absences
    ACCOUNT_MANAGE = "account.manage"
    SELF = "self"  # one's own account: password, language, logout


class Scope(StrEnum):
    OWN = "own"
    DEPARTMENT = "department"
    ALL = "all"


_OWN, _DEPARTMENT, _ALL = Scope.OWN, Scope.DEPARTMENT, Scope.ALL

GRANTS: Mapping[Role, Mapping[Action, Scope]] = {
    Role.BIDDER: {Action.SELF: _OWN, Action.OBJECTION_RAISE: _OWN},
    Role.OWNER: {
        Action.SELF: _OWN,
        Action.CASE_CREATE: _OWN,
        Action.CASE_READ: _OWN,
        Action.CASE_SUBMIT: _OWN,
        Action.DOSSIER_UPLOAD: _OWN,
        Action.DOSSIER_READ: _OWN,
    },
    Role.WINDOW: {
        Action.SELF: _OWN,
        Action.CASE_READ: _ALL,
        Action.CASE_RECEIVE: _ALL,
        Action.CASE_ACCEPT: _ALL,
        Action.DOSSIER_READ: _ALL,
        Action.DOSSIER_UPLOAD: _ALL,
    },
    Role.DISPATCHER: {
        Action.SELF: _OWN,
        Action.CASE_READ: _ALL,
        Action.CASE_BOOK: _ALL,
        Action.CASE_VISIT: _ALL,
        Action.CASE_DELIBERATE: _ALL,
        Action.DOSSIER_READ: _ALL,
        Action.STAFF_KEEP: _ALL,
        Action.SCHEDULE_READ: _ALL,
        Action.SCHEDULE_SOLVE: _ALL,
        Action.SCHEDULE_BOOK: _ALL,
    },
    Role.ISSUER: {
        Action.SELF: _OWN,
        Action.CASE_READ: _ALL,
        Action.CASE_ISSUE: _ALL,
        Action.DOSSIER_READ: _ALL,
        Action.SCHEDULE_READ: _ALL,
    },
    Role.LIAISON: {
        Action.SELF: _OWN,
        Action.CASE_READ: _DEPARTMENT,
        Action.CASE_REVIEW: _DEPARTMENT,
        Action.CASE_REPLY: _DEPARTMENT,
        Action.STAFF_KEEP: _DEPARTMENT,
        Action.DOSSIER_READ: _DEPARTMENT,
        Action.SCHEDULE_READ: _DEPARTMENT,
    },
    Role.OFFICER: {
        Action.SELF: _OWN,
        Action.CASE_READ: _DEPARTMENT,
        Action.CASE_VISIT: _OWN,
        Action.CASE_OPINE: _OWN,
        Action.DOSSIER_READ: _DEPARTMENT,
        Action.SCHEDULE_READ: _OWN,
    },
    Role.EXPERT: {Action.SELF: _OWN, Action.SCHEDULE_READ: _OWN},
    Role.SUPERVISOR: {
        Action.SELF: _OWN,
        Action.CASE_READ: _ALL,
        Action.DOSSIER_READ: _ALL,
        Action.SCHEDULE_READ: _ALL,
        Action.SUPERVISE: _ALL,
        Action.COMPLAINT_DECIDE: _ALL,
    },
    Role.DISCIPLINE: {Action.SELF: _OWN, Action.CASE_READ: _ALL, Action.SUPERVISE: _ALL},
    Role.TRADING_CLERK: {
        Action.SELF: _OWN,
        Action.NOTICE_DRAFT: _ALL,
        Action.NOTICE_PUBLISH: _ALL,
        Action.OBJECTION_ANSWER: _ALL,
    },
    Role.ADMINISTRATOR: {
        Action.SELF: _OWN,
        Action.CALENDAR_PROPOSE: _ALL,
        Action.CALENDAR_APPROVE: _ALL,
        Action.RULES_PROPOSE: _ALL,
        Action.RULES_APPROVE: _ALL,
        Action.CATALOGUE_PROPOSE: _ALL,
        Action.CATALOGUE_APPROVE: _ALL,
        Action.ACCOUNT_MANAGE: _ALL,
    },
}

#: What an API key may be given; a key holds actions themselves and has no department.
KEY_ACTIONS = frozenset(
    {
        Action.DOCUMENT_CHECK,
        Action.NOTICE_EXCHANGE,
        Action.NOTICE_FOLLOW,
        Action.SCHEDULE_SOLVE,
        Action.SCHEDULE_READ,
        Action.SCHEDULE_BOOK,
    }
)

_WIDTH = {Scope.OWN: 0, Scope.DEPARTMENT: 1, Scope.ALL: 2}


def scope_of(roles: Iterable[Role], action: Action) -> Scope | None:
    """The widest scope in which any of the roles may do this; None when none may."""
    scopes = [GRANTS[role][action] for role in roles if action in GRANTS[role]]
    return max(scopes, key=_WIDTH.__getitem__, default=None)
