"""A bundle's file is whole or it is refused by name; the signed text holds all that the statement says."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_sync.wire import bundles
from central_sync.wire.bundles import BundleRefused, Fault, Head, Statement
from central_sync.wire.limits import BUNDLE_BYTES_MAX, BUNDLE_NUMBER_MAX, BUNDLE_PLAIN_BYTES_MAX

PLAIN = b"the law " * 1_000
BODY = bundles.squeezed(PLAIN)
AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
STATEMENT = Statement(
    version="a" * 64,
    law="b" * 64,
    audit="c" * 64,
    number=1_800_000_000,
    issued_at=AT,
    body_bytes=len(BODY),
    digest=bundles.digest(BODY),
    region="cn",
    institution="H01",
)
HEAD = Head(statement=STATEMENT, signer="0011223344556677", certificate=b"PEM", signature=bytes(64))
FILE = bundles.sealed(HEAD, BODY)


def fault_of(file: bytes) -> Fault:
    with pytest.raises(BundleRefused) as refused:
        bundles.opened(file)
    assert bundles.WHY[refused.value.fault] in str(refused.value)
    return refused.value.fault


def test_a_file_comes_back_as_it_was_sealed():
    head, body = bundles.opened(FILE)
    assert (head, body) == (HEAD, BODY)
    assert bundles.plain(body) == PLAIN


def test_a_file_that_ends_early_is_told_from_one_that_was_changed():
    for length in (0, 3, 8, 9, 40, len(FILE) - 1):
        assert fault_of(FILE[:length]) is Fault.CUT_OFF
    assert fault_of(FILE + b"x") is Fault.DAMAGED
    assert fault_of(FILE[:-1] + b"x") is Fault.DAMAGED
    assert fault_of(b"x" + FILE[1:]) is Fault.DAMAGED
    assert fault_of(FILE[:4] + b"\x02" + FILE[5:]) is Fault.NEWER
    assert fault_of(FILE[:5] + b"\xff" * 4 + FILE[9:]) is Fault.DAMAGED
    assert fault_of(FILE[:9] + b"\xc1" * (len(FILE) - 9)) is Fault.DAMAGED


@given(st.integers(0, len(FILE) - 1), st.integers(1, 255))
def test_whichever_byte_is_changed_the_file_is_refused_or_its_signed_text_is_another_or_its_signature_is(at, by):
    changed = bytearray(FILE)
    changed[at] ^= by
    try:
        head, body = bundles.opened(bytes(changed))
    except BundleRefused:
        return
    assert body == BODY
    assert head != HEAD or bundles.sealed(head, body) == FILE


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": 0},
        {"number": BUNDLE_NUMBER_MAX + 1},
        {"body_bytes": 0},
        {"body_bytes": BUNDLE_BYTES_MAX + 1},
        {"digest": b"short"},
        {"version": "v" * 201},
        {"issued_at": datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)},
        {"issued_at": datetime(2026, 6, 1)},  # noqa: DTZ001 - without a zone
    ],
)
def test_a_statement_that_cannot_be_is_damaged(wrong):
    head = msgspec.structs.replace(HEAD, statement=msgspec.structs.replace(STATEMENT, **wrong))
    assert fault_of(bundles.sealed(head, BODY)) is Fault.DAMAGED


def test_the_signed_text_holds_all_that_the_statement_says():
    others = [
        {"version": "x"},
        {"law": "x"},
        {"audit": "x"},
        {"number": 2},
        {"issued_at": AT + timedelta(microseconds=1)},
        {"body_bytes": 1},
        {"digest": os.urandom(32)},
        {"region": "ir"},
        {"institution": "H02"},
        {"region": "c", "institution": "nH01"},
    ]
    texts = {bundles.signed_text(msgspec.structs.replace(STATEMENT, **other)) for other in others}
    assert len(texts | {bundles.signed_text(STATEMENT)}) == len(others) + 1


def test_a_body_that_would_burst_is_refused():
    bomb = bundles.squeezed(bytes(BUNDLE_PLAIN_BYTES_MAX + 1))
    assert len(bomb) < 100_000
    for body in (bomb, b"no frame"):
        with pytest.raises(BundleRefused) as refused:
            bundles.plain(body)
        assert refused.value.fault is Fault.DAMAGED
