"""What the sandbox's tests share: a sandbox whose clock stands still, and a way to place calls on it."""

from __future__ import annotations

import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

import httpx
import pytest

from autocall_otp.sandbox import Sandbox
from autocall_otp.sandbox.switchboard import Switchboard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CAMPAIGN = "f77dfcf4-0759-4179-93cb-741f481a776e"
REQUEST = {"phone_number": "0332665711", "campaign_uuid": "c", "template": "t", "code_otp": "LUAN001", "ref_id": "r"}
"""As the switchboard gets it, which takes it for checked."""


class Place(Protocol):
    """Places a call over HTTP."""

    def __call__(self, phone_number: str = ..., **fields: Any) -> httpx.Response: ...


@pytest.fixture(scope="module")
def stopping() -> Iterator[Callable[[Sandbox], object]]:
    """Stops sandboxes while the tests go on: each takes the tenth of a second until uvicorn looks whether it should."""
    with ThreadPoolExecutor() as pool:
        stopped: list[Future[None]] = []
        yield lambda sandbox: stopped.append(pool.submit(sandbox.stop))
        for each in stopped:
            each.result(60)


@pytest.fixture
def sandbox(stopping: Callable[[Sandbox], object]) -> Iterator[Sandbox]:
    running = Sandbox(speed=0).start()
    yield running
    stopping(running)


@pytest.fixture
def board() -> Switchboard:
    return Switchboard(speed=0)


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    with httpx.Client(base_url=sandbox.url, headers=headers, trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture
def otp_request() -> dict[str, str]:
    return {
        "campaign_uuid": CAMPAIGN,
        "phone_number": "0332665711",
        "template": "otp_script_01",
        "code_otp": "LUAN001",
        "ref_id": "ABC123",
    }


@pytest.fixture
def place(http: httpx.Client, otp_request: dict[str, str]) -> Place:
    def send(phone_number: str = "0332665711", **fields: Any) -> httpx.Response:
        body = otp_request | {"phone_number": phone_number, "ref_id": uuid.uuid4().hex} | fields
        return http.post("/v3/autocall/otp", json=body)

    return send
