"""What a command does to the authority, a running hub takes up whole, or not yet."""

import pytest

from central_sync.errors import StoreError
from central_sync.fleet.authority import AuthorityMissing
from central_sync.fleet.handover import Handovers
from central_sync.fleet.signer import Signer
from central_sync.fleet.slots import FILE
from central_sync.fleet.uptake import Uptake
from tests.central_sync.fleet.conftest import NOW


class Kept:
    """Stands for a store that keeps signers, or does not."""

    def __init__(self) -> None:
        self.broken = False


@pytest.fixture
def uptake(authority, monkeypatch):
    kept, changes = Kept(), []

    def published(_signer, store, _now):
        if store.broken:
            raise StoreError("gone")
        return b""

    monkeypatch.setattr(Signer, "published", published)
    signer = Signer(authority)
    signer.open(NOW)
    made = Uptake(authority, signer, kept, lambda: NOW, lambda: changes.append(authority.name))
    made.open()
    return made, kept, changes


def test_nothing_is_taken_up_while_nothing_happens(uptake):
    made, _, changes = uptake
    assert (made.look(), made.word(0), made.trail().handovers, changes) == (False, None, [], [])


def test_each_step_is_told_once_to_whoever_has_not_heard_of_it(uptake, authority):
    made, _, changes = uptake
    handovers = Handovers(authority.folder)
    name = handovers.next(NOW)
    assert (made.look(), made.look()) == (True, False)
    word = made.word(0)
    assert (word.state, made.word(word.number), made.trail().handovers) == ("announced", None, [])
    handovers.switch(NOW)
    made.look()
    assert (made.word(word.number).state, authority.name) == ("switched", name)
    assert [one.state for one in made.trail().handovers] == ["switched"]
    handovers.retire(NOW)
    made.look()
    assert [one.state for one in made.trail().handovers] == ["retired"]
    assert len(changes) == 3


def test_what_could_not_be_taken_up_whole_is_taken_up_later(uptake, authority):
    made, kept, changes = uptake
    Handovers(authority.folder).next(NOW)
    kept.broken = True
    with pytest.raises(StoreError):
        made.look()
    assert (made.word(0), changes) == (None, [])
    kept.broken = False
    assert made.look()
    assert made.word(0) is not None
    (authority.folder / FILE).write_text("{ torn")
    with pytest.raises(AuthorityMissing):
        made.look()
    assert made.word(0) is not None, "what was taken up before is used"
