"""PURE: the site file's text read strictly, and everything that is wrong with it told at once, each fault with its line and its key."""

from __future__ import annotations

import codecs
import re
import tomllib

import msgspec

from edge.firmware.judge import faults_of
from edge.firmware.site import FORMS, Fault, Site, SiteWrong

FILE_BYTES_MAX = 64 * 1024


def parse(text: bytes, name: str) -> Site:
    """The site in ``text``; ``name`` is the file's, for what is told.

    Raises:
        SiteWrong: with everything that is wrong, as far as it can be seen.
    """
    if len(text) > FILE_BYTES_MAX:
        raise SiteWrong(name, [Fault(0, "", f"it is larger than {FILE_BYTES_MAX} bytes")])
    if text.startswith(codecs.BOM_UTF8):
        raise SiteWrong(name, [Fault(1, "", "it begins with a byte order mark: save it as UTF-8 without one")])
    try:
        written = text.decode()
        table = tomllib.loads(written)
    except UnicodeDecodeError as error:
        raise SiteWrong(name, [Fault(0, "", "it is not UTF-8: save it as UTF-8 again")]) from error
    except (ValueError, RecursionError) as error:  # TOML's own, a number too long to be read, brackets without end
        found = re.search(r"at line (\d+)", str(error))
        raise SiteWrong(name, [Fault(int(found[1]) if found else 0, "", f"it is not TOML: {error}")]) from error
    try:
        site = msgspec.convert(table, Site)
    except msgspec.ValidationError as error:
        key, sentence = _place(str(error))
        raise SiteWrong(name, [Fault(line_of(written, key), key, sentence)]) from error
    wrong = faults_of(site)
    if wrong:
        raise SiteWrong(name, [Fault(line_of(written, key), key, sentence) for key, sentence in wrong])
    return site


def _place(message: str) -> tuple[str, str]:
    """The message of msgspec as our key and a sentence."""
    sentence, _, where = message.partition(" - at `$")
    key = where.removesuffix("`").lstrip(".")
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", sentence)
    missing = re.fullmatch(r"Object missing required field `(.*)`", sentence)
    if unknown:
        return _joined(key, unknown[1]), "this key is not known here"
    if missing:
        return _joined(key, missing[1]), "this key is missing"
    if sentence.startswith("Expected `str` matching regex"):
        form = FORMS.get(sentence.partition(" regex ")[2], "see the example that came with the package")
        sentence = f"this is not written as it must be: {form}"
    return key, sentence


def _joined(table: str, key: str) -> str:
    return f"{table}.{key}" if table else key


def line_of(text: str, key: str) -> int:
    """The line (from 1) in which ``key`` (``lan.his[1]``, ``readers[0].name``) is written, else its table's, else 0."""
    wanted, _, rest = key.rpartition(".")
    leaf = re.sub(r"\[.*", "", rest)
    table, counts, best = "", dict[str, int](), 0
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*(\[\[?)\s*([A-Za-z0-9_.-]+)\s*\]", line)
        if header:
            table = header[2]
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = f"{table}[{counts[table]}]"
            if table in (wanted, key, leaf):
                best = number
        elif table == wanted and re.match(rf'\s*"?{re.escape(leaf)}"?\s*[=.]', line):
            return number
    return best
