from tests.api.web import walk
from tests.api.web.conftest import City
from tests.factories.dossiers import make_dossier


async def test_case_walks_through_the_pages_to_a_verified_opinion(city: City) -> None:
    dossier = make_dossier()
    code = await walk.apply(city, dossier.application)
    await walk.upload(city, code, dossier.files)
    await walk.accept(city, code)
    await walk.fan_out(city, code)
    await walk.review(city, code)
    await walk.book(city, code)
    await walk.go_to_visit(city, code)
    await walk.conclude(city, code)
    await walk.issue(city, code)
    pdf = await city.get(f"/inspections/{code}/opinion.pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    genuine = await city.post("/verify", files={"file": ("opinion.pdf", pdf.content)})
    assert "文件真实有效" in genuine.text
    changed = await city.post("/verify", files={"file": ("opinion.pdf", pdf.content + b" ")})
    assert "文件已被改动" in changed.text
