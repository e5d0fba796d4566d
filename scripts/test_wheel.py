"""Build the wheel and run the tests on it, in an environment of the lowest promised versions."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from email import message_from_bytes
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENV = ROOT / ".venv-wheel"
PYTHON = ENV / "bin" / "python"
LOCK = ROOT / "requirements" / "lowest.txt"
PACKAGES = {"autocall_otp", "autocall_otp_api"}
REQUIREMENTS = {"attrs", "httpx"}
# Faults do not depend on the packaging; the browser and Schemathesis belong to the development environment.
LEFT_OUT = ("faults", "sandbox/test_browser.py", "sandbox/test_schemathesis.py")
SHOW_ORIGIN = """
import sysconfig, autocall_otp, autocall_otp_api
for module in (autocall_otp, autocall_otp_api):
    if not module.__file__.startswith(sysconfig.get_path("purelib")):
        raise SystemExit(f"{module.__name__} was imported from {module.__file__}, not from the wheel")
"""


def build(folder: Path) -> Path:
    """Build the wheel with the pinned hatchling."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    (wheel,) = folder.glob("*.whl")
    return wheel


def check_contents(wheel: Path) -> None:
    """Refuse a wheel that lacks type markers, holds anything else, or needs more than it should."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        info = next(name.split("/")[0] for name in names if name.endswith(".dist-info/METADATA"))
        metadata = message_from_bytes(archive.read(f"{info}/METADATA"))
    if missing := {f"{package}/py.typed" for package in PACKAGES} - names:
        sys.exit(f"The wheel lacks {sorted(missing)}")
    if surplus := {name.split("/")[0] for name in names} - PACKAGES - {info}:
        sys.exit(f"The wheel should not hold {sorted(surplus)}")
    required = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    if (found := {re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in required}) != REQUIREMENTS:
        sys.exit(f"The wheel requires {sorted(found)}, not {sorted(REQUIREMENTS)}")


def prepare() -> None:
    """Make the environment, unless the one that is there was made from the same lock."""
    stamp = ENV / ".ready"
    key = f"{sys.version} {hashlib.sha256(LOCK.read_bytes()).hexdigest()}"
    if stamp.exists() and stamp.read_text() == key:
        return
    print("Setting up .venv-wheel ...", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENV)], check=True)
    install("--require-hashes", "-r", str(LOCK))
    stamp.write_text(key)


def install(*arguments: str) -> None:
    """Run pip in the environment."""
    pip = [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*pip, *arguments], check=True)


def main() -> int:
    """Build, check, install and test, out of reach of the source folders."""
    with tempfile.TemporaryDirectory(prefix="autocall-otp-") as name:
        folder = Path(name)
        wheel = build(folder / "dist")
        check_contents(wheel)
        prepare()
        install("--no-deps", "--force-reinstall", str(wheel))

        work = folder / "work"
        shutil.copytree(ROOT / "tests", work / "tests", ignore=shutil.ignore_patterns("__pycache__"))
        for file in ("openapi.yaml", "pyproject.toml"):
            shutil.copy(ROOT / file, work)
        env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        env["AUTOCALL_REPO_TOOLS"] = str(ROOT)
        subprocess.run([str(PYTHON), "-P", "-c", SHOW_ORIGIN], cwd=work, env=env, check=True)
        print(f"Testing {wheel.name} with the lowest promised versions", flush=True)
        pytest = [str(PYTHON), "-P", "-m", "pytest", "-m", "not dev", "-p", "no:cacheprovider"]
        pytest += ["-n", "4", "--dist", "loadfile", "-q", *(f"--ignore=tests/{name}" for name in LEFT_OUT), "tests"]
        return subprocess.run(pytest, cwd=work, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
