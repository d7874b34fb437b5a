"""The list of paired computers: invitations are used once and in time, and only hashes are kept."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.agents import FILE, INVITATIONS_MAX, AgentError, Agents, PairingRefused
from edge.readers.bindings import Binding, unbound

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DESK = Binding(desk="desk-3")
KEY = "k" * 43


def test_an_invited_computer_is_paired_and_only_hashes_are_kept(tmp_path: Path) -> None:
    agents = Agents(tmp_path)
    secret = agents.invite("pc-3", DESK, NOW, HOUR)
    assert [one.name for one in agents.invitations(NOW)] == ["pc-3"]
    assert agents.names() == []
    paired = agents.pair(secret, KEY, NOW)
    assert (paired.name, paired.binding, agents.names()) == ("pc-3", DESK, ["pc-3"])
    assert agents.admitted("pc-3", KEY) == paired
    content = (tmp_path / FILE).read_text()
    assert KEY not in content
    assert secret.hex() not in content
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_an_invitation_is_used_once_but_the_same_computer_may_ask_again(tmp_path: Path) -> None:
    agents = Agents(tmp_path)
    secret = agents.invite("pc-3", DESK, NOW, HOUR)
    paired = agents.pair(secret, KEY, NOW)
    assert agents.pair(secret, KEY, NOW + HOUR) == paired
    with pytest.raises(PairingRefused):
        agents.pair(secret, "x" * 43, NOW)
    assert agents.invitations(NOW) == []


def test_an_invitation_ends_with_its_time(tmp_path: Path) -> None:
    agents = Agents(tmp_path)
    secret = agents.invite("pc-3", DESK, NOW, HOUR)
    with pytest.raises(PairingRefused):
        agents.pair(secret, KEY, NOW + HOUR)
    assert agents.invitations(NOW + HOUR) == []


def test_a_wrong_secret_is_refused_and_uses_nothing_up(tmp_path: Path) -> None:
    agents = Agents(tmp_path)
    right = agents.invite("pc-3", DESK, NOW, HOUR)
    with pytest.raises(PairingRefused):
        agents.pair(bytes(10), KEY, NOW)
    assert agents.pair(right, KEY, NOW).name == "pc-3"


def test_a_second_invitation_takes_the_place_of_the_first_and_a_new_key_that_of_the_old(tmp_path: Path) -> None:
    agents = Agents(tmp_path)
    first = agents.invite("pc-3", DESK, NOW, HOUR)
    second = agents.invite("pc-3", DESK, NOW, HOUR)
    with pytest.raises(PairingRefused):
        agents.pair(first, KEY, NOW)
    old = agents.pair(second, KEY, NOW)
    agents.pair(agents.invite("pc-3", DESK, NOW, HOUR), "n" * 43, NOW)
    assert not agents.still(old)
    assert agents.admitted("pc-3", KEY) is None
    assert agents.names() == ["pc-3"]


def test_a_removed_computer_is_admitted_no_longer_nor_is_its_invitation(tmp_path: Path) -> None:
    agents = Agents(tmp_path)
    paired = agents.pair(agents.invite("pc-3", DESK, NOW, HOUR), KEY, NOW)
    other = agents.invite("pc-4", DESK, NOW, HOUR)
    assert agents.remove("pc-3")
    assert agents.remove("pc-4")
    assert not agents.remove("pc-3")
    assert (agents.still(paired), agents.admitted("pc-3", KEY)) == (False, None)
    with pytest.raises(PairingRefused):
        agents.pair(other, KEY, NOW)


@pytest.mark.parametrize("key", ["", "x", "\ud800", "پ" * 100])
def test_another_key_and_another_name_are_not_admitted(tmp_path: Path, key: str) -> None:
    agents = Agents(tmp_path)
    agents.pair(agents.invite("pc-3", DESK, NOW, HOUR), KEY, NOW)
    assert agents.admitted("pc-3", key) is None
    assert agents.admitted("pc-4", KEY) is None
    assert agents.admitted("", "") is None


@pytest.mark.parametrize("name", ["", "a b", "a/b", "a.b", "x" * 41, "پ"])
def test_a_name_that_could_not_stand_before_a_readers_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(AgentError, match="letters"):
        Agents(tmp_path).invite(name, DESK, NOW, HOUR)


@pytest.mark.parametrize("desk", ["desk 2", "desk-۲", "<b>", "x" * 41, "desk-2\n", "\0"])
def test_a_desk_that_no_workstation_can_be_called_is_refused(tmp_path: Path, desk: str) -> None:
    agents = Agents(tmp_path)
    with pytest.raises(AgentError, match="desk"):
        agents.invite("pc-3", Binding(desk=desk), NOW, HOUR)
    assert agents.invitations(NOW) == []


def test_there_are_only_so_many_open_invitations(tmp_path: Path) -> None:
    agents = Agents(tmp_path)
    for n in range(INVITATIONS_MAX):
        agents.invite(f"pc-{n}", DESK, NOW, HOUR)
    with pytest.raises(AgentError, match="open invitations"):
        agents.invite("one-more", DESK, NOW, HOUR)
    agents.invite("one-more", DESK, NOW + HOUR, HOUR)


def test_a_running_edge_sees_what_the_command_line_changed(tmp_path: Path) -> None:
    running, command = Agents(tmp_path), Agents(tmp_path)
    assert running.names() == []
    paired = running.pair(command.invite("pc-3", DESK, NOW, HOUR), KEY, NOW)
    assert running.still(paired)
    command.remove("pc-3")
    assert not running.still(paired)


def test_an_agents_readers_belong_to_its_desk_and_others_stay_what_they_were(tmp_path: Path) -> None:
    agents = Agents(tmp_path)
    agents.pair(agents.invite("pc-3", DESK, NOW, HOUR), KEY, NOW)
    bound = agents.bound(unbound)
    assert bound("pc-3/card") == DESK
    assert [bound(name) for name in ("pc-3", "pc-4/card", "desk-1")] == [Binding()] * 3


def test_a_damaged_list_is_one_sentence_and_admits_nobody(tmp_path: Path) -> None:
    agents = Agents(tmp_path)
    paired = agents.pair(agents.invite("pc-3", DESK, NOW, HOUR), KEY, NOW)
    (tmp_path / FILE).write_text("{")
    with pytest.raises(AgentError, match="damaged"):
        agents.all()
    assert (agents.names(), agents.still(paired)) == ([], False)


def test_two_who_change_the_list_at_once_lose_nothing(tmp_path: Path) -> None:
    def invite(first: int) -> None:
        agents = Agents(tmp_path)
        for n in range(first, first + 10):
            agents.invite(f"pc-{n}", DESK, NOW, HOUR)

    workers = [threading.Thread(target=invite, args=(first,)) for first in (0, 10, 20)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(Agents(tmp_path).invitations(NOW)) == 30


def test_to_say_whose_a_reader_is_the_list_is_not_gone_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    agents = Agents(tmp_path)
    paired = agents.pair(agents.invite("pc-3", DESK, NOW, HOUR), KEY, NOW)
    monkeypatch.setattr(Agents, "names", lambda _: pytest.fail("with 500 computers that is felt"))
    assert agents.bound(unbound)("pc-3/card") == DESK
    assert agents.bound(unbound)("pc-4/card") == Binding()
    assert agents.still(paired)
