"""`run`: the code never on the command line, and an exit code that never lies about the phone."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from autocall_otp.sandbox.numbers import NUMBERS
from cli.conftest import CODE, MASKED, NUMBER, Run, start

if TYPE_CHECKING:
    from pathlib import Path

    from autocall_otp.sandbox import Sandbox

pytestmark = pytest.mark.usefixtures("environment")
DIALLED_IN_DOUBT = ["0900000031", "0900000033", "0900000502"]


def test_a_call_is_placed_with_the_code_of_stdin(run: Run, sandbox: Sandbox) -> None:
    ran = run("run", NUMBER, "--code-stdin", "--ref-id", "R1", stdin=f"{CODE}\r\n")
    assert ran.exit_code == 0
    assert "the call is placed" in ran.stdout
    assert MASKED in ran.stdout
    assert "R1" in ran.stderr
    call = sandbox.latest(NUMBER)
    assert call is not None
    assert (call.code_otp, call.ref_id, call.rings) == (CODE, "R1", 1)


def test_the_environment_may_hold_the_code(run: Run, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOCALL_CODE", CODE)
    assert run("run", NUMBER).exit_code == 0
    assert sandbox.calls[0].code_otp == CODE


def test_a_code_is_made_up_and_never_printed(run: Run, sandbox: Sandbox) -> None:
    ran = run("run", NUMBER, "--generate", "--length", "9", "--json", "--wait")
    code = sandbox.calls[0].code_otp
    assert len(code) == 9
    assert code.isdecimal()
    assert code not in ran.stdout + ran.stderr
    assert run("run", NUMBER, "--generate").exit_code == 0
    assert sandbox.calls[1].code_otp != code


def test_without_any_code_it_says_how_to_give_one(run: Run, sandbox: Sandbox) -> None:
    ran = run("run", NUMBER)
    assert ran.exit_code == 2
    assert "--code-stdin or AUTOCALL_CODE" in ran.stderr
    assert run("run", NUMBER, "--code-stdin", "--generate", stdin=CODE).exit_code == 2
    assert run("run", NUMBER, "--code-stdin", stdin="\n").exit_code == 2
    assert run("run", NUMBER, CODE[:2]).exit_code == 2, "a code as an argument is refused"
    assert sandbox.calls == []


def test_waiting_ends_with_the_record(run: Run) -> None:
    ran = run("run", NUMBER, "--code-stdin", "--wait", "--json", stdin=CODE)
    assert ran.exit_code == 0
    assert {line["type"] for line in ran.lines} <= {"placing", "call", "progress", "record"}
    placing, call, record = ran.only("placing"), ran.only("call"), ran.only("record")
    assert placing["ref_id"] == call["ref_id"] == record["ref_id"]
    assert (call["outcome"], record["status"], record["answered"]) == ("PLACED", "answered", True)
    assert record["to_number"] == call["phone_number"] == MASKED
    assert record["additional"]["code_otp"] == "***"
    assert record["time_ended"].endswith("+07:00")


@pytest.mark.parametrize("number", DIALLED_IN_DOUBT)
def test_a_call_in_doubt_has_an_exit_code_of_its_own(run: Run, sandbox: Sandbox, number: str) -> None:
    ran = run("run", number, "--generate", "--json")
    assert ran.exit_code == 3
    error = ran.only("error")
    assert (error["outcome"], error["exit_code"]) == ("UNKNOWN", 3)
    assert sandbox.calls[0].ref_id == error["ref_id"] == ran.only("placing")["ref_id"]
    assert sandbox.calls[0].rings == 1


@pytest.mark.parametrize("number", DIALLED_IN_DOUBT)
def test_waiting_resolves_a_doubt(run: Run, number: str) -> None:
    ran = run("run", number, "--generate", "--json", "--wait")
    assert ran.exit_code == 0
    assert (ran.only("error")["exit_code"], ran.only("record")["status"]) == (3, "answered")


def test_a_doubt_that_no_record_resolves_stays(run: Run) -> None:
    ran = run("run", "0900000500", "--generate", "--json", "--wait", "--timeout", "0.3")
    assert ran.exit_code == 3
    assert [line["error"] for line in ran.lines if line["type"] == "error"] == ["ServerError", "CdrTimeoutError"]


@pytest.mark.parametrize(("number", "error"), [("0900000401", "AuthenticationError"), ("0900000403", "PermissionDen")])
def test_a_refused_call_rings_no_phone(run: Run, number: str, error: str) -> None:
    ran = run("run", number, "--generate", "--json", "--wait")
    assert ran.exit_code == 1
    assert ran.only("error")["error"].startswith(error)
    assert ran.only("error")["outcome"] == "NOT_PLACED"


def test_a_placed_call_without_a_record_is_not_a_failure(run: Run) -> None:
    ran = run("run", "0900000022", "--generate", "--json", "--wait", "--timeout", "0.3")
    assert ran.exit_code == 4
    assert (ran.only("call")["outcome"], ran.only("error")["outcome"]) == ("PLACED", "PLACED")


def test_every_special_number_gives_an_exit_code_that_fits_its_table(run: Run) -> None:
    for number in NUMBERS:
        if number.name in {"answer-stalled", "rate-limited"}:
            continue  # they take seconds; the SDK's own tests have them
        code = run("run", number.phone_number, "--generate").exit_code
        if "NOT_PLACED" in number.outcome:
            assert code == 1, number
        elif "UNKNOWN" in number.outcome and number.name != "no-record":
            assert code == 3, number
        else:
            assert code == 0, number


def test_a_wrong_number_or_reference_is_a_usage_error(run: Run, sandbox: Sandbox) -> None:
    for arguments in (["12"], ["+442079460000"], [NUMBER, "--ref-id", ".."]):
        assert run("run", *arguments, "--generate", "--json").only("error")["exit_code"] == 2
    assert run("run", "+442079460000", "--generate", "--international").exit_code in {0, 1}
    assert len(sandbox.calls) <= 1


@pytest.mark.parametrize("variable", ["AUTOCALL_TOKEN", "AUTOCALL_CAMPAIGN_UUID", "AUTOCALL_TEMPLATE"])
def test_a_missing_setting_says_where_to_set_it(run: Run, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.delenv(variable)
    ran = run("run", NUMBER, "--generate")
    assert ran.exit_code == 5
    assert f"{variable} or" in ran.stderr


def test_a_host_that_does_not_answer_is_a_failure(run: Run) -> None:
    ran = run("run", NUMBER, "--generate", "--host", "http://127.0.0.1:1", "--json")
    assert (ran.exit_code, ran.only("error")["outcome"]) == (1, "NOT_PLACED")


@pytest.mark.skipif(os.name != "posix", reason="signals as a terminal sends them")
def test_ctrl_c_while_the_request_is_under_way_leaves_a_doubt(sandbox: Sandbox) -> None:
    process = start("run", "0900000032", "--generate", "--json", stdout=subprocess.PIPE, text=True)
    assert process.stdout
    with process.stdout as lines:
        placing = lines.readline()
        call = sandbox.wait_for_call("0900000032", timeout=20)
        process.send_signal(signal.SIGINT)
        last = lines.read()
    assert process.wait(20) == 3
    assert call.ref_id in placing
    assert call.ref_id in last
    assert "interrupted: the phone may ring" in last


def test_a_pipe_that_closes_after_the_call_is_no_failure(environment: Path) -> None:
    arguments = ["run", "0900000022", "--generate", "--json", "--wait", "--timeout", "20"]
    errors = environment / "stderr"
    with errors.open("wb") as sink:
        process = start(*arguments, stdout=subprocess.PIPE, stderr=sink)
        assert process.stdout
        with process.stdout as lines:
            lines.readline()
            assert b'"call"' in lines.readline()
        assert process.wait(30) == 4
    assert b"cannot print" in errors.read_bytes()
    assert b"Traceback" not in errors.read_bytes()
