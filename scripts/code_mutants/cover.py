"""Which tests run which lines, and how long each test takes."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections import defaultdict
from collections.abc import Collection, Generator, Iterator
from pathlib import Path
from typing import Any

import attrs
import coverage
import pytest

from code_mutants.session import ROOT, fork, run_tests

SOURCE = ROOT / "src" / "autocall_otp"
# A test may fail here for what this way of running does to it; many that fail mean that something is broken.
_FEW = 5


@attrs.frozen
class Map:
    """What one run of the tests has shown."""

    seconds: dict[str, float]
    """How long each test took."""
    tests: dict[str, dict[int, list[str]]]
    """The tests that ran a line, by file and line."""
    modules: list[str]
    """What was imported that is neither the SDK nor a test."""

    def of(self, file: str, first: int, last: int) -> set[str]:
        """The tests that ran any of these lines."""
        return {test for line, tests in self.tests.get(file, {}).items() if first <= line <= last for test in tests}


def measure(folder: Path, left_out: list[str], within: Collection[str] = ()) -> Map:
    """Run the tests once, or those of some folders alone.

    What an earlier run found out is kept for test files that have not changed since.
    """
    file, key = folder / "cover.json", _fingerprint()
    old = json.loads(file.read_text()) if file.exists() else {}
    if old.get("key") != key:
        old = {"key": key, "files": {}, "modules": []}
    ignored = [ROOT / path for path in left_out]
    tests = {
        str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if not any(path.is_relative_to(each) for each in ignored)
    }
    if within:
        tests = {path: digest for path, digest in tests.items() if str(Path(path).parent) in within}
    old["files"] = {path: found for path, found in old["files"].items() if tests.get(path) == found["hash"]}
    if new := {path: digest for path, digest in tests.items() if path not in old["files"]}:
        log = folder / "cover.log"
        _, status = os.waitpid(fork(lambda: _measured(file, old, new), log), 0)
        if status:
            sys.exit(f"The tests fail without any mutant: see {log}")
        old = json.loads(file.read_text())
    return _map(old)


def _fingerprint() -> str:
    """Changes with everything but the tests themselves."""
    paths = [path for folder in ("src", "generated", "tests") for path in (ROOT / folder).rglob("*")]
    kept = sorted(path for path in paths if path.suffix in {".py", ".yaml"} and not path.name.startswith("test_"))
    digest = hashlib.sha256()
    for path in [*kept, ROOT / "openapi.yaml", ROOT / "requirements" / "dev.txt"]:
        digest.update(f"{path.name}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def _map(found: dict[str, Any]) -> Map:
    seconds: dict[str, float] = {}
    tests: defaultdict[str, defaultdict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for each in found["files"].values():
        seconds |= each["seconds"]
        names = list(each["seconds"])
        for source, lines in each["lines"].items():
            for line, indexes in lines.items():
                tests[source][int(line)] += [names[index] for index in indexes]
    return Map(seconds, {source: dict(lines) for source, lines in tests.items()}, found["modules"])


def _measured(file: Path, old: dict[str, Any], new: dict[str, str]) -> int:
    recorder = coverage.Coverage(data_file=None, config_file=False, include=[f"{SOURCE}/*"])
    watcher = _Watcher(recorder)
    recorder.start()
    status = run_tests(new, watcher)
    recorder.stop()
    if len(watcher.failed) > _FEW or status not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        return status
    data = recorder.get_data()
    for path, digest in new.items():
        seconds = {test: spent for test, spent in watcher.seconds.items() if test.partition("::")[0] == path}
        old["files"][path] = {"hash": digest, "seconds": seconds, "lines": {}}
    numbers = {test: index for each in old["files"].values() for index, test in enumerate(each["seconds"])}
    for source in data.measured_files():
        for line, tests in data.contexts_by_lineno(source).items():
            for test in tests:
                if test in watcher.seconds:
                    lines = old["files"][test.partition("::")[0]]["lines"].setdefault(
                        str(Path(source).relative_to(ROOT)), {}
                    )
                    lines.setdefault(line, []).append(numbers[test])
    # In the order in which they were imported: some C modules break when imported before what wraps them.
    old["modules"] = list(dict.fromkeys([*old["modules"], *_foreign_modules()]))
    file.write_text(json.dumps(old))
    return 0


class _Watcher:
    """Tells the recorder which test runs; adds up how long each takes."""

    def __init__(self, recorder: coverage.Coverage) -> None:
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []
        self._recorder = recorder

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._recorder.switch_context(item.nodeid)
        self.seconds[item.nodeid] = 0.0
        result = yield
        self._recorder.switch_context("")
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.nodeid in self.seconds:
            self.seconds[report.nodeid] += report.duration
        if not report.passed:
            # A test that is skipped, or fails without any mutant, shows nothing about one.
            self.seconds.pop(report.nodeid, None)
        if report.failed:
            self.failed.append(report.nodeid)
            print(f"not used, since it fails without any mutant: {report.nodeid}")


def _foreign_modules() -> Iterator[str]:
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if path and name.partition(".")[0] not in {"autocall_otp", "__main__"}:
            place = Path(path)
            if not place.is_relative_to(ROOT) or ".venv" in place.parts or "generated" in place.parts:
                yield name
