"""The recording of a service that answers otherwise shows exactly where it does; the sandbox itself shows nothing."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import attrs
import pytest
from support.altered import Change, Reply, altered, at, body, in_record, page
from support.page import FACTS, SPEC, documented_examples

from autocall_otp import AutocallError, Client, Retry
from autocall_otp._cli.recording import files
from autocall_otp._cli.recording.differences import differences
from autocall_otp._cli.recording.recorder import Recording
from autocall_otp._cli.recording.shapes import Shaper
from autocall_otp.sandbox import Sandbox

CAMPAIGN = "f77dfcf4-0759-4179-93cb-741f481a776e"
STATUSES = "200, 400, 401, 403, 404, 429, 5XX"
Told = tuple[str, str | None, str, str, str]
"""Operation and status, field, kind, what the contract says, what was seen."""


@attrs.define
class Service:
    """The sandbox, behind something that changes its answers."""

    sandbox: Sandbox
    url: str = ""
    change: Change = lambda reply: reply

    def changed(self, reply: Reply) -> Reply:
        return self.change(reply)

    def record(self) -> Recording:
        """A call, its record before and after, and a look-up with a token that is refused."""
        recording, ref_id = Recording(), uuid4().hex

        def client(token: str) -> Client:
            transport = recording.transport(self.url)
            known = {"campaign_uuid": CAMPAIGN, "template": "otp_script_01"}
            # A busy machine may take long; what it takes is not what is tested.
            return Client(self.url, token, **known, transport=transport, timeout=50, deadline=100)

        with client(self.sandbox.token) as good, client("stale") as bad:
            with suppress(AutocallError):
                good.run_otp("0332665711", "LUAN001", ref_id=ref_id)
            for each in (good, good, bad):
                with suppress(AutocallError):
                    each.get_cdr(ref_id)
                self.sandbox.advance(30)
        return recording


@pytest.fixture(scope="module")
def running() -> Iterator[Service]:
    with Sandbox(speed=0) as sandbox:
        service = Service(sandbox)
        with altered(sandbox.url, service.changed) as service.url:
            yield service


@pytest.fixture
def service(running: Service) -> Iterator[Service]:
    yield running
    running.change = lambda reply: reply


def compared(recording: Recording, path: Path) -> list[Told]:
    """What `check-recording` finds in the file."""
    path.write_text(files.as_text(recording))
    return sorted(
        (f"{each.operation} {each.status}", each.field, each.kind, each.says, each.seen)
        for each in differences(files.read(path), SPEC)
    )


def test_the_sandbox_as_it_is_differs_in_nothing(service: Service, tmp_path: Path) -> None:
    recording = service.record()
    seen = [(each["method"], each["status"], each["times"]) for each in recording.exchanges]
    assert seen == [("POST", 200, 1), ("GET", 404, 1), ("GET", 200, 1), ("GET", 401, 1)]
    assert compared(recording, tmp_path / "r.json") == []


CDR, MISSING, PLACED = "getCdrByRefId 200", "getCdrByRefId 404", "runOtp 200"
TIME, WORDS = "string, local time, as in the samples", "string, lower-case word, as in the samples"
ZONED = "2026-11-23T10:06:53+07:00"
CASES: list[tuple[str, Change, list[Told]]] = [
    (
        "an extra field",
        in_record(carrier_name="VNPT"),
        [(CDR, "carrier_name", "extra", "no such field", "string, upper-case word, 1-4 characters")],
    ),
    (
        "an extra field that is an object",
        in_record(carrier={"name": "VNPT"}),
        [(CDR, "carrier", "extra", "no such field", "object")],
    ),
    (
        "an extra field whose name is a number",
        in_record(**{"0332987711": 1}),
        [(CDR, "(hidden 1)", "extra", "no such field", "integer, 1-4 digits")],
    ),
    ("a missing field", in_record(billsec=None), [(CDR, "billsec", "missing", "always there", "not there")]),
    (
        "a missing field further inside",
        in_record(additional={"campaign_uuid": CAMPAIGN, "code_otp": "1", "phone_number": "0332", "ref_id": "R1"}),
        [(CDR, "additional.template", "missing", "always there", "not there")],
    ),
    (
        "what a caller added",
        in_record(
            additional={
                **dict.fromkeys(("code_otp", "phone_number", "ref_id", "template"), "1"),
                "campaign_uuid": CAMPAIGN,
                "shop": 5,
            }
        ),
        [],
    ),
    ("a number in place of text", in_record(rate=5), [(CDR, "rate", "type", "string", "integer, 1-4 digits")]),
    (
        "text in place of a number",
        in_record(duration="15"),
        [(CDR, "duration", "type", "integer", "string, digits, 1-4 characters")],
    ),
    (
        "an object in place of text",
        in_record(press_key={"1": "yes"}),
        [(CDR, "press_key", "type", "string", "object")],
    ),
    (
        "null in place of text",
        lambda reply: (
            reply.with_json({**reply.values, "note": None}) if reply.method == "GET" and reply.status == 200 else reply
        ),
        [(CDR, "note", "type", "string", "null")],
    ),
    ("a fraction", in_record(billsec=1.5), [(CDR, "billsec", "type", "integer", "number, with a fraction")]),
    (
        "another form of time",
        in_record(time_started=ZONED),
        [(CDR, "time_started", "form", TIME, "string, time with a zone")],
    ),
    (
        "a time that is the Unix epoch",
        in_record(time_ended="1700000000"),
        [(CDR, "time_ended", "form", TIME, "string, digits, 9-16 characters")],
    ),
    (
        "an empty time that is zeros",
        in_record(time_answered="0000-00-00 00:00:00"),
        [(CDR, "time_answered", "form", TIME, "string, zero time")],
    ),
    (
        "a JSON list in place of an object",
        in_record(press_key="[]"),
        [(CDR, "press_key", "form", "string, a JSON object, as in the samples", "string, a JSON list")],
    ),
    (
        "an upper-case status",
        in_record(status="ANSWERED"),
        [(CDR, "status", "form", WORDS, "string, the word ANSWERED")],
    ),
    ("a status that nobody listed", in_record(status="dropped"), []),
    (
        "an identifier that is no UUID",
        at("POST", 200, lambda reply: reply.with_json({**reply.values, "call_id": "17"})),
        [(PLACED, "call_id", "form", "string, uuid, as in the samples", "string, digits, 1-4 characters")],
    ),
    (
        "an undocumented status",
        at("POST", 200, lambda reply: reply.with_json(reply.values, status=202)),
        [("runOtp 202", None, "status", STATUSES, "202")],
    ),
    (
        "an undocumented error status",
        at("GET", 404, body({"error": "Gone"}, status=410)),
        [("getCdrByRefId 410", None, "status", STATUSES, "410")],
    ),
    (
        "an error that is an object",
        at("GET", 404, body({"error": {"reason": "x"}})),
        [(MISSING, "error", "type", "string or array", "object")],
    ),
    (
        "an error under another name",
        at("GET", 404, body({"errors": ["Not Found"]})),
        [
            (MISSING, "errors", "extra", "no such field", "array, 1-4 entries"),
            (MISSING, "error", "missing", "always there", "not there"),
        ],
    ),
    (
        "an error list of other things",
        at("GET", 404, body({"error": [{"ref_id": 5}]})),
        [(MISSING, "error[].ref_id", "type", "string", "integer, 1-4 digits")],
    ),
    (
        "an error that is a list",
        at("GET", 404, body(["Not Found"])),
        [(MISSING, None, "type", "object", "array, 1-4 entries")],
    ),
    (
        "a page of a gateway",
        at("GET", 404, page("<html><body>Not Found</body></html>")),
        [(MISSING, None, "content type", "application/json", "text/html")],
    ),
    ("a page of a gateway that failed", at("GET", 404, page("<html>Bad Gateway</html>", status=502)), []),
    (
        "a page that says it is JSON",
        at("GET", 404, lambda reply: Reply(reply.method, 404, reply.content_type, b"<html>no</html>")),
        [(MISSING, None, "body", "JSON", "no JSON: markup, 9-16 bytes")],
    ),
    (
        "nothing at all",
        at("GET", 404, lambda reply: Reply(reply.method, 404, "", b"")),
        [(MISSING, None, "content type", "application/json", "none")],
    ),
    (
        "JSON that says it is text",
        at("GET", 404, lambda reply: Reply(reply.method, 404, "text/plain", reply.body)),
        [(MISSING, None, "content type", "application/json", "text/plain")],
    ),
]


@pytest.mark.parametrize(("change", "told"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_each_difference_is_told_and_nothing_else(
    service: Service, tmp_path: Path, change: Change, told: list[Told]
) -> None:
    service.change = change
    assert compared(service.record(), tmp_path / "r.json") == sorted(told)


def answered(
    body: object, status: int = 404, *, method: str = "get", path: str = FACTS["get_cdr"]["path"]
) -> Recording:
    exchange = {"method": method.upper(), "path": path, "status": status, "content_type": "application/json"}
    return Recording([{**exchange, "headers": {}, "body": body, "times": 1}])


def test_the_contract_s_own_samples_differ_in_nothing(tmp_path: Path) -> None:
    for name, status, sample, value in documented_examples():
        place = {part: FACTS[name][part] for part in ("method", "path")}
        recording = answered({"JSON": Shaper().of_answer(value)}, int(status.replace("XX", "03")), **place)
        assert compared(recording, tmp_path / "r.json") == [], f"{name} {status} {sample}"


def test_what_is_inferred_is_told_from_what_the_page_says(service: Service) -> None:
    service.change = in_record(rate=5)
    assert [each.inferred for each in differences(service.record(), SPEC)] == [False]
    service.change = at("GET", 404, body({"error": 5}))
    assert [each.inferred for each in differences(service.record(), SPEC)] == [True]


def test_a_call_without_an_answer_says_nothing_of_the_contract(tmp_path: Path) -> None:
    recording = Recording()
    with (
        Client(
            "http://127.0.0.1:1", "t", transport=recording.transport("http://127.0.0.1:1"), retry=Retry.none()
        ) as client,
        pytest.raises(AutocallError),
    ):
        client.get_cdr("R1")
    assert recording.exchanges[0]["failure"] == "ConnectError"
    assert compared(recording, tmp_path / "r.json") == []


def test_a_path_that_the_contract_does_not_know(tmp_path: Path) -> None:
    told = [("GET /v3/other 200", None, "operation", "no such operation", "an answer")]
    assert compared(answered("empty", 200, path="/v3/other"), tmp_path / "r.json") == told


def test_a_contract_that_narrows_a_value_is_held_against_it_too(service: Service) -> None:
    narrow = copy.deepcopy(SPEC)
    narrow["components"]["schemas"]["CallDetailRecord"]["properties"]["status"]["enum"] = ["busy"]
    (found,) = differences(service.record(), narrow)
    assert (found.field, found.kind, found.seen) == ("status", "constraint", "string, the word answered")


def test_what_was_not_looked_at_is_no_difference(tmp_path: Path) -> None:
    for part in ({"JSON": {"object": {"error": "not looked at"}}}, "cut short"):
        assert compared(answered(part), tmp_path / "r.json") == []
    assert compared(answered("too large"), tmp_path / "r.json") == [(MISSING, None, "body", "JSON", "too large")]


def test_a_field_of_some_samples_may_be_missing() -> None:
    more = copy.deepcopy(SPEC)
    examples = more["components"]["responses"]["NotFound"]["content"]["application/json"]["examples"]
    examples |= {"text": examples.pop("older"), "older": examples["text"]}
    assert differences(answered({"JSON": {"object": {"error": "string, empty"}}}), more) == []
