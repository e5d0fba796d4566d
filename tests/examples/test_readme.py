"""The paragraphs about the recipes: one for each, and what they show in Python works."""

import re
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TEXT = (EXAMPLES / "README.md").read_text(encoding="utf-8")


def test_each_recipe_has_its_paragraph_and_its_test() -> None:
    recipes = sorted(folder.parent.name for folder in EXAMPLES.glob("*/__init__.py"))
    assert sorted(re.findall(r"^## (\w+)$", TEXT, re.MULTILINE)) == recipes
    tests = "".join(file.read_text("utf-8") for file in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in recipes if name not in tests] == []


def test_python_blocks_run() -> None:
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})  # noqa: S102 - our own text
