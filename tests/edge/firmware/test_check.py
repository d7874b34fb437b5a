"""Looking at a site before it is put in place."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.firmware import check
from edge.firmware.render import Target, render
from tests.edge.firmware import sites


@pytest.fixture(autouse=True)
def no_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tools themselves are called in the proofs."""
    monkeypatch.setattr(check.shutil, "which", lambda _: None)


def keys(root: Path, **changes: object) -> list[tuple[bool, str]]:
    site = sites.site(**changes)
    found = check.findings(site, render(site), root)
    return [(finding.well, finding.sentence) for finding in found if finding.part == "keys"]


def test_a_key_that_is_missing_or_open_to_others_is_told(tmp_path: Path) -> None:
    place = tmp_path / "etc/pishkhan/keys/vpn.key"
    assert [well for well, _ in keys(tmp_path)] == [False]
    place.parent.mkdir(parents=True)
    place.write_text("k")
    place.chmod(0o644)
    [(well, sentence)] = keys(tmp_path)
    assert (well, "chmod 0640" in sentence) == (False, True)
    place.chmod(0o640)
    assert [well for well, _ in keys(tmp_path)] == [True]


def test_each_kind_of_tunnel_has_its_keys() -> None:
    secret = {
        kind: [place for place, secret in check.places(sites.site(**vpn)) if secret] for kind, vpn in KINDS.items()
    }
    assert {kind: len(found) for kind, found in secret.items()} == {"wireguard": 1, "openvpn": 2, "ipsec": 1}


KINDS: dict[str, dict[str, object]] = {
    "wireguard": {},
    "openvpn": {"vpn": sites.OPENVPN},
    "ipsec": {"vpn": sites.IPSEC},
}


def test_a_tool_that_is_missing_is_told_and_hinders_nobody(tmp_path: Path) -> None:
    site = sites.site()
    found = {finding.part: finding for finding in check.findings(site, render(site), tmp_path)}
    assert (found["firewall"].well, "nft is not installed" in found["firewall"].sentence) == (True, True)


def test_a_card_that_is_not_there_is_told_on_the_box_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = tmp_path / "eth0"
    card.mkdir()
    (card / "address").write_text("52:54:00:81:00:02\n")
    monkeypatch.setattr(check, "CARDS", tmp_path)
    found = [finding for finding in check.findings(sites.site(), {}, Path("/")) if finding.part == "cards"]
    assert [(finding.well, "52:54:00" in finding.sentence) for finding in found] == [(True, True), (False, True)]


@pytest.mark.parametrize(("command", "well"), [(("true",), True), (("false",), False), (("/no/such/tool",), False)])
def test_a_tool_that_refuses_a_file_or_cannot_be_called_is_told(
    monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], well: bool
) -> None:
    monkeypatch.setattr(check.shutil, "which", lambda name: name)
    monkeypatch.setattr(check, "TOOLS", (("firewall", "etc/x", command),))
    monkeypatch.setattr(check.os, "geteuid", lambda: 0)
    [finding] = list(check._tools({"etc/x": Target("x")}))
    assert finding.well is well


def test_an_account_that_may_not_look_is_told_who_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check.shutil, "which", lambda name: name)
    refused = ("sh", "-c", "echo 'unshare: unshare failed: Operation not permitted' >&2; exit 1")
    monkeypatch.setattr(check, "TOOLS", (("firewall", "etc/x", refused),))
    monkeypatch.setattr(check.os, "geteuid", lambda: 0)
    [finding] = list(check._tools({"etc/x": Target("x")}))
    assert (finding.well, "type it as root" in finding.sentence) == (False, True)
