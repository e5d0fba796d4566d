"""Mutants on trial: each in a forked process, where the tests that run its lines see it in place of the module."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType

import attrs
import pytest

from code_mutants.cover import Map
from code_mutants.make import Mutant
from code_mutants.session import ROOT, fork, run_tests

KILLED, TIMED_OUT, SURVIVED, UNTESTED = "killed", "timed out", "survived", "untested"
# Seconds of tests that a mutant has to live through in each round.
_ENOUGH = (15.0, 4.0, 2.0)


@attrs.define
class _Trial:
    mutant: Mutant
    rounds: list[list[str]]
    """The tests still to run, round by round; a round is one process."""


@attrs.frozen
class _Running:
    trial: _Trial
    slot: int
    until: float


def judge(
    mutants: Iterable[Mutant], covered: Map, folder: Path, workers: int, most: int
) -> Iterator[tuple[Mutant, str]]:
    """Each mutant with its verdict, as they come; after so many rounds at the most."""
    waiting = (_Trial(mutant, rounds(mutant, covered)[:most]) for mutant in mutants)
    running: dict[int, _Running] = {}
    slots = list(range(workers))
    while True:
        while slots and (trial := next(waiting, None)):
            if trial.rounds:
                _start(trial, covered, folder, running, slots.pop())
            else:
                yield trial.mutant, UNTESTED
        if not running:
            return
        pid, status = _ended(running)
        ended = running.pop(pid)
        verdict = _verdict(status)
        if verdict == SURVIVED and ended.trial.rounds:
            _start(ended.trial, covered, folder, running, ended.slot)
        else:
            slots.append(ended.slot)
            yield ended.trial.mutant, verdict


def rounds(mutant: Mutant, covered: Map) -> list[list[str]]:
    """The tests for a mutant, in up to three rounds: its module's own test file, the files beside that, all others.

    A round's tests stand file by file, since tests of one file share what is slow to set up.
    """
    pattern = _own(mutant.file)
    own = {test for test in covered.seconds if pattern.fullmatch(_file(test))}
    near = covered.of(mutant.file, mutant.first, mutant.last)
    tests = near | covered.of(mutant.file, *mutant.around)
    if not (tests and mutant.in_function):
        # What acts at the import is run by no test, and noticed by any.
        tests |= own
    folder = pattern.pattern.rpartition("/")[0]
    found: list[list[str]] = [[], [], []]
    spent = [0.0, 0.0, 0.0]
    for test in sorted(tests & covered.seconds.keys(), key=lambda test: (test not in near, covered.seconds[test])):
        number = 0 if test in own else 1 if str(Path(_file(test)).parent) == folder else 2
        if spent[number] + covered.seconds[test] < _ENOUGH[number]:
            spent[number] += covered.seconds[test]
            found[number].append(test)
    return [_by_file(each, covered) for each in found if each]


def _file(test: str) -> str:
    return test.partition("::")[0]


def _by_file(tests: list[str], covered: Map) -> list[str]:
    spent = Counter[str]()
    for test in tests:
        spent[_file(test)] += covered.seconds[test]  # type: ignore[assignment] # a counter counts seconds as well
    return sorted(tests, key=lambda test: (spent[_file(test)], _file(test)))


def _own(file: str) -> re.Pattern[str]:
    """The names of a module's own test files: test_flow.py, test_flow_words.py."""
    path = Path(file)
    beside = tests_beside("/".join(path.parts[2:]))
    return re.compile(f"{beside}/test_{path.stem.strip('_')}" + r"(_\w+)?\.py")


def tests_beside(module: str) -> str:
    """The folder of a module's tests."""
    return "/".join(["tests", *(part.removeprefix("_") for part in Path(module).parts[:-1])])


def _start(trial: _Trial, covered: Map, folder: Path, running: dict[int, _Running], slot: int) -> None:
    tests = trial.rounds.pop(0)
    seconds = sum(covered.seconds[test] for test in tests)
    pid = fork(lambda: _session(trial.mutant, tests), folder / f"trial-{slot}.log", cpu_seconds=int(15 + 5 * seconds))
    # A busy machine makes a trial long, not its processor time: this bound is for those that wait for ever.
    running[pid] = _Running(trial, slot, time.monotonic() + 30 + 10 * seconds)


def _ended(running: dict[int, _Running]) -> tuple[int, int]:
    """Whoever ends next, with its status as `waitpid` gives it."""
    while True:
        for pid, each in list(running.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended and time.monotonic() > each.until:
                os.killpg(pid, signal.SIGKILL)
                ended, status = os.waitpid(pid, 0)[0], signal.SIGXCPU
            if ended:
                # Whatever the tests started and did not stop.
                with suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
                return pid, status
        time.sleep(0.01)


def _verdict(status: int) -> str:
    if os.WIFSIGNALED(status):
        return TIMED_OUT if os.WTERMSIG(status) in {signal.SIGXCPU, signal.SIGKILL} else KILLED
    code = os.waitstatus_to_exitcode(status)
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise RuntimeError("no test was found for a mutant: the map of tests is stale")
    return SURVIVED if code == pytest.ExitCode.OK else KILLED


def _session(mutant: Mutant, tests: list[str]) -> int:
    if loaded := [name for name in sys.modules if name.partition(".")[0] == "autocall_otp"]:
        raise RuntimeError(f"imported before the fork, so no mutant of it could be seen: {loaded}")
    sys.meta_path.insert(0, _Instead(mutant))
    return run_tests(list(dict.fromkeys(test.partition("::")[0] for test in tests)), _Chosen(tests), "-x")


class _Chosen:
    """These tests alone, in this order."""

    def __init__(self, tests: list[str]) -> None:
        self._order = {test: index for index, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self._order), key=lambda item: self._order[item.nodeid]
        )


class _Instead(MetaPathFinder):
    """Finds the mutant where its module is imported."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        parts = Path(mutant.file).with_suffix("").parts[1:]
        self._name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def find_spec(self, fullname: str, _path: object, _target: object = None) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        path = str(ROOT / self._mutant.file)
        return spec_from_file_location(fullname, path, loader=_Loader(fullname, path, self._mutant.source))


class _Loader(SourceFileLoader):
    """Compiles a given text, in the name of the file."""

    def __init__(self, fullname: str, path: str, text: str) -> None:
        super().__init__(fullname, path)
        self._text = text

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._text, self.get_filename(fullname), "exec", dont_inherit=True)
