"""Reads YAML and CSV without forgiving anything: duplicate keys, unknown columns, untyped scalars.

Every plain scalar but ``true``, ``false`` and ``null`` stays text: no float is ever made, and ``no`` is not ``False``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

M = TypeVar("M", bound=msgspec.Struct)

YAML_BYTES_MAX = 8 << 20
CSV_BYTES_MAX = 256 << 20
"""A country's tariffs are some tens of megabytes; what is larger is no file of a rulebook."""

_LINE = re.compile(r"line ([0-9]+)")
_STEP = re.compile(r"([A-Za-z0-9_]+)(?![^\[]*\])|\[([0-9]+)\]")
_FIELD = re.compile(r"unknown key `([^`]+)`")
_SAID = (
    (re.compile(r"Object contains unknown field `(?P<what>[^`]+)`"), "unknown key `{what}`"),
    (re.compile(r"Object missing required field `(?P<what>[^`]+)`"), "the key `{what}` is missing"),
    (re.compile(r"Invalid RFC3339 encoded date"), "not a day, as 2025-01-31"),
    (re.compile(r"Invalid enum value '(?P<what>.*)'"), "{what}: not one of the words that this key knows"),
    (re.compile(r"Expected `str` matching regex '\^\(0\|\[1-9\].*"), "not a number without a sign, as 100 or 0.05"),
    (re.compile(r"Expected `str` matching regex .*"), "not written as this key wants it"),
    (re.compile(r"Expected `object`, got `null`"), "keys are expected here, and there is nothing"),
    (re.compile(r"Expected `array` of length (?P<what>[0-9]+)\b.*"), "a list of {what} is expected here"),
    (re.compile(r"Expected `array` of length >= 1\b.*"), "the list is empty"),
    (re.compile(r"Expected `str` of length >= 1\b.*"), "is empty"),
    (re.compile(r"Expected `str` of length <= (?P<what>[0-9]+)\b.*"), "is longer than {what} characters"),
    (re.compile(r"Expected `int` >= (?P<what>-?[0-9]+)\b.*"), "a whole number is expected here, {what} at least"),
    (re.compile(r"Expected `int` <= (?P<what>-?[0-9]+)\b.*"), "a whole number is expected here, {what} at most"),
    (re.compile(r"mapping values are not allowed here"), "a colon too many, or the line is set in wrongly"),
    (re.compile(r"could not find expected ':'"), "a key without its colon"),
    (re.compile(r"found character '\\t' that cannot start any token"), "a tab: lines are set in with spaces"),
    (re.compile(r"found unexpected end of stream"), "a quotation mark that is never closed"),
    (re.compile(r"found unknown escape character .*"), "a backslash inside quotation marks: use single ones"),
    (re.compile(r"expected ('<document start>'|<block end>), but found .*"), "the line is set in wrongly"),
    (re.compile(r"expected ',' or '.', but got .*"), "a comma is missing, or a bracket is never closed"),
    (re.compile(r"expected the node content, but found .*"), "a value is missing"),
)
"""What the shapes and YAML find, in a benefits officer's words."""
_EXPECTED = re.compile(r"Expected `(?P<wanted>[^`]+)`, got `(?P<got>[a-z]+)`")
_NAMES = {
    "array": "a list",
    "bool": "true or false",
    "float": "a number with a point",
    "int": "a whole number",
    "null": "nothing",
    "object": "keys with values",
    "str": "a word or number",
}


class RulebookError(Exception):
    """A mistake in the rulebook's data: which file (relative to the rulebook), in which line, at which key, and what.

    ``line`` is 0 where there is none to point at (a file that is not there).
    """

    def __init__(self, file: str, key: str, problem: str, line: int = 0) -> None:
        where = f"{file}:{line}" if line else file
        told = "" if key in ("document", "$") or _LINE.fullmatch(key) else key.removeprefix("$.")
        super().__init__(": ".join(part for part in (where, told if line else key, problem) if part))
        self.file = file
        self.key = key
        self.problem = problem
        self.line = line

    def at(self, line: int) -> RulebookError:
        """The same mistake, with its line."""
        return RulebookError(self.file, self.key, self.problem, line)


class _StrictLoader(yaml.SafeLoader):
    """YAML with three resolved words; the rest is text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key is one word", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"duplicate key {key.value!r}", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_StrictLoader.yaml_implicit_resolvers = {
    word[0]: [(f"tag:yaml.org,2002:{tag}", re.compile(f"^{word}$"))]
    for tag, word in (("bool", "true"), ("bool", "false"), ("null", "null"))
}


def document(folder: Path, file: str, kind: type[M]) -> M:
    """The YAML ``file`` of the rulebook in ``folder``, as ``kind``.

    Raises:
        RulebookError: it cannot be read, is not YAML, has a key twice, or does not have the shape of ``kind``.
    """
    return shaped(plain(folder, file), kind, file)


def plain(folder: Path, file: str) -> Any:
    """The YAML ``file`` as plain maps, lists and text."""
    try:
        return yaml.load(_text(folder, file, YAML_BYTES_MAX), Loader=_StrictLoader)  # noqa: S506 (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        where = f"line {error.problem_mark.line + 1}" if error.problem_mark else "document"
        raise RulebookError(file, where, said(error.problem or "not YAML")) from error
    except yaml.YAMLError as error:
        raise RulebookError(file, "document", "not YAML") from error
    except RecursionError:
        raise RulebookError(file, "document", "lists or keys stand too deep in each other") from None


def _text(folder: Path, file: str, bytes_max: int) -> str:
    """What is in ``file`` of ``folder``, without the mark that spreadsheets put before UTF-8.

    Raises:
        RulebookError: it is not there, lies outside, is too large, or is not UTF-8.
    """
    if Path(file).is_absolute() or ".." in Path(file).parts:
        raise RulebookError(file, "document", "lies outside the rulebook's folder")
    try:
        with (folder / file).open("rb") as opened:
            body = opened.read(bytes_max + 1)
        if len(body) > bytes_max:
            raise RulebookError(file, "document", f"is larger than {bytes_max >> 20} MB")
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RulebookError(file, "document", "not UTF-8") from error
    except FileNotFoundError as error:
        raise RulebookError(file, "document", "is not there: a rulebook's folder must hold it") from error
    except OSError as error:
        raise RulebookError(file, "document", "cannot be read") from error


def said(problem: str) -> str:
    """What msgspec or YAML found wrong, in a benefits officer's words."""
    for pattern, words in _SAID:
        if found := pattern.fullmatch(problem):
            return words.format(**found.groupdict())
    if found := _EXPECTED.fullmatch(problem):
        wanted = [_NAMES.get(one, one) for one in found["wanted"].split(" | ") if one != "null"]
        return f"{' or '.join(wanted)} is expected here, not {_NAMES.get(found['got'], found['got'])}"
    return problem


def shaped(value: object, kind: type[M], file: str, under: str = "") -> M:
    """``value``, which stands at the key ``under`` of ``file``, in the shape of ``kind``; the error names the key."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at ")
        key = path.strip("`").replace("$", f"$.{under}", 1) if under and path else path.strip("`") or under
        raise RulebookError(file, key or "document", said(problem)) from error


def line_of(folder: Path, error: RulebookError) -> int:
    """The line that the key of ``error`` stands in, or the nearest above it that there is; 0 if the file cannot be read."""
    if line_said := _LINE.fullmatch(error.key):
        return int(line_said[1])
    if not error.file.endswith(".yaml"):
        return 0
    try:
        node = yaml.compose(_text(folder, error.file, YAML_BYTES_MAX), Loader=_StrictLoader)
    except (RulebookError, yaml.YAMLError, RecursionError):
        return 0
    if node is None:
        return 0
    line: int = node.start_mark.line + 1
    told = "" if error.key == "document" else error.key
    path = [key or int(place) for key, place in _STEP.findall(told.removeprefix("$"))]
    if field := _FIELD.search(error.problem):
        path.append(field[1])
    for step in path:
        if isinstance(node, yaml.MappingNode) and isinstance(step, str):
            found = [(key.start_mark.line, value) for key, value in node.value if key.value == step]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            found = [(node.value[step].start_mark.line, node.value[step])]
        else:
            break
        if not found:
            break
        line, node = found[0][0] + 1, found[0][1]
    return line


def table(
    folder: Path, file: str, required: frozenset[str], optional: frozenset[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a CSV ``file`` as (``line N``, column → text).

    Raises:
        RulebookError: it cannot be read, a column is missing, unknown or double, or a row has another length.
    """
    rows = csv.reader(_text(folder, file, CSV_BYTES_MAX).splitlines(), strict=True)
    try:
        head = next(rows, [])
    except csv.Error as error:
        raise RulebookError(file, "line 1", "not CSV") from error
    if len(head) == 1 and ";" in head[0]:
        raise RulebookError(file, "line 1", "columns are set apart by commas, not by semicolons")
    if len(set(head)) != len(head):
        raise RulebookError(file, "line 1", "a column stands twice")
    if missing := required - set(head):
        raise RulebookError(file, "line 1", f"missing column {min(missing)}")
    if unknown := set(head) - required - optional:
        raise RulebookError(file, "line 1", f"unknown column {min(unknown)}")
    try:
        for row in rows:
            if len(row) != len(head):
                raise RulebookError(file, f"line {rows.line_num}", "another number of columns than the head")
            yield f"line {rows.line_num}", dict(zip(head, row, strict=True))
    except csv.Error as error:
        raise RulebookError(file, f"line {rows.line_num}", "not CSV") from error


def only_named(folder: Path, part: str, endings: tuple[str, ...]) -> None:
    """A file of ``part`` that would be passed over in silence, as ``stay.yml``, is a mistake; hidden files and an editor's copies (``~``) are none.

    Raises:
        RulebookError: names the file.
    """
    for path in sorted((folder / part).iterdir()):
        hidden = path.name.startswith(".") or path.name.endswith("~")
        if not hidden and path.is_file() and path.suffix not in endings:
            raise RulebookError(f"{part}/{path.name}", "document", f"its name does not end with {' or '.join(endings)}")
