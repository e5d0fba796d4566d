"""Options, then the environment, then the file; a file that others may read keeps no token."""

from __future__ import annotations

import json
import os
import traceback
from typing import TYPE_CHECKING

import httpx
import platformdirs
import pytest
from platformdirs import windows

from autocall_otp import ConfigurationError, Retry, ServerError
from autocall_otp._cli.settings import Setting, Settings, load
from cli.conftest import CAMPAIGN, CODE, NUMBER, TEMPLATE, TOKEN, Run

if TYPE_CHECKING:
    from pathlib import Path

VALUES = {"host": "api.example.vn", "token": TOKEN, "campaign_uuid": CAMPAIGN, "template": TEMPLATE}
VARIABLES = {
    "host": "AUTOCALL_API_HOST",
    "token": "AUTOCALL_TOKEN",
    "campaign_uuid": "AUTOCALL_CAMPAIGN_UUID",
    "template": "AUTOCALL_TEMPLATE",
}
OPTIONS = {"host": "--host", "campaign_uuid": "--campaign", "template": "--template"}


@pytest.fixture
def file(home: Path) -> Path:
    """The settings file at its usual place, with all that it may set."""
    path = home / "autocall-otp" / "config.toml"
    path.parent.mkdir()
    path.write_text("".join(f'{name} = "{value}"\n' for name, value in VALUES.items()))
    path.chmod(0o600)
    return path


def told(run: Run, *arguments: str) -> dict[str, tuple[str | None, str, str | None]]:
    """Each setting as `config` tells programs: value, source, origin."""
    lines = run("config", "--json", *arguments).all("setting")
    return {line["name"]: (line["value"], line["source"], line["origin"]) for line in lines}


@pytest.mark.parametrize("name", VARIABLES)
def test_an_option_comes_before_the_environment_before_the_file(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def shown(value: str | None) -> str | None:
        return "***" if name == "token" and value else value

    assert told(run)[name] == (shown(VALUES[name]), "file", str(file))
    monkeypatch.setenv(VARIABLES[name], "environment")
    assert told(run)[name] == (shown("environment"), "environment", VARIABLES[name])
    if name in OPTIONS:
        assert told(run, OPTIONS[name], "option")[name] == ("option", "option", OPTIONS[name])
    file.write_text("")
    assert told(run)[name] == (shown("environment"), "environment", VARIABLES[name])
    monkeypatch.setenv(VARIABLES[name], "")
    assert told(run)[name] == (None, "unset", None)


def test_people_read_the_value_and_where_it_comes_from(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "mine.toml"
    path.write_text('template = "odd\\u001bname"', encoding="utf-8")
    monkeypatch.setenv("AUTOCALL_TOKEN", TOKEN)
    ran = run("config", "--config", str(path), "--host", "api.example.vn")
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert ran.stdout.splitlines() == [
        f"settings file: {path}",
        "host          api.example.vn  --host",
        "token         ***  AUTOCALL_TOKEN",
        "campaign_uuid -  set --campaign or AUTOCALL_CAMPAIGN_UUID or campaign_uuid in the settings file",
        f"template      odd\ufffdname  {path}",
    ]


def test_the_file_is_enough_for_a_call_and_a_client_may_have_another_token(file: Path) -> None:
    assert file.is_file()
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={"call_id": "c1"}) if request.method == "POST" else httpx.Response(503)

    settings = load(host=None, config=None)
    with settings.client(transport=httpx.MockTransport(answer)) as client:
        client.run_otp(NUMBER, CODE, ref_id="R1")
    other = settings.client(token="other", retry=Retry.none(), transport=httpx.MockTransport(answer))
    with other, pytest.raises(ServerError):
        other.get_cdr("R1")
    assert [request.headers["Authorization"] for request in sent] == [f"Bearer {TOKEN}", "Bearer other"]
    body = json.loads(sent[0].content)
    assert (sent[0].url.host, body["campaign_uuid"], body["template"]) == ("api.example.vn", CAMPAIGN, TEMPLATE)


@pytest.mark.usefixtures("home")
def test_a_host_is_a_name_or_a_url() -> None:
    hosts = {
        "api.example.vn": "https://api.example.vn",
        "http://[::1]:8025": "http://[::1]:8025",
        " x:1 ": "https://x:1",
    }
    assert {host: str(load(host=host, config=None).url) for host in hosts} == hosts


@pytest.mark.parametrize(
    ("how", "place"),
    [("option", "--campaign"), ("environment", "AUTOCALL_CAMPAIGN_UUID"), ("file", "campaign_uuid in {file}")],
)
def test_a_wrong_value_is_told_with_the_place_where_it_stands(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch, how: str, place: str
) -> None:
    file.write_text(file.read_text().replace(CAMPAIGN, "x"))
    if how == "environment":
        monkeypatch.setenv("AUTOCALL_CAMPAIGN_UUID", "x")
    ran = run("doctor", *(["--campaign", "x"] if how == "option" else []))
    told_words = f"autocall-otp: {place.format(file=file)}: must be a UUID\n"
    assert (ran.exit_code, ran.stdout, ran.stderr) == (5, "", told_words)


def test_what_is_missing_is_told_with_where_to_set_it(home: Path) -> None:
    assert home
    found = load(host="api.example.vn", config=None)
    for name, ways in (("template", "--template or AUTOCALL_TEMPLATE"), ("token", "AUTOCALL_TOKEN")):
        with pytest.raises(ConfigurationError) as caught:
            found.require("host", name)
        assert str(caught.value) == f"{name}: is not set; set {ways} or {name} in the settings file"


def test_no_repr_shows_a_value_and_no_option_takes_a_token(run: Run, tmp_path: Path) -> None:
    token = Setting("token", TOKEN, "file", "/f")
    assert TOKEN not in repr(token) + repr(Settings(tmp_path, found=True, each={"token": token}))
    assert run("config", "--token", "x").exit_code == 2


def test_a_variable_names_the_file_unless_an_option_does(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = home / "first.toml", home / "second.toml"
    for each in (first, second):
        each.write_text(f'template = "{each.stem}"')
    monkeypatch.setenv("AUTOCALL_CONFIG", str(first))
    assert told(run)["template"] == ("first", "file", str(first))
    assert told(run, "--config", str(second))["template"] == ("second", "file", str(second))
    monkeypatch.setenv("AUTOCALL_CONFIG", str(home / "none.toml"))
    assert run("config").exit_code == 5
    assert "cannot be read" in run("config", "--config", str(home)).stderr
    monkeypatch.setenv("AUTOCALL_CONFIG", "")
    path = home / "autocall-otp" / "config.toml"
    assert run("config", "--json").only("file") == {"type": "file", "path": str(path), "found": False}
    assert run("config").stdout.splitlines()[0] == f"settings file: {path} (not there)"


def test_on_windows_the_file_stands_in_one_folder_of_the_local_settings(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platformdirs, "PlatformDirs", windows.Windows)
    monkeypatch.setattr(windows, "get_win_folder", lambda _: str(home))
    assert load(host=None, config=None).path == home / "autocall-otp" / "config.toml"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"token = {TOKEN}".encode(), "is not TOML"),
        (b"\xe4", "is not TOML"),
        (b"token = 5", "token must be a non-empty text in quotes"),
        (b'host = ""', "host must be a non-empty text in quotes"),
        (f'hots = "{TOKEN}"'.encode(), "knows no 'hots'; it may set host, token, campaign_uuid, template"),
    ],
)
def test_a_wrong_file_is_told_without_its_content(file: Path, text: bytes, words: str) -> None:
    file.write_bytes(text)
    with pytest.raises(ConfigurationError) as caught:
        load(host=None, config=None)
    assert str(caught.value) == f"settings file {file}: {words}"
    assert TOKEN not in "".join(traceback.format_exception(caught.value))


@pytest.mark.skipif(os.name != "posix", reason="file modes of POSIX")
def test_a_token_that_others_may_read_is_refused(run: Run, file: Path) -> None:
    commands = (["config"], ["run", NUMBER, "--generate"], ["cdr", "r"], ["wait", "r"], ["doctor"])
    for command, mode in zip(commands, (0o640, 0o604, 0o620, 0o601, 0o644), strict=True):
        file.chmod(mode)
        ran = run(*command)
        assert (ran.exit_code, f"others may read it; run: chmod 600 '{file}'" in ran.stderr) == (5, True)
    file.write_text('host = "api.example.vn"')
    assert told(run)["host"] == ("api.example.vn", "file", str(file)), "without a token it may be shared"
