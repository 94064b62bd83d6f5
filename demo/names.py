"""Names of people, companies and projects. All are made up; none is taken from a register."""

from dataclasses import dataclass
from random import Random

from demo.chance import pick
from demo.credit_codes import credit_code

CITY = "临澜市"
#: Weights follow the rank of the most frequent surnames in the 2020 census reports.
SURNAMES = {
    "王": 7.2, "李": 7.1, "张": 6.8, "刘": 5.2, "陈": 4.7, "杨": 3.1, "黄": 2.3, "赵": 2.1, "吴": 2.0, "周": 2.0,
    "徐": 1.5, "孙": 1.5, "马": 1.3, "朱": 1.3, "胡": 1.2, "郭": 1.2, "何": 1.1, "林": 1.1, "高": 1.0, "罗": 1.0,
    "郑": 0.9, "梁": 0.8, "谢": 0.8, "宋": 0.7, "唐": 0.7, "许": 0.7, "邓": 0.6, "冯": 0.6, "韩": 0.6, "曹": 0.6,
    "曾": 0.5, "彭": 0.5, "萧": 0.2, "蔡": 0.5, "潘": 0.5, "田": 0.4, "董": 0.4, "袁": 0.4, "于": 0.4, "余": 0.4,
    "叶": 0.4, "蒋": 0.4, "杜": 0.4, "苏": 0.4, "魏": 0.4, "程": 0.4, "吕": 0.4, "丁": 0.4, "沈": 0.4, "任": 0.4,
    "欧阳": 0.1, "上官": 0.02,
}  # fmt: skip
GIVEN_FIRST = "建志文思雨晓子国海永春佳家明俊宇嘉立德振学丽秀玉雅若欣静慧淑云"
GIVEN_SECOND = "华强军伟平涛斌峰杰辉鹏飞宁波林东阳成宏亮轩然涵萍燕芳琳敏洁婷颖琪珊瑶"
BRANDS_FIRST = "恒瀚锦鼎泓晟博华嘉汇科凯朗铭启荣润盛泰骏"
BRANDS_SECOND = "澜宇程坤岳源基筑域川衡峰达拓远安邦创图邺"
PLACES = ("临澜", "澜江", "云渡", "望海", "青屿")
#: Trade → (what its firms call their line of business, forms of company).
LINES = {
    "developer": (("置业", "房地产开发", "城市建设投资", "产业园运营"), ("有限公司", "集团有限公司")),
    "builder": (("建设工程", "建筑工程", "市政工程", "建设集团"), ("有限公司", "股份有限公司")),
    "designer": (("建筑设计研究院", "工程设计", "规划建筑设计"), ("有限公司",)),
    "surveyor": (("岩土勘察", "工程勘察院", "测绘勘察"), ("有限公司",)),
    "supervisor": (("工程监理", "建设监理", "项目管理"), ("有限公司",)),
    "tester": (("消防检测", "工程质量检测", "检验技术"), ("有限公司",)),
    "mapper": (("测绘", "地理信息", "规划测绘"), ("有限公司",)),
    "agent": (("招标代理", "工程咨询", "工程造价咨询"), ("有限公司",)),
    "supplier": (("信息技术", "医疗器械", "教育装备", "物业服务", "环保科技"), ("有限公司", "股份有限公司")),
}
PUBLIC_BODIES = (
    "教育局", "卫生健康委员会", "交通运输局", "水务局", "公安局", "人民医院", "第一中学", "图书馆", "市政设施管理中心",
    "园林绿化管理中心", "城市更新中心", "文化馆", "农业农村局", "应急管理局", "大数据发展中心", "体育中心",
)  # fmt: skip
PROJECT_NAMES = {
    "housing": ("花园", "雅苑", "名邸", "安置小区", "人才公寓"),
    "industry": ("智能制造厂房", "生物医药产业园", "仓储物流中心", "新材料生产基地"),
    "commerce": ("商业广场", "写字楼", "酒店", "综合体"),
    "public": ("实验学校", "人民医院分院", "文化中心", "社区服务中心", "体育馆"),
    "municipal": ("污水处理厂", "道路改造工程", "公园", "垃圾转运站"),
    "refit": ("办公楼装修改造工程", "酒店装修工程", "教学楼修缮工程"),
}
PROJECT_BRANDS_FIRST = "云海江锦御华星晨翠和悦兰启天丰"
PROJECT_BRANDS_SECOND = "澜湾庭樾麓汇禾景泽岸澄谷屿境岚"
TITLES = ("工程师", "高级工程师", "助理工程师")


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Company:
    name: str
    credit_code: str
    contact: Person
    trade: str


def person(rng: Random) -> Person:
    return Person(person_name(rng), phone(rng))


def person_name(rng: Random) -> str:
    given = rng.choice(GIVEN_FIRST) + rng.choice(GIVEN_SECOND)
    return pick(rng, SURNAMES) + given


def phone(rng: Random) -> str:
    """In the range 199-0000-xxxx, kept for the demo."""
    return f"199-0000-{rng.randrange(10_000):04d}"


def company(rng: Random, trade: str) -> Company:
    lines, forms = LINES[trade]
    brand = rng.choice(BRANDS_FIRST) + rng.choice(BRANDS_SECOND)
    name = rng.choice(PLACES) + brand + rng.choice(lines) + rng.choice(forms)
    return Company(name, credit_code(rng), person(rng), trade)


def public_body(rng: Random, name: str) -> Company:
    code = credit_code(rng, registrar="11" if name.endswith(("局", "委员会")) else "12")
    return Company(CITY + name, code, person(rng), "public")


def project_name(rng: Random, kind: str, place: str) -> str:
    brand = rng.choice(PROJECT_BRANDS_FIRST) + rng.choice(PROJECT_BRANDS_SECOND)
    return place + brand + rng.choice(PROJECT_NAMES[kind])
