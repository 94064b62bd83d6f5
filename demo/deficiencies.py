"""What goes wrong: items of one-off deficiency notices, and findings on site by department."""

from dataclasses import dataclass

MISSING_ITEMS = (
    "竣工验收报告缺设计单位盖章",
    "未提交规划许可证附图",
    "消防设施检测报告已超过有效期",
    "竣工图图签缺审核人签字",
    "建筑面积与竣工规划测绘报告不一致",
    "缺少电梯监督检验报告",
    "图纸目录与图纸不符：缺结施-12",
    "未提交人防设备检测报告",
    "排水管道闭水试验记录缺第3页",
    "档案目录未列声像档案",
    "申请表未填写统一社会信用代码",
    "质量评估报告为其他项目的文件",
)


@dataclass(frozen=True, slots=True)
class Defect:
    text: str
    is_safety_critical: bool = False


SITE_DEFECTS = {
    "quality": (
        Defect("地下室外墙局部渗水"),
        Defect("楼梯栏杆净高不足1.05m", is_safety_critical=True),
        Defect("屋面防水收头不规范"),
    ),
    "planning": (
        Defect("实测建筑高度与许可相差0.42m"),
        Defect("西侧围墙退界不足"),
        Defect("配套用房面积未达标"),
    ),
    "fire": (
        Defect("消火栓末端压力不足", is_safety_critical=True),
        Defect("疏散指示标志缺失3处", is_safety_critical=True),
        Defect("防火门闭门器未安装"),
        Defect("消防控制室图形显示装置未联调"),
    ),
    "water": (Defect("雨污管道在3号井处混接"), Defect("海绵设施溢流口堵塞")),
    "gardens": (Defect("乔木胸径小于设计值"), Defect("绿地率实测值低于规划条件")),
    "civil_defence": (
        Defect("人防门密闭胶条破损", is_safety_critical=True),
        Defect("滤毒通风管未刷标识"),
    ),
    "archives": (Defect("隐蔽工程影像缺2卷"), Defect("竣工图未加盖竣工图章"), Defect("案卷目录与实物不符")),
    "traffic": (Defect("无障碍车位少1个"), Defect("出入口视距三角形内有遮挡")),
    "elevators": (Defect("2号梯应急照明失效", is_safety_critical=True), Defect("机房温控装置未启用")),
    "sanitation": (Defect("垃圾收集点未设冲洗设施"),),
    "gas": (Defect("燃气管井未装报警器", is_safety_critical=True),),
    "power": (Defect("配电间挡鼠板缺失"),),
    "environment": (Defect("危废暂存间防渗层破损"), Defect("排气筒采样平台未设护栏")),
    "telecom": (Defect("弱电井接地端子松动"),),
    "lightning": (Defect("屋面接闪带局部锈断"),),
}
