"""`config`: each setting, its value and where it comes from, on a line of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from cli.conftest import Run

BOLD, DIM, END = "\x1b[1m", "\x1b[2m", "\x1b[0m"
UUID = "f77dfcf4-0759-4179-93cb-741f481a776e"


@pytest.fixture
def file(home: Path) -> Path:
    """A settings file that holds a template."""
    path = home / "mine.toml"
    path.write_text('template = "odd\\u001bname"', encoding="utf-8")
    return path


def test_people_read_the_value_and_where_it_comes_from(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOCALL_TOKEN", "s4ndbox-t0ken")
    ran = run("config", "--config", str(file), "--host", "api.example.vn")
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert ran.stdout.splitlines() == [
        f"settings file: {file}",
        "host          api.example.vn  --host",
        "token         ***  AUTOCALL_TOKEN",
        "campaign_uuid -  set --campaign or AUTOCALL_CAMPAIGN_UUID or campaign_uuid in the settings file",
        f"template      odd�name  {file}",
    ]


def test_the_value_is_bold_and_where_it_comes_from_is_dim(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    ran = run("config", "--config", str(file), "--host", "api.example.vn")
    lines = ran.stdout.splitlines()
    assert lines[0] == f"settings file: {file}"
    assert lines[1] == f"host          {BOLD}api.example.vn{END}  {DIM}--host{END}"
    assert lines[2] == f"token         {BOLD}-{END}  {DIM}set AUTOCALL_TOKEN or token in the settings file{END}"


def test_a_file_that_is_not_there_is_said_to_be_so(run: Run, home: Path) -> None:
    path = home / "autocall-otp" / "config.toml"
    assert run("config").stdout.splitlines()[0] == f"settings file: {path} (not there)"
    assert run("config", "--json").only("file") == {"type": "file", "path": str(path), "found": False}


def test_programs_read_each_setting_as_json(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOCALL_TOKEN", "s4ndbox-t0ken")
    ran = run("config", "--json", "--config", str(file), "--campaign", UUID)
    assert (ran.exit_code, ran.stderr) == (0, "")
    rows = [
        ("host", None, "unset", None),
        ("token", "***", "environment", "AUTOCALL_TOKEN"),
        ("campaign_uuid", UUID, "option", "--campaign"),
        ("template", "odd\x1bname", "file", str(file)),
    ]
    keys = ("name", "value", "source", "origin")
    assert ran.lines == [
        {"type": "file", "path": str(file), "found": True},
        *({"type": "setting"} | dict(zip(keys, row, strict=True)) for row in rows),
    ]
    assert run("config", "--json", "--template", "other").lines[-1]["value"] == "other"


def test_a_file_that_cannot_be_used_ends_it(run: Run, home: Path) -> None:
    path = home / "none.toml"
    told = f"settings file {path}: does not exist"
    ran = run("config", "--config", str(path))
    assert (ran.exit_code, ran.stdout, ran.stderr) == (5, "", f"autocall-otp: {told}\n")
    ran = run("config", "--config", str(path), "--json")
    assert (ran.exit_code, ran.only("error")["message"], ran.stderr) == (5, told, "")
