"""A scanner on a port: a scan is there until it was read, or for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.edge.readers.serial_line.desks import ScannerDesk

CODE, OTHER = "0499370899", "1234567891"
WORDS = "kind=scanner&expects=ir_national_code,token&pause_ms=200&kept_s=1"
SCANNED = ("reader_back", "inserted")
GONE = (*SCANNED, "removed")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[ScannerDesk]:
    made = ScannerDesk(tmp_path, WORDS)
    await made.start()
    yield made
    await made.close()


@pytest.mark.parametrize("end", [b"\r\n", b"\r", b"\n", b""])
async def test_a_scan_is_there_until_it_is_read_whatever_ends_it(desk: ScannerDesk, end: bytes) -> None:
    desk.scan(CODE.encode() + end)
    await desk.until(*SCANNED)
    found = await desk.read()
    assert (found.kind, found.number, found.card) == ("ir_national_code", CODE, "scanned")
    await desk.until(*GONE)
    assert (await desk.refusal(0.3))[0] == "card_absent"


async def test_a_scan_serves_the_read_that_waits_for_it(desk: ScannerDesk) -> None:
    reading = asyncio.create_task(desk.read())
    await asyncio.sleep(0.2)
    desk.scan(b"049937")
    await asyncio.sleep(0.05)
    desk.scan(b"0899\r\n")
    assert (await reading).number == CODE
    await desk.until(*GONE)


async def test_a_scan_that_nobody_reads_is_forgotten(desk: ScannerDesk) -> None:
    desk.scan(CODE.encode() + b"\r\n")
    await desk.until(*GONE)
    assert (await desk.refusal(0.3))[0] == "card_absent"


async def test_a_new_scan_takes_the_place_of_the_old_one(desk: ScannerDesk) -> None:
    desk.scan(CODE.encode() + b"\r\n" + OTHER.encode() + b"\r\n")
    await desk.until(*GONE, "inserted")
    assert (await desk.read()).number == OTHER


async def test_a_bad_line_is_unreadable_and_the_next_one_is_read(desk: ScannerDesk) -> None:
    desk.scan("0499370898 é\r\n".encode("latin-1"))
    await desk.until(*SCANNED)
    assert (await desk.refusal())[0] == "card_unreadable"
    await desk.until(*GONE)
    desk.scan(CODE.encode() + b"\r\n")
    assert (await desk.read()).number == CODE


async def test_a_token_is_read_as_what_it_is(desk: ScannerDesk) -> None:
    desk.scan(b"]Q1a-token-of-the-insurer\r\n")
    found = await desk.read()
    assert (found.kind, found.number, found.card_number) == ("", "", "a-token-of-the-insurer")


async def test_a_cancelled_read_leaves_the_scan_to_the_next_one(desk: ScannerDesk) -> None:
    desk.changes.clear()
    for _ in range(20):
        reading = asyncio.create_task(desk.read())
        desk.scan(CODE.encode() + b"\r\n")
        await desk.until("inserted")
        reading.cancel()
        (ended,), _ = await asyncio.wait([reading])
        number = CODE if not ended.cancelled() else (await desk.read()).number
        assert number == CODE
        await desk.until("inserted", "removed")
        desk.changes.clear()


async def test_an_endless_stream_without_a_line_end_is_one_bad_line(desk: ScannerDesk) -> None:
    for _ in range(20):
        desk.scan(b"7" * 200)
        await asyncio.sleep(0.01)
    assert (await desk.refusal())[0] == "card_unreadable"


@pytest.mark.parametrize("noise", [b"a\n", b"token-12\r\n"])
async def test_a_device_that_sends_lines_without_end_is_no_scanner_and_a_scan_after_it_is_read(
    desk: ScannerDesk, noise: bytes
) -> None:
    desk.changes.clear()
    for _ in range(100):
        desk.scan(noise * 100)
        await asyncio.sleep(0.01)
    assert len(desk.changes) < 250
    await asyncio.sleep(2)  # so long nobody scans, and the next scan counts
    desk.scan(CODE.encode() + b"\r\n")
    assert (await desk.read()).number == CODE
