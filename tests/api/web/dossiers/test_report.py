import io
import re
from datetime import timedelta

import pikepdf
import sqlalchemy as sa
from PIL import Image
from sqlmodel import col

from core.people import Account
from documents import rule_changes
from documents.models import Dossier, RulePart
from documents.rulebook import shipped_text
from tests.api.web import walk
from tests.api.web.conftest import City
from tests.documents.builders import form

STRANGER = {"工程名称": "毫不相干的另一处厂房", "建设单位": "甲公司", "建筑面积": "100.00㎡"}
OURS = {"工程名称": "滨江实验小学新建工程", "建设单位": "临澜建设有限公司", "建筑面积": "9000.50㎡"}


async def send(city: City, code: str, files: dict[str, bytes]) -> None:
    await city.log_in(city.world.owner)
    sent = [("files", (name, data, "application/pdf")) for name, data in files.items()]
    assert (await city.post(f"/cases/{code}/documents", files=sent)).status_code == 303
    await city.run_jobs()


async def with_wrong_permit(city: City) -> str:
    code = await walk.apply(city)
    await send(
        city, code, {"许可证.pdf": form("建筑工程施工许可证", STRANGER), "坏.pdf": b"%PDF-1.7\nnothing"}
    )
    return code


async def test_report_shows_the_place_that_a_finding_is_about(city: City) -> None:
    code = await with_wrong_permit(city)
    page = (await city.get(f"/cases/{code}/report")).text
    (view,) = re.findall(r'<svg class="sheet" id="sheet" viewBox="([^"]+)"', page)
    (mark,) = re.findall(
        r'class="mark \w+ current" x="([^"]+)" y="([^"]+)" width="([^"]+)" height="([^"]+)"', page
    )
    left, top, width, height = map(float, view.split())
    x, y, w, h = map(float, mark)
    assert left <= x < x + w <= left + width < 596
    assert top <= y < y + h <= top + height < 842
    assert "毫不相干的另一处厂房" in page
    assert "请移除并换成本项目的材料" in page
    whole = (await city.get(f"/cases/{code}/report?view=page")).text
    assert re.findall(r'id="sheet" viewBox="0 0 (\d+)', whole) == ["595"]


async def test_every_finding_can_be_reached_without_scripts(city: City) -> None:
    code = await with_wrong_permit(city)
    address, seen = f"/cases/{code}/report?f=1", list[str]()
    while address not in seen:
        seen.append(address)
        page = (await city.get(address)).text
        (following,) = re.findall(r'rel="next" href="([^"]+)"', page)
        address = f"/cases/{code}/report{following}"
    assert len(seen) == page.count('class="reader-item"')


async def test_pictures_are_drawn_for_those_who_may_see_the_dossier(city: City) -> None:
    code = await with_wrong_permit(city)
    page = (await city.get(f"/cases/{code}/report")).text
    (address,) = set(re.findall(r'id="sheet-page" href="([^"]+)"', page))
    picture = await city.get(address)
    assert picture.content.startswith(b"\x89PNG")
    assert picture.headers["cache-control"] == "private, max-age=86400, immutable"
    assert (await city.get(address.replace("/pages/1", "/pages/9"))).status_code == 404
    assert (await city.get(f"{address}?finding=99")).status_code == 404
    await city.log_in(city.world.liaisons["gas"])
    assert (await city.get(address.replace("/cases/", "/inspections/"))).status_code == 404
    assert (await city.get(f"/inspections/{code}/report")).status_code == 404


async def test_second_round_says_what_was_mended_and_brings_nothing_new(city: City) -> None:
    code = await with_wrong_permit(city)
    await send(city, code, {"许可证.pdf": form("建筑工程施工许可证", OURS)})
    page = (await city.get(f"/cases/{code}/report")).text
    figures = dict(re.findall(r'<dt>([^<]+)</dt><dd class="figure">(\d+)', page))
    assert (figures["重新读取的文件"], figures["本轮新出现"]) == ("1", "0")
    assert int(figures["已改正"]) >= 1
    mended = page[page.index("已改正的内容") : page.index("</details>", page.index("已改正的内容"))]
    assert "毫不相干的另一处厂房" in mended


async def test_dossier_is_held_to_the_rules_of_the_day_it_was_submitted(city: City) -> None:
    async with city.database.transaction() as session:
        two = [
            Account(login=name, name=name, password_hash="x", created_at=city.now) for name in ("one", "two")
        ]
        session.add_all(two)
        await session.flush()
        relaxed = shipped_text("findings").replace(
            '[finding.wrong-project]\nseverity = "blocks"', '[finding.wrong-project]\nseverity = "note"'
        )
        assert relaxed != shipped_text("findings")
        version = await rule_changes.propose_rules(
            session,
            RulePart.FINDINGS,
            relaxed,
            valid_from=(city.now + timedelta(days=5)).date(),
            title="试行",
            source="会议纪要",
            by=two[0].id,
            now=city.now,
        )
        await rule_changes.decide_rules(session, version.id, approve=True, by=two[1].id, now=city.now)
    wrong = {"许可证.pdf": form("建筑工程施工许可证", STRANGER)}
    early = await walk.apply(city)
    await send(city, early, wrong)
    city.now += timedelta(days=7)
    late = await walk.apply(city, code="2501-990171-04-01-200001")
    await send(city, late, wrong)
    await send(city, early, {"空.pdf": b""})
    severities = [await severity_of(city, case, "wrong-project") for case in (early, late)]
    assert severities == [{"blocks"}, {"note"}]


async def severity_of(city: City, code: str, finding: str) -> set[str]:
    async with city.database.transaction() as session:
        report = await session.scalar(
            sa.select(col(Dossier.report)).where(col(Dossier.subject) == f"case:{code}")
        )
    assert report is not None
    found = [each for one in report["documents"] for each in one["findings"]]
    return {each["severity"] for each in found if each["code"] == finding}


async def told(city: City) -> str:
    """A case whose applicant the window has told what is missing."""
    code = await with_wrong_permit(city)
    await walk.done(city, f"/cases/{code}/submit")
    await city.log_in(city.world.window)
    await walk.done(city, f"/inspections/{code}/receive")
    page = (await city.get(f"/inspections/{code}")).text
    listed = re.search(r'<textarea id="items"[^>]*>([^<]*)</textarea>', page)
    assert listed is not None
    await walk.done(city, f"/inspections/{code}/deficiencies", {"items": listed[1] + "\n补充一项窗口意见"})
    await city.run_jobs()
    return code


async def test_window_tells_once_all_that_the_intake_found(city: City) -> None:
    code = await told(city)
    await city.log_in(city.world.owner)
    page = (await city.get(f"/cases/{code}/notice")).text
    assert "毫不相干的另一处厂房" in page
    assert "补充一项窗口意见" in page
    pdf = await city.get(f"/cases/{code}/notice.pdf")
    assert pdf.content.startswith(b"%PDF")
    (printed,) = set(re.findall(r"[2-9A-HJ-NP-Z]{4}(?:-[2-9A-HJ-NP-Z]{4}){3}", page))
    city.client.cookies.delete("session")
    assert code in (await city.get(f"/verify/{printed}")).text
    same = await city.post("/verify", {"code": printed}, files={"file": ("n.pdf", pdf.content)})
    assert "文件真实有效" in same.text
    changed = await city.post("/verify", {"code": printed}, files={"file": ("n.pdf", pdf.content + b" ")})
    assert "文件已被改动" in changed.text


async def test_place_on_a_page_with_units_of_its_own(city: City) -> None:
    """UserUnit makes a page larger, not what is drawn on it another: picture and mark stay in the page's units."""
    plain = form("建筑工程施工许可证", STRANGER)
    with pikepdf.open(io.BytesIO(plain)) as pdf, io.BytesIO() as out:
        pdf.pages[0].obj.UserUnit = 1.25
        pdf.save(out)
        enlarged = out.getvalue()
    shown, code = [], await walk.apply(city)
    for data in (plain, enlarged):
        await send(city, code, {"许可证.pdf": data})
        page = (await city.get(f"/cases/{code}/report?view=page")).text
        (size,) = re.findall(r'id="sheet" viewBox="0 0 ([\d.]+) ([\d.]+)"', page)
        (mark,) = re.findall(
            r'class="mark \w+ current" x="([^"]+)" y="([^"]+)" width="([^"]+)" height="([^"]+)"', page
        )
        (picture,) = re.findall(r'<image[^>]+href="([^"?]+)"', page)
        with Image.open(io.BytesIO((await city.get(picture)).content)) as image:
            scale = image.width / float(size[0])
            x, y, w, h = (float(side) * scale for side in mark)
            part = image.convert("L").crop((round(x), round(y), round(x + w), round(y + h)))
            inked = any(part.histogram()[:128])
        shown.append((mark, inked, [round(float(side)) for side in size]))
    assert "262 × 371 mm" in page
    assert shown[0] == shown[1]
    assert shown[0][1:] == (True, [595, 842])
