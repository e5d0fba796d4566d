"""Prism, in validation-proxy mode, stands before the sandbox: what the SDK never sends. See also test_chain.py.

`sl-violations` is the header in which it tells what broke the contract. Two traps: with `--errors` it answers some
wrong requests itself, and a 501 from behind makes it mock an answer; so neither is used.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from support.prism import prism

from autocall_otp.sandbox import Chaos, Sandbox

pytestmark = [pytest.mark.dev, pytest.mark.timeout(300)]
OTP = "/v3/autocall/otp"


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Sandbox]]:
    """A client that asks Prism, and the sandbox behind it."""
    log = tmp_path_factory.mktemp("prism") / "prism.log"
    with Sandbox(speed=0) as behind, prism(log, behind.url, mode="proxy") as running:
        headers = {"Authorization": f"Bearer {behind.token}"}
        with httpx.Client(base_url=running.url, headers=headers, trust_env=False, timeout=60) as client:
            yield client, behind


def violations(answer: httpx.Response) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(answer.headers.get("sl-violations", "[]"))
    return found


def test_prism_sees_a_status_that_is_not_in_the_contract(chain: Any, otp_request: dict[str, str]) -> None:
    client, behind = chain
    behind.chaos = Chaos(error_probability=1, error_statuses=(418,))
    answer = client.post(OTP, json=otp_request)
    behind.chaos = Chaos()
    assert "Unable to match the returned status code" in violations(answer)[0]["message"]


def test_a_wrong_request_is_refused_by_both(chain: Any, otp_request: dict[str, str]) -> None:
    del otp_request["template"]
    answer = chain[0].post(OTP, json=otp_request | {"campaign_uuid": "none"})
    errors = [{"template": "template is required"}, {"campaign_uuid": "Does not match format 'uuid'"}]
    assert (answer.status_code, answer.json()) == (400, {"error": errors})
    assert [each["location"][0] for each in violations(answer)] == ["request"] * 2, "the answer is in order"


def test_a_wrong_token_is_refused(chain: Any, otp_request: dict[str, str]) -> None:
    cases: list[tuple[dict[str, str], list[str]]] = [({}, ["request"]), ({"Authorization": "Bearer wrong"}, [])]
    for header, places in cases:
        answer = httpx.post(f"{chain[0].base_url}{OTP}", json=otp_request, headers=header)
        assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized"})
        assert [each["location"][0] for each in violations(answer)] == places


def test_a_call_that_is_decided_by_hand_keeps_the_contract(chain: Any, otp_request: dict[str, str]) -> None:
    client, behind = chain
    for deed, status in (("answer", "answered"), ("reject", "busy"), ("leave_unanswered", "no-answered")):
        client.post(OTP, json=otp_request | {"ref_id": deed})
        behind.advance(3)
        getattr(behind.calls[-1], deed)()
        behind.advance(8)
        record = client.get(f"/v3/autocall/log/{deed}/ref_id")
        assert (record.json()["status"], violations(record)) == (status, [])
