"""Write the tables of docs/reference/provtap.md from their descriptions in provenance/tap: ``make docs``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from obstap.metadata import Table
from provenance.tap.tables import VIEWS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "provtap.md"
MARK = "<!-- What follows is written by make docs. -->\n"


def tables() -> str:
    """All tables with their columns and keys, in Markdown."""
    return "".join(_table(view.table) for view in VIEWS.values())


def _table(table: Table) -> str:
    lines = [f"\n### `{table.name}`\n", f"{table.description}.\n", "| column | type | what it holds |", "|---|---|---|"]
    for column in table.columns:
        kind = "time" if column.xtype == "timestamp" else "text" if column.is_text else column.datatype
        unit = f" ({column.unit})" if column.unit else ""
        model = f"; `{column.utype}`" if column.utype else ""
        lines.append(f"| `{column.name}` | {kind} | {column.description}{unit}{model} |".replace("<", "&lt;"))
    if table.foreign_keys:
        keys = ", ".join(
            f"`{own}` to `{key.target}.{other}`" for key in table.foreign_keys for own, other in key.columns
        )
        lines.append(f"\nKeys: {keys}.")
    return "\n".join(lines) + "\n"


def page(text: str) -> str:
    """The page with its tables as they are now."""
    return text.partition(MARK)[0] + MARK + tables()


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
