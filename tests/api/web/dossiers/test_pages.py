import asyncio
import re
from dataclasses import replace

import httpx
import msgspec
import sqlalchemy as sa
from sqlmodel import col

from api.handlers import HANDLERS
from core.outbox import OutboxEvent, consume
from documents import commands
from documents.models import DossierFile
from inspection.models import Case, CaseDocument
from inspection.states import DocumentState
from tests.api.web import walk
from tests.api.web.conftest import City
from tests.factories.dossiers import make_dossier


async def states(city: City, code: str) -> dict[str, DocumentState]:
    async with city.database.transaction() as session:
        rows = await session.execute(
            sa.select(col(CaseDocument.code), col(CaseDocument.state))
            .join(Case, col(Case.id) == col(CaseDocument.case_id))
            .where(col(Case.code) == code)
        )
        return dict(rows.all())


async def test_uploaded_papers_are_read_and_counted(city: City) -> None:
    dossier = make_dossier()
    code = await walk.apply(city, dossier.application)
    await walk.upload(city, code, dossier.files)
    found = await states(city, code)
    assert {name for name, state in found.items() if state is DocumentState.PRESENT} == {
        "joint_application",
        "completion_acceptance_report",
    }
    page = (await city.get(f"/cases/{code}")).text
    for shown in ("竣工验收报告.pdf", dossier.application.name, dossier.application.code, "A4"):
        assert shown in page


async def test_page_says_that_files_are_being_read(city: City) -> None:
    dossier = make_dossier()
    code = await walk.apply(city, dossier.application)
    await walk.send(city, code, dossier.files)
    page = (await city.get(f"/cases/{code}")).text
    assert f'data-events="/cases/{code}/dossier/events"' in page
    assert "等待读取" in page
    answer = await walk.send(city, code, dossier.files)
    assert answer.status_code == 409
    assert "材料正在检查" in answer.text


async def test_broken_and_renamed_files_get_a_verdict_each(city: City) -> None:
    code = await walk.apply(city)
    files = {"空.pdf": b"", "坏.pdf": b"%PDF-1.7\nnothing", "图.pdf": b"\x89PNG\r\n\x1a\n0000"}
    answer = await city.post(
        f"/cases/{code}/documents",
        files=[("files", (name, data, "application/pdf")) for name, data in files.items()],
    )
    assert answer.status_code == 303
    await city.run_jobs()
    page = (await city.get(f"/cases/{code}")).text
    assert page.count("不能读取") == 3


async def test_report_and_the_cases_list_of_documents_are_committed_together(city: City) -> None:
    """Else a page would have to keep looking after the files are read."""
    dossier = make_dossier()
    code = await walk.apply(city, dossier.application)
    await walk.send(city, code, dossier.files)
    async with city.database.transaction() as session:
        event = await session.scalar(
            sa.select(col(OutboxEvent.id)).where(col(OutboxEvent.topic) == commands.CHECK)
        )
    assert event is not None
    await consume(city.database, city.app.state.resources, HANDLERS, event, now=lambda: city.now)
    async with city.database.transaction() as session:
        left = await session.scalar(
            sa.select(sa.func.count())
            .select_from(OutboxEvent)
            .where(col(OutboxEvent.topic).startswith("documents."), col(OutboxEvent.done_at).is_(None))
        )
    assert left == 0
    assert DocumentState.PRESENT in (await states(city, code)).values()


async def test_nothing_chosen_is_refused_beside_the_form(city: City) -> None:
    code = await walk.apply(city)
    answer = await city.post(f"/cases/{code}/documents", files=[("files", ("", b""))])
    assert answer.status_code == 422
    assert "请选择要上传的文件" in answer.text


async def test_file_that_is_too_large_is_refused(city: City) -> None:
    code = await walk.apply(city)
    city.app.state.resources.settings.upload_limit = 1000
    answer = await city.post(f"/cases/{code}/documents", files=[("files", ("大.pdf", b"%PDF" + b"0" * 5000))])
    assert answer.status_code == 413
    assert "文件超过" in answer.text


async def test_files_open_only_for_those_who_may_read_the_case(city: City) -> None:
    dossier = make_dossier()
    code = await walk.apply(city, dossier.application)
    await walk.upload(city, code, dossier.files)
    page = (await city.get(f"/cases/{code}")).text
    address = next(part for part in page.split('"') if part.startswith(f"/cases/{code}/files/"))
    opened = await city.get(address)
    assert opened.content == dossier.files[0].data
    assert opened.headers["content-type"] == "application/pdf"
    stranger = city.world.liaisons["gas"]
    await city.log_in(stranger)
    assert (await city.get(address.replace("/cases/", "/inspections/"))).status_code == 404


async def test_withdrawn_file_no_longer_counts(city: City) -> None:
    dossier = make_dossier()
    code = await walk.apply(city, dossier.application)
    await walk.upload(city, code, dossier.files)
    page = (await city.get(f"/cases/{code}")).text
    first = next(part for part in page.split('"') if part.endswith("/withdraw") and "/files/" in part)
    await walk.done(city, first)
    await city.run_jobs()
    found = await states(city, code)
    assert sum(state is DocumentState.PRESENT for state in found.values()) == 1


async def test_file_that_is_no_pdf_is_only_ever_downloaded(city: City) -> None:
    code = await walk.apply(city)
    page = b"<script>alert(1)</script>"
    await city.post(f"/cases/{code}/documents", files=[("files", ("网页.pdf", page, "text/html"))])
    await city.run_jobs()
    (address,) = set(re.findall(rf"/cases/{code}/files/\d+", (await city.get(f"/cases/{code}")).text))
    answer = await city.get(address)
    assert answer.content == page
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


async def events_of(city: City, code: str) -> list[tuple[str, str]]:
    answer = await city.get(f"/cases/{code}/dossier/events")
    return re.findall(r"event: (\w+)\r?\ndata: (.*?)\r?\n", answer.text)


async def test_progress_is_told_until_the_files_are_read(city: City) -> None:
    dossier = make_dossier()
    code = await walk.apply(city, dossier.application)
    await walk.send(city, code, dossier.files)
    told, _ = await asyncio.gather(events_of(city, code), city.run_jobs())
    assert told[-1] == ("done", "{}")
    assert {name for name, _ in told[:-1]} == {"progress"}
    async with city.database.transaction() as session:
        keys = (await session.scalars(sa.text("SELECT id::text FROM dossier_file"))).all()
    shown = [msgspec.json.decode(data) for _, data in told[:-1]]
    assert {key for states_ in shown for key in states_} <= set(keys)


async def test_same_name_replaces_and_unchanged_files_are_not_read_again(city: City) -> None:
    dossier = make_dossier()
    code = await walk.apply(city, dossier.application)
    await walk.upload(city, code, dossier.files)
    first = dossier.files[0]
    await walk.upload(city, code, [replace(first, data=first.data + b"\n")])
    async with city.database.transaction() as session:
        files = await session.scalar(sa.text("SELECT count(*) FROM dossier_file WHERE withdrawn_at IS NULL"))
        results = await session.scalar(sa.text("SELECT count(*) FROM document_result"))
    assert (files, results) == (len(dossier.files), len(dossier.files) + 1)


async def test_token_is_asked_for_although_the_form_is_read_as_a_stream(
    city: City, client: httpx.AsyncClient
) -> None:
    code = await walk.apply(city)
    files = [("files", ("a.pdf", b"%PDF-1.7", "application/pdf"))]
    bare = await client.post(f"/cases/{code}/documents", files=files)
    forged = await client.post(f"/cases/{code}/documents", data={"_csrf_token": "0" * 128}, files=files)
    assert (bare.status_code, forged.status_code) == (403, 403)


async def test_of_a_form_that_breaks_off_the_whole_files_are_taken_in(city: City) -> None:
    code = await walk.apply(city)
    await city.get(f"/cases/{code}")
    part = '--b\r\nContent-Disposition: form-data; name="files"; filename="{}"\r\n\r\n'.format
    form = f"{part('一.pdf')}%PDF-1.7 whole\r\n{part('二.pdf')}%PDF-1.7 cut of"
    answer = await city.client.post(
        f"/cases/{code}/documents",
        content=form.encode(),
        headers={
            "Content-Type": "multipart/form-data; boundary=b",
            "X-CSRFToken": city.client.cookies["csrf"],
        },
        follow_redirects=False,
    )
    assert answer.status_code == 303
    async with city.database.transaction() as session:
        assert list(await session.scalars(sa.select(col(DossierFile.name)))) == ["一.pdf"]
    assert list((city.app.state.resources.settings.upload_dir / "incoming").glob("*")) == []
