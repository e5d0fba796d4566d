"""Placing a call, from arguments to its result."""

import inspect
import json
import logging
from typing import Any
from unittest.mock import Mock

import httpx
import pytest
from support.flows import CODE, NUMBER, Unsent, answer, error_of, policy, run, settings
from support.page import payload

import autocall_otp
from autocall_otp import InvalidRequestError, InvalidResponseError, OtpCall, Outcome, Retry
from autocall_otp._operations.run_otp import run_otp
from autocall_otp._sansio.retry import Attempt, Flow

ANSWER = payload("run_otp.answer")
NOTHING = {name: None for name, each in inspect.signature(run_otp).parameters.items() if each.kind is each.KEYWORD_ONLY}


def placing(number: Any = NUMBER, code: Any = CODE, client: dict[str, Any] | None = None, **more: Any) -> Flow[OtpCall]:
    given = settings(**(client or {}))
    return run_otp(given, policy(retry=given.retry), number, code, **(NOTHING | more))


def body(attempt: Attempt) -> dict[str, Any]:
    sent: dict[str, Any] = json.loads(attempt.request.read())
    return sent


def test_a_call_is_placed() -> None:
    call, (attempt,) = run(placing("+84 332 665 711", ref_id="mine"), [answer(200, ANSWER)])
    assert (call.call_id, call.lead_uuid, call.message) == (ANSWER["call_id"], ANSWER["lead_uuid"], "success")
    assert (call.phone_number, call.outcome, call.raw) == (NUMBER, Outcome.PLACED, ANSWER)
    assert body(attempt) == {
        "campaign_uuid": "f77dfcf4-0759-4179-93cb-741f481a776e", "phone_number": NUMBER, "template": "otp_script_01",
        "code_otp": CODE, "ref_id": "mine",
    }  # fmt: skip
    assert attempt.deadline == 1030.0


def test_a_reference_is_made_where_there_is_none_and_stays_the_same() -> None:
    references = set()
    for _ in range(10):
        call, attempts = run(placing(), [answer(429), answer(429), answer(201, {"call_id": "c1"})])
        assert {body(attempt)["ref_id"] for attempt in attempts} == {call.ref_id}
        references.add(call.ref_id)
    assert len(references) == 10
    assert (call.call_id, call.lead_uuid, call.message) == ("c1", None, None)


def test_what_a_call_is_given_comes_before_what_the_client_has() -> None:
    given = {"campaign_uuid": "00000000-0000-4000-8000-000000000001", "template": "other"}
    _, (attempt,) = run(placing(**given), [answer(200, ANSWER)])
    assert body(attempt).items() >= given.items()
    for client, call, taken in ((True, None, True), (False, True, True), (True, False, False)):
        flow = placing("+14155550123", client={"allow_international": client}, allow_international=call)
        if taken:
            assert body(next(flow))["phone_number"] == "+14155550123"
        else:
            with pytest.raises(InvalidRequestError, match="allow_international"):
                next(flow)


@pytest.mark.parametrize(
    ("argument", "given"),
    [
        ("phone_number", {"number": "033266571"}), ("code_otp", {"code": " "}), ("ref_id", {"ref_id": ".."}),
        ("campaign_uuid", {"campaign_uuid": "x"}), ("template", {"template": " "}),
        ("allow_international", {"allow_international": "false"}),
        ("campaign_uuid", {"client": {"campaign_uuid": None}}), ("template", {"client": {"template": None}}),
    ],
)  # fmt: skip
def test_an_argument_is_refused_by_name_before_anything_is_sent(argument: str, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match=f"^{argument}: ") as caught:
        next(placing(**given))
    assert (caught.value.outcome, caught.value.retryable) == (Outcome.NOT_PLACED, False)
    if argument == "allow_international":
        assert str(caught.value) == "allow_international: must be True or False, or left out"


@pytest.mark.parametrize("nothing", [None, "", 0, False, [], {}], ids=str)
def test_an_empty_error_beside_a_call_id_is_a_success(nothing: object) -> None:
    call, _ = run(placing(), [answer(200, {"call_id": "c1", "error": nothing})])
    assert call.call_id == "c1"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"", "its body is not a JSON object"), (b"<html>", "its body is not a JSON object"),
        ([], "its body is not a JSON object"), (None, "its body is not a JSON object"),
        ({}, "it names no call_id"), ({"call_id": ""}, "it names no call_id"), ({"call_id": 7}, "it names no call_id"),
        ({"call_id": "c1", "error": "blocked"}, "its body is an error: blocked"),
        ({"message": "Số dư không đủ"}, "it names no call_id: Số dư không đủ"),
        ({"status": "fail", "message": f"{CODE} is short"}, "it names no call_id: *** is short"),
    ],
)  # fmt: skip
def test_a_success_without_a_call_leaves_the_phone_in_doubt(said: object, why: str) -> None:
    error = error_of(placing(ref_id="R1"), [answer(200, said)])
    assert isinstance(error, InvalidResponseError)
    assert str(error).startswith(f"the service answered 200, but {why}; the phone may ring")
    assert (error.outcome, error.ref_id, error.status_code) == (Outcome.UNKNOWN, "R1", 200)
    assert [words for _, words in error.errors] == ([why.partition(": ")[2]] if ": " in why else [])


def test_it_keeps_to_the_client_s_rule() -> None:
    busy = {"client": {"retry": Retry(attempts=2)}}
    assert isinstance(error_of(placing(**busy), [answer(429)] * 2), autocall_otp.RateLimitedError)
    ring_again = {"client": {"retry": Retry(unknown_outcome=True)}}
    call, attempts = run(placing(**ring_again), [answer(500), answer(200, ANSWER)])
    assert (call.call_id, len(attempts)) == (ANSWER["call_id"], 2)


def test_only_a_call_in_doubt_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    slow, unconnected = httpx.ReadTimeout(f"after {NUMBER}"), Unsent(httpx.ConnectError("no"))
    for result, warned in ((slow, True), (answer(503), True), (unconnected, False), (answer(403), False)):
        caplog.clear()
        error = error_of(placing(ref_id=f"for {NUMBER[1:]}, {CODE}", client={"retry": Retry.none()}), [result])
        assert [record.levelno for record in caplog.records] == [logging.WARNING] * warned
        assert caplog.messages == [f"run_otp, ref_id for 332***711, ***, outcome UNKNOWN: {error}"] * warned
        assert not [secret for secret in (CODE, NUMBER[1:]) if secret in caplog.text]


def test_an_echo_is_masked_in_the_message_and_whole_in_raw() -> None:
    said = {"call_id": "c1", "message": f"reading {CODE} to +84{NUMBER[1:]}"}
    call, _ = run(placing(), [answer(200, said)])
    assert call.message == "reading *** to +84332***711"
    assert call.raw == said
    assert call.raw.masked() == {"call_id": "c1", "message": "reading *** to +84332***711"}


def test_an_interruption_while_the_answer_is_read_is_noted_too(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("autocall_otp._operations.run_otp.read_answer", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt) as caught:
        run(placing(ref_id="R1"), [answer(200, ANSWER)])
    assert caught.value.__notes__ == ["run_otp, ref_id R1, outcome UNKNOWN"]
    assert "run_otp, ref_id R1, outcome UNKNOWN" in caplog.text
