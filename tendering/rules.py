"""What kinds of notices there are, in which order they may follow each other, and what may be said about them.

Kinds and chains are data. National facet codes (公告性质, 公告类型) are those seen on published notices.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    WORKS = "works"  # 工程建设
    PROCUREMENT = "procurement"  # 政府采购
    LAND = "land"  # 土地使用权和矿业权
    PROPERTY = "property"  # 产权和股权
    OTHER = "other"


class Stage(StrEnum):
    """The coarse step of a process, the same for all categories; what people filter by."""

    PLANNING = "planning"
    TENDER = "tender"
    OPENING = "opening"
    CANDIDATES = "candidates"
    AWARD = "award"
    CONTRACT = "contract"
    IMPLEMENTATION = "implementation"
    ENDED = "ended"


class Nature(StrEnum):
    """公告性质: 1 normal, 2 correction; a withdrawal is a notice of its own as well."""

    NORMAL = "normal"
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"


class NoticeKind(StrEnum):
    PLAN = "plan"  # 招标计划
    INTENTION = "intention"  # 采购意向
    PRE_DISCLOSURE = "pre_disclosure"  # 预披露
    PREQUALIFICATION = "prequalification"  # 资格预审公告
    TENDER = "tender"  # 招标公告, 采购公告, 出让公告, 转让公告
    SINGLE_SOURCE = "single_source"  # 单一来源公示
    CLARIFICATION = "clarification"  # 澄清
    LISTING = "listing"  # 挂牌
    OPENING = "opening"  # 开标记录
    CANDIDATES = "candidates"  # 中标候选人公示
    RESULT = "result"  # 中标结果, 成交公示
    CONTRACT = "contract"
    CONTRACT_CHANGE = "contract_change"
    ACCEPTANCE = "acceptance"  # 履约验收
    FAILED = "failed"  # 流标
    TERMINATION = "termination"  # 终止
    EXCEPTION = "exception"  # 异常


@dataclass(frozen=True, slots=True)
class KindRule:
    """`follows` lists what the process's latest notice may be; None stands for an empty process.

    `tags` are the OCDS release tags.
    """

    stage: Stage
    categories: frozenset[Category]
    follows: frozenset[NoticeKind | None]
    tags: tuple[str, ...]


_W, _P, _L, _R, _O = Category
_TRADED = frozenset({_W, _P, _O})
_EVERY = frozenset(Category)
_K = NoticeKind
_BEFORE_AWARD = frozenset({_K.TENDER, _K.CLARIFICATION, _K.LISTING, _K.OPENING, _K.CANDIDATES, _K.EXCEPTION})
_CALLS = frozenset({None, _K.PLAN, _K.INTENTION, _K.PRE_DISCLOSURE, _K.PREQUALIFICATION, _K.FAILED})

KINDS: Mapping[NoticeKind, KindRule] = {
    _K.PLAN: KindRule(Stage.PLANNING, frozenset({_W, _O}), frozenset({None}), ("planning",)),
    _K.INTENTION: KindRule(Stage.PLANNING, frozenset({_P}), frozenset({None}), ("planning",)),
    _K.PRE_DISCLOSURE: KindRule(Stage.PLANNING, frozenset({_R}), frozenset({None}), ("planning",)),
    _K.PREQUALIFICATION: KindRule(
        Stage.TENDER, _TRADED, frozenset({None, _K.PLAN, _K.INTENTION, _K.FAILED}), ("tender",)
    ),
    _K.TENDER: KindRule(Stage.TENDER, _EVERY, _CALLS, ("tender",)),
    _K.SINGLE_SOURCE: KindRule(
        Stage.TENDER, frozenset({_P}), frozenset({None, _K.INTENTION, _K.FAILED}), ("tender",)
    ),
    _K.CLARIFICATION: KindRule(
        Stage.TENDER,
        _EVERY,
        frozenset({_K.TENDER, _K.PREQUALIFICATION, _K.CLARIFICATION}),
        ("tenderAmendment",),
    ),
    _K.LISTING: KindRule(
        Stage.TENDER, frozenset({_L, _R}), frozenset({_K.TENDER, _K.CLARIFICATION}), ("tenderUpdate",)
    ),
    _K.OPENING: KindRule(
        Stage.OPENING,
        _TRADED,
        frozenset({_K.TENDER, _K.CLARIFICATION, _K.EXCEPTION}),
        ("tenderUpdate",),
    ),
    _K.CANDIDATES: KindRule(
        Stage.CANDIDATES,
        _TRADED,
        frozenset({_K.TENDER, _K.CLARIFICATION, _K.OPENING, _K.EXCEPTION}),
        ("tenderUpdate", "award"),
    ),
    _K.RESULT: KindRule(Stage.AWARD, _EVERY, _BEFORE_AWARD | {_K.SINGLE_SOURCE}, ("award",)),
    _K.CONTRACT: KindRule(Stage.CONTRACT, _EVERY, frozenset({_K.RESULT}), ("contract",)),
    _K.CONTRACT_CHANGE: KindRule(
        Stage.CONTRACT, _EVERY, frozenset({_K.CONTRACT, _K.CONTRACT_CHANGE}), ("contractAmendment",)
    ),
    _K.ACCEPTANCE: KindRule(
        Stage.IMPLEMENTATION,
        _TRADED,
        frozenset({_K.CONTRACT, _K.CONTRACT_CHANGE}),
        ("implementation",),
    ),
    _K.FAILED: KindRule(
        Stage.ENDED, _EVERY, _BEFORE_AWARD | {_K.PREQUALIFICATION, _K.SINGLE_SOURCE}, ("tenderUpdate",)
    ),
    _K.TERMINATION: KindRule(
        Stage.ENDED,
        _EVERY,
        _BEFORE_AWARD | {_K.PLAN, _K.INTENTION, _K.PRE_DISCLOSURE, _K.PREQUALIFICATION, _K.SINGLE_SOURCE},
        ("tenderCancellation",),
    ),
    _K.EXCEPTION: KindRule(Stage.ENDED, _EVERY, _BEFORE_AWARD, ("tenderUpdate",)),
}


def may_follow(kind: NoticeKind, latest: NoticeKind | None, category: Category) -> bool:
    """Whether a notice of this kind may be published next in a process of this category."""
    rule = KINDS[kind]
    return category in rule.categories and latest in rule.follows


def next_kinds(latest: NoticeKind | None, category: Category) -> list[NoticeKind]:
    return [kind for kind in NoticeKind if may_follow(kind, latest, category)]


def kinds_of(stage: Stage) -> list[NoticeKind]:
    return [kind for kind, rule in KINDS.items() if rule.stage is stage]


def consortium(printed: str) -> tuple[str, ...]:
    """The members of a bidder's string, the leader first: "甲公司、乙公司联合体" has two."""
    names = printed.strip().removesuffix("联合体").rstrip("（( ")
    return tuple(name for name in (part.strip() for part in names.split("、")) if name) or (printed,)


#: What a company's or institute's name ends in; anything else is shown to a clerk as doubtful.
_ORGANISATION_ENDINGS = (
    "公司",
    "院",
    "中心",
    "厂",
    "所",
    "处",
    "局",
    "社",
    "大学",
    "学校",
    "集团",
    "馆",
    "站",
    "部",
)


def looks_like_organisation(name: str) -> bool:
    bare = name.rstrip("）)").rsplit("（", 1)[0] if name.endswith(("）", ")")) else name
    return bare.endswith(_ORGANISATION_ENDINGS)


def stages_in_order(stages: Iterable[Stage]) -> list[Stage]:
    present = set(stages)
    return [stage for stage in Stage if stage in present]
