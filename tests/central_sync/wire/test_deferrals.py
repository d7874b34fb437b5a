"""What is signed of a deferred share, byte for byte."""

from datetime import UTC, date, datetime

from central_sync.wire import packets as p
from central_sync.wire.deferrals import Statement, signed_text, statement_of

AT = datetime(2025, 6, 2, 8, 0, 0, 5, tzinfo=UTC)
SHARE = p.Share(
    layer="supplementary",
    scheme="s",
    payer="بیمه",
    amount=7,
    trace=[],
    deferred=True,
    deferral=p.Deferral(day=date(2025, 6, 1), signed_at=AT, signer="ab", signature=b"x"),
)
ANSWER = p.Settlement(
    hid="0000000000000001",
    currency="IRR",
    total=10,
    patient=3,
    shares=[SHARE],
    patient_trace=[],
    lines=[],
    rulebook="v1",
    settled_on=date(2025, 6, 2),
    settlement_id="S1",
)


def test_the_signed_text_is_the_statement_with_sorted_keys():
    statement = statement_of("H1", ANSWER, 0)
    assert statement == Statement(
        settlement_id="S1",
        place=0,
        institution="H1",
        layer="supplementary",
        scheme="s",
        payer="بیمه",
        amount=7,
        currency="IRR",
        day=date(2025, 6, 1),
        rulebook="v1",
        signed_at=AT,
    )
    assert (
        signed_text(statement)
        == b"pishkhan deferred share 1\0"
        + (
            '{"amount":7,"currency":"IRR","day":"2025-06-01","institution":"H1","layer":"supplementary","payer":"بیمه","place":0,'
            '"rulebook":"v1","scheme":"s","settlement_id":"S1","signed_at":1748851200000005}'
        ).encode()
    )


def test_what_is_not_deferred_has_no_statement():
    import msgspec

    for change in ({"deferred": False}, {"deferral": None}):
        bare = msgspec.structs.replace(ANSWER, shares=[msgspec.structs.replace(SHARE, **change)])
        assert statement_of("H1", bare, 0) is None
