"""Pages and JSON through the whole stack, against the same server answering the same bytes from memory."""

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench.tendering.corpus import THINGS, code_of
from core.settings import Settings

CONNECTIONS = 32
ROUNDS = 3
TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def served(target: str, environment: dict[str, str]) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """One granian worker of this application; yields port and process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", target]
    command += [
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
        "--no-ws",
        "--log-level",
        "warning",
    ]
    process = subprocess.Popen(command, env=os.environ | environment, stdout=sys.stderr)
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port, process
    finally:
        process.terminate()
        process.wait(20)


def cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    """User and system time of the server and its worker."""
    total = 0.0
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for pid in (process.pid, *map(int, children)):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / TICKS
    return total


class Client:
    """Keep-alive connections that ask one address after another."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.times = list[float]()

    async def get(self, path: str) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        body = await self._ask(reader, writer, path)
        writer.close()
        return body

    async def ask_all(self, paths: list[str]) -> None:
        """The addresses once each, over 32 connections."""
        waiting = iter(paths)

        async def connection() -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            for path in waiting:
                began = time.perf_counter()
                await self._ask(reader, writer, path)
                self.times.append((time.perf_counter() - began) * 1000)
            writer.close()

        await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> bytes:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return await reader.readexactly(length)


async def rate(port: int, process: subprocess.Popen[bytes], path: str, count: int) -> dict[str, float]:
    """The median of a few rounds: in one, a collection of garbage weighs as much as a thousand requests."""
    client = Client(port)
    await client.ask_all([path] * 200)
    rounds = [await _round(client, process, [path] * count) for _ in range(ROUNDS)]
    return {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}


async def _round(client: Client, process: subprocess.Popen[bytes], paths: list[str]) -> dict[str, float]:
    used, began = cpu_seconds(process), time.perf_counter()
    await client.ask_all(paths)
    spent, cpu = time.perf_counter() - began, cpu_seconds(process) - used
    return {
        "per_second": round(len(paths) / spent),
        "per_cpu_second": round(len(paths) / max(cpu, 1 / TICKS)),
    }


async def bench_http(settings: Settings, size: int, *, count: int = 6000) -> dict[str, Any]:
    environment = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "YICHUANG_DATA_DIR": str(settings.data_dir),
        "YICHUANG_API_RATE": "1000000",
    }
    notice = code_of(size // 2)
    pages = {
        "listing": "/notices?q=%E6%96%BD%E5%B7%A5",
        "notice": f"/notices/{notice}",
        "listing_json": "/api/v1/notices?q=%E6%96%BD%E5%B7%A5",
        "notice_json": f"/api/v1/notices/{notice}",
    }
    result: dict[str, Any] = {"connections": CONNECTIONS}
    bodies = dict[str, bytes]()
    with served("api.app:create_app", environment) as (port, process):
        client = Client(port)
        for name, path in pages.items():
            bodies[name] = await client.get(path)
            result[name] = {"bytes": len(bodies[name]), "warm": await rate(port, process, path, count)}
        result["cold"] = await _cold(port, size)
        result["uncached"] = await _uncached(port, process, size)
    for name, body in bodies.items():
        with tempfile.NamedTemporaryFile() as file:
            file.write(body)
            file.flush()
            with served("bench.tendering.memory:create_app", {"BENCH_BODY": file.name}) as (port, process):
                result[name]["memory"] = await rate(port, process, "/", count)
        warm, memory = result[name]["warm"], result[name]["memory"]
        result[name]["share"] = round(warm["per_cpu_second"] / memory["per_cpu_second"], 2)
    return result


async def _cold(port: int, size: int) -> dict[str, float]:
    """Addresses that nobody asked before, each by 32 readers at once, as after a publication."""
    client = Client(port)
    for number in range(30):
        await client.ask_all([f"/notices/{code_of(number * (size // 40))}"] * CONNECTIONS)
        await client.ask_all(
            [_quoted(f"/notices?q={THINGS[number % len(THINGS)]}&to=2024-0{number % 9 + 1}-20")] * CONNECTIONS
        )
    return _percentiles(client.times)


async def _uncached(port: int, process: subprocess.Popen[bytes], size: int) -> dict[str, float]:
    """Addresses that nobody asked before, each by one of 32 readers: what one process renders."""
    client, used = Client(port), cpu_seconds(process)
    paths = [f"/notices/{code_of(number * (size // 300) + 7)}" for number in range(200)]
    paths += [_quoted(f"/notices?q={thing}&to=20{year}-06-30") for thing in THINGS for year in range(20, 26)]
    await client.ask_all(paths)
    cpu = (cpu_seconds(process) - used) / len(paths) * 1000
    return {**_percentiles(client.times), "cpu_ms_each": round(cpu, 1)}


def _percentiles(values: list[float]) -> dict[str, float]:
    times = sorted(values)
    return {
        "requests": len(times),
        "p50_ms": round(statistics.median(times), 1),
        "p95_ms": round(times[int(len(times) * 0.95)], 1),
    }


def _quoted(path: str) -> str:
    return quote(path, safe="/?=&")
