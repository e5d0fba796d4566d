"""The file: whole or not there, for its owner alone, nobody's file replaced unasked; read with suspicion."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Run

from autocall_otp._cli.recording import files
from autocall_otp._cli.recording.files import Target, UnusableFileError
from autocall_otp._cli.recording.recorder import Recording
from autocall_otp._cli.recording.shapes import Shaper

posix = pytest.mark.skipif(os.name != "posix", reason="file modes and links of POSIX")
EXCHANGE: dict[str, Any] = {
    "method": "GET",
    "path": "/v3/autocall/log/{ref_id}/ref_id",
    "status": 200,
    "content_type": "application/json",
    "headers": {"Retry-After": "digits"},
    "body": {"JSON": Shaper().of_answer({"status": "busy", "list": [{"a": 1}, "x"], "press_key": "{}", "0": 1})},
    "times": 2,
}
FAILURE = {"method": "POST", "path": "/v3/autocall/otp", "request": "null", "failure": "ReadTimeout", "times": 1}


def recording() -> Recording:
    return Recording([EXCHANGE, FAILURE])


def others(path: Path) -> list[Path]:
    return [each for each in path.parent.iterdir() if each != path]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    with Target(path, force=False) as target:
        assert path.read_text() == "", "an empty file holds the place"
        text = target.save(recording())
    assert path.read_text() == text == files.as_text(recording())
    assert files.read(path) == recording()
    assert others(path) == []


@posix
@pytest.mark.parametrize("force", [False, True])
def test_only_its_owner_may_read_it(tmp_path: Path, force: bool) -> None:  # noqa: FBT001 - a column
    path = tmp_path / "r.json"
    if force:
        path.write_text("older")
        path.chmod(0o666)
    mask = os.umask(0)
    try:
        with Target(path, force=force) as target:
            target.save(recording())
    finally:
        os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_there_stays_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text("mine")
    with pytest.raises(UnusableFileError, match="is there already; --force replaces it"):
        Target(path, force=False)
    with Target(path, force=True):
        pass
    assert path.read_text() == "mine"
    assert others(path) == []
    with Target(path, force=True) as target:
        target.save(recording())
    assert files.read(path) == recording()
    assert others(path) == []


def test_nothing_is_left_where_nothing_was_written(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    with pytest.raises(KeyboardInterrupt), Target(path, force=False):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


@posix
def test_only_plain_files_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for path in (tmp_path, tmp_path / "link", Path("/dev/null")):
        with pytest.raises(UnusableFileError, match="is not a plain file"):
            Target(path, force=True)
    with pytest.raises(UnusableFileError, match="cannot be written: No such file"):
        Target(tmp_path / "none" / "r.json", force=False)
    with pytest.raises(UnusableFileError, match="cannot be written: No such file"):
        Target(tmp_path / "none" / "r.json", force=True)


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "r.json"
    path.write_text("mine")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with Target(path, force=True) as target, pytest.raises(UnusableFileError, match="No space left"):
        target.save(recording())
    assert path.read_text() == "mine"
    assert others(path) == []


def broken(*steps: str | int, value: object) -> dict[str, Any]:
    """A recording with something else at a place."""
    content: dict[str, Any] = json.loads(files.as_text(recording()))
    node: Any = content
    for step in steps[:-1]:
        node = node[step]
    node[steps[-1]] = value
    return content


BODY = ("exchanges", 0, "body")
FIELDS = (*BODY, "JSON", "object")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "is not a recording of autocall-otp doctor"),
        (b" " * (4 * 2**20 + 1), "is not a recording"),
        ({"format": "another"}, "is not a recording"),
        (broken("version", value=2), "another version of the format; this one reads version 1"),
        (broken("more", value=1), "is broken at the top"),
        (broken("made_by", value="0332665711"), "is broken at made_by"),
        (broken("exchanges", value={}), "is broken at exchanges"),
        (broken("exchanges", 0, "status", value="200"), "is broken at exchanges/0/status"),
        (broken("exchanges", 0, "path", value="/calls/0332665711"), "is broken at exchanges/0/path"),
        (broken("exchanges", 0, "method", value="LUAN001"), "is broken at exchanges/0/method"),
        (broken("exchanges", 0, "headers", value={"X-Secret": "digits"}), "is broken at exchanges/0/headers"),
        (broken("exchanges", 0, "headers", "Retry-After", value="5"), "is broken at exchanges/0/headers"),
        (broken(*BODY, value="LUAN001"), "is broken at exchanges/0/body"),
        (broken(*FIELDS, "status", value="LUAN001"), "is broken at exchanges/0/body"),
        (broken(*FIELDS, "n0332665711", value="null"), "is broken at exchanges/0/body"),
        (broken(*FIELDS, "a\n", value="null"), "is broken at exchanges/0/body"),
        (broken("exchanges", 1, "failure", value="LUAN001"), "is broken at exchanges/1"),
    ],
)
def test_a_broken_or_foreign_file_is_told(tmp_path: Path, run: Run, content: Any, words: str) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    ran = run("check-recording", str(path))
    assert ran.exit_code == 2
    assert f"{path}: {words}" in ran.stderr or words in ran.stderr
    assert run("check-recording", str(path), "--json").only("error")["exit_code"] == 2


def test_a_file_that_is_not_there(tmp_path: Path, run: Run) -> None:
    ran = run("check-recording", str(tmp_path / "none.json"))
    assert (ran.exit_code, "cannot be read: No such file" in ran.stderr) == (2, True)


@pytest.mark.parametrize("depth", [50, 300, 3000])
def test_a_file_that_is_nested_without_end(tmp_path: Path, run: Run, depth: int) -> None:
    path = tmp_path / "r.json"
    text = json.dumps(broken(*BODY, value={"JSON": "HERE"}))
    path.write_text(text.replace('"HERE"', '{"list": [' * depth + '"null"' + '], "length": "1-4"}' * depth))
    ran = run("check-recording", str(path))
    assert ran.exit_code == (1 if depth == 50 else 2)
    assert "Traceback" not in ran.stderr
