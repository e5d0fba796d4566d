"""docs/cli.md: each example is run and prints what the page shows; its tables are complete."""

import json
import os
import re
import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.responses import HTMLResponse

from autocall_otp._cli import sandbox as command
from autocall_otp._cli.exits import Exit
from autocall_otp._cli.output import Output
from autocall_otp.sandbox import Sandbox, calls, endpoints
from autocall_otp.sandbox.embedded import DEFAULT_TOKEN
from cli.conftest import NUMBER, Run

pytestmark = [pytest.mark.dev, pytest.mark.skipif(os.name != "posix", reason="the examples are a shell's")]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "cli.md"
TEXT = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""  # beside the wheel there are no docs
EXAMPLES: list[tuple[str, str]] = re.findall(r"^```console\n\$ (.*)\n((?:.*\n)*?)```$", TEXT, re.MULTILINE)
# What differs from run to run, and what stands in its place.
VARYING = {
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}": "UUID",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d": "TIME",
    r"http://127\.0\.0\.1:\d+": "URL",
    r"(versions    ).*": "VERSIONS",
    r"settings file: .*": "FILE",
    r"\S+/shapes.json": "RECORDING",
    r"autocall-otp \d[\w.]*": "VERSION",
}


def steady(text: str) -> str:
    for pattern, name in VARYING.items():
        text = re.sub(pattern, name, text)
    return text


def test_there_is_an_example_of_each_command() -> None:
    commands = {name for command, _ in EXAMPLES for name in re.findall(r"autocall-otp ([\w-]+)", command)}
    assert commands == {"run", "cdr", "wait", "doctor", "config", "check-recording"}


@pytest.mark.parametrize(("command", "shown"), EXAMPLES, ids=[command for command, _ in EXAMPLES])
def test_an_example_prints_what_the_page_shows(run: Run, environment: Path, command: str, shown: str) -> None:
    """Run as a shell would: the examples have variables, text for stdin, and output that is thrown away."""
    printed = ""
    for line in command.replace("~", str(environment)).split(";"):
        echoed, _, words = line.rpartition("|")
        variables, _, arguments = words.partition("autocall-otp ")
        arguments, thrown_away, _ = arguments.partition(" > /dev/null 2>&1")
        env = dict(word.split("=") for word in variables.split())
        ran = run(*shlex.split(arguments), stdin=echoed.removeprefix("echo ").strip(), **env)
        printed += "" if thrown_away else ran.output
    assert steady(printed) == steady(shown)


def test_every_exit_code_is_in_the_table() -> None:
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE)] == list(Exit)


def test_the_example_of_json_is_json() -> None:
    (shown,) = [shown for command, shown in EXAMPLES if "--json" in command]
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| (.*) \|$", TEXT, re.MULTILINE))
    for line in shown.splitlines():
        values = json.loads(line)
        assert set(re.findall(r"`(\w+)`", rows[values.pop("type")])) == set(values)


@pytest.mark.usefixtures("environment")
def test_the_differences_that_the_page_shows_are_found(
    run: Run, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shown,) = re.findall(r"^```text\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    record, changed = calls.record, {"rate": 5, "time_started": "2023-03-07T10:06:53+07:00"}
    monkeypatch.setattr(calls, "record", lambda call: record(call) | changed)
    refusal, gateway = endpoints.refusal, HTMLResponse("<html>", 401)
    monkeypatch.setattr(
        endpoints, "refusal", lambda status, *more: gateway if status == 401 else refusal(status, *more)
    )
    file = str(tmp_path / "shapes.json")
    doctor = ("doctor", "--record", file, "--host", sandbox.url, "--place-call-to", NUMBER, "--yes")
    assert run(*doctor).exit_code == 0
    ran = run("check-recording", file)
    assert (ran.exit_code, ran.stdout) == (1, shown)


def test_the_sandbox_greets_as_its_pages_show(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_this_command", lambda: "autocall-otp")
    command._greet(Output(as_json=False), SimpleNamespace(url="http://127.0.0.1:8025", token=DEFAULT_TOKEN))
    greeting = capsys.readouterr().out.rstrip()
    for page_ in ("sandbox.md", "vi/sandbox.md"):
        assert greeting in (PAGE.parent / page_).read_text(encoding="utf-8")


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("look_up", ["cdr", "wait"])
def test_no_look_up_permits_another_call(run: Run, look_up: str) -> None:
    assert "| after `run` and `doctor --place-call-to`: may you place the call again? |" in TEXT
    (codes,) = re.findall(r"After ([\d, and]+), what `run` said stays as it was", TEXT)
    assert run("run", "0900000502", "--generate", "--ref-id", "R1").exit_code == Exit.MAY_HAVE_RUNG
    ends = [run(look_up, "R1", AUTOCALL_TOKEN="stale"), run(look_up), run(look_up, "R1", AUTOCALL_API_HOST="")]
    assert [ran.exit_code for ran in ends] == [int(code) for code in re.findall(r"\d+", codes)][:3]
