"""The usual ways to search, on the same corpus: ILIKE, trigrams, and a segmented tsvector.

They run on Debian's PostgreSQL (`postgresql` with its contrib modules), which the embedded one lacks; started here on a
socket of its own, by an ordinary user where we are root.
"""

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import rjieba

from bench.tendering.corpus import SPAN, START, Made, newest, queries, text_of
from tendering import search

LIMIT_MS = 10_000
ORDER = "ORDER BY published_at DESC, id DESC LIMIT 20"


def binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def server(programs: Path) -> Iterator[str]:
    """A PostgreSQL with the same memory as the embedded one; yields its address."""
    user: dict[str, Any] = (
        {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    )
    folder = Path(tempfile.mkdtemp(prefix="yichuang-peers-"))
    if user:
        shutil.chown(folder, "nobody", "nogroup")
    data = folder / "data"
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "cwd": folder, **user}
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "bench", "-E", "UTF8", "--locale=C", "-A", "trust"],
        check=True,
        **quiet,
    )
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    start = [
        str(programs / "pg_ctl"),
        "-D",
        str(data),
        "-w",
        "-o",
        options,
        "-l",
        str(folder / "log"),
        "start",
    ]
    subprocess.run(start, check=True, **quiet)
    try:
        yield f"host={folder} dbname=postgres user=bench"
    finally:
        subprocess.run([programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], check=True, **quiet)
        shutil.rmtree(folder, ignore_errors=True)


def tokens(text: str) -> list[str]:
    """Words of two segmentations at once, as search engines for Chinese do."""
    return [
        word for word in rjieba.cut_for_search(text, hmm=True) if word.strip() and word not in {"'", "\\"}
    ]


def load(connection: psycopg.Connection[Any], texts: list[str]) -> dict[str, float]:
    connection.execute("CREATE EXTENSION pg_trgm")
    connection.execute("CREATE TABLE doc (id int, published_at timestamptz, text text, words tsvector)")
    step, moments = SPAN / len(texts), range(len(texts))
    with connection.cursor().copy("COPY doc FROM STDIN") as copy:
        for number in moments:
            text = texts[number]
            said = " ".join(f"'{word}'" for word in sorted(set(tokens(text))))
            line = text.replace("\n", "\\n")
            copy.write(f"{number}\t{(START + step * number).isoformat()}\t{line}\t{said}\n")
    connection.execute("CREATE INDEX ON doc (published_at DESC, id DESC)")
    seconds = {}
    connection.execute("SET maintenance_work_mem = '512MB'")
    for name, index in (("pg_trgm", "gin (text gin_trgm_ops)"), ("tsvector", "gin (words)")):
        began = time.perf_counter()
        connection.execute(f"CREATE INDEX doc_{name} ON doc USING {index}".encode())
        seconds[name] = round(time.perf_counter() - began, 1)
    connection.execute("VACUUM ANALYZE doc")
    return seconds


def bench_peers(made: list[Made]) -> dict[str, Any]:
    programs = binaries()
    if programs is None:
        return {"skipped": "no PostgreSQL of the system's found"}
    texts = [text_of(each) for each in made]
    truths = [(query, set(newest(texts, search.words(query)))) for query in queries()]
    with server(programs) as url, psycopg.connect(url, autocommit=True) as connection:
        result: dict[str, Any] = {"index_s": load(connection, texts)}
        connection.execute(f"SET statement_timeout = {LIMIT_MS}".encode())
        for name, hidden in (("pg_trgm", ()), ("ilike", ("pg_trgm",)), ("tsvector", ("pg_trgm",))):
            for index in hidden:
                connection.execute(f"DROP INDEX IF EXISTS doc_{index}".encode())
            result[name] = _measure(connection, name, truths)
    return result


def _measure(
    connection: psycopg.Connection[Any], name: str, truths: list[tuple[str, set[int]]]
) -> dict[str, Any]:
    times, found, total, late = list[float](), 0, 0, 0
    for query, truth in truths:
        words = search.words(query)
        if name == "tsvector":
            where, values = "words @@ %s::tsquery", [" & ".join(f"'{t}'" for w in words for t in tokens(w))]
        else:
            where = " AND ".join(["text ILIKE %s"] * len(words))
            values = [search.pattern(word) for word in words]
        began = time.perf_counter()
        try:
            statement = f"SELECT id FROM doc WHERE {where} {ORDER}"  # noqa: S608 - a shape of our own
            rows = connection.execute(statement.encode(), values).fetchall()
        except psycopg.errors.QueryCanceled:
            rows, late = [], late + 1
        times.append((time.perf_counter() - began) * 1000)
        found += len(truth & {number for (number,) in rows})
        total += len(truth)
    times.sort()
    return {
        "p50_ms": round(statistics.median(times), 2),
        "p95_ms": round(times[int(len(times) * 0.95)], 2),
        "worst_ms": round(times[-1], 1),
        "recall": round(found / total, 4),
        "given_up": late,
    }
