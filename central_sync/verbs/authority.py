"""``pishkhan-hub authority show | next | drill | switch | back | retire | withdraw | pack | take``: from the hub's authority to the next one, proven before it is used.

They need the hub's folder and no running hub; those that run take up what was done within seconds. Exit status: 0 done, 1 some edges are
not ready (``drill``), 2 not possible.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from typing import Any

import click

from central_sync.app import AUTHORITY_FOLDER, clock
from central_sync.errors import StoreError
from central_sync.fleet import packing
from central_sync.fleet.handover import HandoverError, Handovers
from central_sync.fleet.limits import PACK_BYTES_MAX
from central_sync.fleet.readiness import EdgeReady, Ready, behind, bound, enrolled_since, lost, readiness
from central_sync.place import Place
from central_sync.verbs import printing
from central_sync.wire.handovers import State, name_of, sentence

_LISTED_MAX = 20
_DESPITE = click.option("--despite", is_flag=True, help="Also if edges that are at work are not ready.")


@click.group()
def authority() -> None:
    """The hub's certificate authority, and how the next one takes its place without an edge being lost."""


@authority.command()
@click.pass_obj
def show(place: Place) -> None:
    """Tell which authority is in use, which is beside it, and until when."""
    present, standing = place.authority(), _handovers(place).standing()
    click.echo(f"in use: {present.name}, until {present.expires_at():%Y-%m-%d}")
    click.echo(f"fingerprint: {packing.fingerprint(present.der())}")
    word = standing.handover
    if word is None or standing.shadow is None:
        click.echo("beside it: none")
        return
    if word.state == State.SWITCHED:
        click.echo(f"beside it: {name_of(word.present)}, the one before, believed until `authority retire`")
    else:
        click.echo(f"beside it: {name_of(word.following)}, the next one; edges drill it: `authority drill`")


@authority.command("next")
@click.pass_obj
def begin(place: Place) -> None:
    """Make the next authority beside the present one, and announce it to the edges. Nothing uses it yet."""
    name = _handovers(place).next(clock())
    _audit(place, "authority_announced", name)
    click.echo(f"{name} is announced. Edges drill it by themselves: `authority drill` tells how that went.")


@authority.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def drill(place: Place, as_json: bool) -> None:
    """Tell of each edge whether it has proven the next authority, and whose certificate it uses."""
    found, _ = _ready(place)
    printing.rows([_row(one) for one in found], as_json=as_json)
    missing = lost(found)
    click.echo(f"{len(found) - len(missing)} of {len(found)} edges would be no trouble", err=True)
    if missing:
        sys.exit(1)


@authority.command()
@_DESPITE
@click.pass_obj
def switch(place: Place, despite: bool) -> None:
    """Put the next authority in use. Both are believed from now on, until `retire`."""
    found, _ = _ready(place)
    noted = _not_lost(lost(found), despite, "have not proven the next authority", "switch")
    name = _handovers(place).switch(clock())
    _audit(place, "authority_switched", name + noted)
    click.echo(f"{name} is in use. Edges renew their certificates within the hour; then: `authority retire`.")
    away = [one.institution for one in found if one.ready in (Ready.AWAY, Ready.UNHEARD)]
    if away:
        click.echo(f"away, and come back over the trail: {_listed(away)}", err=True)
    click.echo("Codes of `invite` that were printed before are of no use any more: print them anew.", err=True)


@authority.command()
@_DESPITE
@click.pass_obj
def back(place: Place, despite: bool) -> None:
    """Put the old authority in use again; the other one stays beside it."""
    word, noted = _handovers(place).standing().handover, ""
    if word is not None and word.state == State.SWITCHED:
        with place.store() as store:
            fresh = [EdgeReady(code, Ready.PASSED) for code in enrolled_since(store, word.issued_at)]
        noted = _not_lost(
            fresh, despite, "were enrolled since the switch, know the new authority alone and would be lost", "back"
        )
    name = _handovers(place).back(clock())
    _audit(place, "authority_switched_back", name + noted)
    click.echo(f"{name} is in use again.")


@authority.command()
@_DESPITE
@click.option(
    "--stolen", is_flag=True, help="Its key is in wrong hands: nothing that it signed may be followed any more."
)
@click.pass_obj
def retire(place: Place, despite: bool, stolen: bool) -> None:
    """Let the old authority go, and its key with it. Edges that were away follow its last word, unless it was stolen."""
    found, name = _ready(place)
    noted = _not_lost(behind(found, name, clock()), despite, "still use a certificate of the old one", "retire")
    gone = _handovers(place).retire(clock(), stolen=stolen)
    _audit(place, "authority_retired", gone + (" stolen" if stolen else "") + noted)
    click.echo(f"{gone} is over, and its key is gone.")
    if stolen:
        click.echo("Edges that know it alone are invited anew: `invite`.", err=True)


@authority.command()
@_DESPITE
@click.pass_obj
def withdraw(place: Place, despite: bool) -> None:
    """Take back the next authority. Edges forget it."""
    word, noted = _handovers(place).standing().handover, ""
    if word is not None and word.state == State.ANNOUNCED:
        found, following = _ready(place)
        noted = _not_lost(
            bound(found, following), despite, "still use a certificate of it and would be lost", "withdraw"
        )
    name = _handovers(place).withdraw(clock())
    _audit(place, "authority_withdrawn", name + noted)
    click.echo(f"{name} is withdrawn.")


@authority.command()
@click.pass_obj
def pack(place: Place) -> None:
    """Write the authority to stdout, keys and all, for another hub: `… authority pack | ssh OTHER pishkhan-hub --data DIR authority take`."""
    out = sys.stdout.buffer
    _secret(out.fileno(), "written to")
    present = place.authority()
    content = packing.packed(present.folder, clock())
    _audit(place, "authority_packed", present.name)  # first: no key leaves without a trace
    out.write(content)
    out.flush()
    click.echo(f"{present.name} is packed; its fingerprint: {packing.fingerprint(present.der())}", err=True)


@authority.command()
@click.option("--fingerprint", default="", help="Of the authority in use, as `show` tells it there; needed at first.")
@click.option("--despite", is_flag=True, help="Also if the one beside the authority in use here is unknown there.")
@click.pass_obj
def take(place: Place, fingerprint: str, despite: bool) -> None:
    """Let what `authority pack` wrote, on stdin, hold here: whole or not at all. In a new folder before `init`."""
    asked = fingerprint.replace(":", "").lower()
    if asked and packing.FINGERPRINT.fullmatch(asked) is None:
        raise HandoverError("a fingerprint is 64 hexadecimal digits")
    given = sys.stdin.buffer
    _secret(given.fileno(), "read from")
    content = given.read(PACK_BYTES_MAX + 1)
    try:
        place.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = packing.take(place.folder / AUTHORITY_FOLDER, content, clock(), asked, despite=despite)
    except OSError as error:
        raise HandoverError(f"{place.folder} cannot be written: {error.strerror}. What stood there stands.") from error
    click.echo(f"{name} is in use here.", err=True)
    try:
        _audit(place, "authority_taken", name)
    except StoreError as error:
        click.echo(f"It is not in the audit trail, for the database cannot be used yet: {error}", err=True)


def _secret(handle: int, what: str) -> None:
    """Refuse a place where others see the keys."""
    mode = os.fstat(handle).st_mode
    if os.isatty(handle):
        raise HandoverError(
            f"the authority's keys are not {what} a screen: authority pack | ssh OTHER … authority take"
        )
    if stat.S_ISREG(mode) and stat.S_IMODE(mode) & 0o077:
        raise HandoverError(f"the file that it is {what} can be read by others: chmod 600 it first (umask 077)")


def _handovers(place: Place) -> Handovers:
    return Handovers(place.authority().folder)


def _ready(place: Place) -> tuple[list[EdgeReady], str]:
    """Every edge, and the name of the authority to which it is or is not ready."""
    standing = _handovers(place).standing()
    if standing.handover is None or standing.shadow is None:
        raise HandoverError("there is no next authority: `authority next` makes one")
    name = name_of(standing.handover.following)
    with place.store() as store:
        return readiness(store, name, clock()), name


def _not_lost(missing: Sequence[EdgeReady], despite: bool, what: str, verb: str) -> str:
    """Refuse, or say who it is done despite; what of that the audit trail tells."""
    if not missing:
        return ""
    told = f"{len(missing)} edges {what}: {_listed([_reason(one) for one in missing])}"
    if not despite:
        raise HandoverError(f"{told}. Nothing was changed; look at them, or type authority {verb} --despite")
    click.echo(told, err=True)
    return f", despite {len(missing)} edges"


def _reason(one: EdgeReady) -> str:
    return (
        f"{one.institution} ({one.why or one.ready})" if one.ready in (Ready.FAILED, Ready.WAITING) else one.institution
    )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _LISTED_MAX
    return ", ".join(names[:_LISTED_MAX]) + (f" and {more} more" if more > 0 else "")


def _row(one: EdgeReady) -> dict[str, Any]:
    return {
        "institution": one.institution,
        "drill": str(one.ready),
        "why": one.why,
        "sentence": sentence(one.why),
        "uses": one.uses,
        "reported_at": one.seen_at.isoformat(timespec="seconds") if one.seen_at is not None else "",
    }


def _audit(place: Place, action: str, subject: str) -> None:
    with place.store() as store, store.write() as uow:
        uow.audit.add(clock(), "cli", action, "authority", subject)
