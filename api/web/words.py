"""What readers call the coded terms; Chinese source strings, translated when a page is rendered."""

from collections.abc import Mapping

from core.i18n import gettext
from tendering.rules import Category, NoticeKind

CATEGORIES: Mapping[Category, str] = {
    Category.WORKS: "工程建设",
    Category.PROCUREMENT: "政府采购",
    Category.LAND: "土地和矿业权",
    Category.PROPERTY: "产权股权",
    Category.OTHER: "其他交易",
}

KINDS: Mapping[NoticeKind, str] = {
    NoticeKind.PLAN: "招标计划",
    NoticeKind.INTENTION: "采购意向",
    NoticeKind.PRE_DISCLOSURE: "预披露",
    NoticeKind.PREQUALIFICATION: "资格预审公告",
    NoticeKind.TENDER: "招标公告",
    NoticeKind.SINGLE_SOURCE: "单一来源公示",
    NoticeKind.CLARIFICATION: "澄清与变更",
    NoticeKind.LISTING: "挂牌公告",
    NoticeKind.OPENING: "开标记录",
    NoticeKind.CANDIDATES: "中标候选人公示",
    NoticeKind.RESULT: "结果公告",
    NoticeKind.CONTRACT: "合同公告",
    NoticeKind.CONTRACT_CHANGE: "合同变更",
    NoticeKind.ACCEPTANCE: "履约验收",
    NoticeKind.FAILED: "流标公告",
    NoticeKind.TERMINATION: "终止公告",
    NoticeKind.EXCEPTION: "异常公告",
}

#: A call for offers is named differently in each kind of market.
CALLS: Mapping[Category, str] = {
    Category.PROCUREMENT: "采购公告",
    Category.LAND: "出让公告",
    Category.PROPERTY: "转让公告",
    Category.OTHER: "交易公告",
}


def category_name(category: Category) -> str:
    return gettext(CATEGORIES[category])


def kind_name(kind: NoticeKind, category: Category) -> str:
    return gettext(CALLS.get(category, KINDS[kind]) if kind is NoticeKind.TENDER else KINDS[kind])
