"""How ``edge.toml`` is written; that the edge reads it stands in ``test_reading.py``."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.firmware.render.settings import own_settings, plain, value_of
from tests.edge.firmware import sites

VALUES = st.one_of(st.text(), st.booleans(), st.integers(), st.lists(st.text()))


@given(VALUES)
def test_any_value_is_read_as_it_was_written(value: object) -> None:
    assert tomllib.loads(f"value = {value_of(value)}")["value"] == value


def test_the_face_listens_on_the_hospitals_card_and_the_line_leaves_by_the_tunnel() -> None:
    found = plain(sites.site())
    assert (found["listen"], found["listen_device"], found["sync_device"]) == ("10.81.0.2:7001", "lan0", "hub0")
    assert found["sync_url"] == "https://hub.example:7443"
    assert plain(sites.site(hub__name=""))["sync_url"] == "https://10.99.0.1:7443"
    assert plain(sites.site(lan__agents_port=0))["agents_listen"] == ""
    assert "listen" in own_settings(sites.site())


def test_a_kind_of_value_that_no_setting_has_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError):
        value_of(1.5)
