"""Go through the Containerfile without a container engine: each step in a temporary folder, then probe the result.

FROM becomes a fresh virtual environment, which this one's pip installs into, and an absolute path one below the folder.
USER is left out, and so is ENV, which only keeps pip's downloads out of the image.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent


def build(root: Path, env: dict[str, str]) -> tuple[Path, dict[str, str]]:
    """Carry the steps out below root; the last folder, and what CMD and HEALTHCHECK say."""
    folder, commands = root, dict[str, str]()
    for line in (ROOT / "Containerfile").read_text(encoding="utf-8").splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            venv.create(root / "venv")
            pip = root / "venv" / "bin" / "pip"
            pip.write_text(f'#!/bin/sh\nexec {sys.executable} -m pip --python {root}/venv "$@"\n', encoding="utf-8")
            pip.chmod(0o755)
        elif word == "WORKDIR":
            folder = root / rest.lstrip("/")
            folder.mkdir(parents=True, exist_ok=True)
        elif word == "COPY":
            *sources, target = rest.split()
            subprocess.run(["cp", "-r", *sources, str(folder / target)], cwd=ROOT, check=True)  # noqa: S607 - Debian's
        elif word == "RUN":
            subprocess.run(["sh", "-ec", rest], cwd=folder, env=env, check=True)  # noqa: S607 - as an engine does
        elif word in {"CMD", "HEALTHCHECK"}:
            commands[word] = rest.removeprefix("CMD ")
        elif word not in {"ENV", "USER", "EXPOSE", "#", ""}:
            sys.exit(f"Containerfile: {word} is not known to this check")
    return folder, commands


def probe(folder: Path, commands: dict[str, str], env: dict[str, str]) -> None:
    """Start what CMD says on a free port, ask it for the page and its health, and stop it."""
    command = json.loads(commands["CMD"].replace("8025", "0"))
    with subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            # It prints its greeting once it listens.
            greeting = process.stdout.readline() if process.stdout else ""
            if not (found := re.search(r"http://127\.0\.0\.1:(\d+)/", greeting)):
                sys.exit("the sandbox did not start")
            if b"Autocall OTP" not in urlopen(f"http://127.0.0.1:{found[1]}/").read():
                sys.exit("the page is not the sandbox's")
            health = json.loads(commands["HEALTHCHECK"].replace("8025", found[1]))
            subprocess.run(health, cwd=folder, env=env, check=True)
        finally:
            process.terminate()
        if process.wait(60):
            sys.exit(f"the sandbox ended with {process.returncode}")
    if not (folder / "data" / "calls.db").is_file():
        sys.exit("no database was made")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        # Nothing of the checkout is seen. What is not compiled now is compiled when it is imported, the little that is.
        kept = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}
        kept |= {"PATH": f"{name}/venv/bin{os.pathsep}{kept['PATH']}", "PIP_NO_COMPILE": "1"}
        probe(*build(Path(name), kept), kept)
    print("ok: the Containerfile's steps give a sandbox that answers")
