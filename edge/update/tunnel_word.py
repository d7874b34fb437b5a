"""SHELL: what the hub says of the tunnel's next other end, taken from the repository of releases: believed here, done by another program (``firmware next``).

The word lies among what the hub signs itself, under the name of the key that it follows; the repository's signatures keep it from being altered, replayed or
held back unseen. This program has no right over the network or the box's configuration: it only writes the word down.
"""

from __future__ import annotations

from pathlib import Path

from central_sync.wire.tunnels import WORD_BYTES_MAX, TunnelWordInvalid, path_of, unpacked
from edge import files
from edge.firmware.reading import read_site
from edge.firmware.sets import SetError, Sets
from edge.firmware.site import SiteWrong, WireGuard
from edge.update.state import UpdateFailed
from edge.update.trust import Trust

FILE = "tunnel.json"
FILE_MODE = 0o644


def take(trust: Trust, folder: Path, root: Path) -> None:
    """Keep in ``folder`` what is offered to the box below ``root``; an empty file, if that is nothing any more.

    Raises:
        UpdateFailed: what is offered is not believed.
    """
    present, path = present_key(root), folder / FILE
    content = b""
    if present:
        content = trust.small(path_of(present), WORD_BYTES_MAX) or b""
    if content:
        try:
            word = unpacked(content)
        except TunnelWordInvalid as error:
            raise UpdateFailed(
                "tampered", "The hub's word about the tunnel cannot be used. Nothing was changed."
            ) from error
        if word.present != present:
            raise UpdateFailed("tampered", "The hub's word about the tunnel is another tunnel's. Nothing was changed.")
    if content or (path.exists() and path.stat().st_size):
        files.replace(path, content, FILE_MODE)  # also where it is the same: whoever watches the file tries again


def present_key(root: Path) -> str:
    """The public key at the other end of the tunnel that is in place below ``root``; empty: there is no such tunnel."""
    try:
        path = Sets(root).applied_site()
        site = read_site(path)[0] if path is not None else None
    except (OSError, SetError, SiteWrong):
        return ""  # the edge tells what is wrong with it
    return site.vpn.public_key if site is not None and isinstance(site.vpn, WireGuard) else ""
