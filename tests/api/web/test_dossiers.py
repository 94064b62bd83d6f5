import sqlalchemy as sa
from sqlmodel import col

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
        return dict(rows.tuples().all())


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
    assert 'hx-trigger="every 1s"' in page
    assert "等待读取" in page
    answer = await walk.send(city, code, dossier.files)
    assert answer.status_code == 409
    assert "材料正在检查" in answer.text


async def test_broken_and_renamed_files_get_a_finding_each(city: City) -> None:
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
    assert "<blockquote>" in page


async def test_nothing_chosen_is_refused_beside_the_form(city: City) -> None:
    code = await walk.apply(city)
    answer = await city.post(f"/cases/{code}/documents", {"files": ""})
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
