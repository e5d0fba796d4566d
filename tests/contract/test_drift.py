"""The generated code that is installed is what openapi.yaml gives, no file more and none less."""

from pathlib import Path

import pytest
from support.agree.verdict import expect
from support.page import ROOT

import autocall_otp_api

pytestmark = pytest.mark.dev

generate = pytest.importorskip("generate", reason="the generator is not part of the run against the wheel")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate.generate(ROOT / "openapi.yaml", tmp_path_factory.mktemp("fresh"))


def test_generated_code_is_what_the_contract_gives(fresh: Path) -> None:
    (installed,) = autocall_otp_api.__path__
    differs = generate.drift(fresh, Path(installed))
    pair, advice = ("openapi.yaml", "generated/"), "run `make generate`, look at the change and commit both"
    expect(not differs, pair, "these files", ", ".join(map(str.strip, differs)), advice)


def test_generating_twice_gives_the_same_typed_modules_that_say_so(fresh: Path, tmp_path: Path) -> None:
    files = generate.contents(fresh)
    assert generate.contents(generate.generate(ROOT / "openapi.yaml", tmp_path)) == files
    modules = [text for name, text in files.items() if name.endswith(".py")]
    assert len(modules) > 10
    assert all(text.startswith(b'# Generated from openapi.yaml by "make generate"') for text in modules)
    assert "py.typed" in files


def test_a_renamed_field_a_changed_file_and_an_untracked_one_are_noticed_with_what_to_run(
    fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = tmp_path / "openapi.yaml"
    text = (ROOT / "openapi.yaml").read_text()
    spec.write_text(text.replace("        sip_call_id:\n", "        sip_id:\n"))
    other = generate.generate(spec, tmp_path)
    (other / "left_over.py").touch()
    (other / "types.py").unlink()
    monkeypatch.setattr(generate, "generate", lambda *_: fresh)
    monkeypatch.setattr(generate, "TARGET", other)
    monkeypatch.setattr("sys.argv", ["generate.py", "--check"])
    with pytest.raises(SystemExit) as caught:
        generate.main()
    assert str(caught.value).splitlines() == [
        "generated/ is not what openapi.yaml gives:",
        "  autocall_otp_api/left_over.py is left over",
        "  autocall_otp_api/models/call_detail_record.py differs",
        "  autocall_otp_api/types.py is missing",
        "Run `make generate`, look at the change, and commit it together with openapi.yaml.",
    ]
