"""The settings to the letter: what each is shown with, what is said of a wrong one, what a client makes of them."""

from __future__ import annotations

import errno
import json
import os
import traceback
from pathlib import Path

import attrs
import httpx
import platformdirs
import pytest
from platformdirs import windows

from autocall_otp import ConfigurationError, NotFoundError, Retry, ServerError
from autocall_otp._cli.settings import Setting, Settings, load
from cli.conftest import CODE, NUMBER, Run

CAMPAIGN = "f77dfcf4-0759-4179-93cb-741f481a776e"
VALUES = {"host": "api.example.vn", "token": "s4ndbox-t0ken", "campaign_uuid": CAMPAIGN, "template": "otp_script_01"}
VARIABLES = {
    "host": "AUTOCALL_API_HOST",
    "token": "AUTOCALL_TOKEN",
    "campaign_uuid": "AUTOCALL_CAMPAIGN_UUID",
    "template": "AUTOCALL_TEMPLATE",
}
OPTIONS = {"host": "--host", "campaign_uuid": "--campaign", "template": "--template"}
SHOWN = VALUES | {"token": "***"}


@pytest.fixture
def file(home: Path) -> Path:
    """The settings file at its usual place, with all that it may set."""
    path = home / "autocall-otp" / "config.toml"
    path.parent.mkdir()
    path.write_text("".join(f'{name} = "{value}"\n' for name, value in VALUES.items()))
    path.chmod(0o600)
    return path


def told(run: Run, *arguments: str) -> list[tuple[str, str | None, str, str | None]]:
    """Each setting as `config` tells programs."""
    _, *lines = run("config", "--json", *arguments).lines
    return [(line["name"], line["value"], line["source"], line["origin"]) for line in lines]


def message(config: Path | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(host=None, config=config)
    assert "s4ndbox-t0ken" not in "".join(traceback.format_exception(caught.value)), "a file's line may hold the token"
    return str(caught.value)


def test_each_setting_comes_from_the_file(run: Run, file: Path) -> None:
    assert told(run) == [(name, value, "file", str(file)) for name, value in SHOWN.items()]
    assert run("config", "--json").lines[0] == {"type": "file", "path": str(file), "found": True}


def test_each_setting_comes_from_its_variable(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert file.is_file()
    for name, variable in VARIABLES.items():
        monkeypatch.setenv(variable, f"{name} of the environment")
    assert told(run) == [
        (name, "***" if name == "token" else f"{name} of the environment", "environment", variable)
        for name, variable in VARIABLES.items()
    ]


def test_each_setting_but_the_token_comes_from_its_option(run: Run, file: Path) -> None:
    options = [part for name, option in OPTIONS.items() for part in (option, f"{name} of the options")]
    assert told(run, *options) == [
        (name, f"{name} of the options", "option", OPTIONS[name])
        if name in OPTIONS
        else (name, "***", "file", str(file))
        for name in VARIABLES
    ]
    assert run("config", "--token", "x").exit_code == 2


def test_an_empty_option_counts_as_given(run: Run, file: Path) -> None:
    assert file.is_file()
    assert ("template", "", "option", "--template") in told(run, "--template", "")


def test_what_is_unset_says_where_to_set_it(run: Run, home: Path) -> None:
    assert told(run) == [(name, None, "unset", None) for name in VARIABLES]
    path = home / "autocall-otp" / "config.toml"
    assert run("config", "--json").lines[0] == {"type": "file", "path": str(path), "found": False}
    ways = [
        ("host          ", "--host or AUTOCALL_API_HOST or host"),
        ("token         ", "AUTOCALL_TOKEN or token"),
        ("campaign_uuid ", "--campaign or AUTOCALL_CAMPAIGN_UUID or campaign_uuid"),
        ("template      ", "--template or AUTOCALL_TEMPLATE or template"),
    ]
    rows = [f"{name}-  set {way} in the settings file" for name, way in ways]
    assert run("config").stdout.splitlines() == [f"settings file: {path} (not there)", *rows]


def test_what_is_missing_is_told_with_where_to_set_it(home: Path) -> None:
    assert home.is_dir()
    found = load(host="api.example.vn", config=None)
    found.require()
    found.require("host")
    for name, ways in (("template", "--template or AUTOCALL_TEMPLATE"), ("token", "AUTOCALL_TOKEN")):
        with pytest.raises(ConfigurationError) as caught:
            found.require("host", name)
        assert str(caught.value) == f"{name}: is not set; set {ways} or {name} in the settings file"


def test_no_repr_shows_a_value() -> None:
    path, token = Path("/f"), Setting("token", "s4ndbox-t0ken", "file", "/f")
    assert repr(token) == "Setting(name='token', source='file', origin='/f')"
    assert repr(Settings(path, True, {"token": token})) == f"Settings(path={path!r}, found=True, transport=None)"  # noqa: FBT003 - a field


def test_a_variable_names_the_file_unless_an_option_does(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = home / "first.toml", home / "second.toml"
    for each in (first, second):
        each.write_text(f'template = "{each.stem}"')
    monkeypatch.setenv("AUTOCALL_CONFIG", str(first))
    assert told(run)[-1] == ("template", "first", "file", str(first))
    assert told(run, "--config", str(second))[-1] == ("template", "second", "file", str(second))
    monkeypatch.setenv("AUTOCALL_CONFIG", str(home / "none.toml"))
    assert message() == f"settings file {home / 'none.toml'}: does not exist"
    monkeypatch.setenv("AUTOCALL_CONFIG", "")
    assert told(run)[-1] == ("template", None, "unset", None)


def test_on_windows_the_file_stands_in_one_folder_of_the_local_settings(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platformdirs, "PlatformDirs", windows.Windows)
    monkeypatch.setattr(windows, "get_win_folder", lambda _: str(home))
    assert load(host=None, config=None).path == home / "autocall-otp" / "config.toml"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"token = s4ndbox-t0ken", "is not TOML"),
        (b"\xe4", "is not TOML"),
        (b"token = 5", "token must be a non-empty text in quotes"),
        (b'host = ""', "host must be a non-empty text in quotes"),
        (b"template = []", "template must be a non-empty text in quotes"),
        (b'hots = "s4ndbox-t0ken"', "knows no 'hots'; it may set host, token, campaign_uuid, template"),
    ],
)
def test_a_wrong_file_is_told_in_these_words(file: Path, text: bytes, words: str) -> None:
    file.write_bytes(text)
    assert message() == f"settings file {file}: {words}"


@pytest.mark.skipif(os.name != "posix", reason="file modes and errors of POSIX")
def test_a_file_that_cannot_be_used_is_told_in_these_words(file: Path) -> None:
    folder, none = file.parent, file.parent / "none.toml"
    assert message(folder) == f"settings file {folder}: cannot be read: {os.strerror(errno.EISDIR)}"
    assert message(none) == f"settings file {none}: does not exist"
    file.chmod(0o640)
    assert message() == f"settings file {file}: holds a token and others may read it; run: chmod 600 '{file}'"


class Answers:
    """A transport in place of the network: what it was made for, and what was sent through it."""

    def __init__(self, *statuses: int) -> None:
        self.base_urls: list[str] = []
        self.requests: list[httpx.Request] = []
        self._statuses = [*statuses]

    def __call__(self, base_url: str) -> httpx.MockTransport:
        self.base_urls.append(base_url)
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self._statuses.pop(0), json={"call_id": "c1"})


def test_a_client_has_these_settings(file: Path) -> None:
    assert file.is_file()
    answers = Answers(200)
    found = attrs.evolve(load(host=None, config=None), transport=answers)
    with found.client() as client:
        client.run_otp(NUMBER, CODE, ref_id="R1")
    (request,) = answers.requests
    assert answers.base_urls == ["https://api.example.vn"]
    assert str(request.url).startswith("https://api.example.vn/")
    assert request.headers["Authorization"] == "Bearer s4ndbox-t0ken"
    body = json.loads(request.content)
    assert (body["campaign_uuid"], body["template"]) == (CAMPAIGN, "otp_script_01")


def test_a_client_may_have_a_rule_of_its_own_for_trying_again(file: Path) -> None:
    assert file.is_file()
    answers = Answers(503, 503, 404)
    found = attrs.evolve(load(host=None, config=None), transport=answers)
    with found.client(retry=Retry.none()) as client, pytest.raises(ServerError):
        client.get_cdr("R1")
    assert len(answers.requests) == 1
    with found.client(retry=Retry(base=0)) as client, pytest.raises(NotFoundError):
        client.get_cdr("R1")
    assert len(answers.requests) == 3


def test_without_a_transport_a_client_makes_its_own_connections(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert file.is_file()
    monkeypatch.setenv("AUTOCALL_API_HOST", "http://127.0.0.1:1")
    with load(host=None, config=None).client() as client:
        assert repr(client) == "<Client http://127.0.0.1:1>"


def test_a_client_needs_a_host_and_a_token(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home.is_dir()
    for name in ("host", "token"):
        found = load(host=None, config=None)
        with pytest.raises(ConfigurationError) as caught:
            found.client()
        assert str(caught.value) == f"{name}: is not set; set {found.each[name].advice}"
        monkeypatch.setenv(VARIABLES[name], VALUES[name])
    load(host=None, config=None).client().close()
