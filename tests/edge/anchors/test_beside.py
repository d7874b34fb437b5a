"""What the report says of the tunnel's other end and the root of updates, as other programs leave it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from central_sync.wire.tunnels import TunnelWord, key_name, packed
from edge.anchors.beside import Beside, beside
from edge.firmware import FOLLOWING_FILE, UPDATE_FOLDER, WORD_FILE
from edge.firmware.appliance import Appliance
from edge.update import state
from edge.update.state import State, Told
from tests.edge.firmware import sites
from tests.edge.firmware.test_appliance import OTHER_KEY, at, root

__all__ = ["root"]


def test_it_is_read_from_what_other_programs_leave(root: Path) -> None:
    box = Appliance(root)
    box.apply(at(root))
    box.confirm()
    (root / FOLLOWING_FILE).write_text('{"number": 1, "following": "abcd", "result": "tunnel_unanswered"}')
    folder = root / UPDATE_FOLDER
    (folder / "trust").mkdir(parents=True)
    word = TunnelWord(number=1, present=sites.table()["vpn"]["public_key"], following=OTHER_KEY)
    (root / WORD_FILE).write_bytes(packed(word))
    (folder / "trust/root.json").write_text('{"signatures": [], "signed": {"_type": "root", "version": 3}}')
    state.save(folder, State(last=Told(datetime.now(UTC), "expired", "…")))
    used = key_name(sites.table()["vpn"]["public_key"])
    assert beside(root) == Beside(used, "abcd", "tunnel_unanswered", 3, "expired")


def test_what_cannot_be_read_is_not_told(tmp_path: Path) -> None:
    assert beside(tmp_path) == Beside()
    folder = tmp_path / UPDATE_FOLDER
    (folder / "trust").mkdir(parents=True)
    (folder / "trust/root.json").write_text("rubbish")
    (folder / state.FILE).write_text("rubbish")
    assert beside(tmp_path) == Beside()
