"""The program as a whole: the words of its help, its version, completion, what a bug in it shows.

A help page is meant to change where an option does. To write the pages anew:

    for name in autocall-otp run cdr wait doctor config sandbox check-recording; do
        COLUMNS=80 .venv/bin/autocall-otp ${name#autocall-otp} --help > tests/cli/help/$name.txt
    done
"""

from __future__ import annotations

import importlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

import autocall_otp
from autocall_otp import __version__
from autocall_otp._cli import settings
from autocall_otp.cli import app
from cli.conftest import START

if TYPE_CHECKING:
    import typer

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


def test_help_fits_80_columns_is_not_cut_and_its_examples_are_understood(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As far as their options go: without settings nothing is sent."""
    monkeypatch.setattr("autocall_otp._cli.sandbox.time", SimpleNamespace(sleep=signal.default_int_handler))
    for command in ["", *COMMANDS]:
        page = run(*command.split(), "--help").stdout
        assert max(map(len, page.splitlines())) <= 80
        assert not re.search(r"\.\.\.$|<\w+>", page.partition("\n")[2], re.MULTILINE)
        examples = page.partition("  Examples:\n")[2].strip("\n").splitlines()
        assert examples
        for line in examples:
            assert line.startswith(f"    autocall-otp {command}")
            words = re.findall(r"'[^']*'|\S+", line.partition(" <")[0])[1:]
            ran = run(*(word.strip("'") for word in words), stdin="LUAN001\n")
            assert "Usage" not in ran.stderr, line


def test_without_arguments_it_helps_and_with_version_does_nothing_else(run: Run) -> None:
    ran = run()
    assert (ran.exit_code, ran.stdout + ran.stderr) == (2, run("--help").stdout)
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
    assert shown.count("token = ") == 1, "the line of the source, not the value beside it"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_the_commands(shell: str) -> None:
    code = "import sys; from autocall_otp.cli import main; sys.argv = ['autocall-otp']; main()"
    environment = {
        "_AUTOCALL_OTP_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": "autocall-otp do",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "COMP_WORDS": "autocall-otp do",
        "COMP_CWORD": "1",
    }
    command, env = [sys.executable, "-c", code], os.environ | environment
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, timeout=START)
    assert "doctor" in done.stdout, done.stderr
