"""What each letter says on paper: Chinese, with an English courtesy text; the Chinese text is the one that counts."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from core.clock import LOCAL
from inspection.states import LetterKind, RefusalGround, SpecialProcedure

Content = Mapping[str, Any]


class Line(msgspec.Struct, frozen=True):
    """One sentence or one row's name, in both languages."""

    zh: str
    en: str


class Row(msgspec.Struct, frozen=True):
    name: Line
    value: str


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """`letter.typ` sets these: paragraphs, a table of rows, a numbered list, a closing remark with the remedy."""

    title: Line
    paragraphs: list[Line]
    rows: list[Row] = []
    items: list[str] = []
    remark: Line | None = None


TITLES: Mapping[LetterKind, Line] = {
    LetterKind.RECEIPT: Line("收件凭证", "Receipt of application"),
    LetterKind.DEFICIENCY: Line("一次性告知书", "One-off deficiency notice"),
    LetterKind.ACCEPTANCE: Line("受理通知书", "Notice of acceptance"),
    LetterKind.REFUSAL: Line("不予受理通知书", "Notice of refusal"),
    LetterKind.FAN_OUT: Line("抄告函", "Notification to the department"),
    LetterKind.NOTICE: Line("联合验收告知函", "Invitation to the joint visit"),
    LetterKind.REPLY: Line("联合验收反馈函", "Reply to the invitation"),
    LetterKind.CANCELLATION: Line("改期函", "Notice of postponement"),
    LetterKind.RECTIFICATION: Line("整改通知书", "Rectification order"),
    LetterKind.SPECIAL_PROCEDURE: Line("特别程序告知书", "Notice of a special procedure"),
    LetterKind.FEE: Line("缴费通知书", "Notice of a charge"),
    LetterKind.REVOCATION: Line("撤销决定书", "Notice of revocation"),
    LetterKind.SERVICE: Line("送达回证", "Proof of service"),
}
NOT_OURS = Line(
    "你单位的联合验收申请，经审查不予受理。", "Your application for a joint inspection is not accepted."
)
NOT_NEEDED_TITLE = Line("不受理告知书", "Notice that no inspection is needed")
NOT_NEEDED = Line(
    "你单位申请的事项依法不需要办理联合验收，故不受理。",
    "The law asks for no joint inspection in this matter; the application is not taken on.",
)
PROCEDURES: Mapping[str, Line] = {
    SpecialProcedure.HEARING: Line("听证", "hearing"),
    SpecialProcedure.TESTING: Line("检验检测", "testing"),
    SpecialProcedure.APPRAISAL: Line("鉴定", "appraisal"),
    SpecialProcedure.EXPERT_REVIEW: Line("专家评审", "expert review"),
    SpecialProcedure.INTERMEDIARY: Line("中介服务", "intermediary service"),
    SpecialProcedure.FORCE_MAJEURE: Line("不可抗力", "force majeure"),
}
RECHECKS: Mapping[str, Line] = {
    "desk": Line("书面复验", "recheck by papers"),
    "remote": Line("远程复验", "remote recheck"),
    "site": Line("现场复验", "recheck on site"),
}
DUE, REASON = Line("期限", "Due"), Line("理由", "Reason")
REMEDY = Line(
    "如不服本决定，可自收到之日起六十日内申请行政复议，或六个月内提起行政诉讼。",
    "This decision may be appealed for reconsideration within sixty days of receipt, or before a court within six"
    " months.",
)


def day(value: str) -> str:
    found = date.fromisoformat(value[:10])
    return f"{found.year}年{found.month}月{found.day}日"


def moment(value: str) -> str:
    local = datetime.fromisoformat(value).astimezone(LOCAL)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def sheet(kind: LetterKind, content: Content) -> Sheet:
    return SHEETS[kind](content)


def _receipt(content: Content) -> Sheet:
    return Sheet(
        title=TITLES[LetterKind.RECEIPT],
        paragraphs=[
            Line(
                "你单位提交的联合验收申请及下列材料已于本日收到。收件不等于受理，是否受理将书面告知。",
                "Your application for a joint inspection and the papers below were received today. Receipt is not yet"
                " acceptance, of which you will be told in writing.",
            )
        ],
        items=list(content.get("documents", ())),
        remark=Line(
            "材料不齐的，五个工作日内一次性告知；逾期不告知的，自收到之日起即为受理（行政许可法第三十二条）。",
            "What is missing is told at once within five working days; otherwise the application counts as accepted"
            " from its receipt (Administrative Licensing Law, article 32).",
        ),
    )


def _acceptance(content: Content) -> Sheet:
    paragraphs = [
        Line(
            "你单位的联合验收申请符合受理条件，予以受理。承诺期限自受理次日起算，特别程序、补正和整改的时间依法不计。",
            "Your application for a joint inspection is accepted. The promised time begins the day after; special"
            " procedures, corrections and rectification are not counted.",
        )
    ]
    if content.get("deemed"):
        paragraphs = [
            Line(
                "自收到申请之日起五个工作日内未作一次性告知，依据行政许可法第三十二条，视为已受理。",
                "No notice of deficiencies was given within five working days: by article 32 of the Administrative"
                " Licensing Law the application counts as accepted.",
            )
        ]
    gaps = content.get("gaps", ())
    if gaps:
        paragraphs.append(
            Line(
                "下列材料容缺受理，请按承诺期限补交：",
                "These papers are accepted as gaps; please bring them in time:",
            )
        )
    rows = []
    if content.get("promised_days"):
        days = f"{content['promised_days']} 个工作日 working days"
        rows.append(Row(Line("承诺期限", "Promised time"), days))
    if content.get("due"):
        rows.append(Row(Line("应办结日", "To be concluded by"), day(content["due"])))
    return Sheet(
        title=TITLES[LetterKind.ACCEPTANCE],
        paragraphs=paragraphs,
        rows=rows,
        items=[gap if isinstance(gap, str) else f"{gap['name']}（{day(gap['due'])}前）" for gap in gaps],
    )


def _refusal(content: Content) -> Sheet:
    not_needed = content.get("ground") == RefusalGround.NOT_NEEDED
    return Sheet(
        title=NOT_NEEDED_TITLE if not_needed else TITLES[LetterKind.REFUSAL],
        paragraphs=[NOT_NEEDED if not_needed else NOT_OURS],
        rows=[Row(REASON, content["reason"])],
        remark=REMEDY,
    )


def _fan_out(content: Content) -> Sheet:
    return Sheet(
        title=TITLES[LetterKind.FAN_OUT],
        paragraphs=[
            Line(
                "下列工程已受理联合验收申请，请贵单位就所列事项审查材料，并在期限内反馈审查结果。",
                "A joint inspection of the works below has been accepted. Please review the papers for the matter named"
                " and answer in time.",
            )
        ],
        rows=[
            Row(Line("事项", "Matter"), content["matter"]),
            Row(Line("审查期限", "Review by"), day(content["review_by"])),
        ],
    )


def _notice(content: Content) -> Sheet:
    return Sheet(
        title=TITLES[LetterKind.NOTICE],
        paragraphs=[
            Line(
                "兹定于下列时间现场联合验收，请贵单位派员参加，并在答复期限前反馈参加人员；不能参加的，请说明理由和可行的时间。",
                "The joint visit takes place at the time below. Please send your officers and name them in time; if you"
                " cannot come, give the reason and another time.",
            ),
            Line(
                "逾期未答复的，按拟派人员视为参加；逾期不等于同意。",
                "Without an answer in time the officers named count as attending. Silence is no consent.",
            ),
        ],
        rows=[
            Row(Line("验收时间", "Time of the visit"), moment(content["starts_at"])),
            Row(Line("拟派人员", "Officers named"), "、".join(content.get("officers", ())) or "—"),
            Row(Line("答复期限", "Answer by"), day(content["reply_by"])),
        ],
    )


def _reply(content: Content) -> Sheet:
    if content["attends"]:
        said = Line("我单位派下列人员按时参加现场联合验收。", "We send these officers to the joint visit.")
        rows = [Row(Line("参加人员", "Officers"), "、".join(content["officers"]) or "—")]
    else:
        said = Line("我单位不能按所定时间参加。", "We cannot take part at the time given.")
        rows = [
            Row(REASON, content["reason"]),
            Row(Line("可行时间", "Another time"), content.get("alternative") or "—"),
        ]
    return Sheet(
        title=TITLES[LetterKind.REPLY],
        paragraphs=[said],
        rows=[Row(Line("验收时间", "Time of the visit"), moment(content["starts_at"])), *rows],
    )


def _cancellation(content: Content) -> Sheet:
    return Sheet(
        title=TITLES[LetterKind.CANCELLATION],
        paragraphs=[
            Line(
                "原定的现场联合验收取消，新的时间另行通知。",
                "The joint visit planned is cancelled; a new time will be told.",
            )
        ],
        rows=[
            Row(Line("原定时间", "Planned for"), moment(content["starts_at"])),
            Row(REASON, content["reason"]),
        ],
    )


def _rectification(content: Content) -> Sheet:
    return Sheet(
        title=TITLES[LetterKind.RECTIFICATION],
        paragraphs=[
            Line(
                "经现场联合验收，下列问题须整改。本清单一次列明，整改完成后请附证据申请复验；未列入的不作为复验内容。",
                "At the joint visit the following was found and must be rectified. This list is given once. When all is"
                " done, apply for the recheck with evidence; nothing else will be rechecked.",
            )
        ],
        items=[_finding(each) for each in content["findings"]],
        remark=Line("整改时间不计入承诺期限。", "The time for rectification is not counted."),
    )


def _finding(finding: Content) -> str:
    department = f"【{finding['department']}】" if finding.get("department") else ""
    recheck = RECHECKS[finding["recheck"]]
    return f"{department}{finding['text']}（{day(finding['due'])}前，{recheck.zh} {recheck.en}）"


def _special_procedure(content: Content) -> Sheet:
    if not content["begins"]:
        said = Line(
            "特别程序已经结束，期限自次日起继续计算。",
            "The special procedure has ended; the time counts again from tomorrow.",
        )
        return Sheet(title=TITLES[LetterKind.SPECIAL_PROCEDURE], paragraphs=[said])
    procedure = PROCEDURES[content["procedure"]]
    return Sheet(
        title=TITLES[LetterKind.SPECIAL_PROCEDURE],
        paragraphs=[
            Line(
                f"本件须进行{procedure.zh}，所需时间依据行政许可法第四十五条不计入期限。",
                f"This case needs a procedure ({procedure.en}), whose time is not counted (Administrative Licensing"
                " Law, article 45).",
            )
        ],
        rows=[Row(REASON, content["reason"])],
    )


def _fee(content: Content) -> Sheet:
    return Sheet(
        title=TITLES[LetterKind.FEE],
        paragraphs=[
            Line(
                "下列费用应在签发联合验收意见书前缴清。",
                "This charge must be paid before the joint opinion is issued.",
            )
        ],
        rows=[
            Row(Line("项目", "Item"), content["item"]),
            Row(Line("依据", "Legal basis"), content["basis"]),
            Row(Line("金额", "Amount"), f"{content['amount']} 元"),
        ],
        remark=REMEDY,
    )


def _revocation(content: Content) -> Sheet:
    return Sheet(
        title=TITLES[LetterKind.REVOCATION],
        paragraphs=[
            Line(
                "下列联合验收意见书依据行政许可法第六十九条予以撤销，自本决定作出之日起不再有效。",
                "The joint inspection opinion below is revoked under the Administrative Licensing Law, article 69, and"
                " no longer holds as of this decision.",
            )
        ],
        rows=[
            Row(Line("意见书验证码", "Code of the opinion"), content["of_code"]),
            Row(Line("签发日期", "Issued on"), day(content["issued_on"])),
            Row(REASON, content["reason"]),
        ],
        remark=REMEDY,
    )


def _service(content: Content) -> Sheet:
    served = TITLES[LetterKind(content["of"])]
    by_hand = content["how"] == "paper"
    return Sheet(
        title=TITLES[LetterKind.SERVICE],
        paragraphs=[
            Line("下列文书已送达受送达人。", "The letter below has been served on its addressee."),
        ],
        rows=[
            Row(Line("文书", "Letter"), f"{served.zh} {served.en}"),
            Row(Line("文书验证码", "Its code"), content["of_code"]),
            Row(
                Line("送达方式", "Way of service"),
                "窗口当面送达 by hand"
                if by_hand
                else "网上送达，受送达人登录后打开 opened on the site after login",
            ),
            Row(Line("发出时间", "Sent"), moment(content["sent_at"])),
            Row(Line("收到时间", "Received"), moment(content["read_at"])),
        ],
    )


SHEETS: Mapping[LetterKind, Callable[[Content], Sheet]] = {
    LetterKind.RECEIPT: _receipt,
    LetterKind.ACCEPTANCE: _acceptance,
    LetterKind.REFUSAL: _refusal,
    LetterKind.FAN_OUT: _fan_out,
    LetterKind.NOTICE: _notice,
    LetterKind.REPLY: _reply,
    LetterKind.CANCELLATION: _cancellation,
    LetterKind.RECTIFICATION: _rectification,
    LetterKind.SPECIAL_PROCEDURE: _special_procedure,
    LetterKind.FEE: _fee,
    LetterKind.REVOCATION: _revocation,
    LetterKind.SERVICE: _service,
}
