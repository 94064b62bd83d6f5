"""`yichuang schedule`: the engine at the command line. Problems and plans are JSON files (see `schedule schema`)."""

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec

from core.i18n import LOCALES, translate
from scheduling.codec import decode_plan, decode_problem, encode, plan_schema, problem_schema
from scheduling.disturbances import Disturbance
from scheduling.plan import Plan, booked_plan
from scheduling.problem import Problem, Term
from scheduling.validation import MESSAGES, ProblemError
from scheduling.wording import Reason, word


class ProblemFile(click.ParamType[Problem]):
    name = "PROBLEM.json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Problem:
        try:
            return decode_problem(Path(value).read_bytes())
        except ProblemError as error:
            self.fail(MESSAGES[error.code] % error.params, param, ctx)
        except (OSError, msgspec.MsgspecError) as error:
            self.fail(str(error), param, ctx)


class PlanFile(click.ParamType[Plan]):
    name = "PLAN.json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Plan:
        try:
            return decode_plan(Path(value).read_bytes())
        except (OSError, msgspec.MsgspecError) as error:
            self.fail(str(error), param, ctx)


language = click.option("--lang", type=click.Choice(LOCALES), default=LOCALES[0], show_default=True)
standing_plan = click.option("--plan", type=PlanFile(), help="What stands; else the problem's bookings.")
target = click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the result here.")


@click.group()
def schedule() -> None:
    """Plan joint visits: solve, offer slots, explain, repair, draw officers by lot, picture."""


@schedule.command()
@click.argument("problem", type=ProblemFile())
@click.option("--seconds", default=10.0, show_default=True, help="How long to search.")
@click.option("--workers", default=1, show_default=True, help="Search threads.")
@click.option("--seed", default=0, show_default=True)
@target
def solve(problem: Problem, seconds: float, workers: int, seed: int, out: Path | None) -> None:
    """Find a plan; prints its measures, and the plan itself unless --out is given."""
    from scheduling import engine

    def show(progress: engine.Progress) -> None:
        levels = " ".join(map(str, progress.levels))
        click.echo(f"\r{progress.seconds:6.1f} s  {progress.served} served  {levels}", err=True, nl=False)

    budget = engine.Budget(seconds=seconds, workers=workers)
    solution = engine.solve(
        problem, budget=budget, seed=seed, on_progress=show if sys.stderr.isatty() else None
    )
    _write(encode(solution.plan), out)
    click.echo(f"{len(solution.plan.placements)} of {len(problem.visits)} visits served", err=True)
    for term in Term:
        click.echo(f"{term.value:14} {solution.report.terms[term]}", err=True)
    sys.exit(0 if solution.report.feasible else 1)


@schedule.command()
@click.argument("problem", type=ProblemFile())
@standing_plan
@click.option("--today", default=0, show_default=True, help="Day of the horizon that begins.")
@click.option("--days", default=14, show_default=True, help="How far to plan from then on.")
@click.option("--frozen", default=7, show_default=True, help="Of these, the days that keep what stands.")
@click.option("--seconds", default=10.0, show_default=True, help="How long to search.")
@target
def roll(
    *,
    problem: Problem,
    plan: Plan | None,
    today: int,
    days: int,
    frozen: int,
    seconds: float,
    out: Path | None,
) -> None:
    """Roll a standing plan over to another day: near bookings stay, new visits join the window."""
    from scheduling.engine import Budget
    from scheduling.rolling import Window, roll_over

    window = Window(days=days, frozen=frozen)
    budget = Budget(seconds=seconds)
    new = roll_over(problem, plan or booked_plan(problem), today=today, window=window, budget=budget)
    _write(encode(new), out)
    click.echo(f"{len(new.placements)} of {len(problem.visits)} visits served", err=True)


@schedule.command()
@click.argument("problem", type=ProblemFile())
@click.argument("visit")
@standing_plan
@language
def explain(problem: Problem, visit: str, plan: Plan | None, lang: str) -> None:
    """Offer slots for one visit, or say why there is none and what would help."""
    from scheduling.slots import Slots, propose_slots

    if visit not in problem.visit_by_id:
        raise click.BadParameter(visit, param_hint="VISIT")
    say = _sayer(lang)
    answer = propose_slots(problem, visit, plan=plan)
    if isinstance(answer, Slots):
        for rank, slot in enumerate(answer.slots, start=1):
            click.echo(f"{rank}. {_moment(problem, slot.placement.start)}  {_teams(slot.placement.teams)}")
            click.echo(f"   {'；'.join(say(reason) for reason in slot.reasons)}")
        return
    for conflict in answer.conflicts:
        click.echo("✗ " + "；".join(say(blocker.reason) for blocker in conflict))
    for relaxation in answer.relaxations:
        moments = ", ".join(_moment(problem, placement.start) for placement in relaxation.placements)
        click.echo(f"→ {say(relaxation.reason)}  ({moments})")
    sys.exit(1)


@schedule.command()
@click.argument("problem", type=ProblemFile())
@click.argument("disturbances", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@standing_plan
@click.option("--seconds", default=2.0, show_default=True)
@target
@language
def repair(
    *, problem: Problem, disturbances: Path, plan: Plan | None, seconds: float, out: Path | None, lang: str
) -> None:
    """Mend a plan after DISTURBANCES.json, a list such as
    [{"type": "officer_out", "officer": "…", "first": "2026-03-09", "last": "2026-03-09"}].
    """
    from scheduling.repair import repair as mend

    try:
        happened = msgspec.json.decode(disturbances.read_bytes(), type=tuple[Disturbance, ...])
    except msgspec.MsgspecError as error:
        raise click.BadParameter(str(error), param_hint="DISTURBANCES") from None
    done = mend(problem, happened, plan=plan, seconds=seconds)
    say = _sayer(lang)
    for change in done.changes:
        after = _spot(problem, change.after.start, change.after.teams) if change.after else "—"
        click.echo(f"{change.visit}: {_spot(problem, change.before.start, change.before.teams)}")
        click.echo(f"  → {after}  ({'；'.join(say(reason) for reason in change.reasons)})")
    for visit in done.stuck:
        click.echo(f"! {visit}")
    if out:
        _write(encode(done.plan), out)
    sys.exit(1 if done.stuck else 0)


@schedule.command()
@click.argument("problem", type=ProblemFile())
@click.option("--plan", type=PlanFile(), required=True, help="Whose times are kept.")
@click.option("--seed", required=True, help="64 hexadecimal digits, committed to before.")
@target
def draw(problem: Problem, plan: Plan, seed: str, out: Path | None) -> None:
    """Draw the officers by lot; the record lets anyone repeat it (docs/verify_draw.py)."""
    from scheduling.draw import DrawError
    from scheduling.eligible import draw_officers

    try:
        _, record = draw_officers(problem, plan, seed=seed)
    except DrawError as error:
        raise click.ClickException(str(error)) from None
    _write(msgspec.json.encode(record), out)


@schedule.command()
@click.argument("problem", type=ProblemFile())
@click.argument("kind", type=click.Choice(["officers", "days", "load", "routes"]))
@standing_plan
@click.option("--day", default=0, show_default=True, help="Day of the horizon, for officers and routes.")
@target
@language
def plot(*, problem: Problem, kind: str, plan: Plan | None, day: int, out: Path | None, lang: str) -> None:
    """Picture a plan as SVG."""
    from scheduling import plot as pictures

    plan = plan or booked_plan(problem)
    words: dict[str, Any] = {"gettext": partial(translate, lang), "locale": lang}
    picture = {
        "officers": lambda: pictures.officers_of_day(problem, plan, day, **words),
        "days": lambda: pictures.visits_by_day(problem, plan, **words),
        "load": lambda: pictures.department_heat_map(problem, plan, **words),
        "routes": lambda: pictures.route_map(problem, plan, day, **words),
    }[kind]()
    _write(picture.encode(), out)


@schedule.command()
@click.argument("what", type=click.Choice(["problem", "plan"]), default="problem")
def schema(what: str) -> None:
    """Print the JSON Schema of problems or plans."""
    click.echo(
        json.dumps(problem_schema() if what == "problem" else plan_schema(), indent=2, ensure_ascii=False)
    )


def _write(data: bytes, out: Path | None) -> None:
    if out:
        out.write_bytes(data)
    else:
        click.echo(data)


def _sayer(lang: str) -> Callable[[Reason], str]:
    return partial(word, gettext=partial(translate, lang), locale=lang)


def _moment(problem: Problem, tick: int) -> str:
    day, rest = divmod(tick, problem.day_ticks)
    hours, minutes = divmod(rest // problem.resolution, 60)
    return f"{problem.date_of(day)} {hours:02}:{minutes:02}"


def _teams(teams: tuple[tuple[str, ...], ...]) -> str:
    return " | ".join(" ".join(team) for team in teams)


def _spot(problem: Problem, tick: int, teams: tuple[tuple[str, ...], ...]) -> str:
    return f"{_moment(problem, tick)}  {_teams(teams)}"
