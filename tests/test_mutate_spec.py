"""The judges of the contract can say no: a sample of `make mutate-spec`, and what it makes of judges that do not."""

import copy
import re
import sys
from collections import Counter
from typing import Any

import pytest
from support.agree import CHECKS
from support.agree.elements import shown, walk
from support.page import SPEC

pytestmark = [pytest.mark.dev, pytest.mark.timeout(180)]

contract = pytest.importorskip("contract", reason="the judges are not part of the run against the wheel")
mutate_spec = pytest.importorskip("mutate_spec")
judging, report = mutate_spec.judging, mutate_spec.report

EVERYTHING = mutate_spec.catalogue(SPEC)
QUICK = frozenset(CHECKS)
ALL = frozenset(judging.SPARED)
SLOW_ONES = {"tag", "operation"}
"""Names for generated code: its importer and the linters judge them."""


def one_of_each() -> list[Any]:
    """One mutation for each kind of element and of change, from the middle of those that there are."""
    found: dict[tuple[str, str], list[Any]] = {}
    for mutation in EVERYTHING:
        found.setdefault((mutation.element, mutation.how), []).append(mutation)
    return [group[len(group) // 2] for group in found.values()]


def named(text: str) -> Any:
    (found,) = [mutation for mutation in EVERYTHING if mutation.name == text]
    return found


def test_the_quick_checks_notice_one_of_each_kind() -> None:
    sample = one_of_each()
    assert len(sample) > 150
    missed = [mutation for mutation in sample if judging.quick(mutation, SPEC, frozenset()) is None]
    unexcused = [each for each in missed if judging.rule_for(each) is None and each.element not in SLOW_ONES]
    assert [mutation.name for mutation in unexcused] == []
    assert len(missed) < len(sample) / 5


def test_what_the_quick_checks_let_pass_goes_on_to_prism() -> None:
    mutation = named("document / drop security / #/ / asks for nothing")
    with judging.scratch() as copy_of_the_checkout:
        found = copy_of_the_checkout.objection(mutation.applied(SPEC), ALL - {"names", "prism"})
    assert found is not None
    assert found[0] == "prism"
    assert "openapi.yaml and the page (tests/page) disagree on the security of runOtp" in found[1]


def test_without_a_judge_a_survivor_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    name = "property / change type / #/components/schemas/OtpAnswer/properties/message / integer"
    without = [word for judge in ALL for word in ("--without", judge)]
    assert mutate_spec.main(["--only", name, *without]) == 1
    printed = capsys.readouterr().out
    assert f"survived: {name}" in printed
    assert "1 mutations: 0 noticed, 0 change nothing, 1 survived" in printed


def test_a_test_that_only_breaks_down_has_noticed_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = contract.Judge("broken", "a ↔ b", (*contract.PYTEST, "no_such_test.py"), "mend it")
    monkeypatch.setattr(judging, "SLOW", (broken,))
    with judging.scratch() as copy_of_the_checkout:
        judge, words = copy_of_the_checkout.objection(SPEC, frozenset())
    assert judging.Outcome(EVERYTHING[0], judge, words).survived
    assert "no_such_test.py" in words


def test_judges_that_object_to_the_contract_as_it_is_judge_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    never = contract.Judge("never", "a ↔ b", (sys.executable, "-c", "raise SystemExit('no')"), "mend it")
    monkeypatch.setattr(judging, "SLOW", (never,))
    with pytest.raises(RuntimeError, match="does not pass, so no mutation can be judged"):
        judging.judge_all([named("tag / remove / #/tags/0")], SPEC)


def test_what_should_change_nothing_is_taken_apart_where_somebody_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    words = [mutation for mutation in EVERYTHING if mutation.how == "reword"][:5]
    culprit = words[3]
    told: list[Any] = []

    def objection(_: object, document: Any, __: object) -> tuple[str, str] | None:
        told.append(document)
        at = culprit.at
        changed = judging_at(document, at) != judging_at(SPEC, at)
        return ("lint", "no") if changed else None

    def judging_at(document: Any, at: tuple[Any, ...]) -> Any:
        for step in at:
            document = document[step]
        return document

    monkeypatch.setattr(judging.Scratch, "objection", objection)
    outcomes = judging.judge_all(words, SPEC)
    assert [outcome.killed_by for outcome in outcomes] == ["", "", "", "lint", ""]
    assert [outcome.survived for outcome in outcomes] == [False] * 5
    assert len(told) == 1 + 1 + 2 + 2 + 2, "as it is, all five, then each half of what somebody objects to"


def test_the_catalogue_follows_the_contract() -> None:
    assert len({mutation.name for mutation in EVERYTHING}) == len(EVERYTHING)
    changed_at = [shown(mutation.at) for mutation in EVERYTHING]
    for element in walk(SPEC):
        assert any(at.startswith(shown(element.at)) for at in changed_at), element.at
    grown = copy.deepcopy(SPEC)
    grown["components"]["schemas"]["OtpAnswer"]["properties"]["more"] = {"type": "string", "description": "More."}
    new = {mutation.name for mutation in mutate_spec.catalogue(grown)} - {mutation.name for mutation in EVERYTHING}
    hows = {name.split(" / ")[1] for name in new}
    assert {"rename", "remove", "change type", "flip required", "nullable", "add constraint", "add mark"} <= hows
    assert all("OtpAnswer" in name for name in new)


def test_a_draw_is_the_same_every_time() -> None:
    first, again, other = (mutate_spec.chosen(EVERYTHING, "property", 20, seed) for seed in (1, 1, 2))
    assert first == again != other
    assert len(first) == 20
    assert mutate_spec.chosen(EVERYTHING, "NO SUCH", 20, 1) == []


def test_the_page_on_the_contract_counts_the_mutations_that_there_are() -> None:
    text = report.shown(report.PAGE.read_text(encoding="utf-8"))
    stale = "docs/contract.md is stale: run `make mutate-spec`"
    assert re.match(rf"{len(EVERYTHING)} mutations: \d+ noticed, \d+ change nothing, 0 survived\.", text), stale
    told: Counter[tuple[str, str]] = Counter()
    table = text.split("\n\n")[2].splitlines()
    for row in table[2:]:
        element, *cells = (cell.strip() for cell in row.strip("|").split("|"))
        counts = zip(report.COLUMNS, cells[:-1], strict=True)
        told |= {(element, column): int(cell.split()[-1]) for column, cell in counts if cell}
    assert told == report.counted(EVERYTHING), stale
    assert all(rule.reason in text for rule in mutate_spec.RULES), stale


def test_one_of_each_kind_of_change_is_put_to_every_judge_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = [judging.Outcome(mutation, "page", rule=judging.rule_for(mutation)) for mutation in EVERYTHING]
    drawn = report.drawn(outcomes)
    assert [report.group(mutation) for mutation in drawn] == list(report.COLUMNS)
    assert drawn == report.drawn(outcomes)
    never = saying("never", "raise SystemExit('one and the other disagree on x')")
    broken = saying("lint", "raise SystemExit('no such file')")
    monkeypatch.setattr(judging, "SLOW", (never, broken, saying("always", "")))
    asked = judging.asked_alone(drawn[:2], SPEC)
    assert [judges - {"marks", "references"} for judges in asked] == [{"page", "never"}] * 2


# The judges themselves, as `make contract` asks them.


def saying(name: str, code: str) -> Any:
    return contract.Judge(name, f"{name} ↔ other", (sys.executable, "-c", code), f"mend {name}")


@pytest.mark.parametrize("at_odds", [True, False])
def test_the_closing_summary_names_the_pairs_at_odds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, at_odds: bool
) -> None:
    second = saying("second", "raise SystemExit('they differ in x')" if at_odds else "")
    monkeypatch.setattr(contract, "FIRST", (saying("first", ""),))
    monkeypatch.setattr(contract, "THEN", (second,))
    assert contract.main() == at_odds
    printed = capsys.readouterr().out
    assert re.search(r"^ok: first ↔ other \(\d+\.\d s\)$", printed, re.MULTILINE)
    if at_odds:
        assert "they differ in x\nDISAGREE: second ↔ other\n    Next: mend second" in printed
        assert printed.endswith("2 pairs judged, 1 at odds\n  second ↔ other\n")
    else:
        assert printed.endswith("2 pairs judged, none at odds\n")


def test_nothing_that_imports_the_wrapper_is_asked_before_its_names_are_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = saying("names", "raise SystemExit('no such name')")
    monkeypatch.setattr(contract, "NAMES", names)
    monkeypatch.setattr(contract, "FIRST", (names,))
    monkeypatch.setattr(contract, "THEN", (saying("then", "raise SystemExit('noise')"),))
    assert contract.main() == 1
    printed = capsys.readouterr().out
    assert "not judged before the names agree: then ↔ other" in printed
    assert "noise" not in printed
