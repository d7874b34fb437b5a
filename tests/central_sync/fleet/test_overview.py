"""What a technician sees at a glance."""

from datetime import timedelta

from central_sync.fleet.overview import awaiting, overview, trail
from tests.central_sync.fleet.conftest import NOW
from tests.central_sync.fleet.test_service import enrolled


def edge_state(store, authority, at=NOW):
    return overview(store, authority, at)["edges"][0]["edge"]


def test_the_state_of_an_edge_follows_its_certificates(fleet, store, authority):
    assert edge_state(store, authority) == "never enrolled"
    enrolled(fleet, store)
    assert edge_state(store, authority) == "enrolled"
    assert edge_state(store, authority, NOW + timedelta(days=400)) == "expired"
    fleet.revoke("H01", NOW)
    assert edge_state(store, authority) == "revoked"


def test_lives_and_signed_days_of_an_edge_are_told(fleet, store, authority):
    (edge,) = overview(store, authority, NOW)["edges"]
    assert (edge["lives"], edge["signed_to"]) == (0, "")


def test_certificates_that_end_soon_are_listed(fleet, store, authority):
    enrolled(fleet, store)
    assert overview(store, authority, NOW)["certificates_ending"] == []
    soon = overview(store, authority, NOW + timedelta(days=380))["certificates_ending"]
    assert [row["code"] for row in soon] == ["H01"]


def test_the_trail_and_the_awaited_are_plain(fleet, store):
    assert [row["action"] for row in trail(store, 10)] == ["hospital_added"]
    assert trail(store, 10)[0]["at"] == NOW.isoformat()
    assert awaiting(store) == []
