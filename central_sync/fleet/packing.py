"""The authority's folder as one stream, from a hub to another hub of the same database that has a folder of its own: packed there, taken here.

Rules
    * The stream holds private keys: whoever carries it (ssh) keeps it secret. It is signed by each authority in it.
    * A folder that has an authority takes a pack only if that authority signed it, or a word of its trail leads from there to who did; what is older
      than what stands here, and what knows nothing of the authorities here, is refused. A folder that has none is told by a person whose pack it is:
      by the whole fingerprint, which is no secret.
    * Taken whole or not at all: a new folder appears by one renaming; in one that is there ``handover.json`` (slots.py) is written last, and names
      everything. What a power cut leaves is cleared by the next change, or the next ``take``.
    * The signer's key stays at home (each folder has its own); its certificates go along. So do the names by which the hub is reached: where this one
      has further names, its server certificates are made here.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct

from central_sync.fleet.authority import Authority, AuthorityMissing
from central_sync.fleet.certificates import authority_in
from central_sync.fleet.files import replace, sync
from central_sync.fleet.handover import HandoverError, trail
from central_sync.fleet.limits import PACK_BYTES_MAX
from central_sync.fleet.slots import FILE, FIRST, SLOTS, TRAIL, Slots, Standing, StandingUnreadable
from central_sync.wire.handovers import State, sane, text_of
from central_sync.wire.messages import Handover

MAGIC = b"pishkhan authority pack 1\n"
PENDING = ".taking-"
FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_OF_A_SLOT = ("authority.key", "authority.pem", "server.pem")
_DERIVED, _NAMES, _SIGNERS = "derived.key", "names", "signers"
_NAME = "[0-9a-f]{16}"
_PATHS = re.compile(
    rf"(?:{SLOTS}/{_NAME}/)?(?:authority\.key|authority\.pem|server\.pem)|{TRAIL}/{_NAME}\.json|{_SIGNERS}/{_NAME}\.pem|{re.escape(FILE)}|{_NAMES}|derived\.key"
)
_OPEN_TO_ALL = re.compile(rf"{_NAMES}|(?:.*/)?authority\.pem|{_SIGNERS}/.*")
_NOTHING = "Nothing was changed."


class _Body(Struct, frozen=True):
    at: datetime
    files: dict[str, bytes]


class _Pack(Struct, frozen=True):
    body: bytes
    signatures: list[bytes]


def fingerprint(authority: bytes) -> str:
    """Of an authority's certificate (DER), whole."""
    return hashlib.sha256(authority).hexdigest()


def packed(folder: Path, now: datetime) -> bytes:
    """What stands in the authority's ``folder``, signed.

    Raises:
        AuthorityMissing, HandoverError: there is none, or it cannot be read.
    """
    present = Authority(folder)
    present.open()
    with present.locked():
        standing = _standing(Slots(folder))
        named = _named(standing)
        body = msgspec.msgpack.encode(_Body(now, _files(folder, named)))
        signatures = [_opened(folder, slot).signature(MAGIC + body) for slot in named]
    content = MAGIC + msgspec.msgpack.encode(_Pack(body, signatures))
    if len(content) > PACK_BYTES_MAX:
        raise HandoverError(f"{folder} holds more than an authority does")
    return content


def take(folder: Path, content: bytes, now: datetime, expected: str = "", *, despite: bool = False) -> str:
    """Let what was packed elsewhere hold in the authority's ``folder``; the name of the authority in use. ``expected``: its whole fingerprint, needed where
    there is none yet. ``despite``: also if the one beside the authority in use here is unknown there.

    Raises:
        HandoverError, AuthorityMissing: it is not believed, or not for this folder; nothing was changed.
        OSError: the disk did not take it; what stood there stands.
    """
    files, signatures, body = _read(content)
    if folder.parent.stat().st_uid != os.geteuid():
        raise HandoverError(f"{folder.parent} is another account's: type it as that one (runuser -u). {_NOTHING}")
    with _alone(folder.parent), _unpacked(folder, files) as fresh:
        begun = folder.exists() and any(folder.iterdir())
        if not begun and not expected:
            raise HandoverError(
                "no authority is known here: say which it must be, --fingerprint, as `authority show` tells it at the other hub"
            )
        known = _believed(folder) if begun else [one for one in _believed(fresh) if fingerprint(_der(one)) == expected]
        _proven(_led(known, trail(Slots(fresh))), signatures, body)
        in_use = _checked(fresh)
        if expected and expected != fingerprint(in_use.der()):
            raise HandoverError(f"{in_use.name} is in use in this pack, and not the one that was named. {_NOTHING}")
        if begun:
            with Authority(folder).locked():
                _follows(folder, fresh, despite=despite)
                _served(fresh, Authority(folder).names(), now)
                _merge(folder, fresh)
        else:
            _move(fresh, folder)
        return in_use.name


def _believed(folder: Path) -> list[x509.Certificate]:
    """The certificates of the authorities that ``folder`` names."""
    slots = Slots(folder)
    found = [authority_in(slots.place(slot)) for slot in _named(_standing(slots))]
    return [one for one in found if one is not None]


def _files(folder: Path, named: tuple[str, ...]) -> dict[str, bytes]:
    places = [Slots(folder).place(slot) / name for slot in named for name in _OF_A_SLOT]
    places += [path for path in (folder / name for name in (FILE, _NAMES, _DERIVED)) if path.exists()]
    places += [*(folder / TRAIL).glob("*.json"), *(folder / _SIGNERS).glob("*.pem")]
    try:
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(places)}
    except OSError as error:
        raise AuthorityMissing(f"{error.filename} cannot be read: {error.strerror}") from error


def _read(content: bytes) -> tuple[dict[str, bytes], list[bytes], bytes]:
    if len(content) > PACK_BYTES_MAX or not content.startswith(MAGIC):
        raise HandoverError(f"it is no pack of an authority, as `authority pack` makes it. {_NOTHING}")
    try:
        pack = msgspec.msgpack.decode(content[len(MAGIC) :], type=_Pack)
        body = msgspec.msgpack.decode(pack.body, type=_Body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise HandoverError(f"the pack is broken off or damaged. {_NOTHING}") from error
    if any(_PATHS.fullmatch(path) is None for path in body.files):
        raise HandoverError(f"the pack holds files that are none of an authority's. {_NOTHING}")
    return body.files, pack.signatures, MAGIC + pack.body


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """No other ``take`` below ``place`` at the same time."""
    handle = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def _unpacked(folder: Path, files: Mapping[str, bytes]) -> Iterator[Path]:
    """A folder beside the authority's with these files, for nobody else to read; it is gone afterwards."""
    for left in folder.parent.glob(f"{folder.name}{PENDING}*"):
        shutil.rmtree(left)
    fresh = folder.with_name(f"{folder.name}{PENDING}{secrets.token_hex(4)}")
    fresh.mkdir(mode=0o700)
    try:
        for path, content in files.items():
            _put(fresh / path, content)
        yield fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _put(path: Path, content: bytes) -> None:
    for place in (path.parent.parent, path.parent):
        place.mkdir(mode=0o700, exist_ok=True)
    replace(path, content, 0o644 if _OPEN_TO_ALL.fullmatch(path.name) or path.parent.name == _SIGNERS else 0o600)


def _checked(fresh: Path) -> Authority:
    """The authority in use in ``fresh``, when everything there belongs together."""
    standing = _standing(Slots(fresh))
    for slot in _named(standing):
        one = _opened(fresh, slot)
        certificate = authority_in(Slots(fresh).place(slot))
        whole = certificate is not None and slot in (FIRST, one.name) and one.server_certificate.is_file()
        if not whole or not _signed_by(certificate, one.signature(MAGIC), MAGIC):
            raise HandoverError(f"an authority in the pack does not belong to its key. {_NOTHING}")
    word = standing.handover
    if standing.shadow is not None:
        pair = {_opened(fresh, slot).der() for slot in _named(standing)}
        if word is None or pair != {word.present, word.following}:
            raise HandoverError(f"what the pack says of its authorities is not what lies in it. {_NOTHING}")
    return _opened(fresh, standing.current)


def _follows(folder: Path, fresh: Path, *, despite: bool) -> None:
    """Refuse a pack that leads back, or would lose what is known here alone."""
    ours, theirs = _standing(Slots(folder)), _standing(Slots(fresh))
    number, other = (one.handover.number if one.handover is not None else 0 for one in (ours, theirs))
    if other < number or (other == number and ours.handover != theirs.handover):
        raise HandoverError(
            f"the pack is older than what was done here: pack it anew, where the last step was. {_NOTHING}"
        )
    words = [*trail(Slots(fresh)), *([theirs.handover] if theirs.handover is not None else [])]
    told = {der for word in words for der in (word.present, word.following)}
    told |= {_opened(fresh, slot).der() for slot in _named(theirs)}
    for slot in _named(ours):
        one = _opened(folder, slot)
        if one.der() in told or (despite and slot != ours.current):
            continue
        where = "in use here" if slot == ours.current else "beside the one in use here"
        how = "" if slot == ours.current else " If no edge uses it: authority take --despite"
        raise HandoverError(f"{one.name} is {where}, and the pack knows nothing of it. {_NOTHING}{how}")
    for name in (_DERIVED, "authority.pem"):
        here, there = folder / name, fresh / name
        if here.exists() and there.exists() and here.read_bytes() != there.read_bytes():
            raise HandoverError(f"{name} in this folder is another one. {_NOTHING}")


def _served(fresh: Path, names: list[str], now: datetime) -> None:
    """Let what lies in ``fresh`` serve a hub of these names too."""
    both = Authority(fresh)
    both.open()
    both.add_names(names, now)


def _merge(folder: Path, fresh: Path) -> None:
    """Put the files of ``fresh`` into ``folder``: what nothing names yet first, what names them last."""
    slots, theirs = Slots(folder), _standing(Slots(fresh))
    slots.clear()
    if (fresh / _DERIVED).exists() and not (folder / _DERIVED).exists():
        _put(folder / _DERIVED, (fresh / _DERIVED).read_bytes())
    for slot in _named(theirs):
        here, there = slots.place(slot), Slots(fresh).place(slot)
        if slot != FIRST and not here.exists():
            here.parent.mkdir(mode=0o700, exist_ok=True)
            _move(there, here)
        else:
            _put(here / "server.pem", (there / "server.pem").read_bytes())
    for part in (TRAIL, _SIGNERS):
        for path in (fresh / part).glob("*"):
            _put(folder / part / path.name, path.read_bytes())
    if (fresh / _NAMES).exists():
        _put(folder / _NAMES, (fresh / _NAMES).read_bytes())
    if theirs != _standing(slots):
        slots.keep(theirs)
    slots.clear()


def _led(known: list[x509.Certificate], words: list[Handover]) -> list[x509.Certificate]:
    """``known``, and whom its words put in use, one after the other."""
    for word in sorted(words, key=lambda one: one.number):
        signer = next((one for one in known if _der(one) == word.present), None)
        done = word.state in (State.SWITCHED, State.RETIRED) and sane(word)
        if signer is not None and done and _signed_by(signer, word.signature, text_of(word)):
            known = [*known, x509.load_der_x509_certificate(word.following)]
    return known


def _proven(known: list[x509.Certificate], signatures: list[bytes], body: bytes) -> None:
    if not any(_signed_by(one, signature, body) for one in known for signature in signatures):
        raise HandoverError(
            f"no authority that is known here signed this pack, nor does its trail lead to who did. {_NOTHING}"
        )


def _signed_by(certificate: x509.Certificate | None, signature: bytes, text: bytes) -> bool:
    try:
        public = certificate.public_key() if certificate is not None else None
        if not isinstance(public, ec.EllipticCurvePublicKey):
            return False
        public.verify(signature, text, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _move(source: Path, target: Path) -> None:
    """One renaming, of what is on the disk by then."""
    for place in (source, *(path for path in source.rglob("*") if path.is_dir())):
        sync(place)
    source.rename(target)
    sync(target.parent)


def _named(standing: Standing) -> tuple[str, ...]:
    return (standing.current,) if standing.shadow is None else (standing.current, standing.shadow)


def _standing(slots: Slots) -> Standing:
    """Which slots there are; what names a place outside the folder is none.

    Raises:
        HandoverError: it cannot be read.
    """
    try:
        found = slots.standing()
    except StandingUnreadable as error:
        raise HandoverError(str(error)) from error
    if any(slot != FIRST and re.fullmatch(_NAME, slot) is None for slot in _named(found)):
        raise HandoverError(f"{FILE} names slots that are none. {_NOTHING}")
    return found


def _opened(folder: Path, slot: str) -> Authority:
    found = Authority(folder, slot)
    found.open()
    return found


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)
