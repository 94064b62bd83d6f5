from core.people import Account
from inspection.commands import messages
from tests.api.web import walk
from tests.api.web.conftest import City

CHOICE = {
    "email": "owner@example.org",
    "phone": "13900000000",
    "channels": ["email", "sms"],
    "digest": "daily",
    "quiet_from": "22:00",
    "quiet_to": "07:30",
    "muted": ["close_visit"],
}


async def test_inbox_tells_what_happened_and_is_read(city: City) -> None:
    code = await walk.accepted(city)
    await city.run_jobs()
    await city.log_in(city.world.owner)
    page = (await city.get("/messages")).text
    assert f'href="/cases/{code}"' in page
    assert "您的申请已收件" in page
    assert "2 条未读" in page
    assert ">2<" in (await city.get("/messages/unread")).text
    assert (await city.post("/messages/read")).status_code == 303
    assert "全部标为已读" not in (await city.get("/messages")).text
    assert (await city.get("/messages/unread")).text.strip() == ""


async def test_messages_are_the_readers_own(city: City) -> None:
    code = await walk.accepted(city)
    await city.run_jobs()
    await city.log_in(city.world.issuer)
    assert code not in (await city.get("/messages")).text


async def test_choice_is_kept_and_shown_again(city: City) -> None:
    await city.log_in(city.world.owner)
    answer = await city.post("/messages/settings", CHOICE)
    assert answer.headers["location"] == "/messages/settings?done=true"
    page = (await city.get("/messages/settings")).text
    assert 'value="owner@example.org"' in page
    assert 'value="22:00"' in page
    async with city.database.transaction() as session:
        wish = (await messages.wishes_of(session, [city.world.owner]))[city.world.owner]
    assert (sorted(wish.channels), wish.digest, sorted(wish.muted)) == (
        ["email", "sms"],
        True,
        ["close_visit"],
    )


async def test_wrong_contact_is_named_beside_its_field(city: City) -> None:
    await city.log_in(city.world.owner)
    answer = await city.post("/messages/settings", CHOICE | {"phone": "12"})
    assert answer.status_code == 422
    assert 'id="phone-error"' in answer.text
    assert 'value="12"' in answer.text
    async with city.database.transaction() as session:
        assert (await session.get_one(Account, city.world.owner)).phone is None


async def test_what_the_law_serves_cannot_be_muted(city: City) -> None:
    await city.log_in(city.world.owner)
    page = (await city.get("/messages/settings")).text
    assert 'value="accept"' not in page
    answer = await city.post("/messages/settings", CHOICE | {"muted": ["accept"]})
    assert answer.status_code == 422
    assert "依法送达的文书不能退订" in answer.text


async def test_unsubscribing_needs_no_login_and_no_page(city: City) -> None:
    async with city.database.transaction() as session:
        token = (await messages.preference_of(session, city.world.owner)).token
    city.client.cookies.clear()
    assert "确认停止" in (await city.get(f"/unsubscribe/{token}")).text
    answer = await city.client.post(f"/unsubscribe/{token}", data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    async with city.database.transaction() as session:
        assert (await messages.preference_of(session, city.world.owner)).channels == []
    assert (await city.client.post("/unsubscribe/unknown")).status_code == 404
