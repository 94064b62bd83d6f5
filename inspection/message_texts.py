"""What a message says, in its reader's language: a title, and a line for each thing worth knowing at once."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from babel import dates

from core.clock import LOCAL
from core.i18n import N_, translate
from inspection.audience import title_of
from inspection.states import Node

NODES: Mapping[str, str] = {
    Node.RECEIVE: N_("收件"),
    Node.DEFICIENCY: N_("一次性告知"),
    Node.ACCEPT: N_("受理"),
    Node.CORRECT: N_("补正"),
    Node.REVIEW: N_("部门审查"),
    Node.REPLY: N_("答复告知函"),
    Node.OPINION: N_("补交意见"),
    Node.DELIBERATE: N_("评议"),
    Node.RECTIFY: N_("整改"),
    Node.ISSUE: N_("签发"),
    Node.WHOLE: N_("全程办结"),
}


def title(locale: str, kind: str, data: Mapping[str, Any]) -> str:
    """As a headline: `已受理`, `期限亮灯：部门审查 红灯`."""
    text = translate(locale, title_of(kind))
    if kind == "lamp" and data.get("node") in NODES:
        lamp = translate(locale, "红灯" if data.get("lamp") == "red" else "黄灯")
        text = translate(
            locale,
            "%(title)s：%(node)s %(lamp)s",
            {"title": text, "node": translate(locale, NODES[data["node"]]), "lamp": lamp},
        )
    return text


def lines(locale: str, data: Mapping[str, Any]) -> list[str]:
    """The values that the fact carries, each in words; unknown ones are left out."""
    found = []
    department = data.get("department_en" if locale == "en" else "department_zh")
    for template, value in (
        (N_("部门：%(value)s"), department),
        (N_("时间：%(value)s"), _moment(locale, data.get("starts_at"))),
        (N_("期限：%(value)s"), _day(locale, data.get("due") or data.get("due_after"))),
        (N_("理由：%(value)s"), data.get("reason")),
        (N_("金额：%(value)s 元"), data.get("amount")),
    ):
        if value:
            found.append(translate(locale, template, {"value": value}))
    items = data.get("items")
    if isinstance(items, list):
        found += [f"{number}. {item}" for number, item in enumerate(items, 1)]
    return found


def short(locale: str, kind: str, data: Mapping[str, Any]) -> str:
    """One text message: sender, case, what, when."""
    return translate(
        locale,
        "【一窗】%(code)s %(title)s。%(rest)s",
        {"code": data["code"], "title": title(locale, kind, data), "rest": " ".join(lines(locale, data)[:2])},
    ).strip()


def letter(locale: str, kind: str, data: Mapping[str, Any], base_url: str) -> tuple[str, str]:
    """Subject and text of an e-mail."""
    subject = f"{title(locale, kind, data)} · {data['code']}"
    return subject, "\n".join([*paragraph(locale, kind, data, base_url), "", *_foot(locale, base_url)]) + "\n"


def digest(locale: str, told: Sequence[tuple[str, Mapping[str, Any]]], base_url: str) -> tuple[str, str]:
    """Everything that waited, oldest first."""
    subject = translate(locale, "今日消息汇总：%(number)s 条", {"number": len(told)})
    body: list[str] = []
    for kind, data in told:
        body += [*paragraph(locale, kind, data, base_url), ""]
    return subject, "\n".join([*body, *_foot(locale, base_url)]) + "\n"


def paragraph(locale: str, kind: str, data: Mapping[str, Any], base_url: str) -> list[str]:
    head = " ".join(part for part in (data.get("project"), f"({data['code']})") if part)
    return [
        title(locale, kind, data),
        head,
        *lines(locale, data),
        translate(locale, "查看：%(url)s", {"url": f"{base_url}/cases/{data['code']}"}),
    ]


def _foot(locale: str, base_url: str) -> list[str]:
    return [
        "--",
        translate(
            locale,
            "临澜市政务服务中心 · 一窗。通知方式可在 %(url)s 调整。",
            {"url": f"{base_url}/messages/settings"},
        ),
    ]


def _moment(locale: str, value: Any) -> str:
    if not isinstance(value, str):
        return ""
    local = datetime.fromisoformat(value).astimezone(LOCAL)
    day = dates.format_date(local.date(), "medium", locale=locale.replace("-", "_"))
    return f"{day} {local:%H:%M}"


def _day(locale: str, value: Any) -> str:
    if not isinstance(value, str):
        return ""
    return str(dates.format_date(date.fromisoformat(value[:10]), "medium", locale=locale.replace("-", "_")))
