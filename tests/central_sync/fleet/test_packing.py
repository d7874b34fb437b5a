"""An authority's folder from one hub to another: whole or not at all, believed by what is known, never a step back."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography import x509

from central_sync.fleet import files, packing
from central_sync.fleet.authority import Authority, AuthorityMissing
from central_sync.fleet.certificates import authority_in, issued_by
from central_sync.fleet.handover import HandoverError, Handovers
from central_sync.fleet.packing import MAGIC, fingerprint, packed, take
from central_sync.fleet.signer import Signer
from central_sync.fleet.slots import Slots

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def home(tmp_path):
    """Where the second hub's authority is to lie."""
    (tmp_path / "second").mkdir(mode=0o700)
    return tmp_path / "second/authority"


@pytest.fixture
def handovers(authority):
    return Handovers(authority.folder)


def again(folder) -> Authority:
    found = Authority(folder)
    found.open()
    return found


def given(authority, home, **named) -> str:
    """A pack of what stands there now goes over."""
    return take(home, packed(authority.folder, NOW), NOW, **named)


def begun(authority, home) -> str:
    return given(authority, home, expected=fingerprint(again(authority.folder).der()))


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("lock", "signer.pem")
    }


def test_a_new_folder_holds_the_same_and_nobody_else_reads_its_keys(authority, handovers, home):
    Signer(again(authority.folder)).open(NOW)
    handovers.next(NOW)
    assert begun(authority, home) == authority.name
    assert content(home) == content(authority.folder)
    assert not (home / "signer.pem").exists(), "each hub signs with its own"
    for path in [home, *home.rglob("*")]:
        secret = path.is_dir() or path.suffix == ".key" or path.name in ("server.pem", "handover.json")
        assert not (secret and path.stat().st_mode & 0o077), path
    assert again(home).derived(b"x") == again(authority.folder).derived(b"x")
    assert [path.name for path in home.parent.iterdir()] == ["authority"]


def test_every_step_goes_over_and_each_pack_twice(authority, handovers, home):
    begun(authority, home)
    old = authority.der()
    for step in (handovers.next, handovers.switch, handovers.back, handovers.switch, handovers.retire):
        step(NOW)
        for _ in range(2):
            given(authority, home)
            assert content(home) == content(authority.folder)
    assert again(home).der() != old
    assert not (home / "authority.key").exists(), "the old key is gone here, too"
    assert again(home).derived(b"x") == again(authority.folder).derived(b"x")


def test_a_hub_that_missed_steps_follows_the_trail(authority, handovers, home):
    begun(authority, home)
    for at in (NOW, NOW + timedelta(days=1)):
        for step in (handovers.next, handovers.switch, handovers.retire):
            step(at)
    given(authority, home)
    assert content(home) == content(authority.folder)


def test_a_hub_keeps_the_names_by_which_it_is_reached_itself(authority, handovers, home):
    begun(authority, home)
    again(home).create(["hub2.example"], NOW)
    for step in (handovers.next, handovers.switch, handovers.retire):
        step(NOW)
        given(authority, home)
        standing = Slots(home).standing()
        for slot in (standing.current, standing.shadow):
            if slot is not None:
                both = (Slots(home).place(slot) / "server.pem").read_bytes()
                served = x509.load_pem_x509_certificate(both)
                assert issued_by(authority_in(Slots(home).place(slot)), served), slot
                named = served.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
                assert "hub2.example" in named.get_values_for_type(x509.DNSName), slot
    assert "hub2.example" not in again(authority.folder).names(), "nor does the other hub get it"


def test_after_a_theft_nothing_leads_there_and_the_folder_is_left_alone(authority, handovers, home):
    begun(authority, home)
    before = content(home)
    handovers.next(NOW)
    handovers.switch(NOW)
    handovers.retire(NOW, stolen=True)
    with pytest.raises(HandoverError, match="no authority that is known here"):
        given(authority, home, expected=fingerprint(again(authority.folder).der()))
    assert content(home) == before


def test_a_new_folder_takes_no_pack_that_nobody_vouches_for(authority, home):
    for named in ({}, {"expected": "0" * 64}):
        with pytest.raises(HandoverError, match=r"(--fingerprint|no authority that is known here)"):
            given(authority, home, **named)
    assert list(home.parent.iterdir()) == []


def test_another_authority_is_never_overwritten(authority, home):
    other = Authority(home)
    other.create([], NOW)
    before = content(home)
    for named in ({}, {"expected": fingerprint(authority.der())}, {"despite": True}):
        with pytest.raises(HandoverError, match="no authority that is known here"):
            given(authority, home, **named)
    assert content(home) == before


def test_an_older_pack_leads_nobody_back(authority, handovers, home):
    begun(authority, home)
    early = packed(authority.folder, NOW)
    handovers.next(NOW)
    announced = packed(authority.folder, NOW)
    handovers.switch(NOW)
    given(authority, home)
    for one in (early, announced):
        with pytest.raises(HandoverError, match="older"):
            take(home, one, NOW)
    assert content(home) == content(authority.folder)


def test_what_both_hubs_began_by_themselves_is_told_and_not_lost(authority, handovers, home):
    begun(authority, home)
    lone = Handovers(home).next(NOW)
    handovers.next(NOW + timedelta(hours=1))
    with pytest.raises(HandoverError, match=f"{lone} is beside"):
        given(authority, home)
    assert Slots(home).standing().shadow == lone
    given(authority, home, despite=True)
    assert content(home) == content(authority.folder)
    Handovers(home).switch(NOW)
    with pytest.raises(HandoverError, match="older"):
        given(authority, home, despite=True)


def test_one_that_is_in_use_here_alone_is_kept_whatever_is_typed(authority, handovers, home):
    begun(authority, home)
    Handovers(home).next(NOW)
    Handovers(home).switch(NOW)
    handovers.next(NOW + timedelta(hours=1))
    before = content(home)
    with pytest.raises(HandoverError, match="in use here"):
        given(authority, home, despite=True)
    assert content(home) == before


def resealed(pack: bytes, authority, **changed: bytes | None) -> bytes:
    """The pack with other files, signed as whoever has the key of ``authority`` can."""
    sealed = msgspec.msgpack.decode(pack[len(MAGIC) :])
    body = msgspec.msgpack.decode(sealed["body"])
    body["files"] = {name: text for name, text in (body["files"] | changed).items() if text is not None}
    fresh = msgspec.msgpack.encode(body)
    return MAGIC + msgspec.msgpack.encode({"body": fresh, "signatures": [authority.signature(MAGIC + fresh)]})


def test_a_pack_that_somebody_else_made_or_changed_is_not_believed(authority, home, tmp_path):
    begun(authority, home)
    before = content(home)
    stranger = Authority(tmp_path / "stranger")
    stranger.create([], NOW)
    pack = packed(authority.folder, NOW)
    with pytest.raises(HandoverError, match="no authority that is known here signed"):
        take(home, resealed(pack, stranger, names=b"evil.example\n"), NOW)
    for broken in (b"", b"rubbish", MAGIC, pack[:-1], pack[: len(pack) // 2], pack + b"x", MAGIC + b"\xff" * 99):
        with pytest.raises(HandoverError, match=r"(no pack|broken off|damaged)"):
            take(home, broken, NOW)
    for at in range(len(MAGIC), len(pack), 97):
        with pytest.raises((HandoverError, AuthorityMissing)):
            take(home, pack[:at] + bytes([pack[at] ^ 1]) + pack[at + 1 :], NOW)
    assert content(home) == before
    assert [path.name for path in home.parent.iterdir()] == ["authority"]


@pytest.mark.parametrize(
    "path",
    ["../evil", "/etc/evil", "slots/../../evil", "signer.pem", "lock", "slots/0123456789abcdef/evil", "trail/x/y", ""],
)
def test_no_file_of_a_pack_lands_elsewhere(authority, home, path):
    begun(authority, home)
    with pytest.raises(HandoverError, match="none of an authority's"):
        take(home, resealed(packed(authority.folder, NOW), authority, **{path: b"evil"}), NOW)


@pytest.mark.parametrize("slot", ["..", "../../authority", "new-00000000", "/tmp"])
def test_no_slot_of_a_pack_lies_elsewhere(authority, handovers, home, slot):
    begun(authority, home)
    handovers.next(NOW)
    standing = msgspec.json.encode(msgspec.structs.replace(Slots(authority.folder).standing(), shadow=slot))
    with pytest.raises(HandoverError, match="slots that are none"):
        take(home, resealed(packed(authority.folder, NOW), authority, **{"handover.json": standing}), NOW)


def test_what_does_not_belong_together_is_not_taken(authority, handovers, home, tmp_path):
    begun(authority, home)
    stranger = Authority(tmp_path / "stranger")
    stranger.create([], NOW)
    handovers.next(NOW)
    pack = packed(authority.folder, NOW)
    key = (stranger.folder / "authority.key").read_bytes()
    slot = f"slots/{Slots(authority.folder).standing().shadow}"
    certificate = (stranger.folder / "authority.pem").read_bytes()
    alone = msgspec.json.encode(msgspec.structs.replace(Slots(authority.folder).standing(), handover=None))
    for changed in (
        {"authority.key": key}, {"authority.key": None}, {"server.pem": None}, {"handover.json": b"rubbish"}, {"handover.json": alone},
        {f"{slot}/authority.pem": certificate}, {f"{slot}/authority.pem": certificate, f"{slot}/authority.key": key}, {"derived.key": b"other"},
    ):  # fmt: skip
        before = content(home)
        if "derived.key" in changed:
            (home / "derived.key").write_bytes(b"mine")
            before = content(home)
        with pytest.raises((HandoverError, AuthorityMissing)):
            take(home, resealed(pack, authority, **changed), NOW)
        assert content(home) == before


class PowerCut(BaseException):
    """From one moment to the next."""


@pytest.mark.parametrize("step", ["the first", "next", "switch", "retire"])
def test_wherever_the_power_fails_the_folder_holds_what_it_held_or_the_whole_pack(
    authority, handovers, home, monkeypatch, tmp_path, step
):
    if step != "the first":
        begun(authority, home)
    for name in ("next", "switch", "retire")[: ("the first", "next", "switch", "retire").index(step)]:
        if home.exists():
            given(authority, home)
        getattr(handovers, name)(NOW)
    pack, named = packed(authority.folder, NOW), again(authority.folder)
    before = in_use(home)
    monkeypatch.setattr(os, "fsync", lambda _: None)  # many disks, and none of them fails
    for at in range(200):
        disk = tmp_path / f"disk-{at}"
        shutil.copytree(home.parent, disk)
        with monkeypatch.context() as power:
            cut_at(power, at)
            try:
                take(disk / "authority", pack, NOW, fingerprint(named.der()))
            except PowerCut:
                pass
            else:
                assert at > 3
                break
        assert in_use(disk / "authority") in (before, in_use(authority.folder))
        take(disk / "authority", pack, NOW, fingerprint(named.der()))
        assert content(disk / "authority") == content(authority.folder)
        assert [path.name for path in disk.iterdir()] == ["authority"]
    else:
        pytest.fail("it never ended")


def in_use(folder: Path) -> tuple[bytes, str]:
    """The authority that a hub on ``folder`` would use, and whom it would believe; nothing where there is none."""
    if not (folder.exists() and any(folder.iterdir())):
        return b"", ""
    found = again(folder)
    assert found.server_expires_at() > NOW
    return found.der(), found.trusted()


def cut_at(monkeypatch, step: int) -> None:
    """The power fails before the change of the disk with this number, and nothing is changed after it."""
    done = []

    def until(change):
        def cutting(*given, **named):
            if len(done) >= step:
                raise PowerCut
            done.append(change)
            return change(*given, **named)

        return cutting

    for place, name in (
        (files.Path, "replace"), (files.Path, "unlink"), (files.Path, "mkdir"), (files.Path, "rename"), (shutil, "rmtree"),
    ):  # fmt: skip
        monkeypatch.setattr(place, name, until(getattr(place, name)))


def test_a_full_disk_leaves_everything_as_it_was(authority, handovers, home, monkeypatch):
    begun(authority, home)
    before = content(home)
    handovers.next(NOW)
    pack = packed(authority.folder, NOW)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(packing, "replace", full)
        with pytest.raises(OSError, match="No space"):
            take(home, pack, NOW)
    assert content(home) == before


def test_only_the_account_that_owns_the_hub_takes_a_pack(authority, home, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: home.parent.stat().st_uid + 1)
    with pytest.raises(HandoverError, match="another account's"):
        begun(authority, home)
