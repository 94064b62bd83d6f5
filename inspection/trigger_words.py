"""Triggers in words: when a department takes part, for the service guide."""

from collections.abc import Iterable, Mapping
from typing import Any

from core.i18n import N_, translate

FACTS: Mapping[str, str] = {
    "fire_exempt": N_("小型改造，免消防验收"),
    "special_fire_class": N_("特殊建设工程（消防）"),
    "basement": N_("有地下室"),
    "civil_defence_relocated": N_("人防易地建设"),
    "archives": N_("须移交城建档案"),
    "green_ratio": N_("规划条件有绿地率"),
    "drainage": N_("涉及排水、海绵或水土保持"),
    "traffic_impact": N_("做过交通影响评价"),
    "elevators": N_("电梯"),
    "sanitation": N_("配建环卫设施"),
    "school": N_("学校"),
    "hospital": N_("医院"),
    "flammable": N_("易燃易爆场所"),
    "environmental_assessment": N_("做过环境影响评价"),
    "security_flagged": N_("涉及国家安全事项"),
    "public_assembly": N_("公众聚集场所"),
    "connections": N_("接入"),
    "use": N_("用途"),
    "risk": N_("风险等级"),
    "floor_area": N_("建筑面积"),
}
VALUES: Mapping[str, str] = {
    "housing": N_("住宅"),
    "industry": N_("工业"),
    "commerce": N_("商业"),
    "public": N_("公共建筑"),
    "municipal": N_("市政"),
    "refit": N_("改造装修"),
    "low": N_("低风险"),
    "lower_middle": N_("较低风险"),
    "middle": N_("中等风险"),
    "high": N_("较高风险"),
    "very_high": N_("高风险"),
    "water": N_("供水"),
    "power": N_("供电"),
    "gas": N_("燃气"),
    "heat": N_("供热"),
    "telecom": N_("通信"),
}
ALWAYS = N_("所有项目")


def sentences(triggers: Iterable[Mapping[str, Any]], locale: str) -> list[str]:
    """One for each alternative, any of which is enough."""
    found = []
    for alternative in triggers:
        parts = [_condition(name, condition, locale) for name, condition in alternative.items()]
        found.append(translate(locale, "，且").join(parts) if parts else translate(locale, ALWAYS))
    return found


def _condition(name: str, condition: Any, locale: str) -> str:
    fact = translate(locale, FACTS[name])
    if condition is True:
        return fact
    if condition is False:
        return translate(locale, "不属于“%(fact)s”", {"fact": fact})
    if isinstance(condition, Mapping):
        return translate(locale, "%(fact)s不少于 %(number)s", {"fact": fact, "number": condition["min"]})
    values = condition if isinstance(condition, list) else [condition]
    words = [translate(locale, VALUES[value]) if value in VALUES else str(value) for value in values]
    joined = translate(locale, "、").join(words)
    return translate(locale, "%(fact)s：%(values)s", {"fact": fact, "values": joined})
