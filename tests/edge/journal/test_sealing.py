"""The keys that bodies are sealed with: they open what they sealed, tell what is lost, and survive a power cut while they change."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from edge import files
from edge.errors import JournalDamaged, JournalError
from edge.journal.sealing import DEVICE_FILE, KEYS_FILE, Vault

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
NONCE = bytes(range(12))


def test_what_was_sealed_is_opened_again_after_a_restart(tmp_path: Path) -> None:
    vault = Vault.open(tmp_path, create=True, now=NOW)
    sealed = vault.seal(vault.current, NONCE, b"a packet", b"header")
    again = Vault.open(tmp_path, create=False)
    assert again.current == vault.current
    assert again.current_since == NOW
    assert again.open_sealed(vault.current, NONCE, sealed, b"header") == b"a packet"
    assert b"a packet" not in sealed


@pytest.mark.parametrize("spoilt", ["sealed", "aad", "nonce", "short"])
def test_altered_bytes_are_damage(tmp_path: Path, spoilt: str) -> None:
    vault = Vault.open(tmp_path, create=True)
    sealed = vault.seal(vault.current, NONCE, b"a packet", b"header")
    with pytest.raises(JournalDamaged, match="altered"):
        vault.open_sealed(
            vault.current,
            NONCE[::-1] if spoilt == "nonce" else NONCE,
            {"sealed": b"\0" + sealed[1:], "short": b"ab"}.get(spoilt, sealed),
            b"another" if spoilt == "aad" else b"header",
        )


def test_rotation_adds_a_key_and_keeps_the_old_ones_readable(tmp_path: Path) -> None:
    vault = Vault.open(tmp_path, create=True)
    first = vault.current
    old = vault.seal(first, NONCE, b"old", b"")
    second = vault.rotate(NOW)
    assert second == vault.current != first
    again = Vault.open(tmp_path, create=False)
    assert again.current == second
    assert again.current_since == NOW
    assert again.open_sealed(first, NONCE, old, b"") == b"old"
    assert again.open_sealed(second, NONCE, vault.seal(second, NONCE, b"new", b""), b"") == b"new"


def test_one_who_looks_beside_a_running_edge_finds_the_key_that_came_since(tmp_path: Path) -> None:
    vault = Vault.open(tmp_path, create=True)
    beside = Vault.open(tmp_path, create=False)
    number = vault.rotate(NOW)
    assert beside.open_sealed(number, NONCE, vault.seal(number, NONCE, b"new", b""), b"") == b"new"


def test_a_changed_device_key_opens_everything_and_the_old_one_nothing(tmp_path: Path) -> None:
    vault = Vault.open(tmp_path, create=True)
    vault.rotate(NOW)
    sealed = vault.seal(vault.current, NONCE, b"a packet", b"")
    stolen = (tmp_path / DEVICE_FILE).read_bytes()
    vault.change_device_key()
    assert Vault.open(tmp_path, create=False).open_sealed(vault.current, NONCE, sealed, b"") == b"a packet"
    files.replace(tmp_path / DEVICE_FILE, stolen)
    with pytest.raises(JournalError, match="another device key"):
        Vault.open(tmp_path, create=False)


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_a_power_cut_while_the_device_key_changes_leaves_a_pair_that_fits(
    tmp_path: Path, writes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = Vault.open(tmp_path, create=True)
    sealed = vault.seal(vault.current, NONCE, b"a packet", b"")
    done, real = [], files.replace

    def cut(path: Path, content: bytes, mode: int = files.OWNER_ONLY) -> None:
        if len(done) == writes:
            raise OSError(5, "the power is gone")
        done.append(path)
        real(path, content, mode)

    monkeypatch.setattr(files, "replace", cut)
    with pytest.raises(JournalError):
        vault.change_device_key()
    monkeypatch.undo()
    again = Vault.open(tmp_path, create=False)
    assert again.open_sealed(vault.current, NONCE, sealed, b"") == b"a packet"
    again.change_device_key()
    assert Vault.open(tmp_path, create=False).open_sealed(vault.current, NONCE, sealed, b"") == b"a packet"


@pytest.mark.parametrize("lost", [DEVICE_FILE, KEYS_FILE])
def test_a_lost_file_is_told_by_name_with_what_to_do(tmp_path: Path, lost: str) -> None:
    Vault.open(tmp_path, create=True)
    (tmp_path / lost).unlink()
    with pytest.raises(JournalError, match=rf"{lost} is gone.*restore"):
        Vault.open(tmp_path, create=False)


def test_a_lost_device_key_is_not_made_anew_under_keys_that_it_wrapped(tmp_path: Path) -> None:
    Vault.open(tmp_path, create=True)
    (tmp_path / DEVICE_FILE).unlink()
    with pytest.raises(JournalError, match="is gone"):
        Vault.open(tmp_path, create=True)
    assert not (tmp_path / DEVICE_FILE).exists()


def test_keys_made_anew_are_never_taken_for_damage_of_the_journal(tmp_path: Path) -> None:
    vault = Vault.open(tmp_path, create=True)
    lost, sealed = vault.current, vault.seal(vault.current, NONCE, b"a packet", b"")
    (tmp_path / KEYS_FILE).unlink()
    with pytest.raises(JournalError, match=f"lacks the data key {lost}") as caught:
        Vault.open(tmp_path, create=True).open_sealed(lost, NONCE, sealed, b"")
    assert not isinstance(caught.value, JournalDamaged)


@pytest.mark.parametrize("name", [DEVICE_FILE, KEYS_FILE])
def test_a_file_of_another_box_is_refused(tmp_path: Path, name: str) -> None:
    ours, other = tmp_path / "ours", tmp_path / "other"
    for folder in (ours, other):
        folder.mkdir()
        Vault.open(folder, create=True)
    files.replace(ours / name, (other / name).read_bytes())
    with pytest.raises(JournalError, match="another device key"):
        Vault.open(ours, create=False)


@pytest.mark.parametrize("name", [DEVICE_FILE, KEYS_FILE])
@pytest.mark.parametrize("content", [b"", b"{}", b'{"format": "\xff"}', b"\xff\xfe"])
def test_a_damaged_file_is_told_by_name(tmp_path: Path, name: str, content: bytes) -> None:
    Vault.open(tmp_path, create=True)
    files.replace(tmp_path / name, content)
    with pytest.raises(JournalError, match=f"{name} is damaged"):
        Vault.open(tmp_path, create=False)


def test_a_wrapped_key_that_was_exchanged_for_another_is_refused(tmp_path: Path) -> None:
    vault = Vault.open(tmp_path, create=True)
    vault.rotate(NOW)
    told = msgspec.json.decode((tmp_path / KEYS_FILE).read_bytes())
    first, second = told["keys"]
    first["wraps"], second["wraps"] = second["wraps"], first["wraps"]
    files.replace(tmp_path / KEYS_FILE, msgspec.json.encode(told))
    with pytest.raises(JournalError, match="is damaged"):
        Vault.open(tmp_path, create=False)


def test_key_files_are_for_the_owner_alone(tmp_path: Path) -> None:
    Vault.open(tmp_path, create=True)
    for name in (DEVICE_FILE, KEYS_FILE):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    (tmp_path / DEVICE_FILE).chmod(0o644)
    with pytest.raises(JournalError, match="chmod 600"):
        Vault.open(tmp_path, create=False)


def test_an_adopted_vault_opens_what_came_with_the_backup_and_seals_with_a_new_key(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
    vault = Vault.open(old, create=True)
    sealed = vault.seal(vault.current, NONCE, b"a packet", b"")
    adopted = Vault.adopt(new, vault.keys, NOW)
    assert adopted.current not in vault.keys
    assert Vault.open(new, create=False).open_sealed(vault.current, NONCE, sealed, b"") == b"a packet"
    assert (old / DEVICE_FILE).read_bytes() != (new / DEVICE_FILE).read_bytes()
    with pytest.raises(JournalError, match="empty folder"):
        Vault.adopt(new, vault.keys, NOW)


def test_rotation_that_cannot_be_written_keeps_the_old_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = Vault.open(tmp_path, create=True)
    before = vault.current

    def full(path: Path, content: bytes, mode: int = files.OWNER_ONLY) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "replace", full)
    with pytest.raises(JournalError, match="No space left"):
        vault.rotate(NOW)
    assert vault.current == before
    assert vault.open_sealed(before, NONCE, vault.seal(before, NONCE, b"still", b""), b"") == b"still"
