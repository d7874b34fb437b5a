"""What goes with the files of a release: what each program is made of (CycloneDX), a manifest with every file's hash, and its signature.

The manifest is what is signed: Ed25519 over its bytes, by a key that lies on no machine of the product. ``verify_release.py`` is the other side
and needs nothing of this repository.
"""

from __future__ import annotations

import base64
import hashlib
import json
import platform
import ssl
from collections.abc import Iterable
from datetime import datetime
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

MANIFEST, SIGNATURE = "release.json", "release.json.sig"


class KeyWrong(Exception):
    """The signing key is none; the text says why."""


def bill_of_materials(name: str, version: str, modules: Iterable[str]) -> str:
    """CycloneDX 1.6 in JSON: every library that one of ``modules`` belongs to, the interpreter with its OpenSSL, and what the journal's native part is linked with."""
    whole = Component(
        name=name,
        version=version,
        type=ComponentType.APPLICATION,
        bom_ref=name,
        licenses=[LicenseExpression("Apache-2.0")],
    )
    found = Bom()
    found.metadata.component = whole
    parts = [
        Component(name="CPython", version=platform.python_version(), type=ComponentType.PLATFORM, bom_ref="cpython"),
        Component(
            name="OpenSSL", version=ssl.OPENSSL_VERSION.split()[1], type=ComponentType.LIBRARY, bom_ref="openssl"
        ),
        *_linked(modules),
        *(_library(distribution) for distribution in _distributions(modules)),
    ]
    for part in parts:
        found.components.add(part)
    found.register_dependency(whole, parts)
    return str(make_outputter(found, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1)) + "\n"


def _linked(modules: Iterable[str]) -> list[Component]:
    if "edge.journal.press" not in modules or find_spec("edge.journal._press") is None:
        return []
    version = import_module("edge.journal._press").LIBDEFLATE  # its OpenSSL is the interpreter's
    return [Component(name="libdeflate", version=version, type=ComponentType.LIBRARY, bom_ref="libdeflate")]


def _distributions(modules: Iterable[str]) -> list[metadata.Distribution]:
    tops = {module.split(".")[0] for module in modules} | {"tzdata"}  # data alone, no module
    owners = metadata.packages_distributions()
    names = {owner for top in tops for owner in owners.get(top, ()) if owner != "pishkhan"}
    return [metadata.distribution(name) for name in sorted(names, key=str.lower)]


def _library(distribution: metadata.Distribution) -> Component:
    name = distribution.metadata["Name"]
    return Component(
        name=name,
        version=distribution.version,
        type=ComponentType.LIBRARY,
        purl=PackageURL("pypi", None, name.lower().replace("_", "-"), distribution.version),
        bom_ref=f"{name}=={distribution.version}",
        description=distribution.metadata["Summary"] if "Summary" in distribution.metadata else None,  # noqa: SIM401 -- its type knows no get
    )


def write_manifest(folder: Path, version: str, at: datetime) -> Path:
    """``release.json`` in ``folder``: every other file there, with size and SHA-256."""
    files = {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": _sha256(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (MANIFEST, SIGNATURE)
    }
    made = folder / MANIFEST
    told = {"product": "pishkhan", "version": version, "made_at": at.isoformat(timespec="seconds"), "files": files}
    made.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return made


def sign(manifest: Path, key: Path) -> Path:
    """``release.json.sig`` beside ``manifest``, in base64, by the Ed25519 key in the PEM file ``key``.

    Raises:
        KeyWrong: there is no such key.
    """
    try:
        private = serialization.load_pem_private_key(key.read_bytes(), None)
    except (OSError, TypeError, ValueError) as error:
        raise KeyWrong(f"{key.name} is no PEM file with an open private key") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyWrong(f"{key.name} is no Ed25519 key")
    made = manifest.with_name(SIGNATURE)
    made.write_text(base64.b64encode(private.sign(manifest.read_bytes())).decode() + "\n", encoding="ascii")
    return made


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
