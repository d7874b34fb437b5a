"""The simulated card's bytes."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_sync.wire.refusals import Refused
from edge.readers import Wanted
from edge.readers.cards.identity import CardIdentity, Insurance
from edge.readers.simulated.codec import CARD_BYTES_MAX, identity

PLAIN = Wanted()
WHOLE = CardIdentity(
    kind="cn_resident_number",
    number="11010519491231002X",
    card="cn_resident",
    name="张三",
    latin_name="ZHANG SAN",
    birth_date=date(1949, 12, 31),
    birth_place="北京",
    sex="female",
    nationality="CHN",
    address="北京市朝阳区建国路1号",
    card_number="C-1",
    issuer="北京市公安局朝阳分局",
    valid_from=date(2020, 1, 1),
    valid_until=date(2040, 1, 1),
    insurance=Insurance(payer="110000", payer_name="北京", member_number="7", category="11", begins=date(2020, 1, 1)),
    photo=b"\xff\xd8face",
)


def test_a_whole_card_is_played_with_everything_an_identity_has() -> None:
    assert identity(msgspec.json.encode(WHOLE), Wanted(photo=True)) == WHOLE
    assert all(getattr(WHOLE, field) for field in WHOLE.__struct_fields__)


def test_a_photo_is_given_only_to_who_wants_one() -> None:
    assert identity(msgspec.json.encode(WHOLE), PLAIN) == msgspec.structs.replace(WHOLE, photo=b"")


def test_a_card_without_the_persons_number_has_its_own() -> None:
    found = identity(b'{"card": "emv", "card_number": "411111******1111"}', PLAIN)
    assert (found.kind, found.number, found.card, found.card_number) == ("", "", "emv", "411111******1111")


def test_a_card_in_persian_digits_is_read_in_normal_form() -> None:
    card = '{"kind": "ir_national_code", "number": "۰۴۹۹۳۷۰۸۹۹", "name": " مريم ", "birth_date": "1990-05-04", "sex": "female"}'
    found = identity(card.encode(), PLAIN)
    assert (found.number, found.name, found.birth_date) == ("0499370899", "مریم", date(1990, 5, 4))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"kind": "ir_national_code"}',
        b"{}",
        b'{"number": "0499370899"}',
        b'{"kind": "ir_national_code", "card_number": "1"}',
        b'{"card_number": "1", "photo": "no base64"}',
        b'{"card_number": "1", "birth_date": "yesterday"}',
        b'{"kind": "ir_national_code", "number": "0499370898"}',
        b'{"kind": "passport", "number": "0499370899"}',
        b'{"kind": "ir_national_code", "number": 499370899}',
        b'{"kind": "ir_national_code", "number": "0499370899", "extra": 1}',
        b"[" * 3000,
        b" " * (CARD_BYTES_MAX + 1),
    ],
)
def test_a_bad_card_is_unreadable_and_never_quoted(content: bytes) -> None:
    with pytest.raises(Refused, match="card_unreadable") as caught:
        identity(content, PLAIN)
    assert "499370" not in str(caught.value)


@given(st.binary(max_size=200))
def test_no_bytes_bring_it_down(content: bytes) -> None:
    with pytest.raises(Refused):
        identity(content, PLAIN)
