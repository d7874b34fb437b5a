"""PURE: what may stand in no settings file, whatever its settings are."""

from __future__ import annotations


def place_of_nul(plain: object, place: str = "$") -> str:
    """Where among the values of a file, as plain objects, is a text with a NUL in it (``$.readers[0].address``); empty: nowhere. TOML has ways to write
    one, and no path, address or name can have it.
    """
    inside: list[tuple[object, str]] = []
    match plain:
        case str():
            return place if "\0" in plain else ""
        case dict():
            inside = [(value, f"{place}.{key}") for key, value in plain.items()]
        case list():
            inside = [(value, f"{place}[{number}]") for number, value in enumerate(plain)]
    return next((found for value, at in inside if (found := place_of_nul(value, at))), "")
