"""Invitations and revocations: the command line's own use cases, with the person's name in the audit trail."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from central_sync.console.access import Role
from central_sync.store.records import Certificate
from central_sync.wire.enrolment import read_code
from tests.central_sync.console.conftest import NOW, Browser, World

CODE = re.compile(r'class="code secret" dir="ltr">([^<]+)<')
INVITATION = re.compile(r'name="invitation" value="([0-9a-f]{64})"')


@pytest.fixture
async def browser(small_world: World, small_client) -> Browser:
    small_world.account("anna", Role.OPERATOR, ("H1",))
    return Browser(small_client, small_world.token("anna"))


async def test_an_invitation_is_shown_once_works_and_is_withdrawn(small_world, browser) -> None:
    key = await browser.key()
    _, page, _ = await browser.post("/hospitals/H1/invite", key, hours="24")
    code = CODE.search(page)[1]
    assert read_code(code)
    _, page = await browser.get("/hospitals/H1/trust")
    assert code not in page
    (invitation,) = INVITATION.findall(page)
    assert "H1" in (await browser.get("/hospitals"))[1]
    for wrong in ("", "zz", "00" * 32):
        status, page, _ = await browser.post("/hospitals/H1/withdraw", key, invitation=wrong)
        assert status == 400
        assert "already" in page
    assert (await browser.post("/hospitals/H2/withdraw", key, invitation=invitation))[0] == 404
    status, page, _ = await browser.post("/hospitals/H1/withdraw", key, invitation=invitation)
    assert status == 200
    assert not INVITATION.findall(page)
    assert (await browser.post("/hospitals/H1/withdraw", key, invitation=invitation))[0] == 400
    with small_world.store.write() as uow:
        assert uow.invitations.use(bytes.fromhex(invitation), small_world.now) is None
    assert small_world.audited("invited") == [("console:anna", "H1", "valid 24 hours")]
    assert [row[:2] for row in small_world.audited("invitation_withdrawn")] == [("console:anna", "H1")]


@pytest.mark.parametrize("hours", ["", "0", "-1", "337", "99999999999999999999", "one", "۳۳۷", "1.5"])
async def test_hours_that_will_not_do_make_no_invitation(small_world, browser, hours: str) -> None:
    status, page, _ = await browser.post("/hospitals/H1/invite", await browser.key(), hours=hours)
    assert status == 400
    assert not CODE.search(page)
    assert small_world.audited("invited") == []


async def test_hours_and_the_hospitals_code_are_typed_in_digits_of_any_script(small_world, browser) -> None:
    key = await browser.key()
    assert CODE.search((await browser.post("/hospitals/H1/invite", key, hours=" ۴۸ "))[1])
    assert small_world.audited("invited") == [("console:anna", "H1", "valid 48 hours")]
    assert (await browser.post("/hospitals/H1/revoke", key, again="H۱"))[0] == 200


async def test_a_revocation_wants_the_code_of_the_hospital_typed_again(small_world, browser) -> None:
    with small_world.store.write() as uow:
        for institution in ("H1", "H2"):
            uow.certificates.add(Certificate(f"a{institution}", institution, datetime(2027, 1, 1, tzinfo=UTC), NOW))
    key = await browser.key()
    assert "enrolled" in (await browser.get("/hospitals/H1/trust"))[1]
    for again in ("", "h1", "H2"):
        assert (await browser.post("/hospitals/H1/revoke", key, again=again))[0] == 400
    assert (await browser.post("/hospitals/H2/revoke", key, again="H2"))[0] == 404
    assert small_world.audited("revoked") == []
    status, page, _ = await browser.post("/hospitals/H1/revoke", key, again="H1")
    assert status == 200
    assert "revoked" in page
    assert small_world.audited("revoked") == [("console:anna", "H1", "1 certificates")]
    with small_world.store.read() as uow:
        assert uow.certificates.of("H2")[0].revoked_at is None
