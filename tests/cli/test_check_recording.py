"""`check-recording`: how each difference is told, and what ends the command."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from autocall_otp._cli.recording import files
from autocall_otp._cli.recording.recorder import Recording

if TYPE_CHECKING:
    from cli.conftest import Run

LOOK_UP = {"method": "GET", "path": "/v3/autocall/log/{ref_id}/ref_id", "headers": {}, "times": 3}
NOTHING = {"status": 404, "content_type": "application/json", "body": {"JSON": {"object": {}}}}
GATEWAY = {"status": 404, "content_type": "text/html", "body": "empty"}
LIST = {"status": 200, "content_type": "application/json", "body": {"JSON": {"list": ["null"], "length": "1-4"}}}
FAILURE = {"method": "POST", "path": "/v3/autocall/otp", "request": "null", "failure": "ReadTimeout", "times": 1}
BOLD, END = "\x1b[1m", "\x1b[0m"


@pytest.fixture
def file(home: Path) -> Path:
    return home / "shapes.json"


def write(file: Path, *answers: dict[str, Any], failures: int = 0) -> str:
    """Write a recording; return the file's path for the command line."""
    exchanges = [*(LOOK_UP | answer for answer in answers), *[FAILURE] * failures]
    file.write_text(files.as_text(Recording(exchanges)), encoding="utf-8")
    return str(file)


def test_each_difference_takes_three_lines_for_people(run: Run, file: Path) -> None:
    ran = run("check-recording", write(file, NOTHING, GATEWAY, LIST, failures=2))
    assert ran.exit_code == 1
    assert ran.stdout.splitlines() == [
        "getCdrByRefId 404, error: missing",
        "  contract  always there (inferred)",
        "  seen      not there",
        "getCdrByRefId 404, the answer as a whole: content type",
        "  contract  application/json (inferred)",
        "  seen      text/html",
        "getCdrByRefId 200, the answer as a whole: type",
        "  contract  object (from the page)",
        "  seen      array, 1-4 entries",
    ]
    assert ran.stderr == "different answers: 3, failures to get one: 2, differences: 3\n"


def test_the_first_of_them_is_bold(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    ran = run("check-recording", write(file, NOTHING))
    assert ran.stdout.splitlines() == [
        f"{BOLD}getCdrByRefId 404, error: missing{END}",
        "  contract  always there (inferred)",
        "  seen      not there",
    ]


def test_each_difference_is_one_line_for_programs(run: Run, file: Path) -> None:
    ran = run("check-recording", write(file, GATEWAY, LIST, failures=1), "--json")
    assert (ran.exit_code, ran.stderr) == (1, "")
    assert ran.lines == [
        {
            "type": "difference",
            "operation": "getCdrByRefId",
            "status": "404",
            "field": None,
            "differs": "content type",
            "contract": "application/json",
            "seen": "text/html",
            "basis": "inferred",
        },
        {
            "type": "difference",
            "operation": "getCdrByRefId",
            "status": "200",
            "field": None,
            "differs": "type",
            "contract": "object",
            "seen": "array, 1-4 entries",
            "basis": "page",
        },
    ]
    named = run("check-recording", write(file, NOTHING), "--json").only("difference")
    assert (named["field"], named["contract"]) == ("error", "always there")


def test_without_a_difference_it_ends_well(run: Run, file: Path) -> None:
    ran = run("check-recording", write(file, failures=1))
    wanted = "different answers: 0, failures to get one: 1, differences: 0\n"
    assert (ran.exit_code, ran.stdout, ran.stderr) == (0, "", wanted)
    ran = run("check-recording", str(file), "--json")
    assert (ran.exit_code, ran.stdout, ran.stderr) == (0, "", "")


def test_a_file_that_is_no_recording_is_a_wrong_use(run: Run, file: Path) -> None:
    file.write_text(json.dumps({"format": "another"}))
    told = f"{file}: is not a recording of autocall-otp doctor"
    ran = run("check-recording", str(file))
    assert (ran.exit_code, ran.stdout, ran.stderr) == (2, "", f"autocall-otp: {told}\n")
    error = run("check-recording", str(file), "--json").only("error")
    assert (error["error"], error["message"], error["exit_code"]) == ("USAGE", told, 2)


@pytest.mark.parametrize(
    ("missing", "importer"),
    [("jsonschema", "autocall_otp._cli.recording.differences"), ("yaml", "autocall_otp.sandbox")],
)
def test_a_missing_extra_is_named(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch, missing: str, importer: str
) -> None:
    for name in [name for name in sys.modules if name.startswith(importer)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    ran = run("check-recording", str(file))
    told = f"check-recording needs {missing}: pip install 'autocall-otp[sandbox]'"
    assert (ran.exit_code, ran.stdout, ran.stderr) == (2, "", f"autocall-otp: {told}\n")
