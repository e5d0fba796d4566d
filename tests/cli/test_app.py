"""The program as a whole: its commands, the words of their help, its version, and what a bug in it shows.

A help page is meant to change where an option does. To write the pages anew:

    for name in autocall-otp run cdr wait doctor config sandbox check-recording; do
        COLUMNS=80 .venv/bin/autocall-otp ${name#autocall-otp} --help > tests/cli/help/$name.txt
    done
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import typer

import autocall_otp
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
    for name in ("TYPER_STANDARD_TRACEBACK", "_TYPER_STANDARD_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # Typer sets its own


@pytest.fixture
def built_anew(monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """The program as each new process builds it, whatever was imported before."""
    for name in ("_cli", "cli"):
        # The import binds the new module here; the old one comes back after the test.
        monkeypatch.setattr(autocall_otp, name, getattr(autocall_otp, name))
    for name in [name for name in sys.modules if name.startswith(("autocall_otp._cli", "autocall_otp.cli"))]:
        monkeypatch.delitem(sys.modules, name)
    program: typer.Typer = importlib.import_module("autocall_otp.cli").app
    return program


@pytest.mark.dev  # releases of Typer lay a page out differently
def test_each_help_page_is_the_one_that_is_kept(built_anew: typer.Typer, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ["", *COMMANDS]:
        page = (PAGES / f"{command or 'autocall-otp'}.txt").read_text(encoding="utf-8")
        for option in ("--help", "-h"):
            with pytest.raises(SystemExit) as ended:
                built_anew([*command.split(), option], prog_name="autocall-otp")
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
