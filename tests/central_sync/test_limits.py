"""The hub's bounds hold together."""

import msgspec

from central_sync import limits
from central_sync.terms.money import AMOUNT_MAX
from central_sync.wire import packets as p


def test_the_longest_line_of_an_answer_is_as_long_as_we_count_on():
    largest = p.PricedLine(
        serial="x" * 30,
        amount=AMOUNT_MAX,
        catalogue_class="A",
        own_pay=AMOUNT_MAX,
        over_ceiling=AMOUNT_MAX,
        first_self_pay=AMOUNT_MAX,
        in_scope=AMOUNT_MAX,
        over_tariff=AMOUNT_MAX,
        difference=-AMOUNT_MAX,
        shares=[AMOUNT_MAX] * limits.COVERS_PER_MEMBER_MAX,
    )
    shares = limits.COVERS_PER_MEMBER_MAX * limits.LINE_SHARE_BYTES_MAX
    assert len(msgspec.msgpack.encode(largest)) <= limits.LINE_ANSWER_BYTES_MAX + shares
