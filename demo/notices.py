"""Trading: processes and their chains of notices, as a trading centre publishes them in a year."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random

from core.clock import LOCAL
from core.workdays import WorkCalendar
from demo.chance import NORMAL, pick, quota, strata, stream
from demo.geography import DISTRICTS, District
from demo.names import CITY, PUBLIC_BODIES, Company, project_name
from demo.notice_texts import TITLES, body
from demo.processes import Bid, Change, Notice, Price, Process
from demo.projects import KINDS, Market, Project

CATEGORIES = {"works": 0.41, "procurement": 0.37, "land": 0.05, "property": 0.09, "other": 0.08}
YEARLY = 1_676
NOTICES_PER_PROCESS = 5.0  # mean, of those published by now
#: Mean estimate in yuan; the deals come to 20.94 million on average, as the published 350.89 亿元 over 1,676 trades.
MEAN_ESTIMATE = {
    "works": 39_500_000, "procurement": 3_900_000, "land": 95_000_000, "property": 6_600_000, "other": 3_300_000,
}  # fmt: skip
ESTIMATE_SIGMA = 1.1
SAVED = (0.04, 0.21)  # of the estimate, evenly; land goes for little more than its reserve
CHANGED, TERMINATED, REPEATED, OBJECTED, CLARIFIED = 0.14, 0.04, 0.07, 0.016, 0.25
#: Days from call to deadline; twenty are the least that the law allows.
DEADLINES = (20, 23, 24, 25, 26, 28, 30, 31, 35)
#: Publicity whose last day was left on a day off: 12 % of real notices end on one.
NOT_ROLLED = 0.4
#: Bids at even steps, hardly apart.
SUSPICIOUS = 0.02
CONTRACT_CHANGED, PREQUALIFIED = 0.1, 0.08
METHODS = {
    "works": {"open_tender": 0.93, "invited_tender": 0.07},
    "procurement": {
        "open_tender": 0.45, "consultation": 0.28, "negotiation": 0.1, "inquiry": 0.09, "single_source": 0.08,
    },
    "land": {"listing": 0.9, "auction": 0.1},
    "property": {"listing": 0.8, "auction": 0.2},
    "other": {"open_tender": 1.0},
}  # fmt: skip
#: What a works tender is for → the trade that bids, and wins the project's post of that name.
WORKS = {
    "施工": "builder",
    "工程总承包（EPC）": "builder",
    "监理": "supervisor",
    "设计": "designer",
    "勘察": "surveyor",
}
WORKS_SHARES = {"施工": 0.55, "工程总承包（EPC）": 0.1, "监理": 0.15, "设计": 0.15, "勘察": 0.05}
GOODS = (
    "医疗设备", "办公家具", "智慧校园平台", "物业服务", "公务用车", "网络安全服务", "道路保洁服务", "食堂食材",
    "消防车辆", "绿化养护服务", "档案数字化服务", "实验室设备",
)  # fmt: skip
LAND_PREMIUM = 0.1  # of what others save
PRICE_FORMS = {"amount": 0.819, "rate": 0.075, "discount": 0.05, "parts": 0.056}
CONSORTIUM_SHARE = 0.57  # of builders' bids: 37 % of all bids for works
LONGEST_CHAIN = 11
JOINED_SHARE = 0.18  # of works tenders, whose project is inspected later
#: National facet codes seen on public portals.
FACETS = {
    ("works", "tender"): "0101", ("works", "prequalification"): "0101", ("works", "opening"): "0102",
    ("works", "candidates"): "0104", ("works", "result"): "0104", ("works", "clarification"): "0105",
    ("works", "change"): "0105", ("procurement", "tender"): "0201", ("procurement", "result"): "0202",
    ("procurement", "contract"): "0203", ("procurement", "change"): "0204",
}  # fmt: skip


def build_processes(
    seed: str,
    market: Market,
    projects: Sequence[Project],
    calendar: WorkCalendar,
    now: datetime,
    *,
    notices: int,
) -> Iterator[Process]:
    """Processes with about `notices` notices published by `now`, made one at a time: a million need no room."""
    count = max(1, round(notices / NOTICES_PER_PROCESS))
    rng = stream(seed, "processes")
    categories, points = quota(rng, CATEGORIES, count), strata(rng, count)
    window = timedelta(days=365 * max(1.0, count / YEARLY))
    days = [(now - window * point).date() for point in strata(rng, count)]
    joined = iter(_joined(rng, categories, projects))
    for number, category in enumerate(categories):
        own = stream(seed, "process", number)
        project = next(joined) if category == "works" else None
        call = Call(number, category, points[number], project, _subject(own, category))
        started = _tender_day(own, project) if project else days[number]
        sketch = _sketch(own, market, call)
        chain = Chain(sketch, _bids(own, market, call, sketch.estimate), own, calendar, started)
        published = tuple(notice for notice in chain.notices() if notice.published_at <= now)
        if published:
            concluded = any(notice.kind in {"result", "deal"} for notice in published)
            yield replace(sketch, notices=published, deal=chain.deal if concluded else None)


@dataclass(frozen=True, slots=True)
class Call:
    """What is decided for all processes together."""

    number: int
    category: str
    point: float  # of the amounts' distribution, 0–1
    project: Project | None  # inspected later
    subject: str  # of a works tender


def _subject(rng: Random, category: str) -> str:
    return pick(rng, WORKS_SHARES) if category == "works" else ""


def _joined(rng: Random, categories: Sequence[str], projects: Sequence[Project]) -> list[Project | None]:
    """For each works tender, the project inspected later, if any."""
    works = categories.count("works")
    drawn: list[Project | None] = [projects[n % len(projects)] for n in range(round(works * JOINED_SHARE))]
    drawn += [None] * (works - len(drawn))
    rng.shuffle(drawn)
    return drawn


def _tender_day(rng: Random, project: Project) -> date:
    return project.started_on - timedelta(days=rng.randint(110, 200))


def _sketch(rng: Random, market: Market, call: Call) -> Process:
    district = call.project.site.district if call.project else rng.choice(DISTRICTS)
    shift = NORMAL.inv_cdf(call.point) * ESTIMATE_SIGMA - ESTIMATE_SIGMA**2 / 2
    estimate = round(MEAN_ESTIMATE[call.category] * math.exp(shift), -2)
    return Process(
        ocid=f"ocds-990100-{call.number:07d}",
        category=call.category,
        method=pick(rng, METHODS[call.category]),
        title=_title(rng, call, district),
        project_code=call.project.code if call.project else None,
        district=district,
        buyer=call.project.owner if call.project else rng.choice(market.firms["public"]),
        agent=market.firm(rng, "agent"),
        estimate=max(estimate, 50_000.0),
        deal=None,
        notices=(),
    )


def _title(rng: Random, call: Call, district: District) -> str:
    category = call.category
    if category == "works":
        name = call.project.name if call.project else project_name(rng, pick(rng, KINDS), district.name[:2])
        return name + call.subject
    if category == "procurement":
        return f"{CITY}{rng.choice(PUBLIC_BODIES)}{rng.choice(GOODS)}采购项目"
    parcel = f"{district.name[:2]}{rng.randrange(2020, 2027)}-{rng.randrange(1, 99):02d}号"
    if category == "land":
        kind = rng.choice(("工业用地", "住宅用地", "商业用地", "建筑用石料矿采矿权"))
        return f"{parcel}地块{kind}{'' if '权' in kind else '使用权'}出让"
    if category == "property":
        return f"{district.name}{rng.choice(('国有房产', '报废车辆一批', '股权', '闲置设备一批'))}转让（{parcel}）"
    return f"{district.name}{rng.choice(('农村集体资产租赁', '广告位经营权', '林权流转', '排污权交易'))}（{parcel}）"


class Chain:
    """Unfolds one process into its notices in time. Each kind of trade has its own order."""

    def __init__(
        self, process: Process, bids: tuple[Bid, ...], rng: Random, calendar: WorkCalendar, started: date
    ) -> None:
        self.process, self.bids, self.rng, self.calendar = process, bids, rng, calendar
        self.moment = datetime.combine(started, time(8), LOCAL)
        self.made: list[Notice] = []
        won = bids[0].price
        saved = rng.uniform(*SAVED)
        self.deal = won.value if won.form in {"amount", "parts"} else round(process.estimate * (1 - saved), 2)

    def notices(self) -> Sequence[Notice]:
        {"works": self._works, "procurement": self._procurement, "other": self._other}.get(
            self.process.category, self._listing
        )()
        return self.made

    def _works(self) -> None:
        rng = self.rng
        self._publish("plan", 0)
        prequalified = rng.random() < PREQUALIFIED
        self._publish(
            "prequalification" if prequalified else "tender",
            rng.randint(20, 45),
            closes=rng.choice(DEADLINES),
        )
        if prequalified:
            self._publish("tender", rng.randint(15, 25), closes=rng.choice(DEADLINES))
        self._disturbed("tender", 22)
        if self.made[-1].kind == "terminated":
            return
        if rng.random() < CLARIFIED:
            self._publish("clarification", 3)
        self._after_deadline()
        self._publish("opening", 0, bids=self.bids)
        self._publish("candidates", rng.randint(1, 3), publicity=3, bids=self.bids[:3])
        if rng.random() < OBJECTED:
            self._publish("objection_answer", 3)
        self._publish("result", rng.randint(4, 8), bids=self.bids[:1])
        self._publish("contract", rng.randint(8, 28), bids=self.bids[:1])
        if rng.random() < CONTRACT_CHANGED and len(self.made) < LONGEST_CHAIN:
            self._publish("contract_change", rng.randint(60, 200))

    def _procurement(self) -> None:
        rng = self.rng
        self._publish("intention", 0)
        if self.process.method == "single_source":
            self._publish("single_source", rng.randint(30, 45), publicity=7)
            self.moment += timedelta(days=9)
        else:
            self._publish("tender", rng.randint(31, 45), closes=rng.choice(DEADLINES))
            self._disturbed("tender", 21)
            if self.made[-1].kind == "terminated":
                return
            self._after_deadline()
        self._publish("result", rng.randint(1, 2), publicity=1, bids=self.bids[:3])
        if rng.random() < OBJECTED:
            self._publish("challenge_answer", 9)
        self._publish("contract", rng.randint(8, 25), bids=self.bids[:1])
        if rng.random() < 0.6:  # noqa: PLR2004 - acceptance is published for most
            self._publish("acceptance", rng.randint(30, 150), bids=self.bids[:1])

    def _listing(self) -> None:
        """Land, mining rights, property: announced, listed, dealt."""
        land = self.process.category == "land"
        self._publish("announcement" if land else "predisclosure", 0)
        self._publish("listing", self.rng.randint(21, 28), closes=14)
        self._disturbed("listing", 14)
        if self.made[-1].kind == "terminated":
            return
        self._after_deadline()
        self._publish("deal", self.rng.randint(1, 5), publicity=5, bids=self.bids[:1])

    def _other(self) -> None:
        self._publish("announcement", 0)
        self._publish("tender", self.rng.randint(5, 15), closes=20)
        self._disturbed("tender", 20)
        if self.made[-1].kind == "terminated":
            return
        self._after_deadline()
        self._publish("result", self.rng.randint(1, 4), bids=self.bids[:1])
        self._publish("contract", self.rng.randint(5, 25), bids=self.bids[:1])

    def _disturbed(self, kind: str, closes: int) -> None:
        """What may befall an open call: a change, a failure with a second call, an end."""
        rng, open_call = self.rng, self.made[-1]
        if rng.random() < TERMINATED:
            self._publish("terminated", rng.randint(5, 15))
            return
        if rng.random() < CHANGED and open_call.deadline:
            days = rng.randint(3, 15)
            old = f"{open_call.deadline:%Y-%m-%d %H:%M}"
            self._publish("change", rng.randint(2, 5), closes=closes + days)
            new = f"{self.made[-1].deadline:%Y-%m-%d %H:%M}"
            changes = (Change("投标截止时间", old, new),)
            self.made[-1] = replace(self.made[-1], changes=changes, amends=open_call.number)
        if rng.random() < REPEATED:
            self._after_deadline()
            self._publish("failed", 1)
            self._publish(kind, rng.randint(3, 10), closes=closes)

    def _after_deadline(self) -> None:
        deadlines = [notice.deadline for notice in self.made if notice.deadline]
        self.moment = max(self.moment, *deadlines)

    def _publish(
        self,
        kind: str,
        days: int,
        *,
        closes: int | None = None,
        publicity: int | None = None,
        bids: tuple[Bid, ...] = (),
    ) -> None:
        """Add the next notice, `days` calendar days on; it closes, or is on show, for so many days more."""
        day = self.calendar.roll_to_working_day((self.moment + timedelta(days=days)).date())
        published = datetime.combine(day, time(8, 30), LOCAL) + timedelta(minutes=self.rng.randrange(530))
        self.moment = max(published, self.moment + timedelta(minutes=25))
        deadline = shown = None
        if closes is not None:
            last = self.calendar.roll_to_working_day(self.moment.date() + timedelta(days=closes))
            deadline = datetime.combine(last, time(9, 30), LOCAL)
        if publicity is not None:
            first = self.moment.date() + timedelta(days=1)
            end = first + timedelta(days=publicity)  # its first day does not count (民法典 201)
            rolls = self.rng.random() >= NOT_ROLLED
            shown = (first, self.calendar.roll_to_working_day(end) if rolls else end)
        serial = len(self.made) + 1
        title = TITLES[kind].format(self.process.title, again="（第二次）" if self._repeats(kind) else "")
        notice = Notice(
            number=f"{self.process.ocid[12:]}-{serial:02d}",
            kind=kind,
            facet=FACETS.get((self.process.category, kind), "9001"),
            title=title,
            published_at=self.moment,
            text="",
            deadline=deadline,
            publicity=shown,
            bids=bids,
        )
        self.made.append(replace(notice, text=body(self.process, notice)))

    def _repeats(self, kind: str) -> bool:
        return any(notice.kind == "failed" for notice in self.made) and kind in {"tender", "listing"}


def _bids(rng: Random, market: Market, call: Call, estimate: float) -> tuple[Bid, ...]:
    """The bids by rank; whoever holds the project's post won it."""
    land, trade = call.category == "land", WORKS.get(call.subject, "supplier")
    form = "amount" if land else pick(rng, PRICE_FORMS)
    saved = sorted(rng.uniform(*SAVED) for _ in range(rng.randint(3, 9)))
    best = rng.uniform(*SAVED)  # not always the lowest price wins
    if rng.random() < SUSPICIOUS:
        saved = [best - 0.003 * step for step in range(1, len(saved) + 1)]
    bids = []
    for rank, share in enumerate([best, *saved], 1):
        holder: Company | None = getattr(call.project, trade, None) if rank == 1 else None
        firms = [holder or market.firm(rng, trade)]
        if trade == "builder" and rng.random() < CONSORTIUM_SHARE:
            firms += [market.firm(rng, "designer") for _ in range(rng.choice((1, 1, 2)))]
        amount = estimate * (1 + share * LAND_PREMIUM if land else 1 - share)
        bids.append(Bid(tuple(dict.fromkeys(firms)), _price(form, round(amount, 2), share), rank))
    return tuple(bids)


def _price(form: str, amount: float, share: float) -> Price:
    if form == "rate":
        rate = round(1 - share, 4)
        return Price(form, rate, f"费率{rate:.2%}")
    if form == "discount":
        return Price(form, round(share, 4), f"下浮率{share:.2%}")
    if form == "parts":
        design = round(amount * 0.03, 2)
        return Price(form, amount, f"设计费：{design:,.2f}元；建安工程费：{amount - design:,.2f}元")
    return Price(form, amount, f"{amount:,.2f}元")
