"""Rulesets of any site, in the kernel's own eyes; and units and defaults that must say the same."""

from __future__ import annotations

import os
import re
import subprocess
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from edge.firmware import defaults
from edge.firmware.parsing import parse
from edge.firmware.render.firewall import PATH, targets
from tests.edge.firmware import sites
from tests.tidy import tree

UNITS = tree.ROOT / "firmware_cfg" / "units"


def taken(text: str) -> str:
    """What nft says against the rules; empty: it takes them."""
    alone = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    done = subprocess.run([*alone, "nft", "-c", "-f", "-"], input=text, capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else ""


@pytest.mark.proof
@given(sites.tables())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_kernel_takes_the_rules_of_any_site(table: dict[str, Any]) -> None:
    assert taken(targets(parse(sites.encoded(table), "site.toml"))[PATH].text) == ""


@pytest.mark.proof
@pytest.mark.parametrize(
    "vpn", [{}, {"vpn": sites.OPENVPN}, {"vpn": sites.IPSEC}], ids=["wireguard", "openvpn", "ipsec"]
)
def test_the_kernel_takes_the_rules_of_the_example_with_each_tunnel(vpn: dict[str, Any]) -> None:
    text = targets(sites.site(**vpn))[PATH].text
    assert taken(text) == ""
    assert taken(text.replace("tcp dport", "tcp drop", 1)) != "", "nft would say so"


@pytest.mark.parametrize(("unit", "line"), [
    ("pishkhan-edge.service", f"WatchdogSec={defaults.WATCHDOG_S}s"),
    ("pishkhan-hub.service", f"WatchdogSec={defaults.WATCHDOG_S}s"),
    ("pishkhan-tunnel.service", f"WatchdogSec={defaults.WATCHDOG_S}s"),
    ("pishkhan-edge.service", f"RestartSec={defaults.RESTART_PAUSE_S}s"),
    ("pishkhan-tunnel.service", f"RestartSec={defaults.RESTART_PAUSE_S}s"),
    ("pishkhan-firmware-settle.service", f"RestartSec={defaults.RESTART_PAUSE_S}s"),
])  # fmt: skip
def test_a_unit_says_what_the_defaults_say(unit: str, line: str) -> None:
    assert re.search(rf"^{re.escape(line)}$", (UNITS / unit).read_text(encoding="utf-8"), re.MULTILINE)
