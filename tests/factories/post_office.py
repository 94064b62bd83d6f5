"""A real SMTP server for tests, on the test's own loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope


@dataclass
class PostOffice:
    """Keeps what it is given; `answers` are its next replies to RCPT TO."""

    url: str = ""
    answers: list[str] = field(default_factory=list)
    letters: list[EmailMessage] = field(default_factory=list)

    async def handle_RCPT(self, *hook: object) -> str:  # noqa: N802 - the server's name for the hook
        _, _, envelope, address, _ = hook
        if self.answers:
            return self.answers.pop(0)
        cast("Envelope", envelope).rcpt_tos.append(cast("str", address))
        return "250 OK"

    async def handle_DATA(self, *hook: object) -> str:  # noqa: N802 - as above
        content = cast("Envelope", hook[2]).content
        assert isinstance(content, bytes)
        self.letters.append(message_from_bytes(content, policy=policy.default))
        return "250 kept"


@asynccontextmanager
async def open_post_office() -> AsyncIterator[PostOffice]:
    post = PostOffice()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(post), "127.0.0.1", 0)
    post.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield post
    server.close()
