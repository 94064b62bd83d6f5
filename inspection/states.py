"""The words of the area: states, events, results. Their order is the order of a case's life."""

from enum import StrEnum


class CaseKind(StrEnum):
    """What the parties come together for; all three share one scheduler."""

    SURVEY = "survey"  # 集中踏勘
    DRAWING_REVIEW = "drawing_review"  # 集中审图
    INSPECTION = "inspection"  # 集中验收


class CaseState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    RECEIVED = "received"
    CORRECTING = "correcting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REVIEWING = "reviewing"
    SLOTTING = "slotting"
    SCHEDULED = "scheduled"
    ONSITE = "onsite"
    DELIBERATING = "deliberating"
    RECTIFYING = "rectifying"
    RECHECK_REQUESTED = "recheck_requested"
    DESK_RECHECK = "desk_recheck"
    OPINION_READY = "opinion_ready"
    ISSUED = "issued"
    FILED = "filed"
    ARCHIVED = "archived"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"
    TERMINATED = "terminated"
    REVOKED = "revoked"


class Event(StrEnum):
    """What can happen to a case."""

    CREATE = "create"
    SUBMIT = "submit"
    RECEIVE = "receive"
    NOTIFY_DEFICIENCIES = "notify_deficiencies"
    RESUBMIT = "resubmit"
    DEEM_ACCEPTED = "deem_accepted"
    ACCEPT = "accept"
    REFUSE = "refuse"
    FAN_OUT = "fan_out"
    REVIEWS_DONE = "reviews_done"
    PROPOSE_SLOTS = "propose_slots"
    CONFIRM_SLOT = "confirm_slot"
    QUORUM = "quorum"
    RESCHEDULE = "reschedule"
    OPEN_VISIT = "open_visit"
    CLOSE_VISIT = "close_visit"
    CONCLUDE = "conclude"
    ORDER_RECTIFICATION = "order_rectification"
    RECTIFIED = "rectified"
    RECHECK_BY_DESK = "recheck_by_desk"
    RECHECK_ON_SITE = "recheck_on_site"
    ISSUE = "issue"
    FILE = "file"
    ARCHIVE = "archive"
    SUSPEND = "suspend"
    RESUME = "resume"
    WITHDRAW = "withdraw"
    TERMINATE = "terminate"
    REVOKE = "revoke"


class PartyState(StrEnum):
    NOTIFIED = "notified"
    READ = "read"
    REVIEW_OK = "review_ok"
    REVIEW_REJECT = "review_reject"
    NOT_CONCERNED = "na"
    INVITED = "invited"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    SILENT = "silent"
    CHECKED_IN = "checked_in"
    ABSENT = "absent"
    AGREE = "agree"
    AGREE_WITH_COMMITMENT = "agree_with_commitment"
    RECTIFY = "rectify"
    DISAGREE = "disagree"
    FINAL = "final"


class Verdict(StrEnum):
    """What a party says in the end."""

    AGREE = "agree"
    AGREE_WITH_COMMITMENT = "agree_with_commitment"
    RECTIFY = "rectify"
    DISAGREE = "disagree"
    NOT_CONCERNED = "na"
    DEEMED = "deemed"  # permitted deemed consent, with its proof chain


class Post(StrEnum):
    PRIMARY = "A"
    SUBSTITUTE = "B"


class Profile(StrEnum):
    """Which promise a case is held to."""

    LOW_RISK = "low"
    ORDINARY = "ordinary"
    COMPLEX = "complex"


class Node(StrEnum):
    """What a clock measures."""

    RECEIVE = "receive"
    DEFICIENCY = "deficiency"
    ACCEPT = "accept"
    CORRECT = "correct"
    REVIEW = "review"
    REPLY = "reply"
    OPINION = "opinion"
    DELIBERATE = "deliberate"
    RECTIFY = "rectify"
    ISSUE = "issue"
    WHOLE = "whole"


class Lamp(StrEnum):
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class SpecialProcedure(StrEnum):
    """What interrupts a case; its time is not counted (行政许可法 art. 45)."""

    HEARING = "hearing"
    TESTING = "testing"
    APPRAISAL = "appraisal"
    EXPERT_REVIEW = "expert_review"
    INTERMEDIARY = "intermediary"
    FORCE_MAJEURE = "force_majeure"


class PauseReason(StrEnum):
    SPECIAL_PROCEDURE = "special_procedure"
    CORRECTING = "correcting"
    REVIEW_REJECTED = "review_rejected"
    RECTIFYING = "rectifying"
    OWNER_RESCHEDULED = "owner_rescheduled"


class RecheckMode(StrEnum):
    DESK = "desk"
    REMOTE = "remote"
    SITE = "site"


class CheckResult(StrEnum):
    """What was found on one point of a checklist."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_CONCERNED = "na"


class FindingState(StrEnum):
    OPEN = "open"
    RECTIFIED = "rectified"
    CLEARED = "cleared"
    SUPERSEDED = "superseded"  # the recheck failed, and its list replaces this one


#: Findings that still hold the joint opinion up.
UNSETTLED = frozenset({FindingState.OPEN, FindingState.RECTIFIED})


class DocumentState(StrEnum):
    PRESENT = "present"
    DOUBTFUL = "doubtful"
    MISSING = "missing"


class VisitState(StrEnum):
    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class BookingState(StrEnum):
    BOOKED = "booked"
    CANCELLED = "cancelled"


class SearchState(StrEnum):
    PENDING = "pending"
    FOUND = "found"
    IMPOSSIBLE = "impossible"


class LetterKind(StrEnum):
    RECEIPT = "receipt"  # 收件凭证
    DEFICIENCY = "deficiency"  # 一次性告知书
    ACCEPTANCE = "acceptance"  # 受理通知书
    REFUSAL = "refusal"  # 不予受理通知书
    FAN_OUT = "fan_out"  # 抄告
    NOTICE = "notice"  # 告知函
    CANCELLATION = "cancellation"  # 改期函
    RECTIFICATION = "rectification"  # 整改通知书
    SPECIAL_PROCEDURE = "special_procedure"  # 特别程序告知书
    REPLY = "reply"  # 反馈函
    FEE = "fee"  # 缴费通知书
    REVOCATION = "revocation"  # 撤销决定书
    SERVICE = "service"  # 送达回证


class RefusalGround(StrEnum):
    """行政许可法 art. 32: why an application is not taken on."""

    OUT_OF_SCOPE = "out_of_scope"  # 不予受理: not this agency's to decide
    NOT_NEEDED = "not_needed"  # 不受理: the law asks for no inspection


class PromiseKind(StrEnum):
    GAP = "gap"  # 容缺
    COMMITMENT = "commitment"  # 告知承诺


class Violation(StrEnum):
    """Departments' violations that supervision counts."""

    LEAD_TOLD_LATE = "lead_told_late"
    NO_REPLY = "no_reply"
    LATE_OR_ABSENT = "late_or_absent"
    SCOPE_NOT_INSPECTED = "scope_not_inspected"
    NO_OPINION_ON_SPOT = "no_opinion_on_spot"
    NOT_LISTED_ONCE = "not_listed_once"
    OTHER = "other"
