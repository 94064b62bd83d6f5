import hashlib
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy.ext.asyncio import AsyncSession

from api.cli import main
from inspection.commands.draws import commit_draw, hold_draw
from inspection.draw import DrawnObject, DrawObject, DrawOfficer, Roster, ballot, record_of, result
from inspection.models import Recusal
from inspection.queries.draws import draw_file
from inspection.refusals import TooFewToDraw, WrongState
from scheduling.draw import draw, repeats
from tests.inspection.world import World, at, make_segment, project_form

DOCS = Path(__file__).parents[2] / "docs"
ROSTER = Roster(
    objects=tuple(DrawObject(f"p{n}", f"owner{n % 3}") for n in range(9)),
    officers=tuple(
        DrawOfficer(f"{department}-{n}", department, ("owner0",) if n == 0 else ())
        for department in ("fire", "quality")
        for n in range(4)
    ),
    count=4,
)


def drawn_by(seed: str) -> tuple[DrawnObject, ...]:
    return result(draw(hashlib.sha256(seed.encode()).hexdigest(), ballot(ROSTER)))


def test_draw_repeats_and_honours_recusals() -> None:
    found = drawn_by("seed")
    assert found == drawn_by("seed")
    assert len(found) == 4
    owners = {each.id: each.owner for each in ROSTER.objects}
    for each in found:
        assert len(each.officers) == 4
        if owners[each.object] == "owner0":
            assert not {"fire-0", "quality-0"} & set(each.officers)


def test_every_object_has_about_the_same_chance() -> None:
    drawn = Counter(each.object for n in range(300) for each in drawn_by(f"seed{n}"))
    assert all(90 < count < 180 for count in drawn.values())


async def test_too_few_officers_are_refused_before_anything_is_drawn(
    session: AsyncSession, world: World
) -> None:
    await make_segment(session, 1)
    session.add_all(
        Recusal(officer_id=officer.id, credit_code="91990100MA0000000X", reason="亲属")
        for officer in world.officers["fire"][:4]
    )
    with pytest.raises(TooFewToDraw):
        await commit_draw(
            session,
            title="三月抽查",
            project_codes=[project_form(1).code],
            departments=["fire"],
            count=1,
            by=world.supervisor,
            now=at(3),
        )


async def test_stranger_draws_again_from_the_public_file(
    session: AsyncSession, world: World, tmp_path: Path
) -> None:
    for number in range(1, 6):
        await make_segment(session, number)
    session.add(
        Recusal(officer_id=world.officers["fire"][0].id, credit_code="91990100MA0000000X", reason="亲属")
    )
    row = await commit_draw(
        session,
        title="三月抽查",
        project_codes=[project_form(number).code for number in range(1, 6)],
        departments=["fire", "quality"],
        count=2,
        by=world.supervisor,
        now=at(3),
    )
    with pytest.raises(WrongState):
        draw_file(row)
    await hold_draw(session, row.id, by=world.dispatcher, now=at(4))
    with pytest.raises(WrongState):
        await hold_draw(session, row.id, by=world.dispatcher, now=at(4))
    content = draw_file(row)
    assert repeats(record_of(content))
    assert "fire-0" not in {number for each in content["result"] for number in each["officers"]}

    def run(script: str, changed: dict[str, object]) -> int:
        path = tmp_path / "draw.json"
        path.write_text(json.dumps({**content, **changed}, ensure_ascii=False), encoding="utf-8")
        return subprocess.run([sys.executable, str(DOCS / script), str(path)], check=False).returncode

    for script in ("verify_draw.py", "verify_inspection_draw.py"):
        assert run(script, {}) == 0
        assert run(script, {"seed": "0" * 64}) == 1
        assert run(script, {"teams": content["teams"][::-1]}) == 1
    assert len((DOCS / "verify_inspection_draw.py").read_text("utf-8").splitlines()) <= 40
    path = tmp_path / "true.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    verified = CliRunner().invoke(main, ["draw", "verify", str(path)])
    assert (verified.exit_code, verified.output.strip()) == (0, "2 / 5 ✓")
    path.write_text(json.dumps({**content, "public": "x"}), encoding="utf-8")
    assert CliRunner().invoke(main, ["draw", "verify", str(path)]).exit_code == 1
