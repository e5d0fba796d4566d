"""Asks the service for a call from inside the sandbox, for the page: a browser may send a lost request again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from autocall_otp.sandbox.contract import provider_contract

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message


async def ask_for_call(service: ASGIApp, token: str, body: dict[str, Any]) -> dict[str, Any]:
    """Status and text of the answer, both None where none comes."""
    (operation,) = (each for each in provider_contract().operations if each.id == "runOtp")
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": operation.method,
        "path": operation.path,
        "raw_path": operation.path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": None,
    }
    # After its request the caller is gone, so that an answer that never comes is not waited for.
    waiting: list[Message] = [{"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}]
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await service(scope, receive, send)
    status = next((message["status"] for message in sent if message["type"] == "http.response.start"), None)
    text = b"".join(message.get("body", b"") for message in sent).decode()
    return {"status": status, "body": None if status is None else text}
