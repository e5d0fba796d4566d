"""Prism, in validation-proxy mode, stands before the sandbox: what the SDK never sends. See also test_chain.py.

`sl-violations` is the header in which it tells what broke the contract. Two traps: with `--errors` it answers some
wrong requests itself, and a 501 from behind makes it mock an answer; so neither is used.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest
from support.prism import prism as start_prism

from autocall_otp.sandbox import Chaos, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.dev, pytest.mark.timeout(120)]

LOOK_UP = "/v3/autocall/log/{}/ref_id"


@pytest.fixture(scope="module")
def behind() -> Iterator[Sandbox]:
    with Sandbox(speed=0) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def prism(behind: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with start_prism(tmp_path_factory.mktemp("prism") / "prism.log", behind.url, mode="proxy") as running:
        yield running.url


@pytest.fixture
def client(prism: str, behind: Sandbox) -> Iterator[httpx.Client]:
    behind.reset()
    headers = {"Authorization": f"Bearer {behind.token}"}
    with httpx.Client(base_url=prism, headers=headers, trust_env=False, timeout=20) as opened:
        yield opened


@pytest.fixture
def call(client: httpx.Client, otp_request: dict[str, str]) -> Callable[..., httpx.Response]:
    def send(phone_number: str = "0332665711", **fields: str) -> httpx.Response:
        return client.post("/v3/autocall/otp", json=otp_request | {"phone_number": phone_number} | fields)

    return send


def accepted(answer: httpx.Response) -> httpx.Response:
    assert "sl-violations" not in answer.headers, answer.headers["sl-violations"]
    return answer


def violations(answer: httpx.Response) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(answer.headers["sl-violations"])
    return found


def test_the_judge_sees_a_status_that_is_not_in_the_contract(
    behind: Sandbox, call: Callable[..., httpx.Response]
) -> None:
    behind.chaos = Chaos(error_probability=1, error_statuses=(418,))
    assert "Unable to match the returned status code" in violations(call())[0]["message"]


def test_a_wrong_request_is_refused_by_both(client: httpx.Client, otp_request: dict[str, str]) -> None:
    del otp_request["template"]
    answer = client.post("/v3/autocall/otp", json=otp_request | {"campaign_uuid": "none"})
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": [{"template": "template is required"}, {"campaign_uuid": "Does not match format 'uuid'"}]},
    )
    assert {complaint["location"][0] for complaint in violations(answer)} == {"request"}, "the answer is in order"
    assert len(violations(answer)) == 2


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}], ids=["none", "wrong"])
def test_a_wrong_token_is_refused(prism: str, otp_request: dict[str, str], header: dict[str, str]) -> None:
    answer = httpx.post(f"{prism}/v3/autocall/otp", json=otp_request, headers=header)
    assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized"})
    if header:
        accepted(answer)
    else:
        assert {complaint["location"][0] for complaint in violations(answer)} == {"request"}


@pytest.mark.parametrize("ref_id", ["ABC123", "a/b", "mã số 1", "100%25", "a b", "?x=1#y", "a+b"])
def test_any_reference_comes_through(
    behind: Sandbox, client: httpx.Client, call: Callable[..., httpx.Response], ref_id: str
) -> None:
    assert accepted(call(ref_id=ref_id)).json()["ref_id"] == ref_id
    behind.advance(30)
    record = accepted(client.get(LOOK_UP.format(quote(ref_id, safe=""))))
    assert record.json()["additional"]["ref_id"] == ref_id


def test_a_call_without_a_reference_keeps_the_contract(
    behind: Sandbox, client: httpx.Client, otp_request: dict[str, str]
) -> None:
    del otp_request["ref_id"]
    made = accepted(client.post("/v3/autocall/otp", json=otp_request)).json()["ref_id"]
    behind.advance(30)
    assert accepted(client.get(LOOK_UP.format(made))).status_code == 200


@pytest.mark.parametrize("deed", ["answer", "reject", "leave_unanswered"])
def test_a_call_that_is_decided_by_hand_keeps_the_contract(
    behind: Sandbox, client: httpx.Client, call: Callable[..., httpx.Response], deed: str
) -> None:
    ref_id = uuid.uuid4().hex
    call(ref_id=ref_id)
    behind.advance(3)
    getattr(behind.calls[-1], deed)()
    behind.advance(8)
    record = accepted(client.get(LOOK_UP.format(ref_id))).json()
    assert record["status"] == {"answer": "answered", "reject": "busy", "leave_unanswered": "no-answered"}[deed]
