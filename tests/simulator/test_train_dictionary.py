"""The shared dictionary's training: the same each time, from traffic that a hub really answers, and worth its bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from central_sync.wire.compression import DICTIONARY, Level, compressed
from central_sync.wire.limits import ANSWER_BYTES_USUAL
from central_sync.wire.messages import Batch, BatchAnswer
from simulator import train_dictionary


@pytest.fixture(scope="module")
def traffic() -> list[bytes]:
    """What a small day, which the dictionary was not trained on, puts on the line."""
    return train_dictionary.traffic(seed=7, patients=20)


def test_traffic_is_the_same_each_time(traffic: list[bytes]) -> None:
    assert train_dictionary.traffic(seed=7, patients=20) == traffic


def test_traffic_is_batches_and_their_answers_and_nearly_all_are_carried_out(traffic: list[bytes]) -> None:
    batches = [msgspec.msgpack.decode(text, type=Batch) for text in traffic[0::2]]
    answers = [msgspec.msgpack.decode(text, type=BatchAnswer) for text in traffic[1::2]]
    assert [one.items[0].msgid for one in batches] == [one.answers[0].msgid for one in answers]
    assert sum(one.answers[0].verdict == "final" for one in answers) >= 0.9 * len(answers)


def test_a_settlement_of_fifteen_lines_is_no_larger_than_is_reckoned_with(traffic: list[bytes]) -> None:
    answers = [msgspec.msgpack.decode(text, type=BatchAnswer).answers[0].packet for text in traffic[1::2]]
    plain = [msgspec.msgpack.decode(packet) for packet in answers if packet]
    sizes = [
        len(packet) for packet, told in zip(filter(None, answers), plain, strict=True) if _lines(told) in range(10, 16)
    ]
    assert sizes
    assert max(sizes) <= ANSWER_BYTES_USUAL


def _lines(told: dict[str, Any]) -> int:
    return len(told["lines"]) if "shares" in told else 0


def test_training_is_the_same_each_time_and_bears_its_id(traffic: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_dictionary, "DICTIONARY_BYTES", 4096)
    made = train_dictionary.train(traffic, 40_003)
    assert made == train_dictionary.train(traffic, 40_003)
    assert zstandard.ZstdCompressionDict(made).dict_id() == 40_003


@pytest.mark.parametrize(("side", "part"), [(0, 0.5), (1, 0.6)], ids=["batches", "answers"])
def test_the_dictionary_in_use_makes_small_messages_much_smaller(traffic: list[bytes], side: int, part: float) -> None:
    small = traffic[side::2]
    alone = sum(len(compressed(text, Level.INTERACTIVE)) for text in small)
    shared = sum(len(compressed(text, Level.INTERACTIVE, DICTIONARY)) for text in small)
    assert shared <= part * alone


def test_the_command_asks_for_an_id_and_a_file(tmp_path: Path) -> None:
    assert train_dictionary.main([]) == 2
    assert train_dictionary.main(["first", str(tmp_path / "d")]) == 2
