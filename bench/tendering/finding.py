"""Search and paging over the corpus: first pages, facets, cursors at every depth; time spent in the database."""

import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlmodel import col

from bench.tendering.corpus import SPAN, START, Made, code_of, newest, queries, text_of
from core.db import Database
from tendering import search
from tendering.models import Notice
from tendering.queries import NoticeFilter, count_facets, list_notices
from tendering.rules import Category

Result = TypeVar("Result")


class Stopwatch:
    """Milliseconds from sending a statement until its rows are there, summed."""

    def __init__(self) -> None:
        self.spent = 0.0
        self._began = 0.0

    def start(self, *_: object) -> None:
        self._began = time.perf_counter()

    def stop(self, *_: object) -> None:
        self.spent += (time.perf_counter() - self._began) * 1000


@contextmanager
def watching(database: Database) -> Iterator[Stopwatch]:
    watch, engine = Stopwatch(), database.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", watch.start)
    sa.event.listen(engine, "after_cursor_execute", watch.stop)
    yield watch
    sa.event.remove(engine, "before_cursor_execute", watch.start)
    sa.event.remove(engine, "after_cursor_execute", watch.stop)


async def best_of(
    rounds: int, watch: Stopwatch, call: Callable[[], Awaitable[Result]]
) -> tuple[Result, float]:
    """The result, and the least milliseconds in the database of some rounds: others use the machine as well."""
    least = float("inf")
    for _ in range(rounds):
        watch.spent = 0
        result = await call()
        least = min(least, watch.spent)
    return result, least


def shape(times: list[tuple[float, str]]) -> dict[str, Any]:
    values = sorted(spent for spent, _ in times)
    return {
        "queries": len(values),
        "p50_ms": round(statistics.median(values), 2),
        "p95_ms": round(values[int(len(values) * 0.95)], 2),
        "worst_ms": round(values[-1], 2),
        "slowest": [f"{query}: {spent:.1f}" for spent, query in sorted(times, reverse=True)[:3]],
    }


async def bench_search(database: Database, made: list[Made]) -> dict[str, Any]:
    """Each query alone and with a category: first page and facets apart; recall against substring truth."""
    texts = [text_of(each) for each in made]
    found, total = 0, 0
    pages, facets = list[tuple[float, str]](), list[tuple[float, str]]()
    with watching(database) as watch:
        for query in queries():
            truth = {code_of(number) for number in newest(texts, search.words(query))}
            async with database.transaction() as session:
                for wanted in (NoticeFilter(q=query), NoticeFilter(q=query, category=Category.LAND)):
                    name = f"{query} {wanted.category or ''}".strip()
                    page, spent = await best_of(3, watch, partial(list_notices, session, wanted))
                    pages.append((spent, name))
                    _, spent = await best_of(2, watch, partial(count_facets, session, wanted))
                    facets.append((spent, name))
                    if wanted.category is None:
                        found += len(truth & {item.id for item in page.items})
                        total += len(truth)
    return {**shape(pages), "recall": round(found / total, 4), "facets": shape(facets)}


async def bench_paging(database: Database, size: int) -> dict[str, Any]:
    """A page by cursor at every depth, and the same page by OFFSET."""
    timed = dict[str, float]()
    with watching(database) as watch:
        async with database.transaction() as session:
            for share in (0, 0.25, 0.5, 0.9, 0.999):
                until = (START + SPAN * (1 - share)).date()
                page = await list_notices(session, NoticeFilter(until=until))
                if page.older is None:
                    continue
                call = partial(list_notices, session, NoticeFilter(), cursor=page.older)
                timed[f"depth_{share}"] = round((await best_of(5, watch, call))[1], 2)
            deep = (
                sa.select(col(Notice.id))
                .order_by(col(Notice.published_at).desc(), col(Notice.id).desc())
                .offset(int(size * 0.9))
                .limit(20)
            )
            _, offset = await best_of(1, watch, partial(session.execute, deep))
    return {"worst_ms": max(timed.values()), **timed, "offset_at_90_percent_ms": round(offset, 1)}
