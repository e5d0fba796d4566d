"""The command where packages that it needs are missing, and where they are there."""

import importlib
import json
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace

import pytest

import autocall_otp

pytest.importorskip("typer", reason="the extra is not installed")


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], ModuleType]:
    """Import the command as where a package is missing, without which its subcommands cannot be imported."""

    def load(name: str | None) -> ModuleType:
        def find_spec(fullname: str, *_: object) -> None:
            if fullname == "autocall_otp._cli.app":
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

        # What is there comes back after the test, also where the import binds the new module.
        monkeypatch.setattr(autocall_otp, "cli", importlib.import_module("autocall_otp.cli"))
        for module in ("autocall_otp.cli", "autocall_otp._cli.app"):
            monkeypatch.delitem(sys.modules, module, raising=False)
        monkeypatch.setattr(sys, "meta_path", [SimpleNamespace(find_spec=find_spec), *sys.meta_path])
        return importlib.import_module("autocall_otp.cli")

    return load


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command as a program: its exit code, and what it prints."""

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["autocall-otp", *words])
        monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # Typer sets its own
        # Importing what `python -m autocall_otp` runs starts nothing.
        monkeypatch.delitem(sys.modules, "autocall_otp.__main__", raising=False)
        program = importlib.import_module("autocall_otp.__main__")
        with pytest.raises(SystemExit) as ended:
            program.main()
        return int(ended.value.code or 0), *capsys.readouterr()

    return run


@pytest.mark.parametrize("missing", ["click", "platformdirs", "rich.console", "typer"])
def test_a_missing_package_is_named_with_what_to_install(
    without: Callable[[str | None], ModuleType], capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    cli = without(missing)
    assert cli.app is None
    with pytest.raises(SystemExit) as ended:
        cli.main()
    stdout, stderr = capsys.readouterr()
    assert (ended.value.code, stdout, stderr.partition(". ")[0]) == (2, "", f"autocall-otp: {missing} is missing")
    for what in ("autocall-otp[cli]", "autocall-otp[sandbox]", ".[cli]", ".[sandbox]"):
        assert f"pip install '{what}'" in stderr


@pytest.mark.parametrize("missing", ["yaml", "autocall_otp._cli.run", "riches", None])
def test_what_the_extra_would_not_bring_is_not_blamed_on_it(
    without: Callable[[str | None], ModuleType], missing: str | None
) -> None:
    with pytest.raises(ModuleNotFoundError) as caught:
        without(missing)
    assert caught.value.name == missing


@pytest.mark.parametrize("words", [["run"], ["--nothing"], ["wait", "R1", "--timeout", "soon"]])
def test_a_wrong_option_is_told_as_json_where_json_was_asked_for(
    main: Callable[..., tuple[int, str, str]], words: list[str]
) -> None:
    code, stdout, stderr = main(*words)
    assert (code, stdout, stderr.startswith("Usage: ")) == (2, "", True)
    code, stdout, stderr = main(*words, "--json")
    error = json.loads(stdout)
    assert (code, error["type"], error["exit_code"], error["outcome"], stderr) == (2, "error", 2, None, "")
    assert error["message"]
