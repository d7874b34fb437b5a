"""``pishkhan-hub --data DIR release``: the repository of the edge's releases: its root and keys, what is listed, and what is offered to which ring.

The keys of the root and of releases are files that lie elsewhere (a stick from a safe) and are only read here. Exit status: 0 done, 2 not possible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from central_sync.app import clock
from central_sync.place import Place, needed
from central_sync.programs.asking import secret
from central_sync.releases import keys
from central_sync.releases.limits import RINGS
from central_sync.releases.metadata import ReleasesError
from central_sync.releases.repository import FOLDER, Repository
from central_sync.releases.roots import PendingRoot
from central_sync.verbs import printing

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW = click.Path(path_type=Path)
_PASSPHRASE = click.option(
    "--passphrase-file", type=_FILE, help="A file that holds the key's passphrase; else it is asked for."
)
_Verb = Callable[..., Any]


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except (ReleasesError, keys.KeyUnusable) as error:
        raise printing.Wrong(str(error)) from error


@click.group()
def release() -> None:
    """Releases of the edge: who signs them, and who is offered them."""


def _repository(place: Place | None) -> Repository:
    return Repository(needed(place).folder / FOLDER)


def _passphrase(file: Path | None, *, new: bool = False) -> str:
    if file is not None:
        return file.read_text().rstrip("\r\n")
    return secret("Passphrase of the key", twice=new)


@release.command()
@click.argument("file", type=_NEW)
@_PASSPHRASE
def keygen(file: Path, passphrase_file: Path | None) -> None:
    """Make an offline key in FILE, and its public part in FILE.pub. The hub needs the public part alone."""
    with _said():
        click.echo(f"{file}.pub: key {keys.make(file, _passphrase(passphrase_file, new=True))}")


@release.command("init")
@click.option(
    "--root-key", "root_keys", type=_FILE, multiple=True, required=True, help="A root key's .pub; at least two."
)
@click.option("--release-key", "release_keys", type=_FILE, multiple=True, required=True, help="The release key's .pub.")
@click.pass_obj
def begin(place: Place | None, root_keys: Sequence[Path], release_keys: Sequence[Path]) -> None:
    """Make the first root, to be signed with sign-root by two root keys."""
    with _said():
        found = [keys.public_key(path) for path in root_keys], [keys.public_key(path) for path in release_keys]
        _told(_repository(place).roots.begin(*found, clock()))


@release.command("change-root")
@click.option(
    "--root-key", "root_keys", type=_FILE, multiple=True, help="All root keys from now on; none: as they are."
)
@click.option(
    "--release-key", "release_keys", type=_FILE, multiple=True, help="All release keys from now on; none: as they are."
)
@click.pass_obj
def change_root(place: Place | None, root_keys: Sequence[Path], release_keys: Sequence[Path]) -> None:
    """Make the next root: other keys, or the same for another two years. Two keys of the old root and two of the new one sign it."""
    with _said():
        found = [keys.public_key(path) for path in root_keys], [keys.public_key(path) for path in release_keys]
        _told(_repository(place).roots.change(*found, clock()))
    if release_keys:
        click.echo("With another release key: once the root counts, type release resign, or edges will take nothing.")


@release.command("sign-root")
@click.argument("key", type=_FILE)
@_PASSPHRASE
@click.pass_obj
def sign_root(place: Place | None, key: Path, passphrase_file: Path | None) -> None:
    """Sign the pending root with the root key in KEY."""
    with _said():
        _told(_repository(place).roots.sign(keys.signer(key, _passphrase(passphrase_file))))


@release.command()
@click.argument("version")
@click.argument("archive", type=_FILE)
@click.option("--system", default="linux-x86_64", show_default=True, help="The system that it is built for.")
@click.option("--journal-format", type=click.IntRange(1), required=True, help="The journal's format that it writes.")
@click.option("--release-key", "key", type=_FILE, required=True, help="The release key.")
@_PASSPHRASE
@click.pass_obj
def add(
    place: Place | None,
    version: str,
    archive: Path,
    system: str,
    journal_format: int,
    key: Path,
    passphrase_file: Path | None,
) -> None:
    """List ARCHIVE (.tar.zst) as the release VERSION. Nobody is offered it yet."""
    with _said():
        signer = keys.signer(key, _passphrase(passphrase_file))
        made = _repository(place).add(archive, version, system, journal_format, signer, clock())
    click.echo(f"{made.path}: {made.length:,} bytes")


@release.command()
@click.option("--release-key", "key", type=_FILE, required=True, help="The release key.")
@_PASSPHRASE
@click.pass_obj
def resign(place: Place | None, key: Path, passphrase_file: Path | None) -> None:
    """Sign what is listed anew, before it ends or with another release key."""
    with _said():
        _repository(place).resign(keys.signer(key, _passphrase(passphrase_file)), clock())
    click.echo("signed anew")


@release.command()
@click.argument("version")
@click.option("--ring", type=click.Choice(RINGS), required=True, help="The edges that are offered it.")
@click.pass_obj
def offer(place: Place | None, version: str, ring: str) -> None:
    """Offer the release VERSION to a ring. Edges take it at their next look."""
    with _said():
        for found in _repository(place).offer(version, ring, clock()):
            click.echo(f"{ring}: {found.version} for {found.system}")


@release.command()
@click.option("--ring", type=click.Choice(RINGS), required=True, help="The edges that are offered nothing any more.")
@click.pass_obj
def withdraw(place: Place | None, ring: str) -> None:
    """Offer nothing to a ring. What its edges have installed stays."""
    with _said():
        _repository(place).withdraw(ring, clock())
    click.echo(f"{ring}: nothing")


@release.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def listed(place: Place | None, as_json: bool) -> None:
    """List every release and to whom it is offered; and when what offline keys have signed ends."""
    with _said():
        repository = _repository(place)
        rows = [
            {
                "version": found.version, "system": found.system, "bytes": found.length,
                "journal_format": found.journal_format, "rings": ", ".join(found.rings),
            }
            for found in repository.releases()
        ]  # fmt: skip
        ends = repository.ends()
    printing.rows(rows, as_json=as_json)
    for role, end in ends.items():
        click.echo(f"the signature of {role} ends on {end:%Y-%m-%d}", err=True)


@release.command()
@click.argument("folder", type=_NEW)
@click.pass_obj
def export(place: Place | None, folder: Path) -> None:
    """Copy what edges read to FOLDER (a stick): there it is taken in with pishkhan-edge update import."""
    with _said():
        _repository(place).export(folder)
    click.echo(f"{folder}: good for as long as its timestamp")


def _told(root: PendingRoot) -> None:
    if root.missing_old or root.missing_own:
        missing = f"{root.missing_own} signatures of its own keys"
        if root.missing_old:
            missing += f" and {root.missing_old} of the old root's keys"
        click.echo(f"root {root.version} is pending: {missing} are missing (release sign-root KEY)")
    else:
        click.echo(f"root {root.version} counts from now on")
