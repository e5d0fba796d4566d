"""`cdr` and `wait`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from autocall_otp import Cdr, Client
from cli.conftest import CAMPAIGN, CODE, MASKED, NUMBER, TEMPLATE, TOKEN, Run

if TYPE_CHECKING:
    from pathlib import Path

    from autocall_otp.sandbox import Sandbox

pytestmark = pytest.mark.usefixtures("environment")
each_command = pytest.mark.parametrize("command", ["cdr", "wait"])


@pytest.fixture
def ended(sandbox: Sandbox) -> str:
    """The reference of a call that is over."""
    with Client(sandbox.url, TOKEN, campaign_uuid=CAMPAIGN, template=TEMPLATE) as client:
        client.run_otp(NUMBER, CODE, ref_id="R1")
    sandbox.advance(60)
    return "R1"


@each_command
def test_people_read_a_few_facts_and_programs_every_field(run: Run, ended: str, command: str) -> None:
    ran = run(command, ended)
    assert (ran.exit_code, ran.stderr) == (0, "")
    facts = dict(line.split(maxsplit=1) for line in ran.stdout.splitlines() if not line.startswith("picked up"))
    assert list(facts) == [
        *("status", "answered", "duration", "talk", "cause", "to", "from", "started", "ended", "ref_id", "call_id")
    ]
    assert (facts["status"], facts["to"], facts["ref_id"]) == ("answered", MASKED, "R1")
    ran = run(command, ended, "--json")
    record = ran.only("record")
    assert (ran.exit_code, ran.stderr, record["ref_id"], record["id"]) == (0, "", "R1", facts["call_id"])
    assert (record["status"], record["to_number"], record["billsec"]) == ("answered", MASKED, 8)
    assert record["additional"]["code_otp"] == "***"


def test_no_record_has_an_exit_code_of_its_own_and_a_failed_look_up_another(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = run("cdr", "nobody-knows", "--json")
    assert (ran.exit_code, ran.only("error")["status_code"]) == (4, 404)
    ran = run("wait", "nobody-knows", "--timeout", "0.2")
    assert (ran.exit_code, "no finished record within 0.2 s" in ran.stderr) == (4, True)
    ran = run("cdr", "..")
    assert (ran.exit_code, "REF_ID: must not be" in ran.stderr) == (2, True)
    monkeypatch.setenv("AUTOCALL_TOKEN", "wrong")
    assert run("cdr", "r1").exit_code == 1
    assert run("wait", "r1", "--json").only("error")["error"] == "AuthenticationError"


@each_command
def test_host_and_file_may_be_given_as_options(
    run: Run, ended: str, sandbox: Sandbox, environment: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("AUTOCALL_API_HOST", "http://127.0.0.1:1")
    assert run(command, ended, "--host", sandbox.url).exit_code == 0
    monkeypatch.delenv("AUTOCALL_API_HOST")
    file = environment / "mine.toml"
    file.write_text(f'host = "{sandbox.url}"', encoding="utf-8")
    assert run(command, ended, "--config", str(file)).exit_code == 0
    ran = run(command, ended)
    assert (ran.exit_code, "set --host or AUTOCALL_API_HOST or host in the settings file" in ran.stderr) == (5, True)


def test_a_wait_takes_two_minutes_unless_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    monkeypatch.setattr(Client, "wait_for_cdr", lambda *_, timeout: asked.append(timeout) or Cdr())
    codes = [run("wait", "R1", *more).exit_code for more in ((), ("--timeout", "0.1"), ("--timeout", "0.09"))]
    assert (codes, asked) == ([0, 0, 2], [120.0, 0.1])
