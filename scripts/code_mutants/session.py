"""A run of pytest in a process of its own, forked from one that has imported everything but the SDK and its tests."""

from __future__ import annotations

import gc
import importlib
import os
import resource
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
_OPTIONS = [
    "-q",
    "--assert=plain",
    "--tb=line",
    "--timeout=0",
    # What was imported before the fork is not rewritten, and need not be.
    "-Wignore::pytest.PytestAssertRewriteWarning",
    *("-p", "no:cacheprovider"),
    *("-p", "no:xdist"),
    *("-p", "no:schemathesis"),
]
_MEMORY = 6 * 1024**3


def fork(work: Callable[[], int], log: Path, cpu_seconds: int = 0) -> int:
    """Start the work in a process group of its own; return its process id. Its exit status is what the work returns."""
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        os.setpgid(0, 0)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        # A shell's background job ignores it, and so would the programs that tests interrupt.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        if cpu_seconds:
            signal.signal(signal.SIGXCPU, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
        status = work()
    except BaseException:  # noqa: BLE001 - what is forked never returns to what forked it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def run_tests(paths: Iterable[str], plugin: object, *options: str) -> int:
    """Run them; return the exit status. Made-up examples are the same in every run, so that two runs find the same."""
    from hypothesis import settings  # noqa: PLC0415 - imported by `prepare`

    settings.register_profile("mutants", database=None, derandomize=True)
    settings.load_profile("mutants")
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        return int(pytest.main([*_OPTIONS, *options, f"--basetemp={folder}/tests", *paths], plugins=[plugin]))


def prepare(modules: Iterable[str], folder: Path) -> None:
    """Import what every run would import for itself, and let each leave its compiled modules to the next."""
    sys.dont_write_bytecode = False
    sys.pycache_prefix = str(folder / "pycache")
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception:  # noqa: S112, BLE001 - it can be imported later, or not at all, by those who need it
            continue
    from hypothesis import given, settings, strategies  # noqa: PLC0415 - what is measured must not begin here

    with warnings.catch_warnings(action="ignore"):
        # Its first example makes it look through all that is imported.
        settings(max_examples=1, database=None)(given(strategies.none())(lambda _: None))()
    # A collector that walks through what the parent made copies that memory, page by page: most of a short run.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)
