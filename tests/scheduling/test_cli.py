import json
from pathlib import Path

import jsonschema
import msgspec
import pytest
from click.testing import CliRunner, Result

from scheduling.cli import schedule
from scheduling.codec import decode_plan, encode
from scheduling.plan import Placement, Plan
from scheduling.problem import Post, Problem
from tests.scheduling.towns import MONDAY, officer, problem, visit

CREW = (officer("张", "消防"), officer("李", "消防"), officer("王", "消防", post=Post.SUBSTITUTE))
WEEK = problem((visit("甲", "消防", received=MONDAY, promised=3), visit("乙", "消防")), CREW)
PLAN = Plan(placements=(Placement(visit="甲", starts=(570,), teams=(("张", "李"),)),))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "problem.json").write_bytes(encode(WEEK))
    (tmp_path / "plan.json").write_bytes(encode(PLAN))
    return tmp_path


def call(folder: Path, command: str, *arguments: str, given: Problem | None = None) -> Result:
    if given is not None:
        (folder / "problem.json").write_bytes(encode(given))
    return CliRunner().invoke(schedule, [command, str(folder / "problem.json"), *arguments])


def test_solve_writes_a_plan_that_serves_all(files: Path) -> None:
    out = files / "out.json"
    result = call(files, "solve", "--seconds", "0.3", "--out", str(out))
    assert result.exit_code == 0
    assert decode_plan(out.read_bytes()).unserved(WEEK) == ()
    assert "2 of 2 visits served" in result.stderr


def test_roll_keeps_what_stands_on_frozen_days_and_lets_new_visits_join(files: Path) -> None:
    out = files / "rolled.json"
    window = ("--today", "0", "--days", "3", "--frozen", "1", "--seconds", "0.3")
    result = call(files, "roll", "--plan", str(files / "plan.json"), *window, "--out", str(out))
    assert result.exit_code == 0
    rolled = decode_plan(out.read_bytes())
    assert rolled.by_visit["甲"] == PLAN.placements[0]
    assert rolled.by_visit["乙"].start < 3 * 24 * 60
    assert result.stderr == "2 of 2 visits served\n"


def test_explain_lists_slots_with_reasons_in_either_language(files: Path) -> None:
    chinese = call(files, "explain", "乙", "--plan", str(files / "plan.json"))
    assert chinese.exit_code == 0
    assert chinese.stdout.startswith("1. 2026-03-09 14:00") or "1 个部门均有空" in chinese.stdout
    english = call(files, "explain", "乙", "--lang", "en")
    assert "All 1 departments are free, with primary officers only" in english.stdout


def test_explain_says_why_not_and_what_would_help(files: Path) -> None:
    alone = msgspec.structs.replace(WEEK, officers=CREW[1:])
    result = call(files, "explain", "甲", "--lang", "en", given=alone)
    assert result.exit_code == 1
    assert "✗ 消防 must send 2 officers; it has 1 to send; 消防: substitutes are not called on" in (
        result.stdout.replace("；", "; ")
    )
    assert "→ Call on substitutes: 消防" in result.stdout


def test_repair_shows_old_and_new(files: Path) -> None:
    sick = [{"type": "officer_out", "officer": "张", "first": "2026-03-09", "last": "2026-03-09"}]
    (files / "sick.json").write_text(json.dumps(sick))
    result = call(files, "repair", str(files / "sick.json"), "--plan", str(files / "plan.json"))
    assert result.exit_code == 0
    assert result.stdout == "甲: 2026-03-09 09:30  张 李\n  → 2026-03-09 09:30  李 王  (张缺席)\n"


def test_draw_writes_a_record(files: Path) -> None:
    result = call(files, "draw", "--plan", str(files / "plan.json"), "--seed", "0" * 64)
    record = json.loads(result.stdout)
    (group,) = record["ballot"]["groups"]
    (team,) = record["teams"]
    assert len(team) == 2
    assert set(team) <= {"张", "李", "王"} == set(group["eligible"])
    assert call(files, "draw", "--plan", str(files / "plan.json"), "--seed", "0").exit_code == 1


@pytest.mark.parametrize("kind", ["officers", "days", "load", "routes"])
def test_plot_writes_svg(files: Path, kind: str) -> None:
    result = call(files, "plot", kind, "--plan", str(files / "plan.json"))
    assert result.exit_code == 0
    assert result.stdout.startswith("<svg ")


def test_schema_describes_problems_and_plans() -> None:
    for what, value in (("problem", WEEK), ("plan", PLAN)):
        schema = json.loads(CliRunner().invoke(schedule, ["schema", what]).stdout)
        jsonschema.validate(json.loads(encode(value)), schema)


def test_contradicting_problems_are_refused_with_the_reason(files: Path) -> None:
    broken = json.loads(encode(WEEK)) | {"days": 0}
    (files / "problem.json").write_text(json.dumps(broken))
    result = call(files, "solve")
    assert result.exit_code == 2
    assert "排期至少要有一天" in result.stderr
