"""What the area says no to."""

from core.errors import Refusal


class WrongState(Refusal):
    code = "wrong_state"
    message = "该件当前的状态不允许这样办理。"


class WrongPartyState(Refusal):
    code = "wrong_party_state"
    message = "该部门当前的状态不允许这样办理。"


class FormIncomplete(Refusal):
    status = 422
    code = "form_incomplete"
    message = "申请表尚未填写完整。"


class ProjectCodeInvalid(Refusal):
    status = 422
    code = "project_code_invalid"
    message = "项目代码格式不正确，应为 YYMM-XXXXXX-hh-tt-nnnnnn。"


class SegmentHasOpenCase(Refusal):
    code = "segment_has_open_case"
    message = "该单位工程已有尚未办结的联合验收件 %(code)s，请在原件上办理。"


class MainDocumentsMissing(Refusal):
    code = "main_documents_missing"
    message = "主要材料不齐全，不能受理。"


class GapWithoutPromise(Refusal):
    code = "gap_without_promise"
    message = "每项容缺材料都须有补交承诺和期限。"


class AlreadyNotified(Refusal):
    code = "already_notified"
    message = "补正材料只能一次性告知；再次告知须经督查同意并记录。"


class DeadlinePassed(Refusal):
    code = "deadline_passed"
    message = "期限已过（%(due)s）。"


class ReasonRequired(Refusal):
    status = 422
    code = "reason_required"
    message = "请说明理由。"


class TooFewToDraw(Refusal):
    status = 409
    code = "too_few_to_draw"
    message = "%(object)s 可抽的人员不足（%(department)s）。"


class NothingListed(Refusal):
    status = 422
    code = "nothing_listed"
    message = "请至少列出一项。"


class PartyMissing(Refusal):
    code = "party_missing"
    message = "没有参验部门。"


class AlreadyDrawnIn(Refusal):
    code = "already_drawn_in"
    message = "该事项已在参验之列。"


class ReviewsOutstanding(Refusal):
    code = "reviews_outstanding"
    message = "还有部门没有完成审查。"


class ProposalStale(Refusal):
    code = "proposal_stale"
    message = "该时段方案已失效，请重新查询。"


class NobodyWaits(Refusal):
    code = "nobody_waits"
    message = "现在没有等待约定时段的件。"


class SlotTaken(Refusal):
    code = "slot_taken"
    message = "该时段刚刚被占用，请选择其他时段。"


class OffHoursNotAllowed(Refusal):
    code = "off_hours_not_allowed"
    message = "只有绿色通道的件可以约在非工作时间，且须在非工作时间之内、提前足够的时间。"


class TeamIncomplete(Refusal):
    code = "team_incomplete"
    message = "%(department)s在该时间派不出足够的持证人员。"


class OfficerUnavailable(Refusal):
    code = "officer_unavailable"
    message = "所派人员在该时段不能参加：%(numbers)s。"


class LeaveOverlaps(Refusal):
    code = "leave_overlaps"
    message = "该人员在此期间已登记请假。"


class TeamTooSmall(Refusal):
    status = 422
    code = "team_too_small"
    message = "每个部门至少派 %(needed)s 名持证人员。"


class QuorumMissing(Refusal):
    code = "quorum_missing"
    message = "还有部门没有答复邀请。"


class RescheduleLimit(Refusal):
    code = "reschedule_limit"
    message = "建设单位最多可改期 %(limit)s 次。"


class NotAssigned(Refusal):
    status = 403
    code = "not_assigned"
    message = "只有本次受派的人员可以办理。"


class CheckInOutside(Refusal):
    status = 422
    code = "check_in_outside"
    message = "您不在现场范围内或不在约定时间内，签到须说明理由。"


class TooFewCheckedIn(Refusal):
    code = "too_few_checked_in"
    message = "牵头单位和至少一个参验部门签到后才能开始。"


class OpinionsOutstanding(Refusal):
    code = "opinions_outstanding"
    message = "还有部门既没有意见也没有记录缺席。"


class TwoSignaturesRequired(Refusal):
    code = "two_signatures_required"
    message = "意见须由两名不同的受派人员签名。"


class ChangedMeanwhile(Refusal):
    """Somebody else changed the same thing since the sender saw it. `theirs` is what stands now, by form field."""

    code = "changed_meanwhile"
    message = "%(name)s已改过这一项，请核对两份内容后选择。"

    def __init__(self, *, name: str, version: int, theirs: dict[str, str]) -> None:
        super().__init__(name=name)
        self.version = version
        self.theirs = theirs


class FindingsRecorded(Refusal):
    code = "findings_recorded"
    message = "已记录问题的，意见应为整改或不同意；确无问题请先删除记录。"


class PhotoRefused(Refusal):
    status = 422
    code = "photo_refused"
    message = "照片须为 JPEG、PNG 或 WebP，每张不超过 %(megabytes)s MB，每个问题最多 %(number)s 张。"


class PlaceInvalid(Refusal):
    status = 422
    code = "place_invalid"
    message = "图上的位置有误，请重新标注。"


class FindingsRequired(Refusal):
    status = 422
    code = "findings_required"
    message = "不通过的意见须一次列明需整改的问题。"


class CommitmentRequired(Refusal):
    status = 422
    code = "commitment_required"
    message = "告知承诺须写明承诺内容和期限。"


class SiteRecheckRequired(Refusal):
    status = 422
    code = "site_recheck_required"
    message = "涉及安全的问题须现场复验。"


class RemoteLookMissing(Refusal):
    code = "remote_look_missing"
    message = "远程复验的问题须先记录查看情况并附照片或视频截图。"


class NotAllAgreed(Refusal):
    code = "not_all_agreed"
    message = "并非所有部门都同意，应先整改。"


class AllAgreed(Refusal):
    code = "all_agreed"
    message = "所有部门都已同意，无须整改。"


class FindingsOutstanding(Refusal):
    code = "findings_outstanding"
    message = "还有问题没有整改或没有附上证据。"


class SignaturesMissing(Refusal):
    code = "signatures_missing"
    message = "还有意见没有完成两人签名。"


class FeesOutstanding(Refusal):
    code = "fees_outstanding"
    message = "应缴费用尚未缴清。"


class DelegationMissing(Refusal):
    status = 403
    code = "delegation_missing"
    message = "您没有代表该部门办理此事项的授权。"


class DeemedConsentForbidden(Refusal):
    code = "deemed_consent_forbidden"
    message = "该部门的意见不适用超时默许。"


class CatalogueDecided(Refusal):
    code = "catalogue_decided"
    message = "该版本已经处理过，或同一天已有另一版本生效。"


class CatalogueError(ValueError):
    """The catalogue contradicts itself; found when it is loaded, never by a user."""
