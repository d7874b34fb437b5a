"""Enrolling: against a real hub, against strangers, and what is left on disk."""

from __future__ import annotations

import shutil
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from central_sync.wire import enrolment
from edge import identity
from edge.identity import CURRENT, FOLDER, EnrolmentFailed, NotEnrolled
from tests import programs


class Hub:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        programs.hub_command(folder, "init")
        for number in range(1, 3):
            where = ("--name", f"Hospital {number}", "--region", "ir", "--tier", "public")
            programs.hub_command(folder, "hospital", "add", f"H{number}", *where)
        self.program = programs.start_hub(folder)
        self.url = self.program.enrol

    def code(self, hospital: str = "H1") -> str:
        return programs.hub_command(self.folder, "invite", hospital).stdout.strip()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("hub")
    folder.rmdir()
    made = Hub(folder)
    yield made
    made.program.kill()


def test_an_edge_enrols_once_and_keeps_its_key_to_itself(hub: Hub, tmp_path: Path) -> None:
    code = hub.code()
    who = identity.enrol(tmp_path, hub.url, code.lower().replace("-", " "))
    assert (who.institution, who.zone, who.currency) == ("H1", "Asia/Tehran", "IRR")
    assert who == identity.load(tmp_path)
    assert who.key.stat().st_mode & 0o777 == 0o600
    assert who.days_left(datetime.now(UTC)) > 300
    assert identity.client_context(who).check_hostname
    assert code not in "".join(p.read_text() for p in (tmp_path / FOLDER / CURRENT).iterdir())
    with pytest.raises(EnrolmentFailed, match="refused"):
        identity.enrol(tmp_path, hub.url, code)
    assert identity.load(tmp_path) == who, "a failed attempt leaves the identity in use"


def test_enrolling_again_changes_the_identity_whole(hub: Hub, tmp_path: Path) -> None:
    first = identity.enrol(tmp_path, hub.url, hub.code("H1"))
    old = x509.load_pem_x509_certificate(first.certificate.read_bytes())
    second = identity.enrol(tmp_path, hub.url, hub.code("H2"), "https://10.0.0.1:7443")
    assert (second.institution, second.sync_url) == ("H2", "https://10.0.0.1:7443")
    assert x509.load_pem_x509_certificate(second.certificate.read_bytes()) != old


@pytest.mark.parametrize("wrong", ["http://10.0.0.1:7443", "10.0.0.1:7443", "https://"])
def test_a_sync_address_in_clear_is_refused_before_the_code_is_used(hub: Hub, tmp_path: Path, wrong: str) -> None:
    code = hub.code()
    with pytest.raises(EnrolmentFailed, match="https://HOST:PORT"):
        identity.enrol(tmp_path, hub.url, code, wrong)
    assert identity.enrol(tmp_path, hub.url, code)


def test_a_hub_that_is_not_the_codes_is_told_nothing(hub: Hub, tmp_path: Path) -> None:
    code, log = hub.code(), hub.program.log
    secret, _ = enrolment.read_code(code)
    strange = enrolment.make_code(secret, b"another authority")
    with pytest.raises(EnrolmentFailed, match="Nothing was sent"):
        identity.enrol(tmp_path, hub.url, strange)
    assert not (tmp_path / FOLDER).exists()
    assert hub.program.log == log
    assert identity.enrol(tmp_path, hub.url, code), "the secret was not used up: it was never sent"


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:1", "127.0.0.1:1", "https://", "https://h:port"])
def test_an_address_that_is_none_is_refused_before_anything(tmp_path: Path, url: str) -> None:
    with pytest.raises(EnrolmentFailed, match="https://HOST:PORT"):
        identity.enrol(tmp_path, url, "x")


def test_a_mistyped_code_is_found_before_anything_is_sent(hub: Hub, tmp_path: Path) -> None:
    code = hub.code()
    wrong = ("1" if code[0] == "0" else "0") + code[1:]
    with pytest.raises(EnrolmentFailed, match="cannot be used"):
        identity.enrol(tmp_path, hub.url, wrong)


def test_nobody_at_that_address_is_said_in_one_sentence(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(EnrolmentFailed, match="cannot be reached"):
        identity.enrol(tmp_path, "https://127.0.0.1:1", hub.code())


def test_the_sync_port_is_no_place_to_enrol(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(EnrolmentFailed):
        identity.enrol(tmp_path, hub.program.sync, hub.code())


def test_without_an_identity_it_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(NotEnrolled, match="enrol HUB_URL CODE"):
        identity.load(tmp_path)


@pytest.mark.parametrize("name", ["key.pem", "certificate.pem", "enrolment.json"])
def test_a_damaged_identity_is_not_used(hub: Hub, tmp_path: Path, name: str) -> None:
    who = identity.enrol(tmp_path, hub.url, hub.code())
    (who.key.parent / name).unlink()
    with pytest.raises(NotEnrolled):
        identity.load(tmp_path)
    (who.key.parent / name).write_bytes(b"rubbish")
    with pytest.raises(NotEnrolled):
        identity.client_context(identity.load(tmp_path))


def test_a_key_that_is_not_the_certificates_is_not_used(hub: Hub, tmp_path: Path) -> None:
    one, other = (identity.enrol(tmp_path / name, hub.url, hub.code()) for name in "ab")
    shutil.copy(other.key, one.key)
    with pytest.raises(NotEnrolled, match="belong together"):
        identity.client_context(one)


def test_the_context_takes_no_old_tls(hub: Hub, tmp_path: Path) -> None:
    context = identity.client_context(identity.enrol(tmp_path, hub.url, hub.code()))
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED
