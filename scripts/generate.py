"""Make generated/autocall_otp_api from openapi.yaml, or with --check see whether it still matches."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "autocall_otp_api"
TARGET = ROOT / "generated" / PACKAGE
CACHES = ("__pycache__", ".ruff_cache")
HEADER = '# Generated from openapi.yaml by "make generate"; do not edit.\n'


def generate(spec: Path, folder: Path) -> Path:
    """Write the package into folder and return its path."""
    out = folder / PACKAGE
    tools = Path(sys.executable).parent
    command = [str(tools / "openapi-python-client"), "generate", "--path", str(spec), "--output-path", str(out)]
    command += ["--config", str(ROOT / "scripts" / "generator.yaml"), "--meta", "none", "--fail-on-warning"]
    env = os.environ | {"PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(
            f"openapi.yaml and the generator disagree: openapi-python-client refused {spec.name}:\n{done.stdout}"
            f"{done.stderr}\nCorrect openapi.yaml where it points, then run `make generate`."
        )
    for module in out.rglob("*.py"):
        module.write_text(HEADER + module.read_text(encoding="utf-8"), encoding="utf-8")
    (out / "py.typed").touch()
    return out


def contents(package: Path) -> dict[str, bytes]:
    """Every file below package, untracked ones included, caches left out."""
    files = [path for path in package.rglob("*") if path.is_file() and not {*path.parts} & {*CACHES}]
    return {path.relative_to(package).as_posix(): path.read_bytes() for path in files}


def drift(fresh: Path, kept: Path) -> list[str]:
    """One line for each file in which the kept package differs from a fresh one."""
    wanted, found = contents(fresh), contents(kept)
    return [
        f"  {kept.name}/{name} {'is missing' if name not in found else 'differs' if name in wanted else 'is left over'}"
        for name in sorted(wanted.keys() | found.keys())
        if wanted.get(name) != found.get(name)
    ]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        fresh = generate(ROOT / "openapi.yaml", Path(folder))
        if "--check" in sys.argv[1:]:
            if lines := drift(fresh, TARGET):
                next_ = "Run `make generate`, look at the change, and commit it together with openapi.yaml."
                sys.exit("\n".join(["generated/ is not what openapi.yaml gives:", *lines, next_]))
        else:
            shutil.rmtree(TARGET, ignore_errors=True)
            shutil.copytree(fresh, TARGET, ignore=shutil.ignore_patterns(*CACHES))


if __name__ == "__main__":
    main()
