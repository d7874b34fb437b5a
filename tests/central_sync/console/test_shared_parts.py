"""Parts that many watch are made once."""

import asyncio

import pytest

from central_sync.console.shared_parts import SharedParts


async def test_two_hundred_who_ask_at_once_share_one_making():
    parts, made = SharedParts(), []

    async def make() -> str:
        made.append(1)
        await asyncio.sleep(0.01)
        return "part"

    assert set(await asyncio.gather(*(parts.part("key", make) for _ in range(200)))) == {"part"}
    assert len(made) == 1
    assert await parts.part("other", make) == "part"
    assert len(made) == 2


async def test_what_could_not_be_made_is_made_by_the_next():
    parts = SharedParts()

    async def fails() -> str:
        raise OSError("no disk")

    async def make() -> str:
        return "part"

    with pytest.raises(OSError, match="no disk"):
        await parts.part("key", fails)
    assert await parts.part("key", make) == "part"


async def test_one_who_leaves_takes_nothing_from_the_others():
    parts, go = SharedParts(), asyncio.Event()

    async def make() -> str:
        await go.wait()
        return "part"

    first = asyncio.create_task(parts.part("key", make))
    second = asyncio.create_task(parts.part("key", make))
    await asyncio.sleep(0)
    first.cancel()
    go.set()
    assert await second == "part"


async def test_what_is_kept_is_bounded():
    parts = SharedParts(kept_max=3)

    async def make() -> str:
        return "part"

    for number in range(20):
        await parts.part(number, make)
    assert len(parts._kept) == 3
