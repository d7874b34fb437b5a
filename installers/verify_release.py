#!/usr/bin/env python3
"""Says whether the files of a release are what was signed: ``python3 verify_release.py FOLDER --key PUBLIC.pem``.

Stands alone: Python 3.9 or later, and either its ``cryptography`` or the program ``openssl`` (1.1.1 or later). Get the public key by another way
than the release. Every file must be there, whole and unchanged, and none besides. Exit status: 0 all is well, 1 it is not (each reason a line), 2
it could not be looked at.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MANIFEST, SIGNATURE = "release.json", "release.json.sig"
MANIFEST_BYTES_MAX = 4 * 1024 * 1024


class CannotLook(Exception):
    """Something that is needed is missing; the text says what."""


def holds(manifest: bytes, signature: bytes, key: Path) -> bool:
    """Whether ``signature`` is that of ``manifest`` by the Ed25519 key in the PEM file ``key``."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return _holds_by_openssl(manifest, signature, key)
    try:
        public = serialization.load_pem_public_key(key.read_bytes())
    except (OSError, ValueError) as error:
        raise CannotLook(f"{key} is no public key in PEM") from error
    if not isinstance(public, Ed25519PublicKey):
        raise CannotLook(f"{key} is no Ed25519 key")
    try:
        public.verify(signature, manifest)
    except InvalidSignature:
        return False
    return True


def _holds_by_openssl(manifest: bytes, signature: bytes, key: Path) -> bool:
    program = shutil.which("openssl")
    if program is None:
        raise CannotLook("neither Python's cryptography nor the program openssl is here")
    if not key.is_file():
        raise CannotLook(f"{key} is no public key in PEM")
    look = [program, "pkey", "-pubin", "-in", str(key), "-noout", "-text"]
    kind = subprocess.run(look, capture_output=True, text=True, check=False)  # noqa: S603 -- our own list
    if kind.returncode or "ED25519" not in kind.stdout.upper():
        raise CannotLook(f"{key} is no Ed25519 key")
    with tempfile.TemporaryDirectory() as name:
        signed, by = Path(name) / "signed", Path(name) / "by"
        signed.write_bytes(manifest)
        by.write_bytes(signature)
        command = [
            program,
            "pkeyutl",
            "-verify",
            "-pubin",
            "-inkey",
            str(key),
            "-rawin",
            "-in",
            str(signed),
            "-sigfile",
            str(by),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- our own list
    return done.returncode == 0 and "Verified Successfully" in done.stdout


def differences(folder: Path, told: dict[str, dict[str, object]]) -> list[str]:
    """What is not as the manifest says, a line each."""
    there = {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }
    for own in (MANIFEST, SIGNATURE):
        there.pop(own, None)
    found = [f"{name}: not in the manifest" for name in sorted(set(there) - set(told))]
    for name, what in sorted(told.items()):
        path = there.get(name)
        if path is None:
            found.append(f"{name}: missing")
        elif path.is_symlink() or not path.is_file():
            found.append(f"{name}: no file")
        elif path.stat().st_size != what.get("bytes"):
            found.append(f"{name}: {path.stat().st_size} bytes, not {what.get('bytes')}")
        elif _sha256(path) != what.get("sha256"):
            found.append(f"{name}: changed")
    return found


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for part in iter(lambda: file.read(1 << 20), b""):
            digest.update(part)
    return digest.hexdigest()


def wrong(folder: Path, key: Path) -> list[str]:
    """All that is not well with the release in ``folder``; nothing in a manifest is believed before its signature."""
    try:
        manifest = (folder / MANIFEST).read_bytes()
        signature = base64.b64decode((folder / SIGNATURE).read_bytes().strip(), validate=True)
    except OSError as error:
        raise CannotLook(f"{Path(str(error.filename)).name} is not there") from error
    except binascii.Error:
        return [f"{SIGNATURE}: no base64"]
    if len(manifest) > MANIFEST_BYTES_MAX:
        return [f"{MANIFEST}: larger than any manifest"]
    if not holds(manifest, signature, key):
        return [f"{SIGNATURE}: not by this key over this manifest"]
    told = json.loads(manifest)
    return differences(folder, told["files"])


def main(arguments: list[str]) -> int:
    """Look, and say what is wrong."""
    parser = argparse.ArgumentParser(prog="verify_release.py", description="Are these files what was signed?")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--key", type=Path, required=True, help="the public key (PEM), got by another way")
    given = parser.parse_args(arguments)
    try:
        found = wrong(given.folder, given.key)
    except CannotLook as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for line in found:
        sys.stdout.write(f"{line}\n")
    if not found:
        sys.stdout.write("all is as it was signed\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
