"""What docs/contract.md says of the mutations: how many of each kind, who noticed them, which change nothing."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from spec_mutation.judging import NAMES, SLOW, Outcome
from spec_mutation.mutation import Mutation
from spec_mutation.reasons import RULES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "contract.md"
_BEGIN, _END = "<!-- spec mutations: made by make mutate-spec -->", "<!-- /spec mutations -->"
_QUICK = {
    "references": "openapi.yaml and itself: names that lead nowhere, parts that nothing uses",
    "page": "tests/page (facts, payloads, and what is inferred) and openapi.yaml",
    "records": "the example records and the rules that the page's sample keeps",
    "marks": "tests/page and the marks (`x-source`) in openapi.yaml",
    "words": "openapi.yaml and its readers: nothing without words, no contradiction of the page untold",
}
_GROUPS = {
    "rename": ("rename",),
    "remove": ("remove",),
    "path, method, status": ("change path", "change method", "change status"),
    "type": ("change type", "nullable"),
    "required": ("flip required",),
    "constraint": ("add constraint", "change constraint", "drop constraint"),
    "value": ("change value", "drop value", "change reference"),
    "example": ("change example value", "change example type", "drop example value", "add example value"),
    "security": ("drop security",),
    "mark": ("add mark", "drop mark", "change mark"),
    "words": ("reword", "drop words"),
}


_COLUMN = {how: column for column, hows in _GROUPS.items() for how in hows}


def group(mutation: Mutation) -> str:
    """The column that counts a mutation; whatever is not in one of the others adds an element."""
    return _COLUMN.get(mutation.how, "add")


_SEED = 0
COLUMNS = (*_GROUPS, "add")


def summary(outcomes: Sequence[Outcome]) -> str:
    """All in one line."""
    killed, survived = (sum(map(test, outcomes)) for test in (lambda each: bool(each.killed_by), _survived))
    equivalent = len(outcomes) - killed - survived
    return f"{len(outcomes)} mutations: {killed} noticed, {equivalent} change nothing, {survived} survived"


def _survived(outcome: Outcome) -> bool:
    return outcome.survived


def counted(mutations: Iterable[Mutation]) -> Counter[tuple[str, str]]:
    """How many mutations there are for each kind of element and column."""
    return Counter((mutation.element, group(mutation)) for mutation in mutations)


def drawn(outcomes: Sequence[Outcome]) -> list[Mutation]:
    """One mutation of each column, the same in every run: what the judges are asked about alone."""
    chance = random.Random(_SEED)  # noqa: S311 - a draw to repeat, no secret
    columns = [
        [each.mutation for each in outcomes if not each.rule and group(each.mutation) == name] for name in COLUMNS
    ]
    return [chance.choice(column) for column in columns if column]


def markdown(outcomes: Sequence[Outcome], alone: Sequence[tuple[Mutation, set[str]]]) -> str:
    """The tables; nothing in them differs from run to run."""
    return "\n\n".join(
        [
            f"{summary(outcomes)}.",
            "How many mutations of each kind were noticed; where not all were, of how many.",
            _kinds(outcomes),
            "Who noticed them. Each is asked only about what those above let pass, the generated code made anew.",
            _judges(outcomes),
            f"Asked alone about {len(alone)} of them, one drawn for each kind of change:",
            _alone(alone),
            "What changes nothing that a program could notice:",
            _equivalent(outcomes),
        ]
    )


def _kinds(outcomes: Sequence[Outcome]) -> str:
    total = counted(outcome.mutation for outcome in outcomes)
    killed = counted(outcome.mutation for outcome in outcomes if outcome.killed_by)
    rows = [["element", *COLUMNS, "all"]]
    for element in dict.fromkeys(outcome.mutation.element for outcome in outcomes):
        cells = [_cell(killed[element, column], total[element, column]) for column in COLUMNS]
        of = [sum(count for (kind, _), count in each.items() if kind == element) for each in (killed, total)]
        rows.append([element, *cells, _cell(*of)])
    return _table(rows)


def _cell(killed: int, total: int) -> str:
    return "" if not total else str(total) if killed == total else f"{killed} of {total}"


def _judges(outcomes: Sequence[Outcome]) -> str:
    tally = Counter(outcome.killed_by for outcome in outcomes if outcome.killed_by)
    pairs = _QUICK | {judge.name: judge.pair for judge in reversed(SLOW)}
    return _table([["judge", "holds against each other", "noticed"], *([n, pairs[n], str(tally[n])] for n in NAMES)])


def _alone(asked: Sequence[tuple[Mutation, set[str]]]) -> str:
    rows = [["judge", "notices", "of the kinds"]]
    for name in NAMES:
        seen = [group(mutation) for mutation, judges in asked if name in judges]
        rows.append([name, str(len(seen)), "; ".join(dict.fromkeys(seen))])
    return _table(rows)


def _equivalent(outcomes: Sequence[Outcome]) -> str:
    tally = Counter(outcome.rule for outcome in outcomes if outcome.rule and not outcome.killed_by)
    rows = [[f"{rule.how}, {rule.element.replace('*', 'any')}", str(tally[rule]), rule.reason] for rule in RULES]
    return _table([["mutation", "how many", "reason"], *rows])


def _table(rows: Sequence[Sequence[str]]) -> str:
    lines = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def replaced(page: str, text: str) -> str:
    """The page with what stands between the marks replaced."""
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} has lost the marks around its table of mutations")
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


def shown(page: str) -> str:
    """What stands between the marks."""
    return page.partition(_BEGIN)[2].partition(_END)[0].strip()


def write(outcomes: Sequence[Outcome], alone: Sequence[tuple[Mutation, set[str]]]) -> None:
    """Put the tables into docs/contract.md."""
    PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), markdown(outcomes, alone)), encoding="utf-8")
