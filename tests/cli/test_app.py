"""The program as a whole: its commands, the words of their help, its version, and what a bug in it shows.

A help page is meant to change where an option does. To write the pages anew:

    for name in autocall-otp run cdr wait doctor config sandbox check-recording; do
        COLUMNS=80 .venv/bin/autocall-otp ${name#autocall-otp} --help > tests/cli/help/$name.txt
    done
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autocall_otp import __version__
from autocall_otp._cli import settings
from autocall_otp.cli import app

if TYPE_CHECKING:
    from cli.conftest import Run

PAGES = Path(__file__).with_name("help")
COMMANDS = ["run", "cdr", "wait", "doctor", "config", "sandbox", "check-recording"]


@pytest.fixture(autouse=True)
def _plain(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home
    for name in ("FORCE_COLOR", "NO_COLOR", "TYPER_STANDARD_TRACEBACK", "_TYPER_STANDARD_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # Typer sets its own


@pytest.mark.dev  # releases of Typer lay a page out differently
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_a_help_page_is_the_one_that_is_kept(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    page = (PAGES / f"{command or 'autocall-otp'}.txt").read_text(encoding="utf-8")
    assert app is not None
    for option in ("--help", "-h"):
        with pytest.raises(SystemExit) as ended:
            app([*command.split(), option], prog_name="autocall-otp")
        assert (ended.value.code, *capsys.readouterr()) == (0, page, "")


def test_each_command_can_be_called(run: Run) -> None:
    for command in COMMANDS:
        ran = run(command, "--help")
        assert ran.exit_code == 0
        assert ran.stdout.startswith(f"Usage: autocall-otp {command} [OPTIONS]")


def test_without_arguments_it_helps(run: Run) -> None:
    ran = run()
    assert (ran.exit_code, ran.stdout + ran.stderr) == (2, run("--help").stdout)


def test_the_version_is_shown_and_nothing_done(run: Run) -> None:
    for arguments in (["--version"], ["--version", "config"]):
        ran = run(*arguments)
        assert (ran.exit_code, ran.stdout, ran.stderr) == (0, f"autocall-otp {__version__}\n", "")


def test_the_traceback_of_a_bug_shows_no_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(**_: object) -> None:
        token = "s4ndbox-t0ken"
        raise RuntimeError(len(token))

    monkeypatch.setattr(settings, "load", broken)
    assert app is not None
    with pytest.raises(RuntimeError) as caught:
        app(["config"])
    sys.excepthook(caught.type, caught.value, caught.tb)
    shown = capsys.readouterr().err
    assert "RuntimeError: 13" in shown
    assert "raise RuntimeError(len(token))" in shown
    assert shown.count("token = ") == 1, "the line of the source, not the value beside it"
