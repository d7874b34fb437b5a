"""A release as it was signed passes; whatever is done to it does not; with Python's cryptography and with openssl alone."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from installers import build, release, verify_release

AT = datetime(2026, 1, 1, tzinfo=UTC)


def _keys(folder: Path, name: str, key: object = None) -> tuple[Path, Path]:
    key = key or Ed25519PrivateKey.generate()
    private, public = folder / f"{name}.pem", folder / f"{name}-public.pem"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public.write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return private, public


@pytest.fixture
def signed(tmp_path: Path) -> tuple[Path, Path]:
    """A release of two files, and the public key."""
    folder = tmp_path / "release"
    (folder / "shim").mkdir(parents=True)
    (folder / "a.deb").write_bytes(b"a" * 5000)
    (folder / "shim" / "b.dll").write_bytes(b"b")
    private, public = _keys(tmp_path, "ours")
    release.sign(release.write_manifest(folder, "1.2.3", AT), private)
    return folder, public


def _verified(folder: Path, public: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    status = verify_release.main([str(folder), "--key", str(public)])
    told = capsys.readouterr()
    return status, told.out + told.err


def test_a_release_as_it_was_signed_passes(signed: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert _verified(*signed, capsys) == (0, "all is as it was signed\n")


def _say_another_hash(folder: Path) -> None:
    told = json.loads((folder / "release.json").read_text())
    told["files"]["a.deb"]["bytes"] = 5001
    (folder / "release.json").write_text(json.dumps(told))


def _link(folder: Path) -> None:
    (folder / "a.deb").rename(folder.parent / "elsewhere")
    (folder / "a.deb").symlink_to(folder.parent / "elsewhere")


TAMPERED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a changed file": (lambda f: (f / "a.deb").write_bytes(b"a" * 4999 + b"b"), "a.deb: changed"),
    "a longer file": (lambda f: (f / "a.deb").write_bytes(b"a" * 5001), "a.deb: 5001 bytes, not 5000"),
    "a missing file": (lambda f: (f / "shim/b.dll").unlink(), "shim/b.dll: missing"),
    "one more file": (lambda f: (f / "shim/c.dll").write_bytes(b""), "shim/c.dll: not in the manifest"),
    "a link": (_link, "a.deb: no file"),
    "another manifest": (_say_another_hash, "not by this key over this manifest"),
    "a cut signature": (lambda f: (f / "release.json.sig").write_text("AAAA"), "not by this key"),
    "a signature in no base64": (lambda f: (f / "release.json.sig").write_text("§"), "no base64"),
}


@pytest.mark.parametrize("what", TAMPERED)
@pytest.mark.parametrize("by", ["cryptography", "openssl"])
def test_whatever_was_done_to_it_is_told(
    signed: tuple[Path, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, what: str, by: str
) -> None:
    if by == "openssl":
        monkeypatch.setattr(verify_release, "holds", verify_release._holds_by_openssl)
    assert _verified(*signed, capsys)[0] == 0
    does, says = TAMPERED[what]
    does(signed[0])
    status, told = _verified(*signed, capsys)
    assert status == 1
    assert says in told


@pytest.mark.parametrize("by", ["holds", "_holds_by_openssl"])
def test_a_strangers_key_or_another_kind_of_key_does_not_pass(
    signed: tuple[Path, Path], tmp_path: Path, by: str
) -> None:
    manifest = (signed[0] / "release.json").read_bytes()
    signature = base64.b64decode((signed[0] / "release.json.sig").read_bytes())
    look = getattr(verify_release, by)
    assert look(manifest, signature, signed[1]) is True
    assert look(manifest, signature, _keys(tmp_path, "stranger")[1]) is False
    with pytest.raises(verify_release.CannotLook, match="no Ed25519 key"):
        look(manifest, signature, _keys(tmp_path, "curve", ec.generate_private_key(ec.SECP256R1()))[1])
    (tmp_path / "words.pem").write_text("no key")
    with pytest.raises(verify_release.CannotLook):
        look(manifest, signature, tmp_path / "words.pem")


def test_it_stands_alone_without_any_library(signed: tuple[Path, Path], tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(verify_release.__file__, alone / "verify_release.py")
    command = [sys.executable, "-I", "-S", alone / "verify_release.py", signed[0], "--key", signed[1]]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "all is as it was signed\n"), done.stderr


def test_what_is_not_there_cannot_be_looked_at(
    tmp_path: Path, signed: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert _verified(tmp_path, signed[1], capsys)[0] == 2
    (signed[0] / "release.json.sig").unlink()
    assert _verified(*signed, capsys)[0] == 2


@pytest.mark.parametrize("content", [b"no key", b""])
def test_a_signing_key_that_is_none_is_named(signed: tuple[Path, Path], tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.pem").write_bytes(content)
    with pytest.raises(release.KeyWrong, match=r"x\.pem"):
        release.sign(signed[0] / "release.json", tmp_path / "x.pem")
    private, _ = _keys(tmp_path, "curve", ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(release.KeyWrong, match="no Ed25519"):
        release.sign(signed[0] / "release.json", private)


def test_what_a_program_is_made_of_names_each_librarys_version() -> None:
    told = json.loads(release.bill_of_materials("pishkhan-edge", "1.2.3", ["aiohttp.web", "edge.app", "json"]))
    assert told["metadata"]["component"]["version"] == "1.2.3"
    assert {part["name"] for part in told["components"]} == {"aiohttp", "tzdata", "CPython", "OpenSSL"}
    assert all(part["version"] for part in told["components"])
    told = json.loads(release.bill_of_materials("pishkhan-edge", "1.2.3", ["edge.app", "edge.journal.press"]))
    (linked,) = [part for part in told["components"] if part["name"] == "libdeflate"]
    assert linked["version"][0].isdigit()


def test_a_release_of_the_shim_alone_is_built_signed_bundled_and_verified(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build.shim, "TARGETS", (build.shim.SO,))  # the others take their time
    private, public = _keys(tmp_path, "ours")
    folder = tmp_path / "dist"
    assert build.main([str(folder), "--version", "1.2.3", "--key", str(private), "--only", "shim"]) == 0
    made = capsys.readouterr().out.split()
    assert (folder / "shim" / "libpishkhan.so").is_file()
    assert _verified(folder, public, capsys)[0] == 0
    shutil.unpack_archive(tmp_path / "pishkhan-1.2.3-offline.tar", tmp_path / "usb", filter="data")
    assert _verified(tmp_path / "usb" / "pishkhan-1.2.3", public, capsys)[0] == 0
    assert str(folder / "release.json.sig") in made


@pytest.mark.parametrize(
    ("arguments", "says"), [(["--version", "one"], "no version"), (["--version", "1.0.0; rm"], "no version")]
)
def test_a_release_that_cannot_be_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert build.main([str(tmp_path / "dist"), *arguments]) == 1
    assert says in capsys.readouterr().err


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("x")
    assert build.main([str(tmp_path)]) == 1
    assert "not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_the_version_is_that_of_the_source() -> None:
    assert build.VERSION.fullmatch(build.version_of_source())
