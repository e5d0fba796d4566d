"""`doctor` as a user meets it: ringing a phone, asking for one call twice, recording."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.altered import altered, at

from autocall_otp import AutocallError, Client, OtpCall, Outcome
from autocall_otp._cli import recording
from cli.conftest import CAMPAIGN, CODE, MASKED, NUMBER, SECRETS, TEMPLATE, TOKEN, Run

if TYPE_CHECKING:
    from collections.abc import Callable

    from autocall_otp.sandbox import Sandbox

pytestmark = pytest.mark.usefixtures("environment")
RING = ("--place-call-to", NUMBER)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shapes.json"


def kinds(path: Path) -> list[tuple[str, int | str]]:
    """Method and status, or failure, of each exchange in the file."""
    return [(each["method"], each.get("status") or each["failure"]) for each in recording.read(path)]


class TestRinging:
    """A phone rings when its owner says so, each time."""

    @pytest.mark.parametrize(
        ("more", "answers", "rings"),
        [
            *(([], answers, rings) for answers, rings in (("", 0), ("n\n", 0), ("Yes\n", 1))),
            *((["--twice"], answers, rings) for answers, rings in (("n\n", 0), ("y\nn\n", 1), ("y\ny\ny\n", 2))),
        ],
    )
    def test_it_asks_before_each_ring(
        self, run: Run, sandbox: Sandbox, more: list[str], answers: str, rings: int
    ) -> None:
        ran = run("doctor", *RING, *more, stdin=answers)
        assert (ran.exit_code, f"Ring {MASKED} now? [y/N]" in ran.stderr) == (0, True)
        assert ("the call is placed" in ran.stdout, "NORMAL_CLEARING" in ran.stdout) == (bool(rings), bool(rings))
        assert [(call.ref_id, call.code_otp) for call in sandbox.calls] == rings * [
            (call.ref_id, call.code_otp) for call in sandbox.calls[:1]
        ]

    def test_yes_answers_for_a_script(self, run: Run, sandbox: Sandbox) -> None:
        ran = run("doctor", *RING, "--yes", "--json")
        assert (ran.exit_code, len(sandbox.calls)) == (0, 1)
        assert (ran.only("call")["outcome"], ran.only("record")["status"]) == ("PLACED", "answered")

    def test_no_phone_rings_when_a_check_failed(
        self, run: Run, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("AUTOCALL_TEMPLATE", "AUTOCALL_TOKEN"):
            with monkeypatch.context() as patch:
                patch.setenv(name, "stale") if name.endswith("TOKEN") else patch.delenv(name)
                ran = run("doctor", *RING, "--yes")
            assert (ran.exit_code, "no call is placed: fix what failed first" in ran.stderr) == (1, True)
        assert sandbox.calls == []

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [(["--place-call-to", "12"], "NUMBER: "), (["--twice"], "--twice needs --place-call-to NUMBER")],
    )
    def test_wrong_usage(self, run: Run, sandbox: Sandbox, arguments: list[str], words: str) -> None:
        ran = run("doctor", *arguments, "--yes")
        assert (ran.exit_code, ran.stdout, words in ran.stderr) == (2, "", True)
        assert sandbox.calls == []


class TestTwice:
    """What the service makes of a ref_id that it has had."""

    @pytest.fixture
    def second(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[OtpCall], OtpCall]], None]:
        """Let something else become of the second call."""

        def become(of: Callable[[OtpCall], OtpCall]) -> None:
            calls: list[OtpCall] = []
            real = Client.run_otp

            def run_otp(client: Client, *arguments: Any, **options: Any) -> OtpCall:
                if not calls:
                    calls.append(real(client, *arguments, **options))
                    return calls[0]
                return of(calls[0])

            monkeypatch.setattr(Client, "run_otp", run_otp)

        return become

    @pytest.mark.parametrize(
        ("same", "heard", "words"),
        [
            (True, "y", "dialled again; the call_id is the same"),
            (False, "n", "answered as before, without a second ring; the call_id is another"),
            (False, "--yes", "dialled again; the call_id is another"),
            (True, "--yes", "answered as before, without a second ring; the call_id is the same"),
        ],
    )
    def test_who_holds_the_phone_has_the_last_word(
        self, run: Run, second: Any, *, same: bool, heard: str, words: str
    ) -> None:
        second(lambda first: first if same else OtpCall(call_id="c2", ref_id=first.ref_id))
        more, stdin = (["--yes"], "") if heard == "--yes" else ([], f"y\ny\n{heard}\n")
        ran = run("doctor", *RING, "--twice", *more, "--json", stdin=stdin)
        repeat = ran.all("check")[-1]
        assert (ran.exit_code, repeat["name"], repeat["status"], repeat["detail"]) == (0, "repeat", "ok", words)

    @pytest.mark.parametrize(("refusal", "status", "code"), [(409, "ok", 0), (502, "unknown", 3), (None, "unknown", 3)])
    def test_a_refusal_is_told_from_no_answer(
        self, run: Run, sandbox: Sandbox, refusal: int | None, status: str, code: int
    ) -> None:
        seen: list[int] = []

        def change(reply: Any) -> Any:
            seen.append(1)
            if len(seen) < 2:
                return reply
            return reply.with_json({"error": "ref_id was used"}, status=refusal) if refusal else reply.with_json([])

        with altered(sandbox.url, at("POST", 200, change)) as url:
            ran = run("doctor", *RING, "--twice", "--yes", "--host", url, "--json")
        repeat = ran.all("check")[-1]
        assert (ran.exit_code, repeat["status"]) == (code, status)
        assert repeat["detail"].startswith("refused: " if status == "ok" else "no answer: ")

    def test_an_error_before_anything_was_sent_is_no_refusal(self, run: Run, second: Any) -> None:
        def refuse(_: OtpCall) -> OtpCall:
            raise AutocallError("no connection", outcome=Outcome.NOT_PLACED)

        second(refuse)
        ran = run("doctor", *RING, "--twice", "--yes", "--json")
        assert (ran.exit_code, ran.all("check")[-1]["status"]) == (0, "unknown")

    def test_a_first_call_in_doubt_is_not_asked_for_again(self, run: Run, sandbox: Sandbox) -> None:
        assert run("doctor", "--place-call-to", "0900000031", "--twice", "--yes").exit_code == 0
        assert len(sandbox.calls) == 1


class TestRecording:
    """The file with the shapes of what the service answers."""

    def test_without_more_it_holds_two_look_ups_of_nothing(self, run: Run, sandbox: Sandbox, file: Path) -> None:
        ran = run("doctor", "--record", str(file))
        assert (ran.exit_code, sandbox.calls, kinds(file)) == (0, [], [("GET", 404), ("GET", 401)])
        assert file.read_text() in ran.stdout, "the user reads all of it"
        assert f"{file} holds the lines above" in ran.stderr
        assert os.name != "posix" or stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_a_call_and_its_record_are_in_it_but_no_value(self, run: Run, sandbox: Sandbox, file: Path) -> None:
        ran = run("doctor", "--record", str(file), *RING, "--yes", "--json")
        assert ran.exit_code == 0, ran.stdout
        (call,) = sandbox.calls
        assert {("POST", 200), ("GET", 200)} < set(kinds(file))
        assert ran.only("recording") == {"type": "recording", "path": str(file), "exchanges": recording.read(file)}
        for secret in (*SECRETS, call.code_otp, call.ref_id, call.call_id, CAMPAIGN, TEMPLATE):
            assert secret not in file.read_text()
        assert run("check-recording", str(file)).exit_code == 0

    def test_an_earlier_call_s_record_is_in_it_but_no_value(self, run: Run, sandbox: Sandbox, file: Path) -> None:
        assert run("run", NUMBER, "--code-stdin", "--ref-id", "R1", "--wait", stdin=CODE).exit_code == 0
        ran = run("doctor", "--record", str(file), "--ref-id", "R1")
        assert (ran.exit_code, "ok       look-up     there is a record" in ran.stdout) == (0, True)
        assert kinds(file)[-1] == ("GET", 200)
        assert len(sandbox.calls) == 1
        with Client(sandbox.url, TOKEN) as client:
            raw = client.get_cdr("R1").raw.to_dict()
        values = {value for value in [*raw.values(), *raw["additional"].values()] if isinstance(value, str)}
        told = [value for value in values - {"answered", "autocall"} if len(value) > 4 and value in file.read_text()]
        assert (len(values) > 10, told) == (True, [])

    def test_a_record_that_is_not_there_fails_the_check(self, run: Run, file: Path) -> None:
        ran = run("doctor", "--record", str(file), "--ref-id", "nobody-knows")
        assert (ran.exit_code, "failed   look-up     there is no record" in ran.stdout) == (1, True)
        assert "nobody-knows" not in file.read_text()

    @pytest.mark.parametrize(
        ("number", "code", "seen"),
        [
            ("0900000401", 1, 401),
            ("0900000502", 0, 502),
            ("0900000031", 0, "RemoteProtocolError"),
        ],  # as with `run --wait`
    )
    def test_a_call_that_goes_wrong_is_in_it_too(
        self, run: Run, file: Path, number: str, code: int, seen: int | str
    ) -> None:
        ran = run("doctor", "--record", str(file), "--place-call-to", number, "--yes")
        assert (ran.exit_code, ("POST", seen) in kinds(file)) == (code, True)

    def test_so_is_a_host_that_does_not_answer(self, run: Run, file: Path) -> None:
        assert run("doctor", "--record", str(file), "--host", "http://127.0.0.1:1").exit_code == 1
        assert kinds(file) == [("GET", "ConnectError")]

    def test_nothing_is_sent_before_the_file_has_its_place(self, run: Run, sandbox: Sandbox, file: Path) -> None:
        file.write_text("mine")
        for place in (file, file.parent, file.parent / "nowhere" / "x.json"):
            ran = run("doctor", "--record", str(place), *RING, "--yes", "--json")
            assert (ran.exit_code, [line["type"] for line in ran.lines]) == (2, ["error"])
        assert (file.read_text(), sandbox.calls) == ("mine", [])

    def test_without_a_request_there_is_no_file(self, run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("autocall_otp._cli.doctor.examine", lambda *_: iter(()))
        ran = run("doctor", "--record", str(file))
        assert (ran.exit_code, file.exists(), "no request was sent" in ran.stderr) == (0, False, True)

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
    @pytest.mark.parametrize(("more", "code"), [([], 1), ([*RING, "--yes"], 0)])
    def test_a_disk_that_is_full_changes_nothing_of_what_is_known(
        self, run: Run, file: Path, monkeypatch: pytest.MonkeyPatch, more: list[str], code: int
    ) -> None:
        disk = Path("/dev/full")
        monkeypatch.setattr("autocall_otp._cli.doctor.take_place", lambda _: disk.open("wb", buffering=0))
        ran = run("doctor", "--record", str(file), *more, "--json")
        assert (ran.exit_code, ran.only("error")["exit_code"]) == (code, code)
        assert "cannot be written" in json.dumps(ran.lines[-1])
