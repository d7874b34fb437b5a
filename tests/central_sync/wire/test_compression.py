"""Frames with and without the shared dictionary: the size of small messages, every thread its own context, hostile frames."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.claims import Packets
from central_sync.wire import compression
from central_sync.wire.compression import DICTIONARY, KNOWN, OLDEST, Level, compressed, decompressed, dictionary_of
from central_sync.wire.limits import WINDOW_BYTES_MAX
from central_sync.wire.refusals import Refused
from tests.tidy import tree

FILES = {number: tree.ROOT / f"central_sync/wire/dictionary-{number - 40_000}.zdict" for number in KNOWN}
SHARED = zstandard.ZstdCompressionDict(FILES[DICTIONARY].read_bytes())
BYTES_MAX = 1024 * 1024


def _code(frame: bytes, bytes_max: int = BYTES_MAX) -> str:
    with pytest.raises(Refused) as caught:
        decompressed(frame, bytes_max)
    return caught.value.code


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("dictionary", [0, *KNOWN])
@given(plain=st.binary(max_size=5000))
def test_what_is_compressed_comes_back(level: Level, dictionary: int, plain: bytes) -> None:
    assert decompressed(compressed(plain, level, dictionary), len(plain)) == plain


def test_a_frame_names_its_dictionary_and_its_size() -> None:
    for number in KNOWN:
        frame = compressed(b"x" * 1000, Level.INTERACTIVE, number)
        assert zstandard.get_frame_parameters(frame).content_size == 1000
        assert dictionary_of(frame) == number
    assert dictionary_of(compressed(b"x" * 1000, Level.INTERACTIVE)) == 0
    assert dictionary_of(b"no frame") == 0


def test_the_tables_for_a_backlog_fit_its_batches_and_not_the_dictionary_alone() -> None:
    packets = Packets(1)
    plain = b"".join([packets.draft().packet for _ in range(256)])
    by_its_level_alone = zstandard.ZstdCompressor(level=Level.BACKLOG, dict_data=SHARED).compress(plain)
    assert len(compressed(plain, Level.BACKLOG, DICTIONARY)) < 0.98 * len(by_its_level_alone)


@pytest.mark.parametrize("number", KNOWN)
def test_a_dictionary_is_small_enough_to_ship_and_has_a_private_id(number: int) -> None:
    assert FILES[number].stat().st_size <= 110 * 1024
    assert 32_768 <= zstandard.ZstdCompressionDict(FILES[number].read_bytes()).dict_id() == number < 2**16


def test_a_dictionary_that_is_in_the_field_never_changes() -> None:
    digests = {number: hashlib.sha256(file.read_bytes()).hexdigest() for number, file in FILES.items()}
    assert digests == {
        OLDEST: "8cda0286da6eaddb3f3f8299ec9383ff75e58f058a348888d7c6985b8f8d868c",
        DICTIONARY: "ba8434c622cc6ef651f5c5ecf57e6a5cd89387370fbdb08f2d0bc0c6a2fee714",
    }


def test_a_frame_of_a_dictionary_that_we_do_not_have_is_refused_by_name() -> None:
    samples = [b"%d %d some text to learn from" % (n, n * n) for n in range(3000)]
    other = zstandard.train_dictionary(4096, samples, k=64, d=8, dict_id=40_003)
    assert _code(zstandard.ZstdCompressor(dict_data=other).compress(samples[0])) == "dictionary_unknown"


def test_a_frame_of_another_dictionary_under_our_id_is_refused_or_gives_other_bytes_but_never_more() -> None:
    samples = [b"%d %d some text to learn from" % (n, n * n) for n in range(3000)]
    other = zstandard.train_dictionary(4096, samples, k=64, d=8, dict_id=DICTIONARY)
    frame = zstandard.ZstdCompressor(dict_data=other, write_checksum=True).compress(samples[0])
    assert _code(frame) == "packet_invalid"


@pytest.mark.parametrize("dictionary", [None, SHARED], ids=["plain", "dictionary"])
@pytest.mark.parametrize("told", [True, False], ids=["size told", "size not told"])
def test_a_bomb_is_refused(dictionary: zstandard.ZstdCompressionDict | None, told: bool) -> None:
    stream = zstandard.ZstdCompressor(level=1, dict_data=dictionary, write_content_size=told)
    bomb = stream.compress(b"\0" * 64 * BYTES_MAX)
    assert _code(bomb) == "packet_too_large"
    assert len(decompressed(stream.compress(b"\0" * BYTES_MAX), BYTES_MAX)) == BYTES_MAX


@pytest.mark.parametrize("dictionary", [None, SHARED], ids=["plain", "dictionary"])
def test_a_window_beyond_the_limit_is_refused(dictionary: zstandard.ZstdCompressionDict | None) -> None:
    window = zstandard.ZstdCompressionParameters(window_log=27, write_content_size=False)
    stream = zstandard.ZstdCompressor(compression_params=window, dict_data=dictionary).compressobj()
    frame = stream.compress(b"\0" * 1024) + stream.flush()
    assert zstandard.get_frame_parameters(frame).window_size > WINDOW_BYTES_MAX
    assert _code(frame) == "packet_invalid"


def _read(frame: bytes, bytes_max: int) -> bytes | str:
    """What is in the frame, or the code of the refusal."""
    try:
        return decompressed(frame, bytes_max)
    except Refused as refused:
        return refused.code


@given(data=st.data())
def test_a_damaged_frame_is_refused_or_stays_within_its_bound(data: st.DataObject) -> None:
    frame = bytearray(compressed(bytes(range(256)) * 4, Level.INTERACTIVE, DICTIONARY))
    frame[data.draw(st.integers(0, len(frame) - 1))] ^= data.draw(st.integers(1, 255))
    read = _read(bytes(frame), 2048)
    assert read in ("packet_invalid", "packet_too_large", "dictionary_unknown") or len(read) <= 2048


@given(cut=st.integers(0, 400))
def test_a_frame_cut_short_never_gives_the_whole(cut: int) -> None:
    plain = bytes(range(256)) * 4
    frame = compressed(plain, Level.INTERACTIVE, DICTIONARY)
    read = _read(frame[: min(cut, len(frame) - 1)], 2048)
    assert read == "packet_invalid" or (isinstance(read, bytes) and read != plain)


def test_frames_are_right_when_many_threads_make_and_read_them() -> None:
    def there_and_back(number: int) -> bool:
        plain = (b"%d," % number) * 200
        dictionary = DICTIONARY * (number % 2)
        return decompressed(compressed(plain, Level.INTERACTIVE, dictionary), len(plain)) == plain

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(there_and_back, range(4000)))
    shelves = [*compression._compressors.values(), *compression._decompressors.values()]
    assert all(len(shelf) <= compression._SHELF_CONTEXTS_MAX for shelf in shelves)


def test_a_context_that_failed_does_not_spoil_the_next_frame() -> None:
    good = compressed(b"good" * 500, Level.INTERACTIVE, DICTIONARY)
    bad = good[:8] + b"\xff" * (len(good) - 8)
    for _ in range(20):
        assert _code(bad) == "packet_invalid"
        assert decompressed(good, 2000) == b"good" * 500
