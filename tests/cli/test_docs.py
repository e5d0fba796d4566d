"""docs/cli.md: each example is run and prints what the page shows; its tables are complete."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from autocall_otp._cli.exits import Exit
from autocall_otp.sandbox import Sandbox

pytestmark = [pytest.mark.dev, pytest.mark.skipif(os.name != "posix", reason="the examples are a shell's")]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "cli.md"
TEXT = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""  # beside the wheel there are no docs
EXAMPLES: list[tuple[str, str]] = re.findall(r"^```console\n\$ (.*)\n((?:.*\n)*?)```$", TEXT, re.MULTILINE)
# What differs from run to run, and what stands in its place.
VARYING = (
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "TIME"),
    (r"http://127\.0\.0\.1:\d+", "URL"),
    (r"(versions    ).*", "VERSIONS"),
    (r"settings file: .*", "FILE"),
)


def steady(text: str) -> str:
    for pattern, name in VARYING:
        text = re.sub(pattern, name, text)
    return text


def test_there_is_an_example_of_each_command() -> None:
    commands = [re.search(r"autocall-otp (\w+)", command) for command, _ in EXAMPLES]
    assert {found[1] for found in commands if found} == {"run", "cdr", "wait", "doctor", "config"}


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(("command", "shown"), EXAMPLES, ids=[command for command, _ in EXAMPLES])
def test_an_example_prints_what_the_page_shows(command: str, shown: str, sandbox: Sandbox) -> None:
    assert os.environ["AUTOCALL_API_HOST"] == sandbox.url
    env = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=env | {"PYTHONUNBUFFERED": "1"},
        timeout=40,
    )
    assert steady(done.stdout) == steady(shown)


def test_every_exit_code_is_in_the_table() -> None:
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE)] == list(Exit)


def test_the_example_of_json_is_json() -> None:
    (shown,) = [shown for command, shown in EXAMPLES if "--json" in command]
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| (.*) \|$", TEXT, re.MULTILINE))
    for line in shown.splitlines():
        values = json.loads(line)
        assert set(re.findall(r"`(\w+)`", rows[values.pop("type")])) == set(values)
