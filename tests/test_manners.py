"""What users of httpx, attrs, logging, respx and pytest-httpx take for granted."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Literal, get_type_hints

import attrs
import httpx
import pytest
from support.page import payload
from support.prism import settings

from autocall_otp import AsyncClient, AutocallError, Cdr, Client, OtpCall, Outcome, Payload, Retry, __version__

ANSWER, RECORD = payload("run_otp.answer"), payload("get_cdr.answer")
BOTH = pytest.mark.parametrize("shell", ["sync", "async"])
URL = "https://api.example.vn"
SECRETS = ("LUAN001", "0332665711", "made-up-token")


def place(shell: str, **more: Any) -> OtpCall:
    given = settings("api.example.vn", **more)
    if shell == "sync":
        with Client(**given) as client:
            return client.run_otp("0332665711", "LUAN001", ref_id="R1")

    async def ask() -> OtpCall:
        async with AsyncClient(**given) as client:
            return await client.run_otp("0332665711", "LUAN001", ref_id="R1")

    return asyncio.run(ask())


def look_up(reply: Callable[[httpx.Request], httpx.Response] | None = None) -> Cdr:
    transport = httpx.MockTransport(reply or (lambda _: httpx.Response(200, json=RECORD)))
    with Client(**settings("api.example.vn", transport=transport)) as client:
        return client.get_cdr("ABC123")


needs_respx = pytest.mark.skipif(importlib.util.find_spec("respx") is None, reason="not in the lowest environment")
needs_pytest_httpx = pytest.mark.skipif(importlib.util.find_spec("pytest_httpx") is None, reason="the same")


@needs_respx
@BOTH
def test_respx_works_with_the_client_s_own_transport(shell: str) -> None:
    import respx  # noqa: PLC0415 - where it is installed

    with respx.mock(base_url=URL) as router:
        route = router.post("/v3/autocall/otp").respond(json=ANSWER)
        assert place(shell).call_id == ANSWER["call_id"]
        assert json.loads(route.calls.last.request.content)["code_otp"] == "LUAN001"


@needs_respx
@BOTH
def test_respx_may_fail_and_the_outcome_is_right(shell: str) -> None:
    import respx  # noqa: PLC0415 - where it is installed

    for failure, outcome in ((httpx.ConnectError, Outcome.NOT_PLACED), (httpx.ReadTimeout, Outcome.UNKNOWN)):
        with respx.mock(base_url=URL) as router:
            router.post("/v3/autocall/otp").mock(side_effect=failure)
            with pytest.raises(AutocallError) as caught:
                place(shell, retry=Retry.none())
        assert caught.value.outcome is outcome


@needs_pytest_httpx
@BOTH
def test_pytest_httpx_works_with_the_client_s_own_transport(shell: str, request: pytest.FixtureRequest) -> None:
    httpx_mock = request.getfixturevalue("httpx_mock")
    httpx_mock.add_response(status_code=503, headers={"Retry-After": "0"}, method="GET")
    httpx_mock.add_response(json=RECORD, method="GET")
    httpx_mock.add_response(json=ANSWER, method="POST", url=f"{URL}/v3/autocall/otp")
    assert place(shell).call_id == ANSWER["call_id"]
    with Client(**settings("api.example.vn", retry=Retry(base=0))) as client:
        assert client.get_cdr("R1").answered
    assert len(httpx_mock.get_requests(method="GET")) == 2


@BOTH
def test_the_user_agent_names_our_version(shell: str) -> None:
    seen: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=ANSWER)

    place(shell, transport=httpx.MockTransport(reply))
    assert seen[0].headers["User-Agent"] == f"autocall-otp/{__version__}"


@BOTH
def test_an_httpx_timeout_is_taken_phase_by_phase(shell: str) -> None:
    seen: list[dict[str, float]] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"])
        return httpx.Response(200, json=ANSWER)

    given = httpx.Timeout(connect=1.5, read=2.5, write=3.5, pool=4.5)
    place(shell, timeout=given, transport=httpx.MockTransport(reply))
    assert seen == [given.as_dict()]
    place(shell, timeout=httpx.Timeout(None), deadline=7.0, transport=httpx.MockTransport(reply))
    assert all(6.0 < limit <= 7.0 for limit in seen[1].values()), "the deadline bounds what has no bound"


def test_attrs_takes_results_apart_and_changes_copies() -> None:
    record = look_up()
    values = attrs.asdict(record)
    assert values["status"] == "answered"
    assert isinstance(values["raw"], Payload)
    changed = attrs.evolve(record, note="seen")
    assert (changed.note, changed.id, record.note) == ("seen", record.id, None)
    assert attrs.evolve(place("sync", transport=httpx.MockTransport(lambda _: httpx.Response(200, json=ANSWER)))).raw


def test_results_and_errors_match_patterns() -> None:
    match look_up():
        case Cdr(status="answered", billsec=int(seconds)):
            assert seconds == RECORD["billsec"]
        case other:
            pytest.fail(f"not matched: {other}")
    with pytest.raises(AutocallError) as caught:
        place("sync", transport=httpx.MockTransport(lambda _: httpx.Response(403)))
    match caught.value:
        case AutocallError(outcome=Outcome.NOT_PLACED, ref_id="R1"):
            pass
        case other:
            pytest.fail(f"not matched: {other!r}")


def test_a_record_becomes_json() -> None:
    record = look_up()
    values = json.loads(json.dumps(record.to_dict()))
    assert set(values) == set(attrs.fields_dict(Cdr)) - {"raw"} | {"answered", "finished"}
    started = datetime.fromisoformat(values["time_started"])
    assert started == record.time_started
    assert started.utcoffset() is not None
    assert (values["status"], values["answered"], values["finished"]) == ("answered", True, True)
    assert values["additional"]["code_otp"] == "LUAN001"
    assert values["to_number"] == record.to_number
    assert isinstance(values["press_key"], dict)


def test_masked_json_holds_no_secret() -> None:
    numbers = (RECORD["to_number"], RECORD["from_number"])
    hotline = look_up(lambda _: httpx.Response(200, json=RECORD | {"from_number": "19001234", "note": "LUAN001!"}))
    text = json.dumps([look_up().to_dict(masked=True), hotline.to_dict(masked=True)])
    for secret in (*SECRETS, *numbers, "19001234"):
        assert secret not in text
    assert '"code_otp": "***"' in text
    assert hotline.to_dict(masked=True)["from_number"] == "1900***234"
    assert hotline.to_dict()["from_number"] == "19001234"
    assert Cdr().to_dict(masked=True) == Cdr().to_dict()


def test_a_call_becomes_json() -> None:
    echo = ANSWER | {"message": "calling 0332665711 with LUAN001"}
    call = place("sync", transport=httpx.MockTransport(lambda _: httpx.Response(200, json=echo)))
    values = json.loads(json.dumps(call.to_dict(masked=True)))
    assert values == {
        "call_id": ANSWER["call_id"],
        "lead_uuid": ANSWER["lead_uuid"],
        "message": "calling 0332***711 with ***",
        "ref_id": call.ref_id,
        "outcome": "PLACED",
    }


def test_the_logger_is_silent_by_default() -> None:
    handlers = logging.getLogger("autocall_otp").handlers
    assert [type(handler) for handler in handlers] == [logging.NullHandler]


@BOTH
def test_attempts_are_logged_for_debugging_without_secrets(shell: str, caplog: pytest.LogCaptureFixture) -> None:
    answers = iter([httpx.Response(429), httpx.ConnectError("to 0332665711 with made-up-token"), None])

    def reply(_: httpx.Request) -> httpx.Response:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer or httpx.Response(200, json=ANSWER)

    with caplog.at_level(logging.DEBUG, "autocall_otp"):
        place(shell, transport=httpx.MockTransport(reply), retry=Retry(base=0))
    lines = [record.getMessage() for record in caplog.records if record.name == "autocall_otp"]
    sending = "POST /v3/autocall/otp, after a pause of 0.00 s"
    assert lines == [sending, "429", sending, "ConnectError", sending, "200"]
    assert not [secret for secret in SECRETS if secret in caplog.text]


def test_a_number_in_a_reference_is_masked(caplog: pytest.LogCaptureFixture) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=RECORD))
    with caplog.at_level(logging.DEBUG, "autocall_otp"), Client(**settings(URL, transport=transport)) as client:
        client.get_cdr("0332665711")
    assert "0332***711" in caplog.text
    assert "0332665711" not in caplog.text


@BOTH
def test_a_doubt_is_a_warning(shell: str, caplog: pytest.LogCaptureFixture) -> None:
    for status, warned in ((503, True), (200, True), (403, False)):
        caplog.clear()
        with pytest.raises(AutocallError), caplog.at_level(logging.WARNING, "autocall_otp"):
            place(shell, transport=httpx.MockTransport(lambda _, status=status: httpx.Response(status, json={})))
        assert [record.levelname for record in caplog.records] == ["WARNING"] * warned
        assert ("ref_id R1, outcome UNKNOWN" in caplog.text) is warned
        assert not [secret for secret in SECRETS if secret in caplog.text]


def test_a_failed_look_up_is_no_doubt_about_a_phone(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(AutocallError):
        look_up(lambda _: httpx.Response(400))
    assert caplog.records == []


def test_the_hints_of_the_clients_can_be_read_at_run_time() -> None:
    for client, token, transport in (
        (Client, str | Callable[[], str], httpx.BaseTransport),
        (AsyncClient, str | Callable[[], str | Awaitable[str]], httpx.AsyncBaseTransport),
    ):
        hints = get_type_hints(client.__init__)
        assert hints["token"] == token | None
        assert hints["transport"] == transport | Literal["fast"] | None
