"""`check-recording`: each difference between a service and the contract is found, and told with its basis."""

import sys
from pathlib import Path
from typing import Any

import pytest
from support.page import SPEC, documented_examples, operation

from autocall_otp._cli.check_recording import Difference, differences
from autocall_otp._cli.recording import as_text
from autocall_otp._cli.shapes import Shaper
from cli.conftest import Run

CALL, LOOK_UP = ("POST", "/v3/autocall/otp"), ("GET", "/v3/autocall/log/{ref_id}/ref_id")
JSON = "application/json"
RECORD: dict[str, Any] = operation("get_cdr")["responses"]["200"]["content"][JSON]["examples"]["sample"]["value"]


def exchange(where: tuple[str, str], status: int, body: object, content_type: str = JSON) -> dict[str, Any]:
    method, path = where
    return {"method": method, "path": path, "status": status, "content_type": content_type, "body": body}


def found(status: int, values: object, where: tuple[str, str] = LOOK_UP) -> list[tuple[str, str, str, str]]:
    """Field, how it differs, what was seen, and the basis, of an answer with these values."""
    answer = exchange(where, status, {"JSON": Shaper().of(values)})
    return [(each.field, each.differs, each.seen, each.basis) for each in differences([answer], SPEC)]


def in_record(**fields: object) -> dict[str, Any]:
    """The page's record with other fields; None takes one away."""
    return {name: value for name, value in {**RECORD, **fields}.items() if value is not None}


def test_what_the_contract_shows_does_not_differ() -> None:
    examples = documented_examples()
    assert examples
    for name, status, _, value in examples:
        assert found(int(status.replace("X", "0")), value, CALL if name == "run_otp" else LOOK_UP) == []


@pytest.mark.parametrize(
    ("fields", "differences"),
    [
        ({"rate": 5}, [("rate", "type", "integer", "page")]),
        ({"duration": 6.5}, [("duration", "type", "number", "page")]),
        ({"note": ["a", "b"]}, [("note", "type", "array", "page")]),
        ({"additional": "x"}, [("additional", "type", "string, lower-case word", "page")]),
        ({"id": None}, [("id", "missing", "not there", "page")]),
        ({"carrier": "viettel"}, [("carrier", "extra", "string, lower-case word", "page")]),
        ({"status": "ANSWERED"}, [("status", "form", "string, the word ANSWERED", "page")]),
        ({"time_started": "2023-03-07T10:06:53Z"}, [("time_started", "form", "string, time with a zone", "page")]),
        ({"press_key": "[]"}, [("press_key", "form", "string, a JSON list", "page")]),
        ({"to_number": "+84332665711"}, [("to_number", "form", "string, punctuated digits", "page")]),
        ({"time_answered": ""}, []),
        ({"status": "queued"}, []),
        ({"note": "anything at all"}, []),
    ],
)
def test_a_field_that_differs(fields: dict[str, Any], differences: list[tuple[str, str, str, str]]) -> None:
    assert found(200, in_record(**fields)) == differences


def test_what_is_inside_is_compared_too() -> None:
    additional = {**RECORD["additional"], "code_otp": 1, "more": [1]}
    del additional["template"]
    assert found(200, in_record(additional=additional)) == [
        ("additional.template", "missing", "not there", "page"),
        ("additional.code_otp", "type", "integer", "page"),
    ]
    errors = [{"phone_number": 1}, {"code_otp": "is required"}, "text"]
    assert found(400, {"error": errors}, CALL) == [
        ("error[].phone_number", "type", "integer", "inferred"),
        ("error[]", "type", "string, lower-case word", "inferred"),
    ]
    assert found(400, {"error": 5}, CALL) == [("error", "type", "integer", "inferred")]
    assert found(404, {}) == [("error", "missing", "not there", "inferred")]
    assert found(404, {"error": "12"}) == [], "a sample that is a sentence could be anything"
    assert found(404, []) == [("", "type", "array", "inferred")]


@pytest.mark.parametrize(
    ("answer", "difference"),
    [
        (exchange(LOOK_UP, 404, "no JSON: markup", "text/html"), ("content type", JSON, "text/html", "inferred")),
        (exchange(LOOK_UP, 200, "no JSON: text"), ("body", "JSON", "no JSON: text", "page")),
        (exchange(LOOK_UP, 202, "empty"), ("status", "200, 400, 401, 403, 404, 429, 5XX", "202", "inferred")),
        (exchange(("GET", "/other"), 200, "empty"), ("operation", "no such operation", "200", "page")),
    ],
)
def test_an_answer_that_differs_as_a_whole(answer: dict[str, Any], difference: tuple[str, ...]) -> None:
    name = "getCdrByRefId" if answer["path"] == LOOK_UP[1] else "GET /other"
    assert differences([answer, {**answer}], SPEC) == [(name, answer["status"], "", *difference)]


def test_a_gateway_s_page_for_a_server_error_does_not_differ() -> None:
    assert differences([exchange(CALL, 502, "no JSON: markup", "text/html")], SPEC) == []


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shapes.json"
    failed = {"method": "GET", "path": LOOK_UP[1], "failure": "ReadTimeout"}
    body = {"JSON": Shaper().of(in_record(rate=5))}
    path.write_text(as_text([exchange(LOOK_UP, 200, body), exchange(LOOK_UP, 404, "empty", "none"), failed]))
    return path


def test_programs_read_each_difference_and_people_how_many_there_are(run: Run, file: Path) -> None:
    assert run("check-recording", str(file)).stderr == "different answers: 2, failures to get one: 1, differences: 2\n"
    ran = run("check-recording", str(file), "--json")
    rate = Difference("getCdrByRefId", 200, "rate", "type", "string", "integer", "page")
    assert ran.lines[0] == {"type": "difference"} | rate._asdict()
    assert (ran.exit_code, len(ran.lines), ran.lines[1]["field"], ran.stderr) == (1, 2, None, "")


BROKEN = [5, [5], [{}], [{"status": 200}], *([exchange(LOOK_UP, 200, body)] for body in ({}, {"JSON": 5}))]


@pytest.mark.parametrize("exchanges", BROKEN)
def test_a_broken_file_is_told_as_such(run: Run, file: Path, exchanges: Any) -> None:
    file.write_text(as_text(exchanges))
    ran = run("check-recording", str(file), "--json")
    assert (ran.exit_code, ran.only("error")["message"]) == (2, f"{file}: is broken")


def test_a_file_cannot_steer_the_terminal(run: Run, file: Path) -> None:
    file.write_text(as_text([exchange(LOOK_UP, 200, {"JSON": {"a\x1b[31m": "b\x07"}})]))
    ran = run("check-recording", str(file))
    assert (ran.exit_code, [letter for letter in "\x1b\x07" if letter in ran.stdout]) == (1, [])


def test_without_the_extra_it_says_what_to_install(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "autocall_otp.sandbox.contract", None)
    ran = run("check-recording", str(file))
    assert ran.exit_code == 2
    assert "pip install 'autocall-otp[sandbox]' (in a checkout: pip install '.[sandbox]')" in ran.stderr
