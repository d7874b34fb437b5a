"""A hub comes back after an outage: three hundred edges with backlogs on real TLS connections, and clerks who want an answer now."""

import asyncio
import time
from collections import Counter

import aiohttp
import pytest

from central_sync.app import AUTHORITY_FOLDER
from central_sync.fleet.authority import Authority
from central_sync.fleet.service import Fleet
from central_sync.rulebook.load import load
from central_sync.wire.codec import CONTENT_TYPE, pack, unpack
from central_sync.wire.messages import BatchAnswer
from tests.central_sync.api.conftest import batch, certified, now, sign_in
from tests.patience import HUNG_S
from tests.programs import start_hub

EDGES, CLERKS = 300, 10
LASTS_S = 12

pytestmark = [pytest.mark.proof, pytest.mark.timeout(300)]


class Country:
    """The hub's address, and what its edges met."""

    def __init__(self, sync, context):
        self.sync, self.context = sync, context
        self.ends = 0.0
        self.waits = []
        self.met = Counter()

    async def post(self, session, content, **query):
        headers = {"Content-Type": CONTENT_TYPE}
        async with session.post(f"{self.sync}/v1/exchange", data=content, headers=headers, params=query) as response:
            return unpack(await response.read(), BatchAnswer)

    def session(self):
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self.context, limit=1))

    async def edge(self, number):
        """Sends its backlog, and comes again when it is told to."""
        async with self.session() as session:
            for step in range(1_000):
                items = [sign_in(f"b-{number}-{step}-{n}", f"d{n}") for n in range(50)]
                answer = await self.post(session, pack(batch(*items)), backlog=1)
                self.met[answer.code or "taken"] += 1
                left = self.ends - time.monotonic()
                if left <= 0:
                    return
                assert not answer.code or answer.retry_after_s >= 1
                await asyncio.sleep(min(left, answer.retry_after_s))

    async def clerk(self, number):
        """Asks, is answered, asks again."""
        async with self.session() as session:
            step = 0
            while time.monotonic() < self.ends:
                step += 1
                began = time.monotonic()
                answer = await self.post(session, pack(batch(sign_in(f"c-{number}-{step}", f"c{number}"))))
                self.waits.append(time.monotonic() - began)
                assert [a.verdict for a in answer.answers] == ["final"], answer
                await asyncio.sleep(0.1)


@pytest.fixture
def place(tmp_path, url, store):
    folder = tmp_path / "data"
    authority = Authority(folder / AUTHORITY_FOLDER)
    authority.create([], now())
    Fleet(store, authority, load()).add_hospital("H01", "A Hospital", "cn", "tier_3", now())
    authority.open()
    return folder, url, certified(authority, folder, store=store)


async def test_clerks_are_served_within_their_deadline_while_three_hundred_backlogs_come_back(place):
    folder, url, context = place
    with start_hub(folder, database=url) as hub:
        country = Country(hub.sync, context)
        country.ends = time.monotonic() + LASTS_S
        work = [country.clerk(n) for n in range(CLERKS)] + [country.edge(n) for n in range(EDGES)]
        await asyncio.gather(*work)
    assert set(country.met) <= {"taken", "hub_busy"}
    assert country.met["taken"] > 10, "backlogs go on meanwhile"
    assert max(country.waits) < HUNG_S
