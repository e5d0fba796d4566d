"""`doctor` as a user meets it: ringing a phone, asking for one call twice, recording."""

import os
import stat
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from autocall_otp import ApiError, AutocallError, Client, OtpCall, Outcome
from autocall_otp._cli import recording
from autocall_otp.sandbox import Sandbox
from cli.conftest import CAMPAIGN, CODE, MASKED, NUMBER, SECRETS, TEMPLATE, Run

pytestmark = pytest.mark.usefixtures("environment")
RING = ("--place-call-to", NUMBER)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shapes.json"


def kinds(path: Path) -> list[tuple[str, int | str]]:
    """Method and status, or failure, of each exchange in the file."""
    return [(each["method"], each.get("status") or each["failure"]) for each in recording.read(path)]


@pytest.mark.parametrize(
    ("more", "answers", "rings"),
    [([], "", 0), ([], "n\n", 0), ([], "Yes\n", 1), (["--twice"], "y\nn\n", 1), (["--twice"], "y\ny\ny\n", 2)],
)
def test_it_asks_before_each_ring(run: Run, sandbox: Sandbox, more: list[str], answers: str, rings: int) -> None:
    ran = run("doctor", *RING, *more, stdin=answers)
    assert (ran.exit_code, f"Ring {MASKED} now? [y/N]" in ran.stderr) == (0, True)
    assert ("the call is placed" in ran.stdout, "NORMAL_CLEARING" in ran.stdout) == (bool(rings), bool(rings))
    assert len(sandbox.calls) == rings
    assert len({(call.ref_id, call.code_otp) for call in sandbox.calls}) == bool(rings)


def test_no_phone_rings_when_a_check_failed(run: Run, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUTOCALL_TEMPLATE")
    ran = run("doctor", *RING, "--yes")
    assert (ran.exit_code, "no call is placed: fix what failed first" in ran.stderr, sandbox.calls) == (1, True, [])


NO_PLACES = ("{0}", "{0.parent}", "{0.parent}/nowhere/x.json")


@pytest.mark.parametrize(
    "arguments", ["--place-call-to 12", "--twice", "--ref-id ..", *(f"--record {path}" for path in NO_PLACES)]
)
def test_wrong_usage_ends_before_anything_is_sent(run: Run, sandbox: Sandbox, file: Path, arguments: str) -> None:
    file.write_text("mine")
    ran = run("doctor", *arguments.format(file).split(), "--yes", "--json")
    assert (ran.exit_code, [line["type"] for line in ran.lines]) == (2, ["error"])
    assert (file.read_text(), sandbox.requests) == ("mine", [])


OTHER, SAME = OtpCall(call_id="c2", ref_id="R1"), OtpCall(call_id="c1", ref_id="R1")
NO_WORD, EARLIER = "nothing is known of the repeat", (401, 403, 429)


def answered(status: int, outcome: Outcome = Outcome.NOT_PLACED) -> ApiError:
    return ApiError(f"the service answered {status}", outcome=outcome, status_code=status)


@pytest.mark.parametrize(
    ("second", "heard", "code", "status", "words"),
    [
        (SAME, "y\n", 0, "ok", "dialled again; the call_id is the same"),
        (OTHER, "n\n", 0, "ok", "answered as before, without a second ring; the call_id is another"),
        # Where nobody is asked or answers, the call_id decides.
        (OTHER, "", 0, "ok", "dialled again; the call_id is another"),
        (SAME, "", 0, "ok", "answered as before, without a second ring; the call_id is the same"),
        (OTHER, None, 0, "ok", "dialled again; the call_id is another"),
        (SAME, None, 0, "ok", "answered as before, without a second ring; the call_id is the same"),
        *((answered(status), None, 0, "ok", f"refused: the service answered {status}") for status in (400, 409, 422)),
        *((answered(status), None, 0, "unknown", f"{NO_WORD}: the service answered {status}") for status in EARLIER),
        (AutocallError("no connection", outcome=Outcome.NOT_PLACED), None, 0, "unknown", f"{NO_WORD}: no connection"),
        (answered(502, Outcome.UNKNOWN), None, 3, "unknown", "in doubt: the service answered 502"),
        (AutocallError("no answer came", outcome=Outcome.UNKNOWN), None, 3, "unknown", "in doubt: no answer came"),
    ],
)
def test_what_the_service_makes_of_a_ref_id_that_it_has_had(
    run: Run, monkeypatch: pytest.MonkeyPatch, second: Any, heard: str | None, code: int, status: str, words: str
) -> None:
    monkeypatch.setattr(Client, "run_otp", Mock(side_effect=[SAME, second]))
    monkeypatch.setattr("autocall_otp._cli.doctor.follow", lambda *_: None)
    more, stdin = ([], f"y\ny\n{heard}") if heard is not None else (["--yes"], "")
    ran = run("doctor", *RING, "--twice", *more, "--json", stdin=stdin)
    repeat = ran.all("check")[-1]
    assert (ran.exit_code, repeat["name"], repeat["status"], repeat["detail"]) == (code, "repeat", status, words)


def test_a_first_call_in_doubt_is_not_asked_for_again(run: Run, sandbox: Sandbox) -> None:
    assert run("doctor", "--place-call-to", "0900000031", "--twice", "--yes").exit_code == 0
    assert len(sandbox.calls) == 1


def test_a_call_and_its_record_are_in_it_but_no_value(run: Run, sandbox: Sandbox, file: Path) -> None:
    ran = run("doctor", "--record", str(file), *RING, "--yes", "--json")
    (call,) = sandbox.calls
    assert (ran.exit_code, ran.only("call")["outcome"], ran.only("record")["status"]) == (0, "PLACED", "answered")
    assert {("POST", 200), ("GET", 200)} < set(kinds(file))
    assert ran.only("recording") == {"type": "recording", "path": str(file), "exchanges": recording.read(file)}
    for secret in (*SECRETS, call.code_otp, call.ref_id, call.call_id, CAMPAIGN, TEMPLATE):
        assert secret not in file.read_text()
    assert os.name != "posix" or stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run("check-recording", str(file)).exit_code == 0


@pytest.mark.parametrize(
    ("ref_id", "code", "words", "status"),
    [("R1", 0, "ok       look-up     there is a record", 200), ("R2", 1, "failed   look-up     there is no", 404)],
)
def test_the_record_of_an_earlier_call_is_looked_up_too(
    run: Run, sandbox: Sandbox, file: Path, ref_id: str, code: int, words: str, status: int
) -> None:
    assert run("run", NUMBER, "--code-stdin", "--ref-id", "R1", stdin=CODE).exit_code == 0
    ran = run("doctor", "--record", str(file), "--ref-id", ref_id)
    assert (ran.exit_code, words in ran.stdout, len(sandbox.calls)) == (code, True, 1)
    assert ("GET", status) in kinds(file)
    record = sandbox.calls[0].record
    values = {value for value in [*record.values(), *record["additional"].values()] if isinstance(value, str)}
    told = [value for value in values - {"answered", "autocall"} if len(value) > 4 and value in file.read_text()]
    assert (len(values) > 10, told) == (True, [])


@pytest.mark.parametrize(
    ("more", "advice"),
    [
        (["--record", "{}"], "send the recording: its answer is in it"),
        ([], "record it: --record FILE"),
        (["--host", "http://127.0.0.1:1", "--record", "{}"], "fix what failed above, or try again"),
    ],
)
def test_a_recording_is_asked_for_only_where_it_shows_an_answer(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch, more: list[str], advice: str
) -> None:
    monkeypatch.setenv("AUTOCALL_TOKEN", "stale")
    ran = run("doctor", "--ref-id", "R1", *(word.format(file) for word in more), "--json")
    assert (ran.exit_code, ran.all("check")[-1]["name"], ran.all("check")[-1]["advice"]) == (1, "look-up", advice)


@pytest.mark.parametrize(
    ("arguments", "code", "seen"),
    [
        (["--place-call-to", "0900000401", "--yes"], 1, ("POST", 401)),
        (["--place-call-to", "0900000502", "--yes"], 0, ("POST", 502)),  # the code is that of `run --wait`
        (["--place-call-to", "0900000031", "--yes"], 0, ("POST", "RemoteProtocolError")),
        (["--host", "http://127.0.0.1:1"], 1, ("GET", "ConnectError")),
    ],
)
def test_what_goes_wrong_is_in_it_too(
    run: Run, file: Path, arguments: list[str], code: int, seen: tuple[str, int | str]
) -> None:
    assert run("doctor", "--record", str(file), *arguments).exit_code == code
    assert seen in kinds(file)


def test_without_a_request_there_is_no_file(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autocall_otp._cli.doctor.examine", lambda *_: iter(()))
    ran = run("doctor", "--record", str(file))
    assert (ran.exit_code, file.exists(), "no request was sent" in ran.stderr) == (0, False, True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize(("more", "code"), [([], 1), ([*RING, "--yes"], 0)])
def test_a_disk_that_is_full_changes_nothing_of_what_is_known(
    run: Run, monkeypatch: pytest.MonkeyPatch, more: list[str], code: int
) -> None:
    disk = partial(Path("/dev/full").open, "wb", buffering=0)
    monkeypatch.setattr("autocall_otp._cli.doctor.take_place", lambda _: disk())
    ran = run("doctor", "--record", "x.json", *more, "--json")
    error = ran.only("error")
    assert (ran.exit_code, error["exit_code"], "cannot be written" in error["message"]) == (code, code, True)
