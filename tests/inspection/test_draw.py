import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from inspection.commands.draws import commit_draw, draw_file, hold_draw
from inspection.draw import (
    DrawObject,
    DrawOfficer,
    Roster,
    TooFewOfficersError,
    commitment,
    draw,
    faults,
)
from inspection.models import Recusal
from inspection.refusals import WrongState
from tests.inspection.world import World, at, make_segment, project_form

SCRIPT = Path(__file__).parents[2] / "docs" / "verify_inspection_draw.py"
ROSTER = Roster(
    objects=tuple(DrawObject(f"p{n}", f"owner{n % 3}") for n in range(9)),
    officers=tuple(
        DrawOfficer(f"{department}-{n}", department, ("owner0",) if n == 0 else ())
        for department in ("fire", "quality")
        for n in range(4)
    ),
    count=4,
)


def test_draw_repeats_and_honours_recusals() -> None:
    result = draw("seed", ROSTER)
    assert result == draw("seed", ROSTER)
    assert len(result) == 4
    owners = {each.id: each.owner for each in ROSTER.objects}
    for drawn in result:
        assert len(drawn.officers) == 4
        if owners[drawn.object] == "owner0":
            assert not {"fire-0", "quality-0"} & set(drawn.officers)


def test_every_object_has_about_the_same_chance() -> None:
    drawn = Counter(each.object for n in range(900) for each in draw(f"seed{n}", ROSTER))
    assert all(330 < count < 470 for count in drawn.values())


def test_too_few_officers_are_refused() -> None:
    few = Roster(objects=ROSTER.objects, officers=ROSTER.officers[:2], count=1)
    with pytest.raises(TooFewOfficersError):
        draw("s", Roster(objects=(DrawObject("p", "owner0"),), officers=few.officers, count=1))


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
    assert faults(content) == []
    assert "fire-0" not in {number for each in content["result"] for number in each["officers"]}

    def run(changed: dict[str, object]) -> int:
        path = tmp_path / "draw.json"
        path.write_text(json.dumps({**content, **changed}, ensure_ascii=False), encoding="utf-8")
        return subprocess.run([sys.executable, str(SCRIPT), str(path)], check=False).returncode

    assert run({}) == 0
    assert run({"seed": "0" * 64}) == 1
    assert run({"result": content["result"][::-1]}) == 1
    assert faults({**content, "result": []}) == ["result"]
    assert commitment(content["seed"], ROSTER) != content["commitment"]
