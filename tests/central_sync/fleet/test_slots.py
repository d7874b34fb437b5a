"""Which authority is in use stands in one small file; what it does not name is cleared away."""

import stat

import pytest

from central_sync.fleet.slots import FILE, FIRST, Slots, Standing, StandingUnreadable


def test_without_a_file_the_first_authority_is_in_use(tmp_path):
    slots = Slots(tmp_path)
    assert slots.standing() == Standing(current=FIRST, shadow=None)
    assert (slots.place(FIRST), slots.mark()) == (tmp_path, (0, 0, 0))


def test_a_standing_is_kept_whole_and_private_and_seen_to_be_another_one(tmp_path):
    slots = Slots(tmp_path)
    slots.keep(Standing(current="ab", shadow=FIRST))
    mark = slots.mark()
    assert Slots(tmp_path).standing() == Standing(current="ab", shadow=FIRST)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    slots.keep(Standing(current="ab"))
    assert slots.mark() != mark


@pytest.mark.parametrize("content", [b"", b"{", b'{"current": 1}'])
def test_a_damaged_file_is_told_and_not_taken_for_none(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(StandingUnreadable, match=FILE):
        Slots(tmp_path).standing()


def test_only_what_is_not_named_is_cleared_away(tmp_path):
    slots = Slots(tmp_path)
    for name in ("ab", "cd", "new-1"):
        slots.place(name).mkdir(parents=True)
        (slots.place(name) / "authority.key").write_text("secret")
    (tmp_path / "authority.key").write_text("secret")
    (tmp_path / "signer.pem").write_text("secret")
    slots.keep(Standing(current="ab", shadow=FIRST))
    slots.clear()
    assert [path.name for path in (tmp_path / "slots").iterdir()] == ["ab"]
    assert (tmp_path / "authority.key").exists()
    slots.keep(Standing(current="ab"))
    slots.clear()
    assert not (tmp_path / "authority.key").exists()
    assert (tmp_path / "signer.pem").exists()
