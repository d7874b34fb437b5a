"""``pishkhan-hub tunnel next | show | drill | withdraw``: edges go over to the next key at the hub's end of their tunnels, without a visit.

The hub does not make tunnels: bring the next key up beside the present one first. Exit status: 0 done, 1 some edges have not gone over (``drill``), 2 not
possible.
"""

from __future__ import annotations

import sys

import click

from central_sync.app import clock
from central_sync.fleet.tunnels import Stand, stands
from central_sync.place import Place, needed
from central_sync.releases.metadata import ReleasesError
from central_sync.releases.repository import FOLDER, Repository
from central_sync.verbs import printing
from central_sync.wire.tunnels import TunnelWord, TunnelWordInvalid, key_name, sentence


@click.group()
def tunnel() -> None:
    """The hub's end of edges' WireGuard tunnels, and how its next key takes the place of the present one."""


@tunnel.command("next")
@click.argument("present")
@click.argument("following")
@click.option("--endpoint", default="", help="Its address, if that is another one.")
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="Its port, if that is another one.")
@click.pass_obj
def begin(place: Place | None, present: str, following: str, endpoint: str, port: int | None) -> None:
    """Tell edges whose tunnel ends at the public key PRESENT to go over to FOLLOWING, which is up beside it."""
    here, now = needed(place), clock()
    repository = _repository(here)
    number = max([int(now.timestamp()), *(one.number + 1 for one in repository.words())])
    word = TunnelWord(number=number, present=present, following=following, endpoint=endpoint, port=port or 0)
    try:
        repository.tell(word, now)
    except (ReleasesError, TunnelWordInvalid) as error:
        raise printing.Wrong(str(error)) from error
    _audit(here, "tunnel_announced", f"{key_name(present)} to {key_name(following)}")
    click.echo(
        f"{key_name(following)} is announced. Edges prove it within two hours: `tunnel drill` tells how that went."
    )


@tunnel.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def show(place: Place | None, as_json: bool) -> None:
    """List what edges are told."""
    rows = [
        {
            "present": key_name(one.present), "next": key_name(one.following), "endpoint": one.endpoint, "port": one.port or "", "number": one.number,
            "present_key": one.present,
        }
        for one in _repository(needed(place)).words()
    ]  # fmt: skip
    printing.rows(rows, as_json=as_json)


@tunnel.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def drill(place: Place | None, as_json: bool) -> None:
    """Tell of each edge whether its tunnel ends at the next key, or why not."""
    here = needed(place)
    with here.store() as store:
        found = stands(store, _repository(here).words(), clock())
    rows = [
        {
            "institution": one.institution, "drill": str(one.stand), "why": one.why, "sentence": sentence(one.why), "uses": one.uses,
            "next": one.following, "reported_at": one.seen_at.isoformat(timespec="seconds"),
        }
        for one in found
    ]  # fmt: skip
    printing.rows(rows, as_json=as_json)
    behind = [one for one in found if one.stand is not Stand.IN_PLACE]
    click.echo(f"{len(found) - len(behind)} of {len(found)} edges have gone over", err=True)
    if behind:
        sys.exit(1)


@tunnel.command()
@click.argument("present")
@click.pass_obj
def withdraw(place: Place | None, present: str) -> None:
    """Tell edges whose tunnel ends at PRESENT of no next key any more. Who has gone over stays there."""
    here = needed(place)
    try:
        _repository(here).take_back(present, clock())
    except (ReleasesError, TunnelWordInvalid) as error:
        raise printing.Wrong(str(error)) from error
    _audit(here, "tunnel_withdrawn", key_name(present))
    click.echo(f"{key_name(present)}: nothing follows")


def _repository(place: Place) -> Repository:
    return Repository(place.folder / FOLDER)


def _audit(place: Place, action: str, subject: str) -> None:
    with place.store() as store, store.write() as uow:
        uow.audit.add(clock(), "cli", action, "tunnel", subject)
