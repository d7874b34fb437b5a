"""A word about the hub's authorities is believed if one of ours signed it, and what it names must be able to be one."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from central_sync.fleet.authority import Authority
from central_sync.fleet.handover import Handovers, trail
from central_sync.fleet.slots import Slots
from central_sync.wire.handovers import HandoverRefused, State, name_of
from central_sync.wire.messages import Handover
from edge.anchors.judge import able, believed, followed, ordered
from tests.edge.anchors.country import self_signed

NOW = datetime.now(UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    Authority(tmp_path).create([], NOW)
    return tmp_path


def word(home: Path, *verbs: str) -> Handover:
    handovers = Handovers(home)
    for verb in verbs:
        getattr(handovers, verb)(NOW)
    said = handovers.standing().handover
    assert said is not None
    return said


def test_a_word_that_the_present_authority_signed_is_believed(home: Path) -> None:
    said = word(home, "next")
    believed(said, [b"another", said.present])
    with pytest.raises(HandoverRefused, match="handover_stranger"):
        believed(said, [said.following])


@pytest.mark.parametrize(
    "changed",
    [
        lambda w: {"number": w.number + 1}, lambda w: {"state": "retired"}, lambda w: {"following": w.present},
        lambda w: {"issued_at": w.issued_at + timedelta(seconds=1)}, lambda w: {"signature": w.signature[:-1]},
        lambda w: {"signature": b"x"}, lambda w: {"number": 0},
    ],
    ids=range(7),
)  # fmt: skip
def test_nothing_of_a_word_can_be_changed(home: Path, changed: Callable[[Handover], dict[str, object]]) -> None:
    said = word(home, "next")
    with pytest.raises(HandoverRefused, match="handover_unsigned"):
        believed(msgspec.structs.replace(said, **changed(said)), [said.present])


def test_what_can_be_no_authority_is_told_apart(home: Path) -> None:
    able(word(home, "next").following, NOW)
    for wrong, fault in (
        (b"", "authority_unreadable"), (b"\x30\x82garbage", "authority_unreadable"), (self_signed(ca=False), "authority_is_none"),
        (self_signed(key=rsa.generate_private_key(65537, 2048)), "authority_key_foreign"),
        (self_signed(key=ec.generate_private_key(ec.SECP384R1())), "authority_key_foreign"),
        (self_signed(at=NOW + timedelta(days=2)), "authority_not_yet_valid"), (self_signed(at=NOW - timedelta(days=4000)), "authority_ended"),
    ):  # fmt: skip
        with pytest.raises(HandoverRefused, match=fault):
            able(wrong, NOW)


def test_no_damaged_certificate_is_an_accident(home: Path) -> None:
    good, dice = word(home, "next").following, random.Random(7)
    for _ in range(300):
        torn = bytearray(good)
        torn[dice.randrange(len(torn))] ^= 1 << dice.randrange(8)
        try:
            able(bytes(torn), NOW)
        except HandoverRefused:
            continue


def test_the_trail_is_followed_from_any_of_its_authorities(home: Path) -> None:
    handovers, first = Handovers(home), Authority(home)
    first.open()
    for _ in range(3):
        for verb in (handovers.next, handovers.switch, handovers.retire):
            verb(NOW)
    told = trail(Slots(home))
    assert [one.number for one in followed(told[::-1], [first.der()])] == [one.number for one in told]
    assert followed(told, [told[1].present]) == tuple(told[1:])
    assert followed(told, [told[-1].following]) == ()
    assert followed(told, [b"a stranger"]) == ()
    forged = [told[0], msgspec.structs.replace(told[1], following=b"mine"), told[2]]
    with pytest.raises(HandoverRefused):
        followed(forged, [first.der()])


def test_what_is_only_announced_is_not_followed(home: Path) -> None:
    said = word(home, "next")
    assert followed([said], [said.present]) == ()


@pytest.mark.parametrize(
    ("state", "own", "expected"),
    [
        (State.ANNOUNCED, "old", ["old", "new"]),
        (State.ANNOUNCED, "new", ["old", "new"]),
        (State.SWITCHED, "old", ["new", "old"]),
        (State.RETIRED, "old", ["new", "old"]),
        (State.RETIRED, "new", ["new"]),
        (State.WITHDRAWN, "new", ["old"]),
    ],
)
def test_the_old_one_is_let_go_only_by_who_has_a_certificate_of_the_new_one(
    home: Path, state: State, own: str, expected: list[str]
) -> None:
    said = msgspec.structs.replace(word(home, "next"), state=state)
    which = {"old": said.present, "new": said.following}
    assert ordered(said, name_of(which[own])) == [which[one] for one in expected]
