"""The curl session of docs/embed-api.md: its blocks, a shell that runs them, and how an answer is compared with what the page says.

``python -m tests.e2e.session`` writes the answers of a fresh hub and edge into the page; read the difference by eye before you commit it.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from tests.e2e.town import Town

PAGE = Path(__file__).resolve().parents[2] / "docs" / "embed-api.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```\n(?:\n```json\n(.*?)^```\n)?", re.DOTALL | re.MULTILINE)
PLACEHOLDER = re.compile(r"<[a-z0-9 -]+>")
ANYTHING = "<any>"
MARK = "-- end of block --"
SESSION_S_MAX = 90


class Block(NamedTuple):
    """Commands, and the answer that the page promises (``None``: it promises none)."""

    commands: str
    answer: str | None


def blocks(text: str) -> list[Block]:
    """The session's blocks in the order of the page."""
    return [Block(*match.groups()) for match in BLOCK.finditer(text)]


def run(commands: list[str], environment: dict[str, str], folder: Path) -> list[str]:
    """What each block printed; all run in one shell, which stops at the first command that fails."""
    script = "set -euo pipefail\nTOKEN=\n" + f"\necho; echo '{MARK}'\n".join([*commands, ""])
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=SESSION_S_MAX, check=False
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return [part.strip() for part in done.stdout.split(MARK)][: len(commands)]


def differences(expected: Any, found: Any, known: dict[str, Any], where: str = "$") -> list[str]:
    """Where ``found`` is not what the page says; ``known`` gathers what each placeholder stands for."""
    if expected == ANYTHING:
        return []
    if isinstance(expected, str) and PLACEHOLDER.fullmatch(expected):
        return [] if known.setdefault(expected, found) == found else [f"{where}: not {expected} as before"]
    if isinstance(expected, dict) and isinstance(found, dict):
        if expected.keys() != found.keys():
            return [f"{where}: has {sorted(found)}, not {sorted(expected)}"]
        return [line for key in expected for line in differences(expected[key], found[key], known, f"{where}.{key}")]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = enumerate(zip(expected, found, strict=True))
        return [line for i, (e, f) in pairs for line in differences(e, f, known, f"{where}[{i}]")]
    return [] if type(expected) is type(found) and expected == found else [f"{where}: {found!r}, not {expected!r}"]


VARYING = {
    "token": "<token>", "hid": "<hid>", "settlement_id": "<settlement>", "business_day": "<day>", "settled_on": "<day>", "rulebook": "<rulebook>",
    "member": "<member>", "expires_at": ANYTHING, "as_of": ANYTHING, "recorded_at": ANYTHING, "sign_in_number": "<sign-in>",
}  # fmt: skip
"""Fields whose values differ each time, and what the page writes for them."""


def with_placeholders(value: Any, field: str = "") -> Any:
    """An answer as the page shows it."""
    if isinstance(value, dict):
        return {key: with_placeholders(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_placeholders(inner, field) for inner in value]
    if field in VARYING and value:
        return VARYING[field]
    if isinstance(value, str) and (made := re.fullmatch(r"edge-[0-9a-f]+(-in|-out)?", value)):
        return {"-in": "<sign-in msgid>", "-out": "<sign-out msgid>"}.get(made.group(1) or "", ANYTHING)
    return value


def as_shown(value: Any, indent: int = 0) -> str:
    """JSON that fits the page: what fits in a line stands in a line."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent <= 130 or not value or not isinstance(value, dict | list):
        return flat
    pad = " " * (indent + 2)
    if isinstance(value, list):
        inside = [pad + as_shown(inner, indent + 2) for inner in value]
        return "[\n" + ",\n".join(inside) + "\n" + " " * indent + "]"
    inside = [f"{pad}{json.dumps(key)}: {as_shown(inner, indent + 2)}" for key, inner in value.items()]
    return "{\n" + ",\n".join(inside) + "\n" + " " * indent + "}"


def rewrite() -> None:
    """Put the answers of a fresh hub and edge into the page."""
    text = PAGE.read_text(encoding="utf-8")
    session = blocks(text)
    with tempfile.TemporaryDirectory() as folder, Town(Path(folder)) as town:
        printed = iter(run([block.commands for block in session], town.shell_environment(), Path(folder)))

    def one(match: re.Match[str]) -> str:
        said = next(printed)
        answer = f"\n```json\n{as_shown(with_placeholders(json.loads(said)))}\n```\n" if said else ""
        return f"```sh\n{match.group(1)}```\n{answer}"

    PAGE.write_text(BLOCK.sub(one, text), encoding="utf-8")


if __name__ == "__main__":
    rewrite()
