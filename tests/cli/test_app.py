"""The program as a whole: the words of its help, its version, completion, what a bug in it shows.

A help page is meant to change where an option does. To write the pages anew:

    for page in tests/cli/help/*.txt; do
        name=$(basename $page .txt); COLUMNS=80 .venv/bin/autocall-otp ${name#autocall-otp} --help > $page
    done
"""

import re
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from autocall_otp import __version__
from autocall_otp import sandbox as package
from autocall_otp._cli import settings
from autocall_otp.cli import app
from cli.conftest import Run

PAGES = sorted(Path(__file__).with_name("help").glob("*.txt"), key=lambda page: page.stem)
pytestmark = pytest.mark.usefixtures("home")


@pytest.mark.dev  # releases of Typer lay a page out differently
@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_a_help_page_is_the_one_that_is_kept_and_its_examples_are_understood(
    run: Run, monkeypatch: pytest.MonkeyPatch, page: Path
) -> None:
    """As far as their options go: without settings nothing is sent."""
    monkeypatch.setattr("autocall_otp._cli.sandbox.time", SimpleNamespace(sleep=Mock(side_effect=KeyboardInterrupt)))
    monkeypatch.setattr(package, "Sandbox", partial(package.Sandbox, speed=1000))
    command, text = page.stem.removeprefix("autocall-otp"), page.read_text(encoding="utf-8")
    for option in ("--help", "-h"):
        assert run(*command.split(), option) == (0, text, "", text)
    assert max(map(len, text.splitlines())) <= 80
    assert not re.search(r"\.\.\.$|<\w+>", text.partition("\n")[2], re.MULTILINE), "nothing is cut"
    examples = text.partition("  Examples:\n")[2].strip("\n").splitlines()
    assert examples
    for line in examples:
        assert line.startswith(f"    autocall-otp {command}")
        words = re.findall(r"'[^']*'|\S+", line.partition(" <")[0])[1:]
        assert "Usage" not in run(*(word.strip("'") for word in words), stdin="LUAN001\n").stderr, line


def test_every_command_has_a_help_page(run: Run) -> None:
    commands = re.findall(r"^  ([a-z-]+)  +\w", run("--help").stdout.partition("Commands:")[2], re.MULTILINE)
    assert {*commands, "autocall-otp"} == {page.stem for page in PAGES}


def test_without_arguments_it_helps_and_with_version_does_nothing_else(run: Run) -> None:
    ran = run()
    assert (ran.exit_code, ran.output) == (2, run("--help").stdout)
    for arguments in (["--version"], ["--version", "config"]):
        assert run(*arguments)[:3] == (0, f"autocall-otp {__version__}\n", "")


def test_the_traceback_of_a_bug_shows_no_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(**_: object) -> None:
        token = "s4ndbox-t0ken"
        raise RuntimeError(len(token))

    for name in ("TYPER_STANDARD_TRACEBACK", "_TYPER_STANDARD_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(settings, "load", broken)
    assert app is not None
    with pytest.raises(RuntimeError) as caught:
        app(["config"])
    sys.excepthook(caught.type, caught.value, caught.tb)
    shown = capsys.readouterr().err
    assert "RuntimeError: 13" in shown
    assert shown.count("token = ") == 1, "the line of the source, not the value beside it"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_the_commands(run: Run, shell: str) -> None:
    asked = {"COMP_WORDS": "autocall-otp do", "COMP_CWORD": "1"}
    asked |= {"_TYPER_COMPLETE_ARGS": "autocall-otp do", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    assert "doctor" in run(_AUTOCALL_OTP_COMPLETE=f"complete_{shell}", **asked).stdout
