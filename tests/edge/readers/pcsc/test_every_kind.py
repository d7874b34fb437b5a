"""Every kind of card, put on a real reader: what comes out is what its own bytes say, photo and all."""

from __future__ import annotations

import pytest

from edge.readers import Wanted
from edge.readers.cards.conversation import converse
from edge.readers.cards.kinds import identify
from tests.cards_played.all_kinds import PLAYED
from tests.edge.readers.pcsc.conftest import Listener, Table

BATCHES = [(kind, number) for kind, cards in sorted(PLAYED.items()) for number in range(len(cards))]


@pytest.mark.parametrize(("kind", "number"), BATCHES)
async def test_it_is_read_through_the_real_service(table: Table, kind: str, number: int) -> None:
    made, wanted = PLAYED[kind][number], Wanted(photo=True)
    async with Listener(table.names[0]) as listener:
        table.put(card := made())
        await listener.until("reader_back", "inserted")
        found = await listener.driver.read("desk-1", 20, wanted)
    assert found.card == kind
    assert found == converse(identify(card.atr, wanted), made().apdu)
