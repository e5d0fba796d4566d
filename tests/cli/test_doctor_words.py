"""`doctor` to the letter: what it prints, what it refuses, and how it ends, whatever the checks find."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

import pytest

from autocall_otp._cli import doctor
from autocall_otp._cli.checks import Check
from autocall_otp._cli.recording import files
from autocall_otp._errors import NotFoundError
from cli.conftest import NUMBER, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from autocall_otp._cli.settings import Settings
    from autocall_otp.sandbox import Sandbox

CAMPAIGN, TEMPLATE = "f77dfcf4-0759-4179-93cb-741f481a776e", "otp_script_01"
GOOD, BAD = Check("token", "ok", "accepted"), Check("name", "failed", "no such host", "check the host")
UNREACHED = Check("clock", "skipped", "the host was not reached")
REFUSED = {"outcome": None, "ref_id": None, "retryable": False, "status_code": None}
Found = list["Settings"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shapes.json"


@pytest.fixture
def find(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Found]:
    """Let the checks find this, without a look at anything; gives the settings that they are told."""

    def finding(*results: Check) -> Found:
        told: Found = []

        def examine(found: Settings) -> Iterable[Check]:
            told.append(found)
            return results

        monkeypatch.setattr(doctor, "examine", examine)
        return told

    return finding


@pytest.fixture
def _settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host where nobody listens, and a token."""
    assert home
    monkeypatch.setenv("AUTOCALL_API_HOST", "http://127.0.0.1:1")
    monkeypatch.setenv("AUTOCALL_TOKEN", "s4ndbox-t0ken")


@pytest.fixture
def _coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "COLORTERM", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.mark.usefixtures("_settings")
def test_people_read_a_line_for_each_check_and_what_to_do_below_it(run: Run, find: Callable[..., Found]) -> None:
    find(GOOD, BAD, UNREACHED, Check("odd", "failed", "red \x1b[31m", "do\nthis"))
    ran = run("doctor")
    assert (ran.exit_code, ran.stderr) == (1, "")
    assert ran.stdout.splitlines() == [
        "ok       token       accepted",
        "failed   name        no such host",
        "                     check the host",
        "skipped  clock       the host was not reached",
        "failed   odd         red \ufffd[31m",
        "                     do\ufffdthis",
    ]


@pytest.mark.usefixtures("_settings", "_coloured")
def test_colours_tell_good_from_bad(run: Run, find: Callable[..., Found]) -> None:
    find(GOOD, BAD, UNREACHED)
    assert run("doctor").stdout.splitlines() == [
        "\x1b[32mok     \x1b[0m  token       accepted",
        "\x1b[1;31mfailed \x1b[0m  name        no such host",
        "\x1b[1m                     check the host\x1b[0m",
        "\x1b[33mskipped\x1b[0m  clock       the host was not reached",
    ]


@pytest.mark.usefixtures("_settings")
def test_programs_read_an_object_for_each_check(run: Run, find: Callable[..., Found]) -> None:
    find(GOOD, BAD)
    ran = run("doctor", "--json")
    assert (ran.exit_code, ran.stderr) == (1, "")
    assert ran.lines == [
        {"type": "check", "name": "token", "status": "ok", "detail": "accepted", "advice": None},
        {"type": "check", "name": "name", "status": "failed", "detail": "no such host", "advice": "check the host"},
    ]


@pytest.mark.usefixtures("_settings")
@pytest.mark.parametrize(
    ("results", "code"),
    [
        ([GOOD], 0),
        ([GOOD, UNREACHED], 0),
        ([UNREACHED], 0),
        ([BAD, GOOD], 1),
        ([GOOD, BAD, UNREACHED], 1),
        ([BAD, BAD], 1),
    ],
)
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_one_check_that_fails_is_enough(
    run: Run, find: Callable[..., Found], results: list[Check], code: int, more: list[str]
) -> None:
    find(*results)
    assert run("doctor", *more).exit_code == code


@pytest.mark.usefixtures("_settings")
def test_the_checks_are_told_every_setting(run: Run, find: Callable[..., Found], tmp_path: Path) -> None:
    config = tmp_path / "another.toml"
    config.write_text('template = "from the file"')
    told = find(GOOD)
    run("doctor", "--config", str(config))
    run("doctor", "--host", "api.example.vn", "--campaign", CAMPAIGN, "--template", TEMPLATE)
    from_file, from_options = told
    assert (from_file.path, from_file["template"], from_file["host"]) == (config, "from the file", "http://127.0.0.1:1")
    assert [from_options[name] for name in ("host", "campaign_uuid", "template")] == [
        "api.example.vn",
        CAMPAIGN,
        TEMPLATE,
    ]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ("AUTOCALL_TOKEN", "host: is not set; set --host or AUTOCALL_API_HOST or host in the settings file"),
        ("AUTOCALL_API_HOST", "token: is not set; set AUTOCALL_TOKEN or token in the settings file"),
    ],
)
def test_without_host_or_token_nothing_is_looked_at(
    run: Run, find: Callable[..., Found], monkeypatch: pytest.MonkeyPatch, variable: str, message: str
) -> None:
    told = find(GOOD)
    monkeypatch.setenv(variable, "api.example.vn")
    ran = run("doctor")
    assert (ran.exit_code, ran.stdout, ran.stderr, told) == (5, "", f"autocall-otp: {message}\n", [])
    (line,) = run("doctor", "--json").lines
    assert (line["error"], line["message"], line["exit_code"]) == ("ConfigurationError", message, 5)


@pytest.mark.usefixtures("_settings")
@pytest.mark.parametrize("more", [["--ref-id", "R1"], ["--place-call-to", NUMBER], ["--force"]])
def test_what_goes_with_a_recording_is_refused_without_one(
    run: Run, find: Callable[..., Found], more: list[str]
) -> None:
    message = "--ref-id, --place-call-to and --force need --record FILE"
    told = find(GOOD)
    ran = run("doctor", *more)
    assert (ran.exit_code, ran.stdout, ran.stderr) == (2, "", f"autocall-otp: {message}\n")
    ran = run("doctor", *more, "--json")
    assert ran.lines == [{"type": "error", "error": "USAGE", "message": message, "exit_code": 2} | REFUSED]
    assert told == []


@pytest.mark.usefixtures("_settings")
@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (["--ref-id", ".."], 2, "ref_id: must not be '.' or '..', which walk out of the URL's path"),
        (
            ["--place-call-to", NUMBER, "--template", TEMPLATE],
            5,
            "campaign_uuid: is not set; set --campaign or AUTOCALL_CAMPAIGN_UUID or campaign_uuid in the settings file",
        ),
        (
            ["--place-call-to", NUMBER, "--campaign", CAMPAIGN],
            5,
            "template: is not set; set --template or AUTOCALL_TEMPLATE or template in the settings file",
        ),
        (
            ["--place-call-to", "12", "--campaign", CAMPAIGN, "--template", TEMPLATE],
            2,
            "phone_number: must be a Vietnamese number: 0…, 84… or +84… with 8 to 10 digits after it",
        ),
        (
            ["--place-call-to", "+442079460000", "--campaign", CAMPAIGN, "--template", TEMPLATE],
            2,
            "phone_number: is of another country; allow_international=True permits it",
        ),
    ],
)
def test_what_cannot_be_recorded_is_refused_before_anything_is_looked_at(
    run: Run, find: Callable[..., Found], file: Path, more: list[str], code: int, message: str
) -> None:
    told = find(GOOD)
    ran = run("doctor", "--record", str(file), *more)
    assert (ran.exit_code, ran.stdout, ran.stderr) == (code, "", f"autocall-otp: {message}\n")
    assert (told, file.exists()) == ([], False)


@pytest.mark.usefixtures("_settings")
def test_a_file_that_is_there_is_kept(run: Run, find: Callable[..., Found], file: Path) -> None:
    file.write_text("mine")
    told = find(GOOD)
    message = f"{file}: is there already; --force replaces it"
    ran = run("doctor", "--record", str(file))
    assert (ran.exit_code, ran.stdout, ran.stderr) == (2, "", f"autocall-otp: {message}\n")
    ran = run("doctor", "--record", str(file), "--json")
    assert ran.lines == [{"type": "error", "error": "USAGE", "message": message, "exit_code": 2} | REFUSED]
    assert (told, file.read_text()) == ([], "mine")


@pytest.mark.usefixtures("_settings", "_coloured")
def test_a_recording_of_nothing_is_not_written(run: Run, find: Callable[..., Found], file: Path) -> None:
    find(BAD)
    ran = run("doctor", "--record", str(file))
    assert (ran.exit_code, file.exists()) == (1, False)
    assert ran.stderr == f"\x1b[33m{file} is not written: no request was sent\x1b[0m\n", "and no word about a call"
    assert run("doctor", "--record", str(file), "--json").stderr == ""


@pytest.mark.usefixtures("_settings")
@pytest.mark.parametrize(
    ("result", "looked_up", "code"), [(GOOD, GOOD, 0), (GOOD, BAD, 1), (BAD, GOOD, 1), (BAD, BAD, 1)]
)
def test_an_earlier_call_is_looked_up_whatever_the_checks_found(
    run: Run,
    find: Callable[..., Found],
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    result: Check,
    looked_up: Check,
    code: int,
) -> None:
    asked: list[Any] = []
    told = find(result)
    monkeypatch.setattr(doctor, "look_up", lambda *given: asked.append(given) or looked_up)
    ran = run("doctor", "--record", str(file), "--ref-id", "R1", "--json")
    assert (ran.exit_code, [line["name"] for line in ran.lines]) == (code, [result.name, looked_up.name])
    assert asked == [(told[0], "R1")]


@pytest.mark.usefixtures("environment", "_coloured")
def test_no_phone_rings_where_a_check_failed(
    run: Run, find: Callable[..., Found], sandbox: Sandbox, file: Path
) -> None:
    find(BAD)
    ran = run("doctor", "--record", str(file), "--place-call-to", NUMBER)
    assert (ran.exit_code, sandbox.calls) == (1, [])
    assert ran.stderr.splitlines() == [
        "\x1b[33mno call is placed: mend what failed first\x1b[0m",
        f"\x1b[33m{file} is not written: no request was sent\x1b[0m",
    ]


@pytest.mark.usefixtures("environment")
def test_the_user_reads_the_file_and_what_it_holds(run: Run, file: Path) -> None:
    ran = run("doctor", "--record", str(file))
    head, brace, text = ran.stdout.partition("{\n")
    assert (ran.exit_code, brace + text) == (0, file.read_text())
    assert [line.split()[:2] for line in head.splitlines()] == [
        ["ok", name] for name in ("versions", "name", "connection", "clock", "token")
    ]
    assert ran.stderr == (
        f"{file} holds the lines above: no value, but names of fields. Read them before you send it.\n"
    )


@pytest.mark.usefixtures("environment")
def test_a_call_is_announced_placed_and_followed(
    run: Run, find: Callable[..., Found], sandbox: Sandbox, file: Path
) -> None:
    find(GOOD)
    ran = run("doctor", "--record", str(file), "--place-call-to", NUMBER, "--json")
    assert (ran.exit_code, ran.stderr) == (0, "")
    (call,) = sandbox.calls
    kinds = [line["type"] for line in ran.lines if line["type"] != "progress"]
    assert kinds == ["check", "placing", "call", "record", "recording"]
    assert ran.only("placing")["ref_id"] == ran.only("record")["ref_id"] == call.ref_id
    exchanges = json.loads(file.read_text())["exchanges"]
    assert ran.only("recording") == {"type": "recording", "path": str(file), "exchanges": exchanges}


@pytest.mark.usefixtures("_settings")
def test_a_call_reads_six_digits_to_a_phone_of_this_country_and_is_followed_for_two_minutes(
    run: Run, find: Callable[..., Found], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed: list[Any] = []
    find(GOOD)
    monkeypatch.setattr(doctor, "ring", lambda _out, _client, *given, **more: placed.append((given, more)))
    arguments = ["--place-call-to", NUMBER, "--campaign", CAMPAIGN, "--template", TEMPLATE]
    assert run("doctor", "--record", str(file), *arguments).exit_code == 0
    (((number, code, reference), more),) = placed
    assert (number, more) == (NUMBER, {"international": False, "wait": 120.0})
    assert re.fullmatch("[0-9]{6}", code)
    assert reference not in {"", None}


def looks_up_nothing(found: Settings) -> Iterable[Check]:
    """One request, so that there is something to write."""
    with found.client() as client, pytest.raises(NotFoundError):
        client.get_cdr("nobody-knows")
    yield GOOD


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(("more", "code"), [([], 1), (["--place-call-to", NUMBER], 3)])
def test_a_file_that_cannot_be_finished_is_told(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch, more: list[str], code: int
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(doctor, "examine", looks_up_nothing)
    monkeypatch.setattr(os, "fsync", full)
    ran = run("doctor", "--record", str(file), *more)
    message = f"{file}: cannot be written: No space left on device"
    assert (ran.exit_code, ran.stderr.splitlines()[-1]) == (code, f"autocall-otp: {message}")
    ran = run("doctor", "--record", str(file), *more, "--json")
    assert (
        ran.only("error")
        == {
            "type": "error",
            "error": {1: "FAILED", 3: "MAY_HAVE_RUNG"}[code],
            "message": message,
            "exit_code": code,
        }
        | REFUSED
    )


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(("more", "code"), [([], 1), (["--place-call-to", NUMBER], 3)])
def test_a_bug_in_the_writing_does_not_hide_that_a_phone_rang(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch, more: list[str], code: int
) -> None:
    def broken(*_: object) -> str:
        raise RuntimeError(NUMBER)

    monkeypatch.setattr(doctor, "examine", looks_up_nothing)
    monkeypatch.setattr(files.Target, "save", broken)
    ran = run("doctor", "--record", str(file), *more)
    assert (ran.exit_code, file.exists()) == (code, False)
    assert ran.stderr.splitlines()[-1] == "autocall-otp: RuntimeError, a bug in this command"
