"""A sample of `make mutate-spec` and of `make contract`: a change of the contract does not pass unnoticed."""

import copy
import re
import sys
from typing import Any

import attrs
import pytest
from support.agree.elements import shown, walk
from support.page import SPEC

pytestmark = [pytest.mark.dev, pytest.mark.timeout(300)]

contract = pytest.importorskip("contract", reason="scripts/ is not part of the run on the lowest versions")
mutate_spec = pytest.importorskip("mutate_spec", reason="the same")

EVERYTHING = {mutation.name: mutation for mutation in mutate_spec.catalogue(SPEC)}
SLOW_KINDS = {"tag", "operation"}
"""Names for generated code: the linters and the wrapper's imports check those."""


def test_one_change_of_each_kind_is_noticed_at_once() -> None:
    kinds = {(each.element, each.how): each for each in EVERYTHING.values()}
    assert len(kinds) > 120
    missed = [each for each in kinds.values() if not mutate_spec.quick(each.applied(SPEC))]
    assert [each.name for each in missed if each.element not in SLOW_KINDS] == []


def test_the_catalogue_follows_the_contract() -> None:
    changed_at = [shown(mutation.at) for mutation in EVERYTHING.values()]
    assert [each.at for each in walk(SPEC) if not any(at.startswith(shown(each.at)) for at in changed_at)] == []
    renamed = EVERYTHING["property / rename / #/components/schemas/OtpRequest/properties/template / templateNew"]
    assert "templateNew" in renamed.applied(SPEC)["components"]["schemas"]["OtpRequest"]["required"]
    grown = copy.deepcopy(SPEC)
    grown["components"]["schemas"]["OtpAnswer"]["properties"]["more"] = {"type": "string", "description": "More."}
    new = [mutation for mutation in mutate_spec.catalogue(grown) if mutation.name not in EVERYTHING]
    assert {mutation.how for mutation in new} == {
        *("remove", "rename", "flip required", "drop words", "add mark", "change type", "add constraint", "add schema"),
    }
    assert all("OtpAnswer/properties/more" in mutation.name for mutation in new)


PRISM = attrs.evolve(contract.PRISM, command=(*contract.PRISM.command, "-k", "prism_refuses"))


@pytest.mark.parametrize(
    ("name", "asked", "words"),
    [
        ("tag / remove / #/tags/0", (contract.LINT,), "problem"),
        (
            "operation / change value / #/paths//v3/autocall/otp/post/operationId / runOtpx",
            (contract.LINT, contract.GENERATOR, contract.NAMES),
            "disagree on a name",
        ),
        (
            "document / drop security / #/ / asks for nothing",
            (contract.GENERATOR, PRISM),
            "disagree on the security of runOtp",
        ),
    ],
)
def test_a_check_that_is_asked_last_notices_too(
    monkeypatch: pytest.MonkeyPatch, name: str, asked: tuple[Any, ...], words: str
) -> None:
    """The wrapper's is in test_growth.py."""
    assert {check.pair for check in asked} <= {check.pair for check in mutate_spec.SLOW}
    changed = EVERYTHING[name].applied(SPEC)
    assert bool(mutate_spec.quick(changed)) is (PRISM in asked), "nobody else would notice"
    monkeypatch.setattr(mutate_spec, "SLOW", asked)
    assert words in mutate_spec.slow(changed)


def test_what_nobody_notices_is_reported(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(mutate_spec, "CHECKS", {})
    monkeypatch.setattr(mutate_spec, "SLOW", ())
    assert mutate_spec.main(["--only", "tag / remove"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "not noticed: tag / remove / #/tags/0",
        "1 changes of openapi.yaml, 0 noticed",
    ]


def test_a_check_that_breaks_down_has_noticed_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutate_spec, "SLOW", (saying("a", "raise SystemExit('no such file')"),))
    with pytest.raises(RuntimeError, match=r"(?s)a check broke down: a ↔ other.*no such file"):
        mutate_spec.slow(SPEC)


def test_without_a_contract_that_passes_nothing_can_be_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutate_spec, "SLOW", (saying("never", "raise SystemExit('a and b disagree')"),))
    with pytest.raises(SystemExit, match="as it is does not pass"):
        mutate_spec.main(["--only", "tag / remove"])


def saying(name: str, code: str) -> Any:
    return contract.Check(f"{name} ↔ other", (sys.executable, "-c", code), f"correct {name}")


def test_make_contract_names_the_pairs_at_odds_and_what_imports_the_wrapper_waits_for_its_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def main(first: Any, then: Any) -> tuple[int, str]:
        monkeypatch.setattr(contract, "FIRST", (first,))
        monkeypatch.setattr(contract, "THEN", (then,))
        return contract.main(), capsys.readouterr().out

    code, printed = main(saying("first", ""), saying("second", "raise SystemExit('they differ in x')"))
    assert re.search(r"^ok: first ↔ other \(\d+\.\d s\)$", printed, re.MULTILINE)
    assert "they differ in x\nDISAGREE: second ↔ other\n    Next: correct second" in printed
    assert (code, printed.endswith("2 pairs checked, 1 at odds\n  second ↔ other\n")) == (1, True)
    code, printed = main(saying("first", ""), saying("second", ""))
    assert (code, printed.splitlines()[-1]) == (0, "2 pairs checked, none at odds")
    names = saying("names", "raise SystemExit('no such name')")
    monkeypatch.setattr(contract, "NAMES", names)
    code, printed = main(names, saying("then", "raise SystemExit('noise')"))
    assert (code, "not checked before the names agree: then ↔ other" in printed, "noise" in printed) == (1, True, False)
