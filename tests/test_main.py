"""Importing what `python -m autocall_otp` runs starts nothing; tests that start programs test the command itself."""

import importlib
import sys

import pytest

pytest.importorskip("typer", reason="the extra is not installed")


def test_importing_it_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["autocall-otp", "--no-such-option"])
    monkeypatch.delitem(sys.modules, "autocall_otp.__main__", raising=False)
    assert importlib.import_module("autocall_otp.__main__").main
