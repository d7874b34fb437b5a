"""Reading the previous wire version: what a peer of the pilot wrote reads as if it were written today."""

from __future__ import annotations

import pytest

from central_sync.wire import messages, versions
from central_sync.wire.limits import WIRE_VERSION, WIRE_VERSION_OLDEST
from central_sync.wire.refusals import Refused

PILOT = {"version": 1, "hospital": "H001", "sent_at": 0, "items": [{"hid": "7"}, {"lane": "own", "hid": "7"}, {}]}


def test_a_batch_of_the_pilot_gets_todays_names_and_lanes() -> None:
    lifted = versions.lifted(PILOT, messages.Batch)
    assert isinstance(lifted, dict)
    assert lifted["institution"] == "H001"
    assert "hospital" not in lifted
    assert [item["lane"] for item in lifted["items"]] == ["7", "own", "-"]


def test_lifting_leaves_what_it_was_given_as_it_was() -> None:
    before = repr(PILOT)
    versions.lifted(PILOT, messages.Batch)
    assert repr(PILOT) == before


@pytest.mark.parametrize("plain", [{"institution": "H001"}, [], None, 7, "text"])
def test_what_names_no_version_passes_as_it_is(plain: object) -> None:
    assert versions.lifted(plain, messages.Enrolment) is plain


def test_a_message_that_did_not_change_passes_as_it_is() -> None:
    feed = {"version": WIRE_VERSION_OLDEST, "items": []}
    assert versions.lifted(feed, messages.Feed) == feed


@pytest.mark.parametrize("version", [WIRE_VERSION_OLDEST - 1, WIRE_VERSION + 1])
def test_an_unknown_version_is_refused_and_told_what_we_read(version: int) -> None:
    with pytest.raises(Refused) as caught:
        versions.lifted({"version": version}, messages.Batch)
    assert caught.value.code == "version_unsupported"
    assert str(WIRE_VERSION) in caught.value.detail
