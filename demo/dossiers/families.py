"""The families of documents in a completion dossier: what each one states about the project."""

from collections.abc import Callable, Mapping

from demo.dossiers.facts import Facts
from demo.dossiers.forms import Entry, Form, Paragraph, Table
from demo.dossiers.writer import Writer


def _joint_application(w: Writer) -> Form:
    return Form(
        "joint_application",
        w.rng.choice(("建设工程竣工联合验收申请表", "联合验收申请表")),
        w.entries(
            "project_name", "project_code", "address", "construction_unit", "builder", "supervisor", "planning_permit",
            "construction_permit", "floor_area", "area_above_ground", "area_below_ground", "building_class",
            "start_date", "completion_date", "contact",
        ),
        (
            Paragraph("申请事项：规划核实、消防验收、档案验收等专项验收，由牵头单位统一组织。"),
            Paragraph("本单位承诺所提交的材料真实、完整、合法，并对其内容负责。"),
            w.sign_off("construction_unit"),
        ),
    )  # fmt: skip


def _completion_report(w: Writer) -> Form:
    return Form(
        "completion_report",
        w.rng.choice(("单位工程竣工报告", "工程竣工报告")),
        w.entries(
            "project_name", "address", "construction_unit", "builder", "floor_area", "structure", "storeys",
            "start_date", "completion_date",
        ),
        (
            Paragraph("完成情况", heading=True),
            Paragraph("本工程已按设计文件和合同约定的内容全部完成，施工单位自检合格，工程技术资料齐全。"),
            w.sign_off("builder"),
        ),
    )  # fmt: skip


def _completion_acceptance_report(w: Writer) -> Form:
    parties = ("construction_unit", "surveyor", "designer", "builder", "supervisor")
    return Form(
        "completion_acceptance_report",
        w.rng.choice(("建设工程竣工验收报告", "工程竣工验收报告")),
        w.entries(
            "project_name", "address", *parties, "construction_permit", "floor_area", "structure", "storeys",
            "start_date", "completion_date",
        ),
        (
            Paragraph("验收组意见", heading=True),
            Paragraph("验收组听取了各方汇报，查阅了工程资料并实地查验，一致认为工程质量符合标准，同意竣工验收。"),
            *(w.sign_off(party) for party in parties),
        ),
    )  # fmt: skip


def _quality_assessment(w: Writer) -> Form:
    rows = (("地基与基础", "合格", "12"), ("主体结构", "合格", "18"), ("建筑装饰装修", "合格", "26"),
            ("屋面", "合格", "6"), ("建筑给水排水", "合格", "14"), ("建筑电气", "合格", "17"))  # fmt: skip
    return Form(
        "quality_assessment",
        w.rng.choice(("工程质量评估报告", "竣工质量评估报告")),
        (*w.entries("project_name", "construction_unit", "builder", "supervisor", "floor_area", "completion_date"),
         w.entry("conclusion", "合格", "评估结论")),
        (
            Paragraph("各分部工程评定情况", heading=True),
            Table("parts", ("分部工程", "评定", "分项数"), (0.5, 0.25, 0.25), rows),
            Paragraph("监理单位对全过程实施了旁站与平行检验，总监理工程师签署本报告。"),
            w.sign_off("supervisor"),
        ),
    )  # fmt: skip


def _quality_inspection(w: Writer) -> Form:
    return Form(
        "quality_inspection",
        w.rng.choice(("设计文件质量检查报告", "设计质量检查报告")),
        w.entries("project_name", "construction_unit", "surveyor", "designer", "structure", "storeys"),
        (
            Paragraph("设计单位对勘察、设计文件及施工中签署的变更逐项检查，未发现违反强制性标准的情形。"),
            w.sign_off("designer"),
        ),
    )


def _construction_permit(w: Writer) -> Form:
    facts = w.facts
    return Form(
        "construction_permit",
        "建筑工程施工许可证",
        w.entries(
            "construction_unit", "project_name", "address", "floor_area", "surveyor", "designer", "builder",
            "supervisor",
        ),
        (
            Paragraph(f"合同工期自{w.style.date(facts.start_date)}起；合同价格见施工合同。"),
            Paragraph("经审查，本建筑工程符合施工条件，准予施工。发证机关：临澜市行政审批服务局。"),
        ),
        number=facts.construction_permit,
    )  # fmt: skip


def _planning_permit(w: Writer) -> Form:
    return Form(
        "planning_permit",
        "建设工程规划许可证",
        (*w.entries("construction_unit", "project_name", "address"), w.entry("floor_area", label="建设规模")),
        (
            Paragraph(
                "本证是经城乡规划主管部门审核，建设工程符合规划要求的法律凭证。发证机关：临澜市自然资源和规划局。"
            ),
        ),
        number=w.facts.planning_permit,
    )


def area_table(facts: Facts) -> Table:
    """Areas by building, or by floor where there is one building only, with their total."""
    parts = [(house.name, house.above, house.below) for house in facts.buildings]
    if len(parts) == 1:
        ground = round(facts.area_above_ground * 0.3, 2)
        upper = round(facts.area_above_ground - ground, 2)
        parts = [("首层", ground, 0.0), ("二层及以上", upper, 0.0), ("地下室", 0.0, facts.area_below_ground)]
    rows: list[tuple[str, ...]] = [
        (name, f"{above:.2f}", f"{below:.2f}", f"{above + below:.2f}") for name, above, below in parts
    ]
    total = (facts.area_above_ground, facts.area_below_ground, facts.floor_area)
    rows.append(("合计", *(f"{value:.2f}" for value in total)))
    columns = ("楼栋", "地上建筑面积（㎡）", "地下建筑面积（㎡）", "合计（㎡）")
    return Table("areas", columns, (0.28, 0.26, 0.26, 0.2), tuple(rows))


def _planning_survey(w: Writer) -> Form:
    return Form(
        "planning_survey",
        w.rng.choice(("竣工规划测绘报告", "建设工程竣工规划测绘报告")),
        w.entries(
            "project_name", "address", "construction_unit", "mapper", "planning_permit", "land_area", "floor_area",
            "area_above_ground", "area_below_ground", "height",
        ),
        (
            Paragraph("一、作业说明", heading=True),
            Paragraph("采用全站仪与卫星定位测量，平面采用城市独立坐标系，高程采用1985国家高程基准。"),
            Paragraph("二、各楼栋实测建筑面积", heading=True),
            area_table(w.facts),
            Paragraph("三、说明", heading=True),
            Paragraph("计容建筑面积按地上实测面积统计，退界、间距与许可一致。"),
            w.sign_off("mapper"),
        ),
        page_numbers=True,
    )  # fmt: skip


def _fire_application(w: Writer) -> Form:
    return Form(
        "fire_application",
        w.rng.choice(("特殊建设工程消防验收申请表", "消防验收申请表")),
        w.entries(
            "project_name", "address", "construction_unit", "designer", "builder", "supervisor", "fire_review",
            "floor_area", "height", "storeys", "building_class", "completion_date",
        ),
        (Paragraph("消防设计审查合格，火灾危险性分类及耐火等级与审查意见一致。"), w.sign_off("construction_unit")),
    )  # fmt: skip


def _fire_test(w: Writer) -> Form:
    form = w.certificate(
        "fire_test", w.rng.choice(("建筑消防设施检测报告", "消防设施检测报告")),
        "project_name", "address", "construction_unit", "tester", "floor_area",
    )  # fmt: skip
    rows = (("火灾自动报警系统", "42", "合格"), ("自动喷水灭火系统", "36", "合格"), ("消火栓系统", "28", "合格"),
            ("防烟排烟系统", "19", "合格"), ("应急照明与疏散指示", "31", "合格"))  # fmt: skip
    return w.with_blocks(
        form,
        Table("items", ("检测项目", "检测点数", "评定"), (0.5, 0.25, 0.25), rows),
        w.sign_off("tester"),
    )


def _civil_defence(w: Writer) -> Form:
    return Form(
        "civil_defence",
        "人民防空工程竣工验收备案表",
        (
            *w.entries(
                "project_name", "address", "construction_unit", "civil_defence_permit", "civil_defence_area"
            ),
            Entry("protection_level", "防护等级", "核6级、常6级"),
            Entry("use", "战时功能", "二等人员掩蔽所"),
            Entry("peace_use", "平时功能", "汽车库"),
            *w.entries("builder", "supervisor", "completion_date"),
        ),
        (w.sign_off("construction_unit"),),
    )


def _archive_catalogue(w: Writer) -> Form:
    names = ("立项批复文件", "建设用地规划许可", "勘察报告", "设计文件审查意见", "招投标文件", "施工合同", "监理规划",
             "图纸会审记录", "设计变更", "原材料合格证", "隐蔽工程验收记录", "地基验槽记录", "主体结构验收记录",
             "消防检测", "电梯检验", "竣工图（建筑）", "竣工图（结构）",
             "竣工图（机电）", "竣工验收文件", "声像档案")  # fmt: skip
    rows = tuple(
        (str(number), f"{name}", w.rng.choice(("长期", "永久")), str(w.rng.randint(8, 210)))
        for number, name in enumerate(names[: w.rng.randint(12, len(names))], 1)
    )
    return Form(
        "archive_catalogue",
        w.rng.choice(("建设工程档案目录", "工程档案目录")),
        w.entries("project_name", "construction_unit", "builder"),
        (Table("volumes", ("序号", "案卷题名", "保管期限", "页数"), (0.12, 0.52, 0.18, 0.18), rows),),
    )


def _green_space(w: Writer) -> Form:
    rows = (
        ("香樟", "胸径18cm", "64"),
        ("银杏", "胸径15cm", "38"),
        ("桂花", "冠幅2.5m", "52"),
        ("红叶石楠", "高0.6m", "820"),
    )
    return Form(
        "green_space",
        w.rng.choice(("附属绿化工程竣工资料", "绿地面积测算报告")),
        w.entries("project_name", "address", "construction_unit", "land_area", "green_area", "green_ratio"),
        (
            Paragraph("苗木清单（乔木、灌木）", heading=True),
            Table("plants", ("苗木名称", "规格", "数量"), (0.4, 0.35, 0.25), rows),
        ),
    )


def _drainage(w: Writer) -> Form:
    rows = (
        ("Y1—Y6", "雨水", "DN400", "合格"),
        ("Y6—Y12", "雨水", "DN600", "合格"),
        ("W1—W8", "污水", "DN300", "合格"),
    )
    return Form(
        "drainage",
        w.rng.choice(("排水管道闭水试验记录", "排水工程竣工资料")),
        w.entries("project_name", "address", "construction_unit", "builder", "completion_date"),
        (
            Paragraph("雨水、污水管道分段闭水试验，检查井逐座查验，雨污分流。"),
            Table("pipes", ("管段", "类别", "管径", "结论"), (0.3, 0.2, 0.25, 0.25), rows),
        ),
    )


def _elevator_inspection(w: Writer) -> Form:
    form = w.certificate(
        "elevator_inspection", "电梯监督检验报告", "project_name", "construction_unit", "builder",
    )  # fmt: skip
    rows = tuple((f"{n}号电梯", "1000kg", "1.75m/s", "合格") for n in range(1, min(w.facts.elevators, 6) + 1))
    conclusion = tuple(
        Entry("conclusion", "检验结论", entry.value) if entry.key == "conclusion" else entry
        for entry in form.entries
    )
    form = Form(form.family, form.title, (*conclusion, w.entry("tester", label="检验机构")), (), form.number)
    return w.with_blocks(
        form,
        Table("lifts", ("设备", "额定载重", "额定速度", "结果"), (0.25, 0.25, 0.25, 0.25), rows),
        w.sign_off("tester"),
    )


def _lightning_test(w: Writer) -> Form:
    form = w.certificate(
        "lightning_test", "雷电防护装置检测报告", "project_name", "address", "construction_unit", "tester"
    )
    rows = (
        ("接闪带", "直径12热镀锌圆钢", "合格"),
        ("接地电阻", "0.82欧以下", "合格"),
        ("等电位连接", "逐层连接", "合格"),
    )
    return w.with_blocks(
        form, Table("items", ("项目", "实测", "评定"), (0.34, 0.36, 0.3), rows), w.sign_off("tester")
    )


def _commitment(w: Writer) -> Form:
    return Form(
        "commitment",
        w.rng.choice(("告知承诺书", "容缺受理承诺书")),
        w.entries("project_name", "project_code", "construction_unit"),
        (
            Paragraph("审批部门已告知办理条件、标准及违反承诺的法律责任，本单位已知晓并理解。"),
            Paragraph("本单位承诺在规定期限内补交尚缺的声像档案，如有虚假，愿承担相应法律责任。"),
            w.sign_off("construction_unit"),
        ),
    )


def _rectification_report(w: Writer) -> Form:
    rows = (("1", "消火栓箱标识缺失", "已补贴标识", "完成"), ("2", "疏散指示灯1处不亮", "更换灯具", "完成"))
    return Form(
        "rectification_report",
        w.rng.choice(("整改情况报告", "整改完成报告")),
        w.entries("project_name", "construction_unit", "builder", "supervisor"),
        (
            Paragraph("针对联合验收提出的问题，施工单位已逐条整改，经监理单位复查合格。"),
            Table("points", ("序号", "问题", "整改措施", "结果"), (0.1, 0.38, 0.34, 0.18), rows),
            w.sign_off("builder"),
        ),
    )


def _warranty(w: Writer) -> Form:
    return Form(
        "warranty",
        w.rng.choice(("工程质量保修书", "建设工程质量保修书")),
        w.entries("project_name", "address", "construction_unit", "builder"),
        (
            Paragraph("保修范围：地基基础、主体结构、屋面防水、装饰装修、给排水及电气管线等。"),
            Paragraph("保修期：屋面防水五年，供热供冷两个周期，其余两年，自竣工验收合格之日起计算。"),
            w.sign_off("builder"),
        ),
    )


def _tender_document(w: Writer) -> Form:
    return Form(
        "tender_document",
        w.rng.choice(("施工招标文件", "中标通知书")),
        (
            w.entry("project_name", label="招标项目名称"),
            w.entry("construction_unit", label="招标人"),
            w.entry("address"),
        ),
        (Paragraph("投标人须知、评标办法、合同条款及工程量清单见后续各章；开标时间、地点以公告为准。"),),
    )


FAMILIES: Mapping[str, Callable[[Writer], Form]] = {
    "joint_application": _joint_application,
    "completion_report": _completion_report,
    "completion_acceptance_report": _completion_acceptance_report,
    "quality_assessment": _quality_assessment,
    "quality_inspection": _quality_inspection,
    "construction_permit": _construction_permit,
    "planning_permit": _planning_permit,
    "planning_survey": _planning_survey,
    "fire_application": _fire_application,
    "fire_test": _fire_test,
    "civil_defence": _civil_defence,
    "archive_catalogue": _archive_catalogue,
    "green_space": _green_space,
    "drainage": _drainage,
    "elevator_inspection": _elevator_inspection,
    "lightning_test": _lightning_test,
    "commitment": _commitment,
    "rectification_report": _rectification_report,
    "warranty": _warranty,
    "tender_document": _tender_document,
}
TITLES_ZH = {
    "joint_application": "联合验收申请表", "completion_report": "竣工报告",
    "completion_acceptance_report": "竣工验收报告",
    "quality_assessment": "质量评估报告", "quality_inspection": "设计质量检查报告", "construction_permit": "施工许可证",
    "planning_permit": "规划许可证", "planning_survey": "竣工规划测绘报告", "fire_application": "消防验收申请表",
    "fire_test": "消防检测报告", "civil_defence": "人防验收备案表", "archive_catalogue": "档案目录",
    "green_space": "绿化资料", "drainage": "排水资料", "elevator_inspection": "电梯检验报告",
    "lightning_test": "防雷检测报告", "commitment": "告知承诺书", "rectification_report": "整改报告",
    "warranty": "质量保修书", "tender_document": "招标文件", "drawing_list": "图纸目录", "as_built_drawing": "竣工图",
}  # fmt: skip
