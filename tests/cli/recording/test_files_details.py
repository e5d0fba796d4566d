"""The file to the letter: what it holds, what is refused and in which words, what is there meanwhile and afterwards."""

from __future__ import annotations

import errno
import json
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from autocall_otp import __version__
from autocall_otp._cli.recording import files
from autocall_otp._cli.recording.files import Target, UnusableFileError
from autocall_otp._cli.recording.recorder import Recording

posix = pytest.mark.skipif(os.name != "posix", reason="file modes and links of POSIX")
EXCHANGE: dict[str, Any] = {
    "method": "GET",
    "path": "/v3/autocall/log/{ref_id}/ref_id",
    "status": 200,
    "content_type": "none",
    "headers": {},
    "body": {"JSON": {"object": {"a": "null"}}},
    "times": 1,
}
TEXT = f"""{{
  "format": "autocall-otp recording",
  "version": 1,
  "made_by": "autocall-otp {__version__}",
  "exchanges": [
    {{
      "method": "GET",
      "path": "/v3/autocall/log/{{ref_id}}/ref_id",
      "status": 200,
      "content_type": "none",
      "headers": {{}},
      "body": {{
        "JSON": {{
          "object": {{
            "a": "null"
          }}
        }}
      }},
      "times": 1
    }}
  ]
}}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "r.json"


def recording() -> Recording:
    return Recording([EXCHANGE])


def content(**others: object) -> dict[str, Any]:
    """What a file holds, with something else in a place."""
    return json.loads(TEXT) | others


def refused(path: Path, *, force: bool = False) -> str:
    """Why nothing can be written there."""
    with pytest.raises(UnusableFileError) as caught:
        Target(path, force=force)
    return str(caught.value)


def unreadable(path: Path) -> str:
    """Why it cannot be read."""
    with pytest.raises(UnusableFileError) as caught:
        files.read(path)
    return str(caught.value)


def test_the_text_of_a_file(path: Path) -> None:
    assert files.as_text(recording()) == TEXT
    with Target(path, force=False) as target:
        assert target.path == path
        assert target.save(recording()) == TEXT
    assert path.read_bytes() == TEXT.encode()
    assert files.as_text(Recording()).endswith('  "exchanges": []\n}\n')


@pytest.mark.parametrize("force", [False, True])
def test_what_is_there_meanwhile_is_hidden_and_empty(path: Path, force: bool) -> None:  # noqa: FBT001 - a column
    with Target(path, force=force) as target:
        names = sorted(each.name for each in path.parent.iterdir())
        assert [name.startswith(".autocall-otp-") for name in names] == [True] + [False] * (not force)
        assert path.exists() == (not force)
        assert {each.stat().st_size for each in path.parent.iterdir()} == {0}
        target.save(recording())
        assert list(path.parent.iterdir()) == [path]
    assert list(path.parent.iterdir()) == [path]


@posix
def test_the_empty_file_is_its_owner_s_alone(path: Path) -> None:
    mask = os.umask(0)
    try:
        with Target(path, force=False):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(mask)


def test_somebody_else_may_have_cleared_up(path: Path) -> None:
    with Target(path, force=False):
        for each in path.parent.iterdir():
            each.unlink()
    assert list(path.parent.iterdir()) == []


def test_a_place_that_is_taken_is_told(path: Path) -> None:
    path.write_text("mine")
    assert refused(path) == f"{path}: is there already; --force replaces it"
    assert (list(path.parent.iterdir()), path.read_text()) == ([path], "mine")


@posix
@pytest.mark.parametrize("force", [False, True])
def test_what_is_no_plain_file_is_told(path: Path, force: bool) -> None:  # noqa: FBT001 - a column
    path.mkdir()
    assert refused(path, force=force) == f"{path}: is not a plain file"
    link, file = path / "link", path / "file"
    link.symlink_to(path / "nowhere")
    assert refused(link, force=force) == f"{link}: is not a plain file"
    file.write_text("mine")
    link.unlink()
    link.symlink_to(file)
    assert refused(link, force=force) == f"{link}: is not a plain file"


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_that_is_not_there_is_told(path: Path, force: bool) -> None:  # noqa: FBT001 - a column
    reason = os.strerror(errno.ENOENT)
    assert refused(path / "r.json", force=force) == f"{path / 'r.json'}: cannot be written: {reason}"


@pytest.mark.parametrize("force", [False, True])
def test_where_no_second_file_can_be_made_the_place_is_given_up(
    path: Path,
    force: bool,  # noqa: FBT001 - a column
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "mkstemp", full)
    assert refused(path, force=force) == f"{path}: cannot be written: No space left on device"
    assert list(path.parent.iterdir()) == []


def test_a_write_that_fails_is_told_and_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with Target(path, force=False) as target, pytest.raises(UnusableFileError) as caught:
        target.save(recording())
    assert str(caught.value) == f"{path}: cannot be written: No space left on device"
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (b"", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"null", "is not a recording of autocall-otp doctor"),
        (b"[]", "is not a recording of autocall-otp doctor"),
        (content(format="another"), "is not a recording of autocall-otp doctor"),
        (content(version=2), "is of another version of the format; this one reads version 1"),
        (content(version="1"), "is of another version of the format; this one reads version 1"),
        (content(more=1), "is broken at the top"),
        (content(made_by="0332665711"), "is broken at made_by"),
        (content(exchanges={}), "is broken at exchanges"),
        (content(exchanges=[EXCHANGE, EXCHANGE | {"status": "200"}]), "is broken at exchanges/1/status"),
    ],
)
def test_the_words_for_a_file_that_is_no_recording(path: Path, held: Any, words: str) -> None:
    path.write_bytes(held if isinstance(held, bytes) else json.dumps(held).encode())
    assert unreadable(path) == f"{path}: {words}"


def test_a_recording_is_read_up_to_four_mebibytes(path: Path) -> None:
    path.write_bytes(TEXT.encode().ljust(4 * 2**20))
    assert files.read(path) == recording()
    path.write_bytes(TEXT.encode().ljust(4 * 2**20 + 1))
    assert unreadable(path) == f"{path}: is not a recording of autocall-otp doctor"


@posix
def test_no_more_is_read_of_a_file_without_end(path: Path) -> None:
    os.mkfifo(path)
    written: list[int | None] = []

    def write() -> None:
        with suppress(BrokenPipeError), path.open("wb", buffering=0) as pipe:
            written.extend(pipe.write(b" " * 2**16) for _ in range(128))

    writer = Thread(target=write, daemon=True)
    writer.start()
    assert unreadable(path) == f"{path}: is not a recording of autocall-otp doctor"
    writer.join()
    assert len(written) < 128


def test_a_file_that_is_not_there_is_told(path: Path) -> None:
    assert unreadable(path) == f"{path}: cannot be read: {os.strerror(errno.ENOENT)}"


def test_a_file_that_is_nested_too_deeply_is_told(path: Path) -> None:
    deep: Any = "null"
    for _ in range(200):
        deep = {"list": [deep], "length": "1-4"}
    path.write_text(json.dumps(content(exchanges=[EXCHANGE | {"body": {"JSON": deep}}])))
    assert unreadable(path) == f"{path}: is nested too deeply"


def valid(held: Any) -> bool:
    """Whether the schema allows it."""
    return Draft202012Validator(files.schema()).is_valid(held)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(files.schema())
    assert valid(content())
    assert valid(content(exchanges=[]))


@pytest.mark.parametrize(
    "made_by", ["autocall-otp 0", "autocall-otp 1.2.3", "autocall-otp 10.20.30", "autocall-otp 1.0.0a1.dev5"]
)
def test_what_made_a_recording(made_by: str) -> None:
    assert valid(content(made_by=made_by))


@pytest.mark.parametrize(
    "others",
    [
        {"format": "autocall-otp"},
        {"format": None},
        {"version": 2},
        {"version": "1"},
        {"exchanges": {}},
        {"exchanges": None},
        {"exchanges": [5]},
        {"exchanges": [EXCHANGE | {"times": 0}]},
        {"more": 1},
        *(
            {"made_by": made_by}
            for made_by in (
                *(5, None, "", "another 1.0", "autocall-otp", "autocall-otp ", "autocall-otp 1.0\n", "autocall-otp 1."),
                *("autocall-otp a", "autocall-otp 1a", "autocall-otp 1.A", "Autocall-OTP 1.0", "autocall-otp 1 2"),
                *("autocall-otp 1x0", "an autocall-otp 1.0", "AUTOCALL-OTP 1.0", "autocall-otp 1.B"),
            )
        ),
    ],
    ids=str,
)
def test_what_the_schema_refuses(others: dict[str, Any]) -> None:
    assert not valid(content(**others))


@pytest.mark.parametrize("name", ["format", "version", "made_by", "exchanges"])
def test_every_part_must_be_there(path: Path, name: str) -> None:
    held = content()
    del held[name]
    assert not valid(held)
    path.write_text(json.dumps(held))
    assert unreadable(path).startswith(f"{path}: is ")


@pytest.mark.parametrize("value", [None, 5, "x", [], [TEXT], True])
def test_a_recording_is_an_object(value: Any) -> None:
    assert not valid(value)
