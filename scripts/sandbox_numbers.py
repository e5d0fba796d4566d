"""Write the table of special test numbers into docs/sandbox.md, or check (--check) that it is current."""

from __future__ import annotations

import sys
from pathlib import Path

from autocall_otp.sandbox.numbers import NUMBERS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "sandbox.md"
BEGIN, END = "<!-- numbers: made by scripts/sandbox_numbers.py -->\n", "<!-- /numbers -->"


def table() -> str:
    """The numbers as Markdown."""
    rows = ["| number | what happens | what the SDK makes of it |", "|---|---|---|"]
    rows += [f"| `{number.phone_number}` | {number.happens} | {number.outcome} |" for number in NUMBERS]
    return "\n".join(rows) + "\n"


def main() -> None:
    """Replace what is between the marks, or compare it."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    fresh = before + BEGIN + table() + END + after
    if "--check" in sys.argv[1:] and fresh != text:
        sys.exit("docs/sandbox.md: the table of numbers is not current: run scripts/sandbox_numbers.py")
    PAGE.write_text(fresh, encoding="utf-8")


if __name__ == "__main__":
    main()
