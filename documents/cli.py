"""`yichuang check`: the intake on files of this machine."""

import sys
from pathlib import Path

import click
import msgspec

from documents.public import report_json
from documents.report import DossierReport, ProjectFacts, Verdict

_EXIT = {Verdict.CLEAN: 0, Verdict.FINDINGS: 1, Verdict.UNREADABLE: 2}


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--project", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Project facts as JSON."
)
@click.option("--ocr", is_flag=True, help="Recognise pages without a text layer (needs the extra `ocr`).")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def check(files: tuple[Path, ...], project: Path | None, *, ocr: bool, as_json: bool) -> None:
    """Check PDF documents: exit 0 when clean, 1 with findings, 2 when something could not be read."""
    from documents.check import check_dossier, submitted_file

    facts = msgspec.json.decode(project.read_bytes(), type=ProjectFacts) if project else None
    report = check_dossier([submitted_file(path) for path in files], facts, recognise=ocr)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(report_json(report)), indent=2))
    else:
        click.echo(summary(report))
    sys.exit(_EXIT[report.verdict])


def summary(report: DossierReport) -> str:
    lines = []
    for document in report.documents:
        lines.append(f"{document.file}: {document.kind or '?'}, {len(document.pages)} p.")
        for finding in document.findings:
            place = f" p. {finding.page}" if finding.page else ""
            lines.append(f"  [{finding.severity}]{place} {finding.message.zh}")
    lines.extend(f"[{item.state}] {item.name.zh}（{item.party}）" for item in report.missing)
    return "\n".join([*lines, report.verdict])
