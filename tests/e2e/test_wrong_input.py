"""Every page that a login can reach answers, and no form of theirs breaks on what people may type.

The last of the walks: what it submits changes the city.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from demo.loading import PASSWORD, SHOWN_LOGINS

pytestmark = pytest.mark.e2e

NOBODY = "-"
LOGINS = [NOBODY, *(login for login, _ in SHOWN_LOGINS if not login.endswith("2"))]
WRONG = ("a\x00b", "9" * 20, "NaN", "0000-13-45")
#: Codes and numbers: pages that differ in these alone are one page.
_CODE = re.compile(r"[A-Za-z]*-?[A-Z]*\d[\w.-]*")
_CSRF = "_csrf_token"
_LEAVING = ("/logout", "/language", "/schema", "/assets")


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class Reading(HTMLParser):
    """Links and forms of a page; of a choice, what comes first."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._select = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        name = given.get("name")
        fields = self.forms[-1].fields if self.forms else {}
        if name and tag in {"input", "textarea", "select", "button"}:
            fields.setdefault(name, given.get("value", ""))
            self._select = name if tag == "select" else ""
        if tag == "option" and self._select and given.get("value"):
            fields[self._select] = fields.get(self._select) or given["value"]


@dataclass
class Walk:
    client: httpx.Client
    forms: dict[tuple[str, ...], Form] = field(default_factory=dict)
    faults: list[tuple[str, ...]] = field(default_factory=list)

    def pages(self) -> None:
        """One page of each kind, from link to link."""
        waiting, seen = ["/"], set[str]()
        while waiting:
            address = waiting.pop(0)
            kind = _CODE.sub("#", urlsplit(address).path)
            if kind in seen or kind.startswith(_LEAVING):
                continue
            seen.add(kind)
            answer = self.client.get(address)
            if answer.is_error and answer.status_code != httpx.codes.FORBIDDEN:
                self.faults.append(("GET", address, str(answer.status_code)))
            if answer.is_redirect:
                waiting.append(answer.headers["location"])
            elif "html" in answer.headers.get("content-type", ""):
                waiting += self._read(address, answer.text)

    def _read(self, address: str, text: str) -> Iterator[str]:
        page = Reading(text)
        for form in page.forms:
            form.action = urljoin(address, form.action)
            kind = _CODE.sub("#", urlsplit(form.action).path)
            if not kind.startswith(("/login", *_LEAVING)):
                self.forms.setdefault((kind, form.method, *sorted(form.fields)), form)
        for link in page.links:
            there = urlsplit(urljoin(str(self.client.base_url.join(address)), link))
            if there.netloc == self.client.base_url.netloc.decode():
                yield there._replace(scheme="", netloc="", fragment="").geturl()

    def forms_with_wrong_input(self) -> None:
        for form in self.forms.values():
            for name in form.fields.keys() - {_CSRF}:
                for wrong in WRONG:
                    entered = form.fields | {name: wrong}
                    answer = self._submit(form, entered)
                    if answer.is_server_error:
                        self.faults.append((form.method, form.action, name, wrong))

    def _submit(self, form: Form, entered: dict[str, str]) -> httpx.Response:
        path = urlsplit(form.action).path
        if form.method == "get":
            return self.client.get(path, params=entered)
        return self.client.post(path, data=entered)


@pytest.mark.parametrize("login", LOGINS)
def test_every_page_and_form_of_a_login_answers(service: str, login: str) -> None:
    with httpx.Client(base_url=service, timeout=120) as client:
        if login != NOBODY:
            client.get("/login")
            form = {"login": login, "password": PASSWORD, _CSRF: client.cookies["csrf"]}
            assert client.post("/login", data=form).is_redirect
        walk = Walk(client)
        walk.pages()
        walk.forms_with_wrong_input()

    assert walk.faults == []
