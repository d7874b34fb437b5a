"""Which bundles an edge takes; every other one is refused by its name, and nothing of it is used."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from central_sync.benefits import compiled
from central_sync.benefits.bundle import versioned
from central_sync.fleet import bundles as signed
from central_sync.wire import bundles
from central_sync.wire.bundles import BundleRefused, Fault
from edge.bundles import judged
from tests.edge.rulebook_hub import AT, NUMBER, RulebookHub, whole


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> RulebookHub:
    return RulebookHub(tmp_path_factory.mktemp("hub"))


@pytest.fixture(scope="module")
def file(hub) -> bytes:
    return hub.bundle()


def fault(file: bytes, hub: RulebookHub, institution: str = "H1", number: int = 0) -> Fault:
    with pytest.raises(BundleRefused) as refused:
        judged(file, hub.authority_file.read_bytes(), institution, number)
    return refused.value.fault


def test_the_hubs_own_bundle_for_this_institution_is_taken(hub, file):
    found = judged(file, hub.authority_file.read_bytes(), "H1", NUMBER - 1)
    assert (found.told.number, found.told.region) == (NUMBER, "cn")
    assert found.whole.rulebook.version == whole().rulebook.version
    assert set(found.whole.audit.places) == {"cn"}
    assert found.whole == compiled.cut(whole(), "cn", "tier_3")


def test_what_is_not_newer_than_what_is_in_use_is_older(hub, file):
    assert fault(file, hub, number=NUMBER) is Fault.OLDER
    assert fault(file, hub, number=NUMBER + 1) is Fault.OLDER


def test_another_institutions_is_elsewhere_and_so_is_a_hubs_own(hub, file):
    assert fault(file, hub, "H2") is Fault.ELSEWHERE
    body = bundles.opened(file)[1]
    assert fault(signed.sealed(hub.signer, whole(), body, NUMBER, AT), hub) is Fault.ELSEWHERE
    assert fault(signed.sealed(hub.signer, whole(), body, NUMBER, AT, "ir", "H1"), hub) is Fault.ELSEWHERE


def test_a_strangers_is_refused_whatever_it_says(hub, file, tmp_path):
    stranger = RulebookHub(tmp_path)
    assert fault(stranger.bundle(), hub) is Fault.STRANGER
    head, body = bundles.opened(file)
    theirs = bundles.opened(stranger.bundle())[0]
    for mixed in (
        msgspec.structs.replace(head, certificate=theirs.certificate, signer=theirs.signer),
        msgspec.structs.replace(head, signature=theirs.signature),
        msgspec.structs.replace(head, certificate=b""),
        msgspec.structs.replace(head, signer=""),
        msgspec.structs.replace(head, statement=msgspec.structs.replace(head.statement, number=NUMBER + 5)),
        msgspec.structs.replace(head, statement=msgspec.structs.replace(head.statement, institution="H2")),
    ):
        assert fault(bundles.sealed(mixed, body), hub, mixed.statement.institution) is Fault.STRANGER


def test_what_is_not_whole_is_cut_off_or_damaged(hub, file):
    assert fault(file[:-1], hub) is Fault.CUT_OFF
    assert fault(b"", hub) is Fault.CUT_OFF
    assert fault(file[:-1] + b"x", hub) is Fault.DAMAGED
    assert fault(b"no bundle at all", hub) is Fault.DAMAGED


def test_what_is_signed_and_yet_no_rulebook_is_damaged(hub):
    own = compiled.cut(whole(), "cn", "tier_3")
    for body in (b"no frame", bundles.squeezed(b"no rulebook")):
        assert fault(signed.sealed(hub.signer, own, body, NUMBER, AT, "cn", "H1"), hub) is Fault.DAMAGED
    other = compiled.compiled(versioned(replace(own.rulebook, schemes={})), own.audit)
    body = bundles.squeezed(compiled.packed(other))
    assert fault(signed.sealed(hub.signer, own, body, NUMBER, AT, "cn", "H1"), hub) is Fault.DAMAGED


def test_a_later_format_is_told_apart(hub):
    body = bundles.squeezed(msgspec.msgpack.encode([compiled.FORMAT + 1, "?"]))
    assert fault(signed.sealed(hub.signer, whole(), body, NUMBER, AT, "cn", "H1"), hub) is Fault.NEWER
