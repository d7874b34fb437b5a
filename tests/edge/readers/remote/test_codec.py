"""What edges and agents say survives the frame; whatever else comes is nonsense or is put right, and nothing else can happen."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_sync.wire.refusals import REFUSALS, Refused
from edge.readers import READ_REFUSALS, Change, ReaderState
from edge.readers.cards.identity import CardIdentity, Insurance
from edge.readers.remote import codec
from edge.readers.remote.limits import (
    DETAIL_CHARACTERS_MAX,
    MESSAGE_BYTES_MAX,
    NAME_CHARACTERS_MAX,
    PHOTO_BYTES_MAX,
    READERS_PER_AGENT_MAX,
    TEXT_CHARACTERS_MAX,
)
from edge.readers.troubles import TROUBLES

STATE = ReaderState(name="card", driver="simulated", connected=True, card_present=False)
WHO = CardIdentity(
    kind="ir_national_code", number="0499370899", card="simulated", name="زهرا", birth_date=date(1990, 5, 4),
    insurance=Insurance(payer="1", ends=date(2030, 1, 1)), photo=b"\xff\xd8",
)  # fmt: skip
OF_AGENTS = [
    codec.ReadersAre(readers=[STATE]),
    codec.Happened(change=Change.INSERTED, state=STATE),
    codec.ReadDone(number=7, identity=WHO),
    codec.ReadFailed(number=7, code="card_absent", detail="before the deadline"),
    codec.ReadMade(read_id="abcdefghijklmnopqrstuv", reader="card", identity=WHO),
]
OF_EDGES = [
    codec.Welcome(institution="H001", zone="Asia/Tehran"),
    codec.ReadAsked(number=7, reader="card", deadline_s=2.5, photo=True),
    codec.ReadDropped(number=7),
    codec.ReadNoted(read_id="abcdefghijklmnopqrstuv"),
]


@pytest.mark.parametrize("said", OF_AGENTS, ids=lambda said: type(said).__name__)
def test_what_an_agent_says_is_what_the_edge_hears(said: codec.FromAgent) -> None:
    assert codec.from_agent(codec.frame(said)) == said
    with pytest.raises(codec.Nonsense):
        codec.from_edge(codec.frame(said))


@pytest.mark.parametrize("said", OF_EDGES, ids=lambda said: type(said).__name__)
def test_what_an_edge_says_is_what_the_agent_hears(said: codec.FromEdge) -> None:
    assert codec.from_edge(codec.frame(said)) == said
    with pytest.raises(codec.Nonsense):
        codec.from_agent(codec.frame(said))


def test_a_newer_side_may_say_more() -> None:
    plain = msgspec.msgpack.decode(codec.frame(OF_EDGES[0])) | {"colour": "blue"}
    assert codec.from_edge(msgspec.msgpack.encode(plain)) == OF_EDGES[0]


WRONG = {
    "nothing": b"",
    "text": b"hello",
    "an endless list": b"\xdd\xff\xff\xff\xff",
    "deep": b"\x91" * 100_000,
    "an unknown tag": msgspec.msgpack.encode({"type": "burn"}),
    "a wrong type": msgspec.msgpack.encode({"type": "drop", "number": "7"}),
    "a negative number": msgspec.msgpack.encode({"type": "failed", "number": -1, "code": "card_absent"}),
    "too large": msgspec.msgpack.encode(
        {"type": "failed", "number": 1, "code": "x", "detail": "x" * MESSAGE_BYTES_MAX}
    ),
    "thousands of readers": codec.frame(codec.ReadersAre(readers=[STATE] * 5_000)),
    "one reader too many": codec.frame(
        codec.ReadersAre(
            readers=[msgspec.structs.replace(STATE, name=str(n)) for n in range(READERS_PER_AGENT_MAX + 1)]
        )
    ),
    "two of one name": codec.frame(codec.ReadersAre(readers=[STATE, STATE])),
    "a read id with a space": msgspec.msgpack.encode(
        {"type": "made", "read_id": "a b", "reader": "card", "identity": msgspec.to_builtins(WHO)}
    ),
    "a date that is none": msgspec.msgpack.encode(
        {"type": "done", "number": 1, "identity": {"kind": "", "number": "", "card": "x", "birth_date": "1990-13-40"}}
    ),
}


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG.keys())
def test_whatever_is_no_message_is_nonsense_and_is_not_quoted(content: bytes) -> None:
    with pytest.raises(codec.Nonsense) as raised:
        codec.from_agent(content)
    assert "0499370899" not in str(raised.value)
    assert raised.value.__cause__ is None


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["type", "number", "readers", "state", "change", "identity", "code", "read_id", "reader", "name"]
            ),
            inner,
            max_size=6,
        )
    ),
)


@given(st.binary(max_size=200) | anything.map(msgspec.msgpack.encode))
def test_no_frame_does_anything_but_be_read_or_be_nonsense(content: bytes) -> None:
    for read in (codec.from_agent, codec.from_edge):
        try:
            said = read(content)
        except codec.Nonsense:
            continue
        assert codec.frame(said)


@given(
    st.builds(
        ReaderState,
        name=st.text(),
        driver=st.text(),
        connected=st.booleans(),
        card_present=st.booleans(),
        trouble=st.text(),
    )
)
def test_a_state_is_shown_under_its_agents_name_or_not_at_all(state: ReaderState) -> None:
    try:
        shown = codec.trusted_state("pc-1", state)
    except codec.Nonsense:
        assert not state.name.isprintable() or not 0 < len(state.name) <= NAME_CHARACTERS_MAX
        return
    assert shown.name == f"pc-1/{state.name}"
    assert shown.trouble == "" or shown.trouble in TROUBLES
    assert shown.connected or not shown.card_present


def test_an_identity_goes_through_when_its_number_passes_its_check() -> None:
    assert codec.trusted_identity(WHO, photo=True) == WHO
    assert codec.trusted_identity(WHO, photo=False).photo == b""
    nameless = CardIdentity(kind="", number="", card="emv", card_number="4111••••1111")
    assert codec.trusted_identity(nameless, photo=False) == nameless


LIES = {
    "a bad check digit": {"number": "0499370898"},
    "a number without a kind": {"kind": ""},
    "a kind without a number": {"number": ""},
    "a kind that does not exist": {"kind": "klingon"},
    "a long name": {"name": "x" * (TEXT_CHARACTERS_MAX + 1)},
    "a long payer": {"insurance": Insurance(payer_name="x" * (TEXT_CHARACTERS_MAX + 1))},
    "a huge photo": {"photo": b"x" * (PHOTO_BYTES_MAX + 1)},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_an_identity_that_no_driver_of_ours_would_let_through_is_unreadable(lie: dict[str, object]) -> None:
    with pytest.raises(Refused, match="card_unreadable"):
        codec.trusted_identity(msgspec.structs.replace(WHO, **lie), photo=True)


@pytest.mark.parametrize("code", READ_REFUSALS)
def test_every_refusal_of_a_driver_travels(code: str) -> None:
    assert codec.trusted_refusal(code, "ATR 3b").code == code


@pytest.mark.parametrize("code", ["", "journal_full", "burn", "card_expired"])
def test_a_refusal_that_no_driver_may_use_is_the_agents_fault(code: str) -> None:
    refusal = codec.trusted_refusal(code, "x" * 10_000)
    assert (refusal.code, refusal.code in REFUSALS) == ("reader_failed", True)
    assert len(codec.trusted_refusal("card_unknown", "x" * 10_000).detail) == DETAIL_CHARACTERS_MAX
