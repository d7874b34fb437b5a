"""Reading the previous wire version: what an older peer wrote reads as if it were written today."""

from __future__ import annotations

from typing import Any

import pytest

from central_sync.wire import messages, versions
from central_sync.wire.limits import WIRE_VERSION, WIRE_VERSION_OLDEST
from central_sync.wire.refusals import Refused

OLDER = {"version": WIRE_VERSION_OLDEST, "hospital": "H001", "sent_at": 0, "items": [{"hid": "7"}]}


def _renamed(plain: dict[str, Any]) -> dict[str, Any]:
    return {**{key: value for key, value in plain.items() if key != "hospital"}, "institution": plain["hospital"]}


@pytest.fixture
def a_lift(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the oldest version that we read had said ``hospital``."""
    monkeypatch.setitem(versions.LIFTS, ("Batch", WIRE_VERSION_OLDEST), _renamed)


@pytest.mark.usefixtures("a_lift")
def test_a_map_of_an_older_version_gets_todays_names() -> None:
    lifted = versions.lifted(OLDER, messages.Batch)
    assert isinstance(lifted, dict)
    assert lifted["institution"] == "H001"
    assert "hospital" not in lifted


@pytest.mark.usefixtures("a_lift")
def test_lifting_leaves_what_it_was_given_as_it_was() -> None:
    before = repr(OLDER)
    versions.lifted(OLDER, messages.Batch)
    assert repr(OLDER) == before


@pytest.mark.usefixtures("a_lift")
def test_a_map_that_cannot_be_lifted_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        versions.lifted({"version": WIRE_VERSION_OLDEST}, messages.Batch)
    assert caught.value.code == "packet_invalid"


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
