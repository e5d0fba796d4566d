"""Options, then the environment, then the file; a file that others may read keeps no token."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autocall_otp.sandbox import Sandbox
from cli.conftest import Run

FILE = """
host = "{url}"
token = "s4ndbox-t0ken"
campaign_uuid = "f77dfcf4-0759-4179-93cb-741f481a776e"
template = "otp_script_01"
"""


@pytest.fixture
def file(home: Path, sandbox: Sandbox) -> Path:
    """The settings file at its usual place."""
    path = home / "autocall-otp" / "config.toml"
    path.parent.mkdir()
    path.write_text(FILE.format(url=sandbox.url))
    path.chmod(0o600)
    return path


def sources(run: Run, *arguments: str) -> dict[str, tuple[str | None, str]]:
    lines = run("config", "--json", *arguments).lines
    assert lines[0]["type"] == "file"
    return {line["name"]: (line["value"], line["source"]) for line in lines[1:]}


def test_the_file_is_enough_for_a_call(run: Run, file: Path, sandbox: Sandbox) -> None:
    assert file.is_file()
    ran = run("run", "0332665711", "--generate", "--wait")
    assert ran.exit_code == 0, ran.stderr
    assert sandbox.calls[0].template == "otp_script_01"


def test_options_come_before_the_environment_before_the_file(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {source for _, source in sources(run).values()} == {"file"}
    monkeypatch.setenv("AUTOCALL_TEMPLATE", "from-env")
    monkeypatch.setenv("AUTOCALL_API_HOST", "env.example.vn")
    monkeypatch.setenv("AUTOCALL_TOKEN", "")
    found = sources(run, "--template", "from-option")
    assert found["template"] == ("from-option", "option")
    assert found["host"] == ("env.example.vn", "environment")
    assert found["token"] == ("***", "file"), "an empty variable counts as unset"
    shown = run("config").stdout
    assert f"***  {file}" in shown
    assert "env.example.vn  AUTOCALL_API_HOST" in shown


def test_without_any_setting_it_says_where_each_may_be_set(run: Run, home: Path) -> None:
    shown = run("config")
    assert shown.exit_code == 0
    assert f"settings file: {home / 'autocall-otp' / 'config.toml'} (not there)" in shown.stdout
    assert "set --host or AUTOCALL_API_HOST or host in the settings file" in shown.stdout
    assert "--token" not in shown.stdout
    assert set(sources(run).values()) == {(None, "unset")}


@pytest.mark.skipif(os.name != "posix", reason="file modes of POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_token_that_others_may_read_is_refused(run: Run, file: Path, mode: int) -> None:
    file.chmod(mode)
    for command in (["config"], ["run", "0332665711", "--generate"], ["cdr", "r"], ["wait", "r"], ["doctor"]):
        ran = run(*command)
        assert ran.exit_code == 5
        assert f"chmod 600 '{file}'" in ran.stderr


@pytest.mark.skipif(os.name != "posix", reason="file modes of POSIX")
def test_a_file_without_a_token_may_be_shared(run: Run, file: Path) -> None:
    file.write_text('host = "api.example.vn"')
    file.chmod(0o644)
    assert sources(run)["host"] == ("api.example.vn", "file")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("token = s4ndbox-t0ken", "is not TOML"),
        ("token = 5", "token must be a non-empty text in quotes"),
        ('host = ""', "host must be a non-empty text in quotes"),
        ('hots = "x"', "knows no 'hots'; it may set host, token"),
        ("\N{LATIN SMALL LETTER A WITH DIAERESIS}", "is not TOML"),
    ],
)
def test_a_wrong_file_is_told_without_its_content(run: Run, file: Path, text: str, words: str) -> None:
    file.write_text(text, encoding="latin-1")
    ran = run("config", "--json")
    assert ran.exit_code == 5
    assert words in ran.only("error")["message"]


def test_a_file_may_be_named(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = home / "mine.toml"
    mine.write_text('template = "mine"')
    assert sources(run, "--config", str(mine))["template"] == ("mine", "file")
    monkeypatch.setenv("AUTOCALL_CONFIG", str(mine))
    assert sources(run)["template"] == ("mine", "file")
    ran = run("config", "--config", str(home / "none.toml"))
    assert (ran.exit_code, "does not exist" in ran.stderr) == (5, True)
    assert run("config", "--config", str(home)).exit_code == 5
