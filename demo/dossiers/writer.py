"""The wording of forms: labels, values in a document's style, seals."""

from datetime import timedelta
from random import Random

from demo.dossiers.facts import Facts, Style
from demo.dossiers.forms import Block, Entry, Form, SignOff

#: Field → the labels under which forms ask for it.
LABELS = {
    "project_name": ("工程名称", "项目名称", "建设项目名称"),
    "project_code": ("项目代码", "统一项目代码"),
    "address": ("工程地址", "建设地点", "建设地址"),
    "construction_unit": ("建设单位",),
    "builder": ("施工单位", "施工总承包单位"),
    "designer": ("设计单位",),
    "surveyor": ("勘察单位",),
    "supervisor": ("监理单位",),
    "mapper": ("测绘单位",),
    "tester": ("检测单位", "检测机构"),
    "planning_permit": ("建设工程规划许可证号", "规划许可证编号"),
    "construction_permit": ("施工许可证号", "施工许可证编号"),
    "fire_review": ("消防设计审查意见书文号",),
    "civil_defence_permit": ("人防设计审批文号", "人防审批文号"),
    "floor_area": ("总建筑面积", "建筑面积"),
    "area_above_ground": ("地上建筑面积",),
    "area_below_ground": ("地下建筑面积",),
    "land_area": ("用地面积",),
    "civil_defence_area": ("人防建筑面积", "人防面积"),
    "green_area": ("绿地面积",),
    "green_ratio": ("绿地率",),
    "height": ("建筑高度",),
    "storeys": ("层数", "建筑层数"),
    "structure": ("结构类型",),
    "start_date": ("开工日期",),
    "completion_date": ("竣工日期",),
    "issue_date": ("报告日期",),
    "valid_until": ("有效期至",),
    "conclusion": ("检测结论",),
    "contact": ("联系人",),
    "building_class": ("工程类别",),
}
AREAS = (
    "floor_area",
    "area_above_ground",
    "area_below_ground",
    "land_area",
    "civil_defence_area",
    "green_area",
)
DATES = ("start_date", "completion_date")
PARTY_LABELS = {
    "construction_unit": "建设单位", "surveyor": "勘察单位", "designer": "设计单位", "builder": "施工单位",
    "supervisor": "监理单位", "mapper": "测绘单位", "tester": "检测单位",
}  # fmt: skip
ROLES = {
    "construction_unit": "法定代表人", "surveyor": "项目负责人", "designer": "项目负责人", "builder": "项目经理",
    "supervisor": "总监理工程师", "mapper": "负责人", "tester": "负责人",
}  # fmt: skip
CERTIFICATE_YEARS = 3


class Writer:
    """Fills the forms of one dossier in; the wording varies with the random source."""

    def __init__(self, facts: Facts, rng: Random) -> None:
        self.facts, self.rng = facts, rng
        self.style = Style.draw(rng)

    def entry(self, key: str, value: str | None = None, label: str | None = None) -> Entry:
        return Entry(
            key, label or self.rng.choice(LABELS[key]), value if value is not None else self._value(key)
        )

    def entries(self, *keys: str) -> tuple[Entry, ...]:
        return tuple(self.entry(key) for key in keys)

    def _value(self, key: str) -> str:
        facts = self.facts
        special = {
            "height": f"{facts.height:.2f}m",
            "green_ratio": f"{facts.green_ratio * 100:.1f}%",
            "contact": facts.people[0],
            "building_class": "■新建 □扩建 □改建",
        }
        if key in special:
            return special[key]
        value = getattr(facts, key)
        if key in AREAS:
            return self.style.area(value)
        return self.style.date(value) if key in DATES else str(value)

    def sign_off(self, party: str) -> SignOff:
        person = self.facts.people[list(PARTY_LABELS).index(party)]
        day = self.facts.completion_date + timedelta(days=self.rng.randint(1, 5))
        return SignOff(
            party, PARTY_LABELS[party], getattr(self.facts, party), ROLES[party], person, self.style.date(day)
        )

    def certificate(self, family: str, title: str, *keys: str, conclusion: str = "合格") -> Form:
        """A report of a testing body, with a conclusion and a day until which it is valid."""
        facts, style = self.facts, self.style
        day = facts.completion_date - timedelta(days=self.rng.randint(2, 25))
        until = day.replace(year=day.year + CERTIFICATE_YEARS, day=min(day.day, 28))
        return Form(
            family,
            title,
            (
                *self.entries(*keys),
                self.entry("issue_date", style.date(day)),
                self.entry("valid_until", style.date(until)),
                self.entry("conclusion", conclusion),
            ),
            number=f"临检{day:%Y}-{self.rng.randrange(10_000):04d}",
        )

    def with_blocks(self, form: Form, *blocks: Block) -> Form:
        return Form(form.family, form.title, form.entries, blocks, form.number, form.page_numbers)
