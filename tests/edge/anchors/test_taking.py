"""The hub's authority changes under real TLS: the next one is proven before it is used, and a wrong one costs no edge anything."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from central_sync.wire.handovers import PASSED, State, name_of
from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import Handover, Trail
from edge import identity
from edge.anchors.shadow import Shadow, slot
from edge.errors import LineBroken
from tests.edge.anchors.country import Country, now, self_signed

YEARS = timedelta(days=3652)


@pytest.fixture
async def country(tmp_path: Path) -> AsyncIterator[Country]:
    country = Country(tmp_path)
    await country.start()
    yield country
    await country.stop()


async def test_the_next_authority_is_proven_used_and_the_old_one_let_go(country: Country) -> None:
    edge, old = country.edges[0], country.authority.der()
    assert await edge.hears() == "", "nothing is announced"
    name = country.handovers.next(now())
    await country.taken_up()
    assert await edge.hears() == PASSED
    following = edge.believes()[1]
    assert (edge.believes(), name_of(following)) == ([old, following], name)
    assert await edge.well()
    assert edge.who.of_present, "nothing is renewed before the switch"

    country.handovers.switch(now())
    await country.taken_up()
    assert await edge.well(), "both are believed, by both"
    await edge.hears()
    assert (edge.believes(), edge.who.of_present) == ([following, old], False)
    await edge.renewals.hurry()
    assert (edge.who.issuer, edge.who.of_present) == (name, True)
    assert await edge.well()

    country.handovers.retire(now())
    await country.taken_up()
    await edge.hears()
    assert edge.believes() == [following]
    assert await edge.well()
    assert edge.who.evidence.read_text().count("BEGIN CERTIFICATE") == 2, (
        "what the old one signed is checked years later"
    )
    assert not (country.home / "authority.key").exists()


def other_key(country: Country) -> tuple[bytes, str]:
    country.slot("other")
    return self_signed(), "other"


def garbage(country: Country) -> tuple[bytes, str]:
    country.slot("garbage")
    return b"\x30\x82 this is no certificate", "garbage"


def leaf(country: Country) -> tuple[bytes, str]:
    country.slot("leaf")
    return self_signed(ca=False), "leaf"


def another_kind(country: Country) -> tuple[bytes, str]:
    country.slot("kind")
    return self_signed(key=rsa.generate_private_key(65537, 2048)), "kind"


def ended(country: Country) -> tuple[bytes, str]:
    return country.slot("ended", now() - YEARS - timedelta(days=30)).der(), "ended"


def of_tomorrow(country: Country) -> tuple[bytes, str]:
    return country.slot("tomorrow", now() + timedelta(days=1)).der(), "tomorrow"


def wrong_name(country: Country) -> tuple[bytes, str]:
    return country.slot("name", names=("hub.elsewhere.example",)).der(), "name"


def server_ended(country: Country) -> tuple[bytes, str]:
    made = country.slot("server")
    made.make_server_certificate(now() - timedelta(days=500))
    return made.der(), "server"


WRONG: dict[str, Callable[[Country], tuple[bytes, str]]] = {
    "drill_other_authority": other_key,
    "authority_unreadable": garbage,
    "authority_is_none": leaf,
    "authority_key_foreign": another_kind,
    "authority_ended": ended,
    "authority_not_yet_valid": of_tomorrow,
    "drill_wrong_name": wrong_name,
    "drill_server_ended": server_ended,
}


@pytest.mark.proof
async def test_the_centre_publishes_one_wrong_anchor_after_another_and_nothing_is_lost(tmp_path: Path) -> None:
    country = Country(tmp_path, edges=3)
    await country.start()
    try:
        before = [edge.believes() for edge in country.edges]
        for fault, make in WRONG.items():
            following, place = make(country)
            country.publish(following, place)
            await country.taken_up()
            assert [await edge.hears() for edge in country.edges] == [fault] * 3
            assert [edge.believes() for edge in country.edges] == before
            assert [await edge.well() for edge in country.edges] == [True] * 3
            country.handovers.withdraw(now())
            await country.taken_up()
            assert [await edge.hears() for edge in country.edges] == [""] * 3
            assert all(fault in edge.acts() for edge in country.edges)
        await country.again()
        assert [await edge.well() for edge in country.edges] == [True] * 3, "also after the hub started anew"
        country.handovers.next(now())
        await country.taken_up()
        assert [await edge.hears() for edge in country.edges] == [PASSED] * 3, "and the right one is taken"
    finally:
        await country.stop()


@pytest.mark.proof
async def test_a_word_that_the_present_authority_did_not_sign_is_not_drilled(country: Country) -> None:
    edge = country.edges[0]
    made = country.slot("stranger")
    country.publish(made.der(), "stranger", key=ec.generate_private_key(ec.SECP256R1()))
    await country.taken_up()
    assert await edge.hears() == "handover_unsigned"
    assert edge.believes() == [country.authority.der()]
    assert slot(edge.folder).content().word is None, "the slot stays empty"
    assert edge.anchors.shadow.said == (made.name, "handover_unsigned")


@pytest.mark.proof
async def test_a_proven_authority_that_is_withdrawn_is_forgotten(country: Country) -> None:
    edge, old = country.edges[0], country.authority.der()
    country.handovers.next(now())
    await country.taken_up()
    assert await edge.hears() == PASSED
    country.handovers.withdraw(now())
    await country.taken_up()
    await edge.hears()
    assert (edge.believes(), await edge.well()) == ([old], True)


@pytest.mark.proof
async def test_a_switch_is_undone_without_an_edge_being_lost(country: Country) -> None:
    edge, old = country.edges[0], country.authority
    country.handovers.next(now())
    await country.taken_up()
    await edge.hears()
    country.handovers.switch(now())
    await country.taken_up()
    await edge.hears()
    await edge.renewals.hurry()
    country.handovers.back(now())
    await country.taken_up()
    assert await edge.well(), "its certificate of the next one is believed"
    await edge.hears()
    await edge.renewals.hurry()
    old.open()
    assert (edge.who.issuer, edge.believes()[0], await edge.well()) == (old.name, old.der(), True)


@pytest.mark.proof
async def test_an_edge_that_was_away_for_two_changes_comes_back_over_the_trail(country: Country) -> None:
    edge = country.edges[0]
    for _ in range(2):
        country.handovers.next(now())
        country.handovers.switch(now())
        country.handovers.retire(now())
    await country.taken_up()
    assert not await edge.well()
    await edge.away()
    country.authority.open()
    assert edge.believes() == [country.authority.der(), edge.anchors.shadow.word.present]
    assert edge.who.issuer == country.authority.name, "and it has a certificate of it"
    assert await edge.well()
    await edge.hears()
    assert edge.believes() == [country.authority.der()]


@pytest.mark.proof
async def test_an_edge_that_had_proven_it_and_was_away_for_the_rest_comes_back(country: Country) -> None:
    edge = country.edges[0]
    country.handovers.next(now())
    await country.taken_up()
    assert await edge.hears() == PASSED
    country.handovers.switch(now())
    country.handovers.retire(now())
    await country.taken_up()
    assert not await edge.well(), "its certificate is of the old one"
    await edge.away()
    assert await edge.well()


@pytest.mark.proof
async def test_nobody_follows_an_authority_whose_key_was_stolen(country: Country) -> None:
    edge, old = country.edges[0], country.authority.der()
    country.handovers.next(now())
    country.handovers.switch(now())
    country.handovers.retire(now(), stolen=True)
    await country.taken_up()
    await edge.away()
    assert (edge.believes(), await edge.well()) == ([old], False)
    fresh = await country.enrolled("H1")
    country.edges.append(fresh)
    assert await fresh.well(), "a new invitation lets it in"


@pytest.mark.proof
async def test_the_trail_of_a_stranger_leads_nowhere(country: Country) -> None:
    edge, old = country.edges[0], country.authority.der()
    country.publish(self_signed(), "nowhere", key=ec.generate_private_key(ec.SECP256R1()))
    standing = country.handovers.standing()
    forged = standing.handover
    assert forged is not None
    country.handovers._slots.keep_link(msgspec.structs.replace(forged, state=State.RETIRED))
    await country.again()
    await edge.away()
    assert edge.believes() == [old]
    assert edge.anchors.shadow.trouble == "handover_unsigned"


@pytest.mark.proof
async def test_an_edge_enrolled_after_the_switch_has_nothing_to_do(country: Country) -> None:
    country.handovers.next(now())
    country.handovers.switch(now())
    await country.taken_up()
    late = await country.enrolled("H1")
    country.edges.append(late)
    country.authority.open()
    assert await late.hears() == PASSED
    assert (late.believes(), late.who.of_present, await late.well()) == ([country.authority.der()], True, True)


@pytest.mark.proof
async def test_the_slot_outlives_the_program_and_is_not_asked_for_twice(country: Country) -> None:
    edge = country.edges[0]
    country.handovers.next(now())
    await country.taken_up()
    await edge.hears()
    said = edge.anchors.said()
    assert said["handover"] != "0"
    edge.anchors._heard = 0
    edge.anchors.load()
    assert edge.anchors.said() == said
    (edge.folder / "shadow.json").write_text("{ torn")
    edge.anchors.load()
    assert await edge.hears() == PASSED


@pytest.mark.proof
async def test_a_word_whose_drill_the_line_or_the_disk_broke_off_is_done_later(
    country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    edge, old = country.edges[0], country.authority.der()
    country.handovers.next(now())
    await country.taken_up()

    async def broken(*_: object) -> bytes:
        raise LineBroken("torn", left=True)

    with monkeypatch.context() as patch:
        patch.setattr(edge.line, "drill", broken)
        assert await edge.hears() == ""
    assert await edge.hears() == PASSED, "though the hub does not tell it twice"
    country.handovers.withdraw(now())
    await country.taken_up()
    with monkeypatch.context() as patch:
        patch.setattr(identity, "replace_authorities", lambda *_: os.fstat(-1))
        with pytest.raises(OSError, match="descriptor"):
            await edge.hears()
    await edge.hears()
    assert edge.believes() == [old]


@pytest.mark.proof
async def test_what_was_withdrawn_is_not_believed_again_by_words_of_before(
    country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    edge, old = country.edges[0], country.authority.der()
    country.handovers.next(now())
    country.handovers.switch(now())
    await country.taken_up()
    recorded = country.hub._uptake.trail()
    country.handovers.back(now())
    await country.taken_up()
    assert await edge.hears() == PASSED
    country.handovers.withdraw(now())
    await country.taken_up()
    await edge.hears()
    assert edge.believes() == [old]

    async def replayed(*_: object) -> Trail:
        return recorded  # by whoever has the key of the one that was withdrawn

    monkeypatch.setattr(edge.line, "trail", replayed)
    await edge.away()
    assert edge.believes() == [old]
    edge.anchors.load()
    await edge.away()
    assert edge.believes() == [old], "also after a new start"


@pytest.mark.proof
async def test_a_strangers_trail_is_no_trouble_any_more_when_the_line_is_up(
    country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    edge, old = country.edges[0], country.authority.der()
    forged = Handover(
        number=2**40, state=State.RETIRED, present=old, following=self_signed(), issued_at=now(), signature=b"forged"
    )

    async def told(*_: object) -> Trail:
        return Trail(version=WIRE_VERSION, handovers=[forged])

    monkeypatch.setattr(edge.line, "trail", told)
    await edge.away()
    assert edge.anchors.shadow.trouble == "handover_unsigned"
    assert slot(edge.folder).content().trouble == "", "nobody outside writes to our disk"
    assert await edge.hears() == ""
    country.handovers.next(now())
    await country.taken_up()
    assert await edge.hears() == PASSED, "its number counts for nothing"


async def test_a_word_of_an_authority_that_is_over_keeps_no_later_one_from_being_heard(country: Country) -> None:
    edge, present = country.edges[0], country.authority.der()
    stale = Handover(
        number=2**40, state=State.RETIRED, present=self_signed(), following=present, issued_at=now(), signature=b"any"
    )
    slot(edge.folder).write(Shadow(word=stale, drill=PASSED))
    edge.anchors.load()
    assert edge.anchors.said() == {"handover": "0"}
    country.handovers.next(now())
    await country.taken_up()
    assert await edge.hears() == PASSED
