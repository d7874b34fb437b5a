"""zstd frames with the shared dictionary or without it, and back, whatever a peer sends.

Rules
    * A frame names its dictionary by zstd's own id; 0 is none. A frame of a dictionary that we do not have is refused.
    * A dictionary never changes: a better one is a new file with a new id, and is written only to peers that say they have it.
      ``python -m simulator.train_dictionary`` makes it from synthetic traffic.
    * Contexts are dear to make and must not be used by two threads at once: each is taken from a shelf and put back. Those of the
      higher levels are large, and dropped after use: they serve bodies that take far longer to compress than a context to make.
    * No dictionary is "precomputed": that has crashed the library when done twice, and a context on the shelf keeps its own copy.
"""

from __future__ import annotations

from enum import IntEnum
from importlib import resources

import zstandard

from central_sync.wire.limits import WINDOW_BYTES_MAX
from central_sync.wire.refusals import Refused

OLDEST, DICTIONARY = 40_001, 40_002
"""The dictionary that every peer may be written to with, and the best that this version has; zstd keeps the ids from 32,768 on for private use."""
_FILES = {OLDEST: "dictionary-1.zdict", DICTIONARY: "dictionary-2.zdict"}
KNOWN = tuple(sorted(_FILES, reverse=True))
"""The ids of all that this version has, the best first."""
_SHELF_CONTEXTS_MAX = 16


class Level(IntEnum):
    """zstd's level by what waits: a person, a backlog, or a line so thin that the processor has time."""

    INTERACTIVE = 3
    BACKLOG = 9
    THIN = 15


def _read(name: str) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict((resources.files(__package__) / name).read_bytes())


_DICTIONARIES: dict[int, zstandard.ZstdCompressionDict | None] = {
    0: None,
    **{number: _read(name) for number, name in _FILES.items()},
}
_DICTIONARY_BYTES = {number: len(held.as_bytes()) for number, held in _DICTIONARIES.items() if held is not None}
_compressors: dict[int, list[zstandard.ZstdCompressor]] = {number: [] for number in _DICTIONARIES}
_decompressors: dict[int, list[zstandard.ZstdDecompressor]] = {number: [] for number in _DICTIONARIES}

assert all(held is None or held.dict_id() == number for number, held in _DICTIONARIES.items())


def compressed(plain: bytes, level: Level, dictionary: int = 0) -> bytes:
    """``plain`` in one frame that says its size. ``dictionary``: 0 or one of :data:`KNOWN`."""
    held = _DICTIONARIES[dictionary]
    if level is Level.BACKLOG:
        return _fitting(len(plain), dictionary).compress(plain)
    if level is not Level.INTERACTIVE:
        return zstandard.ZstdCompressor(level=level, dict_data=held).compress(plain)
    shelf = _compressors[dictionary]
    try:
        context = shelf.pop()  # one step, so that no two threads get the same
    except IndexError:
        context = zstandard.ZstdCompressor(level=level, dict_data=held)
    frame = context.compress(plain)
    if len(shelf) < _SHELF_CONTEXTS_MAX:
        shelf.append(context)
    return frame


def _fitting(plain_bytes: int, dictionary: int) -> zstandard.ZstdCompressor:
    """A context of the backlog's level for a body of that size. With a dictionary zstd takes tables that fit the dictionary alone, which for a full
    batch are too small: 4 % more bytes, and no time saved.
    """
    held = _DICTIONARIES[dictionary]
    dictionary_bytes = _DICTIONARY_BYTES.get(dictionary, 0)
    fit = zstandard.ZstdCompressionParameters.from_level(
        Level.BACKLOG, source_size=plain_bytes + dictionary_bytes, dict_size=dictionary_bytes, write_content_size=True, write_dict_id=True
    )  # fmt: skip
    return zstandard.ZstdCompressor(compression_params=fit, dict_data=held)


def dictionary_of(frame: bytes) -> int:
    """The id of the dictionary that ``frame`` was made with; 0: with none, or it is no frame."""
    try:
        return zstandard.get_frame_parameters(frame).dict_id
    except zstandard.ZstdError:
        return 0


def decompressed(frame: bytes, bytes_max: int) -> bytes:
    """What is in ``frame``, ``bytes_max`` long at most; what stands behind the frame is not read.

    Raises:
        Refused: ``packet_invalid``, ``packet_too_large`` or ``dictionary_unknown``.
    """
    try:
        told = zstandard.get_frame_parameters(frame)
    except zstandard.ZstdError as error:
        raise Refused("packet_invalid", "not a zstd frame") from error
    if told.dict_id not in _DICTIONARIES:
        raise Refused("dictionary_unknown", str(told.dict_id))
    known = told.content_size != zstandard.CONTENTSIZE_UNKNOWN
    if known and told.content_size > bytes_max:
        raise Refused("packet_too_large", f"over {bytes_max} bytes")
    if told.window_size > WINDOW_BYTES_MAX:
        raise Refused("packet_invalid", f"a window over {WINDOW_BYTES_MAX} bytes")
    plain = _read_out(frame, told.dict_id, (told.content_size if known else bytes_max) + 1)
    if len(plain) > bytes_max:
        raise Refused("packet_too_large", f"over {bytes_max} bytes")
    return plain


def _read_out(frame: bytes, dictionary: int, bytes_max: int) -> bytes:
    """Raises ``packet_invalid``. A context that failed is not put back."""
    shelf = _decompressors[dictionary]
    try:
        context = shelf.pop()
    except IndexError:
        held = _DICTIONARIES[dictionary]
        context = zstandard.ZstdDecompressor(dict_data=held, max_window_size=WINDOW_BYTES_MAX)
    try:
        with context.stream_reader(frame) as reader:
            plain = reader.read(bytes_max)
    except zstandard.ZstdError as error:
        raise Refused("packet_invalid", "not a zstd frame") from error
    if len(shelf) < _SHELF_CONTEXTS_MAX:
        shelf.append(context)
    return plain
