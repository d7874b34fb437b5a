"""A real hub process with a payer in its settings: killed while it asks, it asks again when it is back; and nobody is asked twice to pay."""

import time
from datetime import UTC, datetime

import pytest

from central_sync.intake import Intake
from central_sync.store import Store
from simulator.insurer import Mood
from tests.central_sync.hospital import RULEBOOK, Hospital, books_agree, populate
from tests.central_sync.payers.deferring import PAYER, Never, deferring
from tests.patience import HUNG_S
from tests.programs import hub_command, start_hub

SHARES = 5
WAIT_S = 60


@pytest.fixture
def place(tmp_path, insurer):
    """A hub's folder whose settings name the payer, and the deferred shares of five settlements."""
    folder = tmp_path / "data"
    hub_command(folder, "init")
    folder.joinpath("hub.toml").write_text(
        f'[[payers]]\ncode = "{PAYER}"\nurl = "{insurer.url}"\nkey = "{insurer.public_key}"\ndeadline_ms = 4000\n'
        f'authority = "{insurer.folder / "authority.pem"}"\ncertificate = "{insurer.folder / "client.pem"}"\n'
    )
    store = Store(f"sqlite:///{folder / 'hub.db'}")
    store.open()
    populate(store)
    hospital = deferring(Hospital(store, Intake(store, RULEBOOK)), Never())
    answers = [hospital.settled(700_00 + n) for n in range(SHARES)]
    yield folder, store, answers
    store.close()


def rows(store, answers):
    with store.read() as uow:
        member = uow.cases.get("H1", answers[0].hid).member
        return [row for answer in answers for row in uow.payer_shares.of(member, answer.settlement_id)]


def judged(store, answers):
    with store.read() as uow:
        member = uow.cases.get("H1", answers[0].hid).member
        return [uow.audits.get(member, answer.settlement_id).due_at is None for answer in answers]


def until(true) -> None:
    ends = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_hub_killed_while_it_asks_asks_again_when_it_is_back(place, insurer):
    folder, store, answers = place
    insurer.mood, insurer.late_s = Mood.LATE, 3
    with start_hub(folder) as hub:
        until(lambda: insurer.heard)
        hub.kill()
    assert {row.state for row in rows(store, answers)} == {"asking"}
    insurer.mood = Mood.ACCEPT
    with store.write() as uow:  # the time for which the dead hub had taken them is over
        for row in rows(store, answers):
            uow.payer_shares.change(uow.payer_shares.locked(row), next_at=datetime.now(UTC))
    with start_hub(folder) as hub:
        until(lambda: all(row.state == "accepted" for row in rows(store, answers)))
        until(lambda: all(judged(store, answers)))
        assert hub.stop() == 0
    assert sorted(insurer.decided.values()) == ["accepted"] * SHARES
    books_agree(store)
    queue = hub_command(folder, "review", "list", "--json", "--reason", "payer_unavailable")
    assert queue.stdout == ""


def test_a_hub_whose_payer_hangs_ends_when_it_is_told(place, insurer):
    folder, store, answers = place
    insurer.mood = Mood.NEVER
    with start_hub(folder) as hub:
        until(lambda: insurer.heard)
        began = time.monotonic()
        assert hub.stop() == 0
        assert time.monotonic() - began < 2 * HUNG_S
    assert {row.state for row in rows(store, answers)} == {"asking"}
