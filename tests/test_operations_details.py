"""What the use cases send, byte by byte; what they read, value by value; when they look again, second by second."""

import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from support.flows import Clock, answer, policy, run, settings
from support.page import payload

import autocall_otp
from autocall_otp import AutocallError, CdrTimeoutError, InvalidResponseError, Outcome, Payload, Retry, WaitProgress
from autocall_otp._config import VIETNAM
from autocall_otp._flow import Flow
from autocall_otp._operations import get_cdr, read_cdr, run_otp, wait_for_cdr
from autocall_otp._version import __version__
from autocall_otp.models import Cdr, OtpCall

ANSWER, RECORD = payload("run_otp.answer"), payload("get_cdr.answer")
FINISHED = answer(200, json.dumps(RECORD))
UNFINISHED = answer(200, json.dumps(RECORD | {"status": "ringing", "time_ended": ""}))
DOUBT = "; the phone may ring, so look the call up by its ref_id before asking again"
CAMPAIGN = UUID("f77dfcf4-0759-4179-93cb-741f481a776e")


def placing(number: str = "0332665711", *, rule: dict[str, Any] | None = None, **more: Any) -> Flow[OtpCall]:
    given = {"campaign_uuid": None, "template": None, "ref_id": "đơn/1", "allow_international": None} | more
    return run_otp(settings(), policy(**(rule or {})), number, "LUAN001", **given)


def looking(ref_id: str = "đơn/1", **more: Any) -> Flow[Cdr]:
    return get_cdr(settings(**more), policy(), ref_id)


COMMON = {
    "host": "api.example.vn",
    "accept": "application/json",
    "user-agent": f"autocall-otp/{__version__}",
}


def test_a_placing_byte_by_byte() -> None:
    request = next(placing("+84 332 665 711")).request
    body = (
        '{"campaign_uuid":"f77dfcf4-0759-4179-93cb-741f481a776e","phone_number":"0332665711",'
        '"template":"otp_script_01","code_otp":"LUAN001","ref_id":"đơn/1"}'
    ).encode()
    assert json.loads(request.content) == json.loads(body)
    assert len(request.content) == len(body)
    assert (request.method, request.url) == ("POST", "https://api.example.vn/v3/autocall/otp")
    assert dict(request.headers) == COMMON | {"content-type": "application/json", "content-length": str(len(body))}


def test_a_look_up_byte_by_byte() -> None:
    request = next(looking()).request
    assert (request.method, request.content) == ("GET", b"")
    assert request.url == "https://api.example.vn/v3/autocall/log/%C4%91%C6%A1n%2F1/ref_id"
    assert dict(request.headers) == COMMON


def test_a_gateway_s_path_and_port_stay_in_the_address() -> None:
    request = next(looking("r1", host="https://gate.example.vn:8443/api/")).request
    assert str(request.url).startswith("https://gate.example.vn:8443/api/v3/")
    assert request.headers["host"] == "gate.example.vn:8443"


def test_requests_to_two_hosts_do_not_share_headers() -> None:
    one = next(looking("r1", host="a.example.vn")).request
    one.headers["authorization"] = "Bearer t"
    assert next(looking("r1", host="b.example.vn")).request.headers["host"] == "b.example.vn"
    assert "authorization" not in next(looking("r1", host="a.example.vn")).request.headers


@pytest.mark.parametrize(
    ("typed", "hidden"),
    [
        ("0332 665 711", {"0332 665 711", "0332665711", "84332665711", "+84332665711", "332665711"}),
        ("+84332665711", {"0332665711", "84332665711", "+84332665711", "332665711"}),
        ("+14155550123", {"+14155550123", "14155550123"}),
        ("+1 415-5550123", {"+1 415-5550123", "+14155550123", "14155550123"}),
    ],
)
def test_every_form_of_the_number_and_the_code_are_hidden_under_way(typed: str, hidden: set[str]) -> None:
    secrets = next(placing(typed, allow_international=True)).secrets
    shown = "+141***123" if typed.startswith("+1") else "0332***711"
    assert secrets == {"LUAN001": "***"} | dict.fromkeys(hidden, shown)


def test_a_placing_ends_with_the_deadline_and_keeps_to_the_rule() -> None:
    assert next(placing(rule={"deadline": 12.0})).until == 1012.0
    assert (next(looking()).until, next(looking()).delay) == (1030.0, 0.0)
    rule = {"retry": Retry(attempts=2)}
    with pytest.raises(autocall_otp.RateLimitedError):
        run(placing(rule=rule), [answer(429), answer(429)])
    with pytest.raises(autocall_otp.ServerError):
        run(placing(rule=rule), [answer(500)])
    insisting = {"retry": Retry(unknown_outcome=True)}
    call, attempts = run(placing(rule=insisting), [answer(500), answer(200, json.dumps(ANSWER))])
    assert (call.call_id, len(attempts)) == (ANSWER["call_id"], 2)


def test_a_look_up_keeps_to_the_rule() -> None:
    flow = get_cdr(settings(), policy(retry=Retry(attempts=2)), "r1")
    with pytest.raises(autocall_otp.ServerError) as caught:
        run(flow, [answer(503), answer(503)])
    assert (caught.value.outcome, caught.value.ref_id) == (Outcome.UNKNOWN, "r1")


def test_the_answer_value_by_value() -> None:
    said = {"call_id": "c1", "lead_uuid": "l1", "message": "calls 84332665711 with LUAN001", "ref_id": "theirs"}
    call, _ = run(placing(), [answer(200, json.dumps(said))])
    assert (call.call_id, call.lead_uuid, call.ref_id) == ("c1", "l1", "theirs")
    assert call.message == "calls 0332***711 with ***"
    assert call.raw == said
    twin = pickle.loads(pickle.dumps(call))  # noqa: S301 - our own bytes
    assert twin.raw["message"] == "calls 0332***711 with ***"
    assert "LUAN001" not in pickle.dumps(call).decode("latin-1")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("<html>", "its body is not a JSON object"),
        ("[]", "its body is not a JSON object"),
        ('{"error":"x"}', "its body is an error"),
        ("{}", "it names no call_id"),
    ],
)
def test_a_success_that_cannot_be_read_says_why(body: str, why: str) -> None:
    with pytest.raises(InvalidResponseError) as caught:
        run(placing(), [answer(200, body)])
    assert str(caught.value) == f"the service answered 200, but {why}{DOUBT}"
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_a_record_in_the_zone_of_the_client() -> None:
    record, _ = run(looking(timezone="UTC"), [FINISHED])
    assert record.time_started == datetime(2023, 3, 7, 10, 6, 53, tzinfo=UTC)
    assert record.raw == RECORD
    assert record.additional == RECORD["additional"]
    assert isinstance(record.press_key, Payload)


def read(**changes: Any) -> Cdr:
    return read_cdr(RECORD | changes, VIETNAM)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("-5", -5), ("9" * 18, 10**18 - 1), ("9" * 19, None), (" 6", None), ("6.0", None), ("", None), ("٣", None),
     (-2.0, -2), (float("inf"), None), (float("nan"), None), (0, 0), (False, None), ([6], None)],
    ids=repr,
)  # fmt: skip
def test_a_number_in_whatever_form(value: object, seconds: int | None) -> None:
    found = read(duration=value).duration
    assert found == seconds
    assert type(found) is type(seconds)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2023-03-07 10:06", datetime(2023, 3, 7, 3, 6, tzinfo=UTC)),
        ("2023-03-07T10:06:53.250", datetime(2023, 3, 7, 3, 6, 53, 250000, tzinfo=UTC)),
        ("2023-03-07 10:06:53 or so", None),
        (" 2023-03-07 10:06:53", None),
        ("20230307T100653", None),
        ("2023-03-07_10:06:53", None),
        (1678158413, None),
    ],
)
def test_a_moment_in_whatever_form(text: object, moment: datetime | None) -> None:
    assert read(time_ended=text).time_ended == moment


def test_a_moment_with_a_zone_is_told_in_the_client_s() -> None:
    found = read(time_ended="2023-03-07T03:06:53Z").time_ended
    assert found is not None
    assert (found.hour, found.utcoffset()) == (10, timedelta(hours=7))
    other = read_cdr(RECORD, timezone(timedelta(hours=1))).time_ended
    assert other is not None
    assert other.utcoffset() == timedelta(hours=1)


@pytest.mark.parametrize(("value", "status"), [("BUSY", "busy"), ("Odd Thing", "Odd Thing"), ("", None), (7, None)])
def test_a_status_in_whatever_form(value: object, status: str | None) -> None:
    assert read(status=value).status == status


def waiting(clock: Clock, timeout: float = 60.0, **more: Any) -> Flow[Cdr]:
    return wait_for_cdr(settings(), policy(clock=clock, **more), "r1", timeout=timeout, progress=None)


def test_look_ups_come_further_and_further_apart_then_closer() -> None:
    clock, ranges = Clock(), list[tuple[float, float]]()

    def draw(low: float, high: float) -> float:
        ranges.append((low, high))
        return high

    with pytest.raises(CdrTimeoutError):
        run(waiting(clock, 70.0, draw=draw), [UNFINISHED] * 99, clock)
    bounds = [1.0, 1.5, 2.25, 3.375, 5.0625, 7.59375, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0]
    assert ranges[: len(bounds)] == [(bound / 2, bound) for bound in bounds]
    assert clock.now == pytest.approx(1070.0, abs=0.1)
    assert clock.now < 1070.0


@pytest.mark.parametrize(
    ("result", "words"), [(UNFINISHED, "the last one seen has no end"), (answer(404), "there is none yet")]
)
def test_a_wait_that_is_over_says_what_was_seen(result: Any, words: str) -> None:
    clock = Clock()
    with pytest.raises(CdrTimeoutError) as caught:
        run(waiting(clock, 2.5), [result] * 99, clock)
    assert str(caught.value) == f"no finished record within 2.5 s: {words}"
    assert (caught.value.ref_id, caught.value.retryable) == ("r1", True)
    assert (caught.value.__cause__ is None) is (result is UNFINISHED)
    assert (caught.value.record is not None) is (result is UNFINISHED)


def test_a_wait_is_over_at_its_last_moment() -> None:
    for left, over in ((0.05, True), (0.0625, False)):
        clock = Clock()
        flow = waiting(clock, 60.0)
        next(flow)
        clock.now = 1060.0 - left
        if over:
            with pytest.raises(CdrTimeoutError):
                flow.send(UNFINISHED)
        else:
            assert flow.send(UNFINISHED).delay == left / 2


def test_a_failure_between_does_not_lose_the_record_seen_before() -> None:
    clock, steps = Clock(), list[WaitProgress]()
    flow = wait_for_cdr(settings(), policy(clock=clock), "r1", timeout=60.0, progress=steps.append)
    record, _ = run(flow, [UNFINISHED, answer(503, '{"error":"down"}'), FINISHED], clock)
    assert record.finished
    assert [(step.look_ups, step.reason) for step in steps] == [
        (1, "the record has no end yet"),
        (2, "the service answered 503: down"),
    ]
    assert [(step.elapsed, step.remaining) for step in steps] == [(0.0, 60.0), (1.0, 59.0)]
    assert [step.record and step.record.status for step in steps] == ["ringing", "ringing"]


@pytest.mark.parametrize(("asked", "waits"), [("59", True), ("60", True), ("61", False)])
def test_a_retry_after_counts_up_to_the_end_of_the_wait(asked: str, waits: bool) -> None:  # noqa: FBT001 - a table
    clock = Clock()
    flow = waiting(clock)
    next(flow)
    if waits:
        assert flow.send(answer(429, retry_after=asked)).delay == float(asked)
    else:
        with pytest.raises(autocall_otp.RateLimitedError):
            flow.send(answer(429, retry_after=asked))


def test_each_look_up_of_a_wait_is_sent_once_and_ends_with_the_wait() -> None:
    flow = waiting(Clock())
    first = next(flow)
    assert (first.delay, first.until) == (0.0, 1060.0)
    # A second try of the same look-up would come after a pause of the retries, not of the wait.
    second = flow.send(answer(503))
    assert (second.delay, second.until) == (1.0, 1060.0)


def test_a_failure_that_does_not_pass_ends_the_wait() -> None:
    with pytest.raises(AutocallError, match="no answer was read: RuntimeError") as caught:
        run(waiting(Clock()), [RuntimeError("odd")])
    assert caught.value.ref_id == "r1"
    with pytest.raises(InvalidResponseError, match="its body is not a JSON object"):
        run(waiting(Clock()), [answer(200, "<html>")])


def test_a_wait_as_short_as_its_last_moment_asks_once() -> None:
    flow = waiting(Clock(now=0.0), 0.05)
    next(flow)
    with pytest.raises(CdrTimeoutError, match="within 0.05 s"):
        flow.send(UNFINISHED)


def test_a_retry_after_beyond_the_last_second_ends_the_wait_too() -> None:
    clock = Clock()
    flow = waiting(clock)
    next(flow)
    clock.now = 1059.5
    with pytest.raises(autocall_otp.RateLimitedError):
        flow.send(answer(429, retry_after="1"))


def test_a_token_in_a_record_does_not_reach_a_queue() -> None:
    record, _ = run(looking(), [answer(200, json.dumps(RECORD | {"note": "saw t0ken"}))])
    assert record.note == "saw t0ken"
    twin = pickle.loads(pickle.dumps(record))  # noqa: S301 - our own bytes
    assert (twin.note, twin.raw["note"]) == ("saw ***", "saw ***")
