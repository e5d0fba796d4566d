"""A Redis of a test's own, on a free port."""

import socket
import subprocess
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TIED = ["setpriv", "--pdeathsig", "KILL"]
"""The kernel ends what a killed test run would leave behind."""


@contextmanager
def redis_server(folder: Path, *options: str) -> Iterator[str]:
    """Start one; gives its URL."""
    found = subprocess.run(["/bin/sh", str(ROOT / "scripts/redis.sh")], capture_output=True, text=True, check=False)
    if found.returncode:
        raise FileNotFoundError(found.stderr.strip())
    command = [*TIED, found.stdout.strip(), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder), *options]
    for _ in range(5):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        process = subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        # It says so when it listens, and ends when somebody else took the port meanwhile.
        if any("Ready to accept connections" in line for line in process.stdout):
            break
        process.wait()
        process.stdout.close()
    else:
        raise OSError("Redis found no free port")
    drain = threading.Thread(target=process.stdout.read)
    drain.start()
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()
        drain.join()
        process.stdout.close()


@contextmanager
def redis_or_skip(folder: Path, untested: str) -> Iterator[str]:
    """The same; where Redis cannot be installed the tests are skipped, and the run says what it left out."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(redis_server(folder))
        except FileNotFoundError as missing:
            message = f"{untested}: {missing}"
            with warnings.catch_warnings():
                warnings.simplefilter("always")
                warnings.warn(message, stacklevel=1)
            pytest.skip(message)
        yield url
