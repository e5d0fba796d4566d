"""The mutants of a module: its source with one thing changed, by mutmut's operators and two more."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import attrs
import libcst as cst
from mutmut.mutation.file_mutation import NEVER_MUTATE_FUNCTION_NAMES, MutationVisitor
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

# What these are told is for type checkers alone.
_PARAMETERS = frozenset({"TypeVar", "ParamSpec"})
_TYPING_NAMES = frozenset({"TypeAlias"})


@attrs.frozen
class Mutant:
    """One change of one module."""

    file: str
    """The module's path below the root."""
    place: str
    """The function, method or class that was changed; `module` for what stands outside of all."""
    diff: str
    """The lines that went and the lines that came, without their indentation: the same wherever they stand."""
    first: int
    """The first line that went."""
    last: int
    around: tuple[int, int]
    """First and last line of the function; of the whole module where it is in none."""
    source: str = attrs.field(repr=False)

    @property
    def in_function(self) -> bool:
        """Whether it acts when a function is called, and not at the import alone."""
        return self.around[0] > 0


def mutants_of(file: str, source: str) -> list[Mutant]:
    """Every mutant of a module, in the order of its lines; the same text comes once."""
    places = _places(source)
    texts = dict.fromkeys(text for text in _changed(source) if text != source and _compiles(text))
    return sorted((_mutant(file, source, text, places) for text in texts), key=lambda mutant: mutant.first)


def _changed(source: str) -> Iterator[str]:
    wrapper = cst.MetadataWrapper(cst.parse_module(source))
    visitor = _Visitor([*mutation_operators, *_OURS], IgnoredCode(set(), set(), set()))
    module = wrapper.visit(visitor)
    # Only the statement around a change is written anew: writing the module would take most of the time.
    parts = [module.code_for_node(statement) for statement in module.body]
    head = "".join(module.code_for_node(line) for line in module.header)
    tail = "".join(module.code_for_node(line) for line in module.footer)
    around = {id(node): index for index, statement in enumerate(module.body) for node in _below(statement)}
    for mutation in visitor.mutations:
        index = around[id(mutation.original_node)]
        statement = module.body[index].deep_replace(mutation.original_node, mutation.mutated_node)
        if isinstance(statement, cst.CSTNode):
            yield "".join([head, *parts[:index], module.code_for_node(statement), *parts[index + 1 :], tail])


def _below(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for child in node.children:
        yield from _below(child)


class _Visitor(MutationVisitor):
    """mutmut's visitor, which passes over decorated functions: its way of running mutants needs that, ours does not."""

    def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.FunctionDef):
            return node.name.value in NEVER_MUTATE_FUNCTION_NAMES
        if _calls(node, {"cast", *_PARAMETERS}) or (isinstance(node, cst.Assign) and _calls(node.value, _PARAMETERS)):
            return True
        if isinstance(node, cst.AnnAssign) and isinstance(node.annotation.annotation, cst.Name):
            return node.annotation.annotation.value in _TYPING_NAMES
        if isinstance(node, cst.If) and isinstance(node.test, cst.Name):
            return node.test.value == "TYPE_CHECKING"
        return super()._skip_node_and_children(node)


def _calls(node: cst.CSTNode, names: Collection[str]) -> bool:
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in names


def _negated(node: cst.If | cst.While) -> Iterable[cst.CSTNode]:
    """The other branch, where mutmut has no operator for the condition: a name, an attribute, a call."""
    if isinstance(node.test, cst.Attribute | cst.Call | cst.NamedExpr) or (
        isinstance(node.test, cst.Name) and node.test.value not in {"True", "False"}
    ):
        test = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        yield node.with_changes(test=cst.UnaryOperation(cst.Not(), test))


def _shortened(node: cst.Tuple | cst.List | cst.Set | cst.Dict) -> Iterable[cst.CSTNode]:
    """A table without one of its entries. A tuple without parentheses is a list of targets or results, no table."""
    if len(node.elements) < 2 or (isinstance(node, cst.Tuple) and not node.lpar):  # noqa: PLR2004 - one must be left
        return
    elements = [element.with_changes(comma=cst.Comma(cst.SimpleWhitespace(""), cst.SimpleWhitespace(" ")))
                if isinstance(element.comma, cst.MaybeSentinel) else element for element in node.elements]  # fmt: skip
    for index in range(len(elements)):
        yield node.with_changes(elements=elements[:index] + elements[index + 1 :])


_OURS: list[tuple[type, Callable[[Any], Iterable[cst.CSTNode]]]] = [
    (cst.If, _negated),
    (cst.While, _negated),
    (cst.Tuple, _shortened),
    (cst.List, _shortened),
    (cst.Set, _shortened),
    (cst.Dict, _shortened),
]


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def _mutant(file: str, source: str, changed: str, places: list[_Place]) -> Mutant:
    before, after = source.splitlines(), changed.splitlines()
    opcodes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    blocks = [opcode for opcode in opcodes if opcode[0] != "equal"]
    diff = [
        *(f"- {line.strip()}" for _, start, end, _, _ in blocks for line in before[start:end]),
        *(f"+ {line.strip()}" for _, _, _, start, end in blocks for line in after[start:end]),
    ]
    first, last = blocks[0][1] + 1, max(blocks[-1][2], blocks[0][1] + 1)
    place = [place for place in places if place.first <= first <= place.last][-1]
    around = (place.first, place.last) if place.is_function else (0, len(before))
    return Mutant(file, place.name, "\n".join(diff), first, last, around, changed)


@attrs.frozen
class _Place:
    name: str
    first: int
    last: int
    is_function: bool


def _places(source: str) -> list[_Place]:
    """The module, each class in it, and each function that is in no other function."""

    def walk(body: Iterable[ast.stmt], prefix: str) -> Iterator[_Place]:
        for node in body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                is_class = isinstance(node, ast.ClassDef)
                # What is called once for all is run by one test alone, whichever comes first.
                is_cached = any("lru_cache" in ast.unparse(decorator) for decorator in node.decorator_list)
                is_function = not (is_class or is_cached)
                yield _Place(prefix + node.name, first, node.end_lineno or first, is_function)
                if is_class:
                    yield from walk(node.body, f"{prefix}{node.name}.")

    return [_Place("module", 0, len(source), is_function=False), *walk(ast.parse(source).body, "")]
