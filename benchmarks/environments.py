"""Make the environments of the benchmarks: one with everything, and one for each library whose import is timed.

Run by the project's own Python, which brings uv and hatchling: `.venv/bin/python benchmarks/environments.py`.
"""

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
    **{name: [name] for name in ("aiohttp", "telnyx", "twilio", "vonage", "plivo")},
}


def _uv(*arguments: str) -> None:
    subprocess.run([str(Path(sys.executable).parent / "uv"), "-q", "--native-tls", *arguments], cwd=ROOT, check=True)


def _install(environment: Path, *arguments: str) -> None:
    if not environment.exists():
        print(f"Setting up {environment.relative_to(ROOT)} ...", flush=True)
        _uv("venv", "--python", sys.executable, str(environment))
    # Compiled now: an import that compiles first would be timed for that.
    _uv("pip", "install", "--compile-bytecode", "--python", str(environment / "bin" / "python"), *arguments)


def main() -> None:
    """Install what the lock names, and the SDK as it is now."""
    _install(MAIN, "--require-hashes", "-r", str(LOCK))
    for name, requirements in ENVIRONMENTS.items():
        _install(COLD / name, "--constraint", str(LOCK), *requirements)
    with tempfile.TemporaryDirectory() as folder:
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
        subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
        (wheel,) = Path(folder).glob("*.whl")
        for environment in (MAIN, COLD / "autocall-otp"):
            _install(environment, "--no-deps", "--reinstall", str(wheel))


if __name__ == "__main__":
    main()
