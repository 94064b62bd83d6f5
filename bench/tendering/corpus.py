"""A made-up corpus of notices, as many as wanted, in words of every frequency, and its loading by COPY."""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import NamedTuple

import msgspec
import psycopg

from tendering import search
from tendering.content import Bid, Content, Dates, Lot, Party, Publication
from tendering.prices import amount_of
from tendering.rules import KINDS, Category, NoticeKind

START = datetime(2016, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=3650)


class Made(NamedTuple):
    title: str
    kind: NoticeKind
    firm: str


def words(text: str) -> list[str]:
    return text.split()


PLACES = words(
    "澜东 澜西 云渡 经开 高新 滨江 望海 青屿 学府 科创 迎宾 锦绣 丰泽 北岸 南湾 松涛 石桥 龙潭 凤岭 梅溪"
)
ROADS = words(
    "大道 中路 东路 西街 南街 北路 一期 二期 三期 片区 社区 新村 花园 广场 码头 工业园 产业园 示范区"
)
THINGS = words(
    "道路改造 污水处理厂 实验小学 中心医院 保障性住房 桥梁加固 排水管网 智慧停车 公园绿化 农贸市场 变电站 水库除险"
    " 人行天桥 养老服务中心 体育馆 图书馆 消防站 垃圾转运站 供水管线 燃气管道 地下车库 办公楼装修 幼儿园 高标准农田"
)
SERVICES = words("施工 监理 设计 勘察 工程总承包 全过程咨询 设备采购 物业服务 第三方检测 造价咨询")
SUFFIX = {
    NoticeKind.TENDER: "招标公告",
    NoticeKind.CANDIDATES: "中标候选人公示",
    NoticeKind.RESULT: "中标结果公告",
    NoticeKind.CONTRACT: "合同公告",
    NoticeKind.TERMINATION: "终止公告",
}
FIRMS = words("建设 市政 园林 设计 勘测 监理 咨询 水利 电力 科技")
RARE = words("嫘祖 猇亭 沮漳 堰塘 磷矿 鲟鱼 索道 缆车 祠堂 牌坊 埠头 蚕桑")


def titles(count: int) -> list[Made]:
    """Titles with words of every frequency: common, middling, one in ten thousand."""
    rng = random.Random(11)
    kinds = list(SUFFIX)
    made = []
    for number in range(count):
        rare = rng.choice(RARE) if rng.random() < 0.001 else ""
        place, road, thing = rng.choice(PLACES), rng.choice(ROADS), rng.choice(THINGS)
        kind = rng.choices(kinds, weights=(30, 30, 25, 12, 3))[0]
        lot = f"（第{number % 97}标段）" if number % 5 == 0 else ""
        title = f"{place}{road}{rare}{thing}{rng.choice(SERVICES)}{lot}{SUFFIX[kind]}"
        firm = f"{rng.choice(PLACES)}{rng.choice(FIRMS)}{number % 3000}有限公司"
        made.append(Made(title, kind, firm))
    return made


def queries() -> list[str]:
    """More than sixty: frequent, middling, rare, absent, several words, single characters."""
    rng = random.Random(5)
    frequent = ["工程", "公告", "施工", "中标", "公示", "路", "招标公告", "有限公司", "改造", "服务"]
    middling = [*THINGS[:14], "第13标段", "二期", "北岸东路", "滨江大道道路改造"]
    rare = [*RARE[:8], "嫘祖实验小学", "鲟鱼公园绿化", "索道桥梁加固", "第96标段"]
    absent = ["火星基地", "量子隧道", "鑫", "不存在的词", "实验大学", "XYZ"]
    several = [f"{rng.choice(PLACES)} {rng.choice(THINGS)}" for _ in range(12)]
    several += ["嫘祖 监理", "实验小学 终止", "桥梁加固 幼儿园", "污水 设计 一期", "终止公告 鲟鱼"]
    return [*frequent, *middling, *rare, *absent, *several]


CATEGORIES, DISTRICTS = list(Category), ("990102", "990103", "990104", "990171", "990172")
AMOUNTS = [Decimal(round(10 ** random.Random(number).gauss(6.3, 0.8))) for number in range(1000)]
NOTICE = (
    "code process_id ordinal category kind stage nature title district amount published_at closes_at recorded_at"
    " source source_key content digest"
)
ENTRY = "notice_id month published_at closes_at amount category stage district facets text"
#: What a candidates' notice usually says, for rows of a usual width.
CONTENT = msgspec.json.encode(
    Content(
        lots=(Lot("1", "一标段", ceiling=Decimal(9_000_000)),),
        bids=tuple(
            Bid(
                (Party(f"某某建设工程有限公司第{place}分公司"),),
                amount_of(Decimal(8_000_000 + place)),
                rank=place,
            )
            for place in (1, 2, 3)
        ),
        dates=Dates(publicity_from=START, publicity_to=START + timedelta(days=5)),
    )
).decode()


def code_of(number: int) -> str:
    return f"B{number // 5}-{number % 5}"


def text_of(made: Made) -> str:
    return f"{search.normalise(made.title)}\n{search.named(search.SUPPLIER, made.firm)}"


def load(url: str, made: list[Made]) -> dict[str, float]:
    """Both tables by COPY, the search index after them. Returns seconds."""
    began = time.perf_counter()
    with psycopg.connect(url) as connection:
        connection.execute(
            "SET session_replication_role = replica"
        )  # a corpus of our own needs no foreign keys checked
        connection.execute("DROP INDEX ix_search_entry_keys")
        connection.execute(
            "INSERT INTO process (code, category, opened_on, notices)"
            " SELECT 'B' || n, 'works', '2016-01-01', 1 FROM generate_series(0, %s) AS n",
            [len(made) // 5],
        )
        for table, columns, lines in (
            ("notice", NOTICE, _notices(made)),
            ("search_entry", ENTRY, _entries(made)),
        ):
            with connection.cursor().copy(f"COPY {table} ({', '.join(columns.split())}) FROM STDIN") as copy:
                block = list[str]()
                for line in lines:
                    block.append(line)
                    if len(block) == 5000:
                        copy.write("".join(block))
                        block.clear()
                copy.write("".join(block))
        connection.commit()
    copied = time.perf_counter()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '512MB'")
        connection.execute(search.DDL[1].encode())
        indexed = time.perf_counter()
        connection.execute("VACUUM ANALYZE notice")
        connection.execute("VACUUM ANALYZE search_entry")
    return {"copy_s": round(copied - began, 1), "index_s": round(indexed - copied, 1)}


def _moments(count: int) -> Iterator[tuple[int, datetime]]:
    step = SPAN / count
    return ((number, START + step * number) for number in range(count))


def _notices(made: list[Made]) -> Iterator[str]:
    for number, moment in _moments(len(made)):
        title, kind, _ = made[number]
        at, closes = moment.isoformat(), _closes(kind, moment)
        yield (
            f"{code_of(number)}\t{number // 5 + 1}\t{number % 5}\t{_category(number).value}\t{kind.value}"
            f"\t{KINDS[kind].stage.value}\tnormal\t{title}\t{_district(number)}\t{_amount(number)}\t{at}"
            f"\t{closes}\t{at}\tbench\t{number}\t{CONTENT}\t{'0' * 64}\n"
        )


def _entries(made: list[Made]) -> Iterator[str]:
    for number, moment in _moments(len(made)):
        kind = made[number].kind
        facets = ",".join(
            (_facets(_category(number), kind, _district(number)), _amount_facets(_amount(number)))
        )
        text = text_of(made[number]).replace("\n", "\\n")
        local = moment + timedelta(hours=8)
        yield (
            f"{number + 1}\t{local.year * 12 + local.month - 1}\t{moment.isoformat()}\t{_closes(kind, moment)}"
            f"\t{_amount(number)}\t{_category(number).value}\t{KINDS[kind].stage.value}\t{_district(number)}"
            f"\t{{{facets}}}\t{text}\n"
        )


def _category(number: int) -> Category:
    return CATEGORIES[number % 7 % 5]


def _district(number: int) -> str:
    return DISTRICTS[number % 11 % 5]


def _amount(number: int) -> Decimal:
    return AMOUNTS[number * 37 % len(AMOUNTS)]


def _closes(kind: NoticeKind, moment: datetime) -> str:
    return (moment + timedelta(days=20)).isoformat() if kind is NoticeKind.TENDER else "\\N"


@cache
def _facets(category: Category, kind: NoticeKind, district: str) -> str:
    item = Publication(
        source="",
        key="",
        process="",
        category=category,
        kind=kind,
        title="",
        published_at=START,
        district=district,
    )
    closes = START if kind is NoticeKind.TENDER else None
    return ",".join(map(str, search.facets(item, amount=None, closes=closes)))


@cache
def _amount_facets(amount: Decimal) -> str:
    return ",".join(map(str, search.stated_amount(amount)))


def newest(texts: list[str], words: list[str], count: int = 20) -> list[int]:
    """The newest texts that hold every word: the truth, by plain substring."""
    hits = list[int]()
    for number in range(len(texts) - 1, -1, -1):
        if all(word in texts[number] for word in words):
            hits.append(number)
            if len(hits) == count:
                break
    return hits
