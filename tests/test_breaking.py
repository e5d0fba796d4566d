"""`make breaking` on real repositories: what it finds, what it proposes, what it compares with."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.page import ROOT

pytestmark = pytest.mark.dev
breaking = pytest.importorskip("breaking", reason="what it needs is not in the environment of the lowest versions")

VERSION, CLIENT, MODELS, ERRORS, PLUGIN, RUN, EXITS = (
    f"src/autocall_otp/{name}.py"
    for name in ("_version", "_client", "models", "_errors", "pytest_plugin", "_cli/run", "_cli/exits")
)
SPEC = "openapi.yaml"
Compare = Callable[..., tuple[object, list[str]]]


class Repository:
    """A scratch repository with the contract and the package in it."""

    def __init__(self, root: Path, *, whole: bool = True) -> None:
        self.root = root
        for name in ("src", "generated") if whole else ():
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        (root / VERSION).parent.mkdir(parents=True, exist_ok=True)
        (root / VERSION).write_text('__version__ = "0.0.0"\n')
        shutil.copy(ROOT / SPEC, root)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        done = subprocess.run([breaking.GIT, *arguments], cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, version: str, *, tag: bool = False) -> str:
        self.edit(VERSION, '"[^"]+"$', f'"{version}"')
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", version)
        if tag:
            self.git("tag", f"v{version}")
        return self.git("rev-parse", "HEAD")

    def edit(self, path: str, found: str, put: str) -> None:
        """Replace every match of an expression; there has to be one."""
        total = 0
        for file in self.root.glob(path):
            changed, count = re.subn(found, put, file.read_text(encoding="utf-8"), flags=re.MULTILINE)
            file.write_text(changed, encoding="utf-8")
            total += count
        assert total, f"{found} is not in {path}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the script runs, with a git that nobody has configured."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for who in ("AUTHOR", "COMMITTER"):
        for what in ("NAME", "EMAIL"):
            monkeypatch.setenv(f"GIT_{who}_{what}", "nobody@example.com")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def repository(folder: Path) -> Repository:
    """The state of a release, with nothing changed."""
    repository = Repository(folder)
    repository.commit("1.2.0", tag=True)
    return repository


@pytest.fixture
def compare(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Compare:
    """Run the script; gives what it ends with, and its lines."""

    def main(base: str = "v1.2.0") -> tuple[object, list[str]]:
        monkeypatch.setattr("sys.argv", ["breaking.py", base])
        with pytest.raises(SystemExit) as caught:
            breaking.main()
        return caught.value.code, capsys.readouterr().out.splitlines()

    return main


ARGUMENT = r"^        ref_id: str \| None = None,$"


def test_what_is_new_and_other_words_are_not_breaking(repository: Repository, compare: Compare) -> None:
    repository.edit(CLIENT, ARGUMENT, "        ref_id: str | None = None,\n        made_up: str | None = None,")
    repository.edit(SPEC, "^components:$", "  /v3/new:\n    get:\n      responses: {}\ncomponents:")
    repository.edit(SPEC, "description: The call was taken.", "description: The call is taken.")
    code, lines = compare()
    said = f"Not breaking: after 1.2.0 comes 1.3.0 or later; {VERSION} says 1.2.0"
    assert lines == [
        "Compared with v1.2.0, version 1.2.0.",
        "new       Python       autocall_otp.AsyncClient.run_otp(made_up): was added",
        "new       Python       autocall_otp.Client.run_otp(made_up): was added",
        "new       openapi.yaml #/paths//v3/new: was added",
        "other     openapi.yaml words, examples and what no client notices: 1",
        f"{said}: set it to 1.3.0 for the next release.",
    ]
    assert code == 0


CALL, RECORD, STATUS = "autocall_otp.Client.run_otp", "autocall_otp.Cdr", "autocall_otp.CallStatus"
TEMPLATE, CAMPAIGN = (rf"^        {name} \| None = None,$" for name in ("template: str", r"campaign_uuid: str \| UUID"))
# What breaks users: the file, what is put for what in it, and what is said of it.
BREAKS = [
    (CLIENT, f"{ARGUMENT}\n", "", f"{CALL}(ref_id): was removed"),
    (CLIENT, TEMPLATE, "        template: str,", f"{CALL}(template): required, from `False` to `True`"),
    (
        CLIENT,
        CAMPAIGN,
        "        campaign_uuid: int,",
        f"{CALL}(campaign_uuid): takes, from `str | UUID | None` to `int`",
    ),
    (CLIENT, "-> OtpCall:", "-> OtpCall | None:", f"{CALL}: gives, from `OtpCall` to `OtpCall | None`"),
    (
        CLIENT,
        r"^( +phone_number: str,\n)( +code_otp: str,)",
        r"\2\n\1",
        f"{CALL}: in order, from `phone_number, code_otp`",
    ),
    (MODELS, "^    rate: .*$", "", f"{RECORD}.rate: was removed"),
    (MODELS, "^    billsec: int ", "    billsec: str ", f"{RECORD}.billsec: gives, from `int | None` to `str | None`"),
    (MODELS, "^    cause: .*$", "    cause: str | None", f"{RECORD}.cause: required, from `False` to `True`"),
    (MODELS, "^    cause: ", "    reason: str | None\n    cause: ", f"{RECORD}.reason: was added, and is required"),
    (MODELS, "^    VOICEMAIL = .*$", "", f"{STATUS}.VOICEMAIL: was removed"),
    (MODELS, '^    BUSY = "busy"$', '    BUSY = "BUSY"', f"{STATUS}.BUSY: value, from `'busy'` to `'BUSY'`"),
    (MODELS, "default=3, validator", "default=5, validator", "autocall_otp.Retry.attempts: value, from `3` to `5`"),
    ("src/autocall_otp/**/*.py", "RateLimitedError", "TooManyError", "autocall_otp.RateLimitedError: was removed"),
    (
        ERRORS,
        r"\(TransportError, Time.*\)",
        "(TransportError)",
        "is a, from `TransportError | TimeoutError` to `TransportError`",
    ),
    (PLUGIN, "def autocall_sandbox", "def sandbox", "autocall_otp.pytest_plugin.autocall_sandbox: was removed"),
    (RUN, '"--wait"', '"--patience"', "autocall-otp run --wait: was removed"),
    (EXITS, "NO_RECORD = 4", "NO_RECORD = 6", "exit code NO_RECORD: number, from `4` to `6`"),
    (SPEC, r"template, code_otp\]", "template, code_otp, ref_id]", "`OtpRequest` became required: `ref_id`."),
    (SPEC, "^        rate:\n          type: string\n          description: .*\n", "", "Property `rate` of"),
]


def test_what_breaks_users_is_found_and_needs_a_major_version(repository: Repository, compare: Compare) -> None:
    for path, found, put, _ in BREAKS:
        repository.edit(path, found, put)
    code, lines = compare()
    reported = [line for line in lines if line.startswith("breaking ")]
    assert [said for *_, said in BREAKS if not any(said in line for line in reported)] == []
    assert {line.split()[1] for line in reported} == {"Python", "command", SPEC}
    wanted = f"Breaking: after 1.2.0 comes 2.0.0 or later; {VERSION} says 1.2.0: set it to 2.0.0."
    assert (code, lines[-1]) == (1, wanted)


@pytest.mark.parametrize(("impact", "said", "version"), [(0, "No changes", "1.2.0"), (3, "Breaking", "2.0.0")])
def test_a_version_that_allows_for_the_changes_passes(
    folder: Path, compare: Compare, monkeypatch: pytest.MonkeyPatch, impact: int, said: str, version: str
) -> None:
    repository = Repository(folder, whole=False)
    repository.commit("1.2.0", tag=True)
    repository.edit(VERSION, "1.2.0", version)
    changes = [breaking.Change(breaking.Impact(impact), "a part", "what changed")]
    monkeypatch.setattr(breaking, "contract_changes", lambda *_: changes)
    code, lines = compare()
    wanted = f"{said}: after 1.2.0 comes {version} or later; {VERSION} says {version}, which is enough."
    assert (code, lines[-1]) == (0, wanted)
    assert compare("no-such-name")[0] == "no-such-name is no revision of this repository"


def test_the_version_follows_from_the_worst_change() -> None:
    proposed = {
        "1.2.3": ["1.2.3", "1.2.4", "1.3.0", "2.0.0"],
        "0.1.4": ["0.1.4", "0.1.5", "0.1.5", "0.2.0"],
    }
    for base, wanted in proposed.items():
        assert [str(breaking.proposed(breaking.Version(base), each)) for each in breaking.Impact] == wanted


def test_a_release_is_compared_with_the_one_before_and_anything_later_with_the_last(folder: Path) -> None:
    repository = Repository(folder, whole=False)
    for version in ("0.1.0", "0.2.0"):
        repository.commit(version, tag=True)
    assert breaking.default_base() == "v0.1.0"
    repository.edit(SPEC, "description: The call was taken.", "description: The call is taken.")
    assert breaking.default_base() == "v0.2.0"
    repository.commit("0.3.0")
    assert breaking.default_base() == "v0.2.0"


def test_without_a_release_the_base_is_where_the_branch_left_main_or_the_first_commit(folder: Path) -> None:
    repository = Repository(folder, whole=False)
    first, left = repository.commit("0.1.0"), repository.commit("0.2.0")
    repository.git("checkout", "-q", "-b", "topic")
    repository.commit("0.3.0")
    assert breaking.default_base() == left
    repository.git("branch", "-q", "-D", "main")
    assert breaking.default_base() == first
