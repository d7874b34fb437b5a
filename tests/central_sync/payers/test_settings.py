"""Payers as the hub's settings name them."""

import pytest

from central_sync.config import ConfigInvalid, load
from central_sync.payers.settings import payers_of
from tests.central_sync.payers.conftest import claim

SIGNED = {"signed": lambda _text: ("s", b"")}


def written(folder, insurer, **more):
    base = {"code": "fund", "url": insurer.url, "key": insurer.public_key, "authority": "authority.pem"}
    rows = {**base, "certificate": "client.pem", **more}
    folder.joinpath("hub.toml").write_text(
        "[[payers]]\n" + "".join(f'{k} = "{v}"\n' if isinstance(v, str) else f"{k} = {v}\n" for k, v in rows.items())
    )
    return load(folder).payers


def test_a_payer_of_the_settings_is_reached_and_all_others_are_paid_from_here(insurer):
    payers = payers_of(written(insurer.folder, insurer), insurer.folder, **SIGNED)
    assert payers.apart("fund")
    assert not payers.apart("another")
    assert payers.drivers["fund"].settle(claim()).accepted
    assert payers.here.settle(claim()).accepted


@pytest.mark.parametrize(
    "more",
    [
        {"url": "http://127.0.0.1:1"},
        {"key": "short"},
        {"deadline_ms": 60_000},
        {"code": ""},
        {"secret": "x"},
        {"certificate": "missing.pem"},
        {"authority": "missing.pem"},
    ],
)
def test_a_payer_that_cannot_be_used_is_said(tmp_path, insurer, more):
    with pytest.raises(ConfigInvalid):
        payers_of(written(tmp_path, insurer, **more), insurer.folder, **SIGNED)


def test_a_payer_stands_once(tmp_path, insurer):
    written(tmp_path, insurer)
    file = tmp_path / "hub.toml"
    file.write_text(file.read_text() * 2)
    with pytest.raises(ConfigInvalid, match="twice"):
        load(tmp_path)
