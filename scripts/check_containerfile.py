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
import time
import venv
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
PORT = "8025"
START_SECONDS = 30


@dataclass
class Image:
    """What the steps so far have made."""

    context: Path
    root: Path
    folder: Path = field(init=False)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin at the root."""
        self.folder = self.root

    @property
    def environment(self) -> dict[str, str]:
        """The variables for every step: its Python is the image's, and nothing of the checkout is seen."""
        tools = self.root / "venv" / "bin"
        kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
        return kept | {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}

    def step(self, word: str, rest: str) -> None:
        """Carry one instruction out; exits for one that is not known."""
        match word:
            case "FROM":
                venv.create(self.root / "venv", with_pip=True)
            case "WORKDIR":
                self.folder = self.root / rest.lstrip("/")
                self.folder.mkdir(parents=True, exist_ok=True)
            case "COPY":
                *sources, target = rest.split()
                for source in sources:
                    self.copy(self.context / source, self.folder / target)
            case "RUN":
                subprocess.run(["sh", "-ec", rest], cwd=self.folder, env=self.environment, check=True)  # noqa: S607 - as an engine does
            case "CMD":
                self.command = json.loads(rest)
            case "HEALTHCHECK":
                self.health = json.loads(rest.removeprefix("CMD "))
            case "USER" | "EXPOSE":
                pass
            case _:
                sys.exit(f"Containerfile: {word} is not known to this check")

    @staticmethod
    def copy(source: Path, target: Path) -> None:
        """Copy as COPY does: the contents of a folder, or a file into a folder."""
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)


def steps(containerfile: Path) -> list[tuple[str, str]]:
    """The instructions, without comments."""
    lines = containerfile.read_text(encoding="utf-8").splitlines()
    found = [line.strip().partition(" ") for line in lines if line.strip() and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in found]


def probe(image: Image) -> None:
    """Start what CMD says on a free port, ask it for the page and its health, and stop it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    command = [port if word == PORT else word for word in image.command]
    health = [word.replace(PORT, port) for word in image.health]
    with subprocess.Popen(command, cwd=image.folder, env=image.environment) as process:
        try:
            page = wait_for(f"http://127.0.0.1:{port}/", process)
            if b"Autocall OTP" not in page:
                sys.exit("the page is not the sandbox's")
            subprocess.run(health, cwd=image.folder, env=image.environment, check=True)
        finally:
            process.terminate()
        if process.wait(10):
            sys.exit(f"the sandbox ended with {process.returncode}")
    if not (image.folder / "data" / "calls.db").is_file():
        sys.exit("no database was made")


def wait_for(url: str, process: subprocess.Popen[bytes]) -> bytes:
    """What the url answers, as soon as it does."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urlopen(url) as answer:  # noqa: S310 - http to this machine
                return bytes(answer.read())
        except URLError:
            time.sleep(0.1)
    sys.exit("the sandbox did not start")


def main() -> None:
    """Run every step in order; the first that fails ends the check."""
    context = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    with tempfile.TemporaryDirectory() as folder:
        image = Image(context, Path(folder))
        for word, rest in steps(ROOT / "Containerfile"):
            print(f"{word} {rest}", flush=True)
            image.step(word, rest)
        probe(image)
    print("ok: the Containerfile's steps give a sandbox that answers")


if __name__ == "__main__":
    main()
