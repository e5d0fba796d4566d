"""The command where packages that it needs are missing, and where they are there."""

from __future__ import annotations

import importlib
import json
import sys
from importlib.abc import MetaPathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

import autocall_otp

if TYPE_CHECKING:
    from collections.abc import Callable


class _Missing(MetaPathFinder):
    """Lets the import of the subcommands fail as it does where a package is missing."""

    def __init__(self, name: str | None) -> None:
        self.name = name

    def find_spec(self, fullname: str, _path: object, _target: object = None) -> None:
        if fullname == "autocall_otp._cli.app":
            raise ModuleNotFoundError(f"No module named {self.name!r}", name=self.name)


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], ModuleType]:
    def load(name: str | None) -> ModuleType:
        # What is there comes back after the test, also where the import binds the new module.
        monkeypatch.setattr(autocall_otp, "cli", importlib.import_module("autocall_otp.cli"))
        for module in ("autocall_otp.cli", "autocall_otp._cli.app"):
            monkeypatch.delitem(sys.modules, module, raising=False)
        monkeypatch.setattr(sys, "meta_path", [_Missing(name), *sys.meta_path])
        return importlib.import_module("autocall_otp.cli")

    return load


@pytest.mark.parametrize("missing", ["click", "platformdirs", "rich", "typer", "rich.console"])
def test_a_missing_package_is_named_with_what_to_install(
    without: Callable[[str | None], ModuleType], capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    cli = without(missing)
    assert cli.app is None
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    told = (
        f"autocall-otp: {missing} is missing. Install the command with\n"
        "  pip install 'autocall-otp[cli]'\n"
        "or, with the sandbox in it,\n"
        "  pip install 'autocall-otp[sandbox]'\n"
        "In a checkout: pip install '.[cli]' or pip install '.[sandbox]'\n"
    )
    assert capsys.readouterr() == ("", told)


@pytest.mark.parametrize("missing", ["yaml", "autocall_otp._cli.run", "riches", None])
def test_what_the_extra_would_not_bring_is_not_blamed_on_it(
    without: Callable[[str | None], ModuleType], missing: str | None
) -> None:
    with pytest.raises(ModuleNotFoundError) as caught:
        without(missing)
    assert caught.value.name == missing


def test_with_everything_there_the_command_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("typer")
    cli = importlib.import_module("autocall_otp.cli")
    monkeypatch.setattr(sys, "argv", ["autocall-otp", "--version"])
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # Typer sets its own
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    assert capsys.readouterr() == (f"autocall-otp {autocall_otp.__version__}\n", "")


@pytest.mark.parametrize("words", [["run"], ["--nothing"], ["wait", "R1", "--timeout", "soon"]])
def test_a_wrong_option_is_told_as_json_where_json_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    cli = importlib.import_module("autocall_otp.cli")
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    for more in ([], ["--json"]):
        monkeypatch.setattr(sys, "argv", ["autocall-otp", *words, *more])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 2
        shown = capsys.readouterr()
        if more:
            error = json.loads(shown.out)
            assert (error["type"], error["exit_code"], error["outcome"], shown.err) == ("error", 2, None, "")
            assert error["message"]
        else:
            assert (shown.out, shown.err.startswith("Usage: ")) == ("", True)


def test_the_module_offers_the_program_and_what_runs_it() -> None:
    names: dict[str, Any] = {}
    exec("from autocall_otp.cli import *", names)  # noqa: S102 - the one way to see what a star brings
    assert names.keys() - {"__builtins__"} == {"app", "main"}
