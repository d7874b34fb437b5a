"""The audit trail: the newest first, filtered, page by page, and within the scope."""

from __future__ import annotations

import re

import pytest

from central_sync.console import trail
from central_sync.console.access import Role
from tests.central_sync.console.conftest import NOW, Browser, World
from tests.central_sync.console.test_open_lists import through

REMARK = re.compile(r'<td><bdi class="code">(remark-\d+)</bdi></td></tr>')


@pytest.fixture
def browsers(small_world: World, small_client, monkeypatch):
    monkeypatch.setattr(trail, "ROWS_PER_PAGE", 4)
    small_world.account("anna", Role.OBSERVER)
    small_world.account("bert", Role.OBSERVER, ("H1", "H3"))
    with small_world.store.write() as uow:
        for number in range(12):
            actor, action = ("cli", "console:x")[number % 2], ("invited", "revoked", "noted")[number % 3]
            uow.audit.add(NOW, actor, action, f"H{number % 4}", f"remark-{number}")
    return {name: Browser(small_client, small_world.token(name)) for name in ("anna", "bert")}


async def test_it_is_paged_by_key_the_newest_first(browsers) -> None:
    seen = await through(browsers["anna"], "/trail", REMARK)
    assert seen == [f"remark-{number}" for number in reversed(range(12))]


async def test_filters_narrow_it_and_stay_from_page_to_page(browsers) -> None:
    for query, wanted in (
        ("actor=cli", [10, 8, 6, 4, 2, 0]),
        ("action=invited", [9, 6, 3, 0]),
        ("subject=H1", [9, 5, 1]),
        ("actor=cli&action=invited", [6, 0]),
        ("actor=%27+OR+1%3D1", []),
    ):
        assert await through(browsers["anna"], f"/trail?{query}", REMARK) == [f"remark-{n}" for n in wanted], query


async def test_who_sees_some_hospitals_sees_what_was_done_to_those_alone(browsers) -> None:
    seen = await through(browsers["bert"], "/trail", REMARK)
    assert seen == [f"remark-{number}" for number in reversed(range(12)) if number % 4 in (1, 3)]
    assert await through(browsers["bert"], "/trail?subject=H2", REMARK) == []
    assert await through(browsers["bert"], "/trail?action=revoked", REMARK) == ["remark-7", "remark-1"]
