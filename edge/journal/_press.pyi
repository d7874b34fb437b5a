from collections.abc import Mapping

from edge.journal.records import Entry
from edge.journal.shapes import Appended, Draft, Standing
from edge.outcome import Outcome

LIBDEFLATE: str
"""The version that it was built with."""

class Press:
    def __init__(
        self, entry: type[Entry], standing: type[Standing], appended: type[Appended], born: Mapping[str, Outcome]
    ) -> None: ...
    def frame(
        self,
        given: tuple[Draft | bytes, ...],
        first: int,
        at: int,
        key_number: int,
        key: bytes,
        link: bytes,
        slate: int,
        noise: bytes,
        into: object,
        /,
    ) -> tuple[int, bytes, bytes] | None: ...
    def told(self, drafts: tuple[Draft, ...], first: int, /) -> tuple[list[Entry], list[Appended]]: ...
