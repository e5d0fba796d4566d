"""`run`, to the letter: what it prints for people and for programs, and what the client is asked for."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import pytest

from autocall_otp._client import Client
from autocall_otp._payload import Payload
from autocall_otp.models import OtpCall
from cli.conftest import CODE, MASKED, NUMBER, Run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from autocall_otp.sandbox import Sandbox

REFUSED = "the service answered 401: Unauthorized"
DOUBT = "the phone may ring, so look the call up by its ref_id before asking again"
TOO_LATE = "no finished record within 0.2 s: there is none yet"


def failing(error: BaseException) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def error_line(kind: str, message: str, outcome: str, exit_code: int, **more: object) -> dict[str, object]:
    known = {"ref_id": "R1", "retryable": False, "status_code": None}
    return {"type": "error", "error": kind, "message": message, "outcome": outcome, "exit_code": exit_code} | (
        known | more
    )


@pytest.mark.usefixtures("environment")
class TestPlacing:
    """The call is asked for."""

    def test_people_read_who_is_called_and_how_to_look_it_up(self, run: Run, sandbox: Sandbox) -> None:
        ran = run("run", NUMBER, "--code-stdin", "--ref-id", "R1", stdin=CODE)
        (call,) = sandbox.calls
        facts = f"to        {MASKED}\nref_id    R1\ncall_id   {call.call_id}\n"
        assert ran.stdout == f"the call is placed\n{facts}"
        assert (ran.stderr, ran.exit_code) == (f"calling {MASKED}, ref_id R1\n", 0)

    def test_on_a_terminal_success_is_green(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("NO_COLOR", "COLORTERM"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("TERM", "xterm-256color")
        assert run("run", NUMBER, "--generate").stdout.splitlines()[0] == "\x1b[32mthe call is placed\x1b[0m"

    def test_programs_read_a_line_before_the_call_and_one_after_it(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said = {"call_id": "c1", "lead_uuid": f"l-{NUMBER}", "message": "success"}
        call = OtpCall(ref_id="R1", raw=Payload({}, {NUMBER: MASKED}), **said)
        monkeypatch.setattr(Client, "run_otp", lambda *_, **__: call)
        ran = run("run", NUMBER, "--generate", "--ref-id", "R1", "--json")
        assert ran.lines == [
            {"type": "placing", "ref_id": "R1", "phone_number": MASKED},
            {"type": "call", "phone_number": MASKED, "ref_id": "R1", "outcome": "PLACED"}
            | said
            | {"lead_uuid": f"l-{MASKED}"},
        ]
        assert (ran.stderr, ran.exit_code) == ("", 0)

    def test_no_secret_is_shown_that_the_service_repeats(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        call = OtpCall(call_id=f"c-{CODE}", ref_id="R1", raw=Payload({}, {CODE: "***"}))
        monkeypatch.setattr(Client, "run_otp", lambda *_, **__: call)
        assert run("run", NUMBER, "--generate").stdout.splitlines()[-1] == "call_id   c-***"

    def test_a_reference_is_made_where_none_is_given(self, run: Run, sandbox: Sandbox) -> None:
        first, second = (run("run", NUMBER, "--generate", "--json").only("placing")["ref_id"] for _ in range(2))
        assert len(first) == len(second) == 36
        assert first != second
        assert [call.ref_id for call in sandbox.calls] == [first, second]

    def test_the_service_s_word_on_the_reference_counts(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[str] = []

        def wait(_: Client, ref_id: str, **__: object) -> None:
            asked.append(ref_id)
            raise KeyboardInterrupt

        monkeypatch.setattr(Client, "run_otp", lambda *_, **__: OtpCall(call_id="c1", ref_id="theirs"))
        monkeypatch.setattr(Client, "wait_for_cdr", wait)
        ran = run("run", NUMBER, "--generate", "--ref-id", "mine", "--wait", "--json")
        assert asked == ["theirs"]
        assert ran.only("error")["ref_id"] == "theirs"

    def test_the_client_is_asked_for_what_was_typed(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[tuple[tuple[object, ...], dict[str, object]]] = []

        def place(_: Client, *arguments: object, **options: object) -> OtpCall:
            asked.append((arguments, options))
            return OtpCall(call_id="c1", ref_id="R1")

        monkeypatch.setattr(Client, "run_otp", place)
        for more in ([], ["--international"]):
            assert run("run", NUMBER, "--code-stdin", "--ref-id", "R1", *more, stdin=CODE).exit_code == 0
        assert [arguments for arguments, _ in asked] == [(NUMBER, CODE)] * 2
        assert [options for _, options in asked] == [
            {"ref_id": "R1", "allow_international": False},
            {"ref_id": "R1", "allow_international": True},
        ]

    def test_campaign_template_and_host_may_be_options(
        self, run: Run, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("AUTOCALL_API_HOST", "AUTOCALL_CAMPAIGN_UUID", "AUTOCALL_TEMPLATE"):
            monkeypatch.delenv(name)
        options = ("--host", sandbox.url, "--campaign", "f77dfcf4-0759-4179-93cb-741f481a776e", "--template", "mine")
        assert run("run", NUMBER, "--generate", *options).exit_code == 0
        assert sandbox.calls[0].template == "mine"

    def test_the_settings_file_may_be_an_option(self, run: Run, sandbox: Sandbox, environment: Path) -> None:
        file = environment / "mine.toml"
        file.write_text('template = "filed"')
        options = ("--config", str(file))
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("AUTOCALL_TEMPLATE")
            assert run("run", NUMBER, "--generate", *options).exit_code == 0
        assert sandbox.calls[0].template == "filed"

    @pytest.mark.parametrize(("more", "length"), [([], 6), (["--length", "4"], 4), (["--length", "12"], 12)])
    def test_a_code_that_is_made_up_has_so_many_digits(
        self, run: Run, sandbox: Sandbox, more: list[str], length: int
    ) -> None:
        assert run("run", NUMBER, "--generate", *more).exit_code == 0
        assert len(sandbox.calls[0].code_otp) == length

    @pytest.mark.parametrize("length", ["3", "13"])
    def test_a_code_that_is_made_up_has_4_to_12_digits(self, run: Run, sandbox: Sandbox, length: str) -> None:
        ran = run("run", NUMBER, "--generate", "--length", length)
        assert (ran.exit_code, ran.stderr.endswith(f": {length} is not in the range 4<=x<=12.\n")) == (2, True)
        assert sandbox.calls == []

    @pytest.mark.parametrize(
        ("number", "more", "code", "words"),
        [
            (NUMBER, [], "x" * 65, "code_otp: must have 1 to 64 characters"),
            (NUMBER, [], "a\x1bb", "code_otp: must be printable, without control characters"),
            (NUMBER, ["--ref-id", ""], CODE, "ref_id: must be a non-empty text"),
            ("+442079460000", [], CODE, "phone_number: is of another country; allow_international=True permits it"),
        ],
    )
    def test_what_cannot_be_used_is_refused_before_anybody_is_called(
        self, run: Run, number: str, more: list[str], code: str, words: str
    ) -> None:
        ran = run("run", number, "--code-stdin", *more, stdin=code)
        assert (ran.exit_code, ran.stdout, ran.stderr) == (2, "", f"autocall-otp: {words}\n")


@pytest.mark.usefixtures("environment")
class TestFailing:
    """The call fails, or may have failed."""

    @pytest.mark.parametrize(
        ("number", "code", "kind", "words", "outcome", "status"),
        [
            ("0900000401", 1, "AuthenticationError", REFUSED, "NOT_PLACED", 401),
            ("0900000502", 3, "ServerError", f"the service answered 502; {DOUBT}", "UNKNOWN", 502),
        ],
    )
    def test_an_error_says_what_is_known_of_the_phone(
        self, run: Run, number: str, code: int, kind: str, words: str, outcome: str, status: int
    ) -> None:
        ran = run("run", number, "--generate", "--ref-id", "R1", "--json")
        assert ran.lines[1:] == [error_line(kind, words, outcome, code, status_code=status)]
        assert ran.exit_code == code
        ran = run("run", number, "--generate", "--ref-id", "R1")
        calling = f"calling {number[:4]}***{number[-3:]}, ref_id R1\n"
        assert (ran.stdout, ran.stderr, ran.exit_code) == ("", f"{calling}autocall-otp: {words}\n", code)

    def test_ctrl_c_while_it_is_asked_for_leaves_a_doubt(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Client, "run_otp", failing(KeyboardInterrupt()))
        advice = "interrupted: the phone may ring; look it up: autocall-otp wait R1"
        ran = run("run", NUMBER, "--generate", "--ref-id", "R1", "--json", "--wait")
        assert ran.lines[1:] == [error_line("MAY_HAVE_RUNG", advice, "UNKNOWN", 3)]
        assert ran.exit_code == 3
        ran = run("run", NUMBER, "--generate", "--ref-id", "R1")
        assert (ran.stdout, ran.exit_code) == ("", 3)
        assert ran.stderr == f"calling {MASKED}, ref_id R1\nautocall-otp: {advice}\n"

    @pytest.mark.parametrize(("reference", "pasted"), [("order 42", "'order 42'"), ("-42", "-- -42"), ("a;b", "'a;b'")])
    def test_the_command_that_looks_it_up_can_be_pasted_as_it_stands(
        self, run: Run, monkeypatch: pytest.MonkeyPatch, reference: str, pasted: str
    ) -> None:
        monkeypatch.setattr(Client, "run_otp", failing(KeyboardInterrupt()))
        ran = run("run", NUMBER, "--generate", f"--ref-id={reference}")
        assert ran.stderr.splitlines()[-1].endswith(f"look it up: autocall-otp wait {pasted}")
        assert run("wait", "--timeout", "0.1", *shlex.split(pasted)).exit_code == 4

    def test_ctrl_c_before_it_is_asked_for_leaves_none(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("autocall_otp._cli.run.read_code", failing(KeyboardInterrupt()))
        ran = run("run", NUMBER)
        assert (ran.stdout, ran.stderr, ran.exit_code) == ("", "autocall-otp: interrupted\n", 130)

    def test_what_breaks_while_it_is_asked_for_leaves_a_doubt(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Client, "run_otp", failing(RuntimeError(CODE)))
        ran = run("run", NUMBER, "--generate", "--ref-id", "R1")
        assert (ran.stdout, ran.exit_code) == ("", 3)
        assert ran.stderr == f"calling {MASKED}, ref_id R1\nautocall-otp: RuntimeError, a bug in this command\n"


@pytest.mark.usefixtures("environment")
class TestWaiting:
    """The record of the call is waited for."""

    def test_it_ends_with_the_record(self, run: Run, sandbox: Sandbox) -> None:
        ran = run("run", NUMBER, "--generate", "--ref-id", "R1", "--wait")
        assert ran.stdout.splitlines()[4:6] == ["status    answered", "answered  yes"]
        assert ran.stdout.splitlines()[-2:] == ["ref_id    R1", f"call_id   {sandbox.calls[0].call_id}"]
        assert (ran.stderr, ran.exit_code) == (f"calling {MASKED}, ref_id R1\n", 0)
        assert len(ran.stdout.splitlines()) == 16

    @pytest.mark.parametrize(("more", "timeout"), [([], 120.0), (["--timeout", "0.1"], 0.1)])
    def test_it_waits_as_long_as_it_is_told(
        self, run: Run, monkeypatch: pytest.MonkeyPatch, more: list[str], timeout: float
    ) -> None:
        waits: list[object] = []

        def wait(_: Client, __: str, *, timeout: float, **___: object) -> None:
            waits.append(timeout)
            raise KeyboardInterrupt

        monkeypatch.setattr(Client, "wait_for_cdr", wait)
        assert run("run", NUMBER, "--generate", "--wait", *more).exit_code == 4
        assert waits == [timeout]
        assert run("run", NUMBER, "--generate", *more).exit_code == 0
        assert waits == [timeout], "without --wait there is no wait"

    @pytest.mark.parametrize(("number", "code", "outcome"), [("0900000022", 4, "PLACED"), ("0900000500", 3, "UNKNOWN")])
    def test_without_a_record_the_call_stays_what_it_was(self, run: Run, number: str, code: int, outcome: str) -> None:
        arguments = ("run", number, "--generate", "--ref-id", "R1", "--wait", "--timeout", "0.2")
        ran = run(*arguments, "--json")
        assert ran.lines[-1] == error_line("CdrTimeoutError", TOO_LATE, outcome, code, retryable=True)
        assert ran.exit_code == code
        ran = run(*arguments)
        assert (ran.stderr.splitlines()[-1], ran.exit_code) == (f"autocall-otp: {TOO_LATE}", code)

    @pytest.mark.parametrize(
        ("number", "code", "name", "outcome"),
        [(NUMBER, 4, "NO_RECORD", "PLACED"), ("0900000500", 3, "MAY_HAVE_RUNG", "UNKNOWN")],
    )
    def test_ctrl_c_ends_the_wait_alone(
        self, run: Run, monkeypatch: pytest.MonkeyPatch, number: str, code: int, name: str, outcome: str
    ) -> None:
        monkeypatch.setattr(Client, "wait_for_cdr", failing(KeyboardInterrupt()))
        advice = "no longer waiting; go on with: autocall-otp wait R1"
        arguments = ("run", number, "--generate", "--ref-id", "R1", "--wait")
        ran = run(*arguments, "--json")
        assert (ran.lines[-1], ran.exit_code) == (error_line(name, advice, outcome, code), code)
        ran = run(*arguments)
        assert (ran.stderr.splitlines()[-1], ran.exit_code) == (f"autocall-otp: {advice}", code)

    @pytest.mark.parametrize(("number", "code"), [(NUMBER, 4), ("0900000500", 3)])
    def test_what_breaks_in_the_wait_makes_no_call_fail(
        self, run: Run, monkeypatch: pytest.MonkeyPatch, number: str, code: int
    ) -> None:
        monkeypatch.setattr(Client, "wait_for_cdr", failing(RuntimeError()))
        ran = run("run", number, "--generate", "--wait")
        assert ran.exit_code == code
        assert ran.stderr.splitlines()[-1] == "autocall-otp: RuntimeError, a bug in this command"


def test_settings_are_asked_for_one_after_the_other(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything else: the number and the reference here cannot be used, either."""
    assert home.is_dir()
    names = {
        "host": ("AUTOCALL_API_HOST", "--host"),
        "token": ("AUTOCALL_TOKEN", None),
        "campaign_uuid": ("AUTOCALL_CAMPAIGN_UUID", "--campaign"),
        "template": ("AUTOCALL_TEMPLATE", "--template"),
    }
    for name, (variable, option) in names.items():
        ways = f"{option} or {variable}" if option else variable
        ran = run("run", "12", "--ref-id", "..")
        assert ran.stderr == f"autocall-otp: {name}: is not set; set {ways} or {name} in the settings file\n"
        assert (ran.stdout, ran.exit_code) == ("", 5)
        monkeypatch.setenv(variable, "x")
    assert run("run", "12").stderr == (
        "autocall-otp: phone_number: must be a Vietnamese number: 0…, 84… or +84… with 8 to 10 digits after it\n"
    )
