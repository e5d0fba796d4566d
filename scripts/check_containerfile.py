"""Go through the Containerfile without a container engine: each step in a temporary folder, then probe the result.

FROM becomes a fresh virtual environment, an absolute path becomes one below the folder, and USER is left out.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
PORT = "8025"


def build(root: Path, context: Path) -> tuple[Path, dict[str, list[str]]]:
    """Carry the steps out below root; the last folder, and what CMD and HEALTHCHECK say."""
    folder, commands = root, dict[str, list[str]]()
    for line in (ROOT / "Containerfile").read_text(encoding="utf-8").splitlines():
        word, _, rest = line.strip().partition(" ")
        match word:
            case "FROM":
                venv.create(root / "venv", with_pip=True)
            case "WORKDIR":
                folder = root / rest.lstrip("/")
                folder.mkdir(parents=True, exist_ok=True)
            case "COPY":
                *sources, target = rest.split()
                for source in (context / name for name in sources):
                    if source.is_dir():
                        skip = shutil.ignore_patterns("__pycache__")
                        shutil.copytree(source, folder / target, dirs_exist_ok=True, ignore=skip)
                    else:
                        shutil.copy(source, folder / target)
            case "RUN":
                subprocess.run(["sh", "-ec", rest], cwd=folder, env=environment(root), check=True)  # noqa: S607 - as an engine does
            case "CMD" | "HEALTHCHECK":
                commands[word] = json.loads(rest.removeprefix("CMD "))
            case "USER" | "EXPOSE" | "#" | "":
                pass
            case _:
                sys.exit(f"Containerfile: {word} is not known to this check")
    return folder, commands


def environment(root: Path) -> dict[str, str]:
    """The variables for every step: its Python is the image's, and nothing of the checkout is seen."""
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    # What is not compiled when it is installed is compiled when it is imported, the little that is.
    return kept | {"PATH": f"{root / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}", "PIP_NO_COMPILE": "1"}


def probe(folder: Path, commands: dict[str, list[str]], env: dict[str, str]) -> None:
    """Start what CMD says on a free port, ask it for the page and its health, and stop it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    command, health = ([word.replace(PORT, port) for word in commands[each]] for each in ("CMD", "HEALTHCHECK"))
    with subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            # It prints its greeting once it listens.
            if not process.stdout or not process.stdout.readline():
                sys.exit("the sandbox did not start")
            if b"Autocall OTP" not in urlopen(f"http://127.0.0.1:{port}/").read():
                sys.exit("the page is not the sandbox's")
            subprocess.run(health, cwd=folder, env=env, check=True)
        finally:
            process.terminate()
        if process.wait(60):
            sys.exit(f"the sandbox ended with {process.returncode}")
    if not (folder / "data" / "calls.db").is_file():
        sys.exit("no database was made")


def main() -> None:
    """Run every step in order; the first that fails ends the check."""
    context = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    with tempfile.TemporaryDirectory() as name:
        folder, commands = build(Path(name), context)
        probe(folder, commands, environment(Path(name)))
    print("ok: the Containerfile's steps give a sandbox that answers")


if __name__ == "__main__":
    main()
