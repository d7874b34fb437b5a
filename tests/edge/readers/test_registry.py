"""All readers under their names."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from central_sync.wire.refusals import Refused
from edge.readers.registry import Readers
from edge.readers.simulated.driver import SimulatedReader

CARD = b'{"kind": "ir_national_code", "number": "0499370899"}'


async def refusal(readers: Readers, name: str, deadline_s: float = 0.1) -> str:
    with pytest.raises(Refused) as caught:
        await readers.read(name, deadline_s)
    return caught.value.code


async def test_the_only_reader_needs_no_name_and_one_of_several_does(tmp_path: Path) -> None:
    (tmp_path / "card.json").write_bytes(CARD)
    reader = SimulatedReader("desk-1", tmp_path, lambda _: None)
    assert (await Readers([reader]).read("", 1)).number == "0499370899"
    assert await refusal(Readers([reader, SimulatedReader("desk-2", tmp_path, lambda _: None)]), "") == "reader_unknown"
    assert await refusal(Readers([]), "") == "reader_unknown"
    assert await refusal(Readers([reader]), "desk-9") == "reader_unknown"


async def test_two_reads_on_one_reader_stand_in_line_and_both_keep_their_deadline(tmp_path: Path) -> None:
    readers = Readers([SimulatedReader("desk-1", tmp_path, lambda _: None)])
    await readers.start()
    began = time.monotonic()
    codes = await asyncio.gather(refusal(readers, "desk-1", 0.3), refusal(readers, "desk-1", 0.3))
    await readers.stop()
    assert codes == ["card_absent", "card_absent"]
    assert time.monotonic() - began < 0.8
