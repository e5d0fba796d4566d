"""Make the environments of the benchmarks: one with everything, and one for each library whose import is timed.

Run by the project's own Python, which brings uv and hatchling: `.venv/bin/python benchmarks/environments.py`.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "benchmarks" / "requirements.txt"
MAIN, COLD = ROOT / ".venv-bench", ROOT / ".venv-cold"
# Nothing but the library and what it needs; the generated client and httpx are looked at in the SDK's own.
ENVIRONMENTS = {
    "autocall-otp": ["attrs", "httpx"],
    "pycurl": ["attrs", "httpx", "pycurl"],
    **{name: [name] for name in ("aiohttp", "pyreqwest", "telnyx", "twilio", "vonage", "plivo", "stripe", "svix")},
}
_WITH_SDK = ("autocall-otp", "pycurl")


def _uv(*arguments: str) -> None:
    subprocess.run([str(Path(sys.executable).parent / "uv"), "-q", *arguments], cwd=ROOT, check=True)


def _install(environment: Path, *arguments: str) -> None:
    # Compiled now: an import that compiles first would be timed for that.
    python = str(environment / "bin" / "python")
    _uv("pip", "install", "--compile-bytecode", "--python", python, *arguments)


def _environment(environment: Path, *requirements: str) -> None:
    """Make an environment anew, unless the one that is there was made from the same lock."""
    stamp = environment / ".ready"
    key = f"{sys.version} {' '.join(requirements)} {hashlib.sha256(LOCK.read_bytes()).hexdigest()}"
    if stamp.exists() and stamp.read_text() == key:
        return
    print(f"Setting up {environment.relative_to(ROOT)} ...", flush=True)
    _uv("venv", "--clear", "--python", sys.executable, str(environment))
    _install(environment, *requirements)
    stamp.write_text(key)


def main() -> None:
    """Make what is missing, and put the SDK as it is now in those that need it."""
    _environment(MAIN, "--require-hashes", "-r", str(LOCK))
    for name, requirements in ENVIRONMENTS.items():
        try:
            _environment(COLD / name, "--constraint", str(LOCK), *requirements)
        except subprocess.CalledProcessError:
            # The table will say that it is missing.
            shutil.rmtree(COLD / name, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
        subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
        (wheel,) = Path(folder).glob("*.whl")
        for environment in (MAIN, *(COLD / name for name in _WITH_SDK)):
            _install(environment, "--no-deps", "--reinstall", str(wheel))


if __name__ == "__main__":
    main()
