"""The file of a recording: written whole or not at all, for its owner's eyes, and read with suspicion."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from autocall_otp._cli.recording.recorder import Recording, schema_of_exchanges
from autocall_otp._cli.recording.shapes import schema_of_shapes
from autocall_otp._version import __version__

FORMAT, VERSION = "autocall-otp recording", 1
_LARGEST = 4 * 1024 * 1024


class UnusableFileError(Exception):
    """A file that cannot be written or read, in words for people."""


class Target:
    """A file that is going to be written. Its place is taken before anything is sent.

    Args:
        path: where the recording goes.
        force: replace a file that is there.

    Raises:
        UnusableFileError: there is a file already, or none can be written there.
    """

    def __init__(self, path: Path, *, force: bool) -> None:
        """Take the place."""
        self.path = path
        self._leftovers: list[Path] = []
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise UnusableFileError(f"{path}: is not a plain file")
        try:
            if not force:
                # An empty file holds the place, so that nobody's file is replaced at the end.
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
                self._leftovers.append(path)
            # mkstemp makes a file that its owner alone may read.
            handle, name = tempfile.mkstemp(prefix=".autocall-otp-", dir=path.parent)
            os.close(handle)
            self._temporary = Path(name)
            self._leftovers.append(self._temporary)
        except FileExistsError:
            raise UnusableFileError(f"{path}: is there already; --force replaces it") from None
        except OSError as error:
            self.__exit__()
            raise UnusableFileError(f"{path}: cannot be written: {error.strerror}") from None

    def save(self, recording: Recording) -> str:
        """Write the file, all at once; return what it holds.

        Raises:
            UnusableFileError: it could not be written.
        """
        text = as_text(recording)
        try:
            with self._temporary.open("wb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            self._temporary.replace(self.path)
        except OSError as error:
            raise UnusableFileError(f"{self.path}: cannot be written: {error.strerror}") from None
        self._leftovers.clear()
        return text

    def __enter__(self) -> Self:
        """Leave nothing behind when it was not written."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        """Give the place up, unless the file was written."""
        for each in self._leftovers:
            each.unlink(missing_ok=True)


def as_text(recording: Recording) -> str:
    """The file's text."""
    content = {"format": FORMAT, "version": VERSION, "made_by": f"autocall-otp {__version__}"}
    return json.dumps(content | {"exchanges": recording.exchanges}, indent=2) + "\n"


def schema() -> dict[str, Any]:
    """The format of the file, as a JSON Schema: all its texts are of closed lists, but for the names of fields."""
    return {
        "type": "object",
        "properties": {
            "format": {"const": FORMAT},
            "version": {"const": VERSION},
            "made_by": {"type": "string", "pattern": r"^autocall-otp [0-9]+(\.[0-9a-z]+)*\Z"},
            "exchanges": {"type": "array", "items": schema_of_exchanges()},
        },
        "required": ["format", "version", "made_by", "exchanges"],
        "additionalProperties": False,
        "$defs": {"shape": schema_of_shapes()},
    }


def read(path: Path) -> Recording:
    """Read a recording; it may come from anybody.

    Raises:
        UnusableFileError: it cannot be read, or is no recording; the message says where.
    """
    from jsonschema import Draft202012Validator, exceptions  # noqa: PLC0415 - an extra of its own

    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1)
        content: Any = json.loads(text) if len(text) <= _LARGEST else None
    except OSError as error:
        raise UnusableFileError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise UnusableFileError(f"{path}: is not JSON") from None
    found = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
    if found.get("format") != FORMAT:
        raise UnusableFileError(f"{path}: is not a recording of autocall-otp doctor")
    if found.get("version") != VERSION:
        raise UnusableFileError(f"{path}: is of another version of the format; this one reads version {VERSION}")
    # The library's own types are incomplete.
    best_match: Any = cast("Any", exceptions).best_match
    try:
        fault = best_match(cast("Any", Draft202012Validator(schema())).iter_errors(found))
    except RecursionError:
        raise UnusableFileError(f"{path}: is nested too deeply") from None
    if fault is not None:
        # Not in the library's words, which repeat what stands there.
        raise UnusableFileError(f"{path}: is broken at {'/'.join(map(str, fault.absolute_path)) or 'the top'}")
    return Recording(found["exchanges"])
