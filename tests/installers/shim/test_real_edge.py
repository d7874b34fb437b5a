"""The shim against a real edge and hub: natively, as a 64-bit DLL under Wine, and (soak) as a 32-bit DLL: byte for byte what HTTP answers."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests import programs
from tests.e2e.town import Town, settle
from tests.installers.shim import library
from tests.patience import HUNG_S

pytestmark = pytest.mark.timeout(300)

CONTEXT = {"institution": "H001", "operator": "op-17", "workstation": "desk-1"}
GIVEN = re.compile(rb'"(token|expires_at|as_of)":"[^"]*"|"msgid":"edge-[0-9a-f]+"')
"""What is new in each answer, whoever asks."""


class Asked(NamedTuple):
    """A call that went over HTTP, and the bytes of its answer."""

    function: str
    path: str
    body: bytes
    answer: bytes


class Day(NamedTuple):
    """A town whose desk has worked over HTTP, and what it was answered."""

    town: Town
    asked: list[Asked]


FUNCTIONS = {
    "handle": "BUSINESS_HANDLE", "confirm": "CONFIRM", "reverse": "REVERSE", "query": "QUERY", "uncertain": "UNCERTAIN",
}  # fmt: skip


def _over_http(town: Town, path: str, fields: dict[str, Any]) -> Asked:
    import http.client
    from urllib.parse import urlsplit

    body = json.dumps({"context": CONTEXT, **fields}, ensure_ascii=False).encode()
    connection = http.client.HTTPConnection(urlsplit(town.edge.face).netloc, timeout=60)
    head = {"Content-Type": "application/json", "Authorization": f"Bearer {town.token}"}
    connection.request("POST", f"/embed/v1/{path}", body, head)
    answer = connection.getresponse().read()
    connection.close()
    return Asked(FUNCTIONS[path], path, body, answer)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """Registered, charged, settled in Chinese and in Persian, refused, confirmed, asked: all over HTTP."""
    with Town(tmp_path_factory.mktemp("town")) as town:
        town.sign_in()
        handle: dict[str, Any] = {"deadline_ms": 20_000}
        registered = _over_http(
            town, "handle", {**handle, "number": "2201", "msgid": "s-1", "packet": town.registration()}
        )
        hid = json.loads(registered.answer)["answer"]["hid"]
        asked = [
            registered,
            _over_http(town, "handle", {**handle, "number": "2204", "msgid": "s-2", "packet": town.fees(hid)}),
            *(
                _over_http(town, "handle", {**handle, "number": "2207", "msgid": "s-3", "packet": settle(hid), "language": language})
                for language in ("zh", "fa", "en")
            ),
            _over_http(town, "handle", {**handle, "number": "2207", "msgid": "s-4", "packet": settle(hid)}),
            _over_http(town, "handle", {**handle, "number": "9999", "msgid": "s-5", "packet": {}}),
            _over_http(town, "handle", {**handle, "number": "2201", "msgid": "s-6", "packet": {"person": "王"}}),
            _over_http(town, "confirm", {"msgid": "s-7", "original_msgid": "s-3", "his_result": 0}),
            _over_http(town, "reverse", {"msgid": "s-8", "original_msgid": "s-none", "original_number": "2201"}),
            _over_http(town, "query", {"original_msgid": "s-3"}),
            _over_http(town, "uncertain", {}),
        ]  # fmt: skip
        # once more: what was answered before the settlement was confirmed is answered otherwise now
        yield Day(town, [_over_http(town, one.path, json.loads(one.body)) for one in asked])


def _line(name: str, body: bytes = b"", room: int = 200_000) -> bytes:
    return b"%s %d %s" % (name.encode(), room, body)


def _masked(text: bytes) -> bytes:
    return GIVEN.sub(b"<given>", text)


def script(day: Day, address: str) -> list[bytes]:
    """The same calls through the shim, and what only the shim has."""
    sign_in = json.dumps({**CONTEXT, "workstation_key": day.town.key}).encode()
    poll = json.dumps({"context": CONTEXT, "wait_ms": 30_000}).encode()
    look = json.dumps({"context": CONTEXT, "wait_ms": 0}).encode()
    gbk = day.asked[2].body.decode().encode("gbk")
    return [
        b"OPTION address %s" % address.encode(),
        b"OPTION language ",
        _line("INIT", sign_in),
        *(_line(one.function, one.body) for one in day.asked),
        _line("EVENT", look),
        _line("BUSINESS_HANDLE", day.asked[2].body, room=100),
        _line("ANSWER"),
        b"OPTION charset gbk",
        _line("BUSINESS_HANDLE", gbk),
        b"OPTION charset utf-8",
        _line("BUSINESS_HANDLE", _new(day)),
        _line("EVENT", poll),
        _line("CLOSE", json.dumps({"context": CONTEXT}).encode()),
        _line("UNCERTAIN", json.dumps({"context": CONTEXT}).encode()),
    ]


def _new(day: Day) -> bytes:
    """A registration that nobody has sent before: only that is an event."""
    packet = day.town.registration()
    return json.dumps(
        {"context": CONTEXT, "number": "2201", "msgid": f"new-{next(_numbers)}", "packet": packet}
    ).encode()


_numbers = itertools.count()


def agrees(day: Day, said: list[library.Said]) -> None:
    """Everything that came back is what HTTP gives."""
    signed_in, *rest = said[2:]
    assert signed_in.code == 0, signed_in.text
    assert json.loads(signed_in.text)["token"]
    for one, heard in zip(day.asked, rest, strict=False):
        assert _masked(heard.text) == _masked(one.answer), one.function
        assert heard.code == json.loads(one.answer)["return_code"], one.function
        assert heard.size == len(heard.text) + 1
    quiet, small, kept, _, gbk, _, done, event, closed, after = rest[len(day.asked) :]
    assert json.loads(quiet.text) == {"return_code": 0, "event": None, "data": None}
    assert (small.code, small.text, small.size) == (-3, b"", len(day.asked[2].answer) + 1)
    assert kept == library.Said(0, day.asked[2].answer, small.size)
    chinese = re.findall("[\u4e00-\u9fff]+", day.asked[2].answer.decode())
    assert chinese, "a settlement told in Chinese has Chinese in it"
    assert all(words.encode("gbk") in gbk.text for words in chinese)
    assert json.loads(gbk.text.decode("gbk")) == json.loads(day.asked[2].answer)
    assert json.loads(done.text)["outcome"] == "final"
    told = json.loads(event.text)
    assert told["data"], (told, done.text)
    assert (told["event"], told["data"]["number"]) == ("outcome", "2201"), told
    assert json.loads(closed.text)["number"] == "9002"
    assert json.loads(after.text)["error"]["code"] in ("token_invalid", "context_missing")
    assert after.code == -2


def secure(day: Day, folder: Path) -> tuple[str, list[bytes]]:
    """The edge again, on every address and so by HTTPS; a script for it. The certificates lie in ``folder``."""
    day.town.edge.stop()
    day.town.edge = programs.start_edge(day.town.edge_folder, listen="0.0.0.0:0")
    _line_is_up(day.town)  # so that its coming up is no event of the script's
    shutil.copy(day.town.edge_folder / "face" / "certificate.pem", folder / "edge.pem")
    _another_certificate(folder / "stranger.pem")
    address = day.town.edge.face.replace("0.0.0.0", "127.0.0.1")
    ask = _line("BUSINESS_HANDLE", day.asked[2].body)
    sign_in = json.dumps({**CONTEXT, "workstation_key": day.town.key}).encode()
    poll = json.dumps({"context": CONTEXT, "wait_ms": 30_000}).encode()
    return address, [
        b"OPTION address %s" % address.encode(),
        _line("INIT", sign_in),
        b"OPTION certificate stranger.pem",
        _line("INIT", sign_in),
        b"OPTION certificate nowhere.pem",
        _line("INIT", sign_in),
        b"OPTION certificate edge.pem",
        _line("INIT", sign_in),
        *[ask] * 5,
        _line("EVENT", json.dumps({"context": CONTEXT}).encode()),
        _line("BUSINESS_HANDLE", _new(day)),
        _line("EVENT", poll),
        b"OPTION address %s" % address.replace("https", "http").encode(),
        ask,
    ]


def _line_is_up(town: Town) -> None:
    ends = time.monotonic() + HUNG_S
    while json.loads(programs.edge_command(town.edge_folder, "status", "--json").stdout)["line"] != "up":
        assert time.monotonic() < ends, "the line did not come up"
        time.sleep(0.1)


def _another_certificate(path: Path) -> None:
    from datetime import UTC, datetime

    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    from edge.faces.certificate import self_signed

    made = self_signed(ec.generate_private_key(ec.SECP256R1()), ["127.0.0.1", "localhost"], datetime.now(UTC))
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))


def agrees_securely(day: Day, said: list[library.Said]) -> None:
    """Only the edge of the pinned certificate is spoken to, and it is heard as over plain HTTP."""
    refusals = [json.loads(one.text)["error"]["code"] for one in (said[1], said[3], said[5])]
    assert refusals == ["certificate_wrong"] * 3
    assert [one.code for one in (said[1], said[3], said[5])] == [-2] * 3
    assert said[7].code == 0, said[7].text
    assert [one.text for one in said[8:13]] == [day.asked[2].answer] * 5
    assert json.loads(said[13].text)["event"] is None
    assert json.loads(said[15].text)["data"]["number"] == "2201"
    assert said[17].code in (-1, -2)  # TLS spoken to in plain words


@pytest.mark.proof
def test_the_shared_object_answers_byte_for_byte_as_http_does(day: Day, tmp_path: Path) -> None:
    command = [library.caller("cc")]
    agrees(
        day, library.scripted(command, str(library.built("libpishkhan.so")), script(day, day.town.edge.face), tmp_path)
    )


def _under_wine(day: Day, where: Path, name: str, compiler: str, run: Any) -> None:
    shutil.copy(library.built(name), where / name)
    shutil.copy(library.caller(compiler), where / "caller.exe")
    agrees(day, run(name, script(day, day.town.edge.face)))
    _, secured = secure(day, where)
    agrees_securely(day, run(name, secured))


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A Windows of its own: 64 bits, nothing of it is shown."""
    prefix = tmp_path_factory.mktemp("wine")
    environment = {
        **os.environ,
        "WINEPREFIX": str(prefix),
        "WINEDEBUG": "-all",
        "WINEARCH": "win64",
        "WINEDLLOVERRIDES": "mscoree,mshtml=",
    }
    subprocess.run(
        ["wine", "wineboot", "-i"],
        env=environment,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=120,
    )
    yield environment
    subprocess.run(["wineserver", "-k"], env=environment, check=False, capture_output=True, timeout=30)
    shutil.rmtree(prefix, ignore_errors=True)


@pytest.mark.proof
def test_the_64_bit_dll_answers_byte_for_byte_as_http_does(day: Day, tmp_path: Path, wine: dict[str, str]) -> None:
    def run(name: str, lines: list[bytes]) -> list[library.Said]:
        return library.scripted(["wine", "./caller.exe"], name, lines, tmp_path, env=wine)

    _under_wine(day, tmp_path, "pishkhan64.dll", "x86_64-w64-mingw32-gcc", run)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_the_32_bit_dll_answers_byte_for_byte_as_http_does(day: Day, tmp_path: Path) -> None:
    """In a Debian of 32 bits of its own: beside a 64-bit one its Wine cannot be installed everywhere."""
    root = tmp_path / "root"
    made = [
        "mmdebstrap",
        "--variant=minbase",
        "--architectures=i386",
        "--include=wine,wine32",
        "bookworm",
        str(root),
        _mirror(),
    ]
    subprocess.run(made, check=True, capture_output=True, timeout=900)
    where = root / "shim"
    where.mkdir()
    mounts = f"mount --rbind /dev {root}/dev && mount -t proc proc {root}/proc && mount -t tmpfs tmpfs {root}/tmp"
    clean = "env -i PATH=/usr/bin:/bin HOME=/shim WINEARCH=win32 WINEDEBUG=-all WINEPREFIX=/shim/prefix WINEDLLOVERRIDES=mscoree,mshtml="
    inside = f"""{mounts} && exec chroot {root} {clean} sh -c 'cd /shim && exec wine ./caller.exe "$@"' caller "$@" """

    def run(name: str, lines: list[bytes]) -> list[library.Said]:
        command = ["unshare", "-m", "-p", "-f", "--mount-proc", "sh", "-c", inside, "caller"]
        return library.scripted(command, name, lines, where)

    _under_wine(day, where, "pishkhan32.dll", "i686-w64-mingw32-gcc", run)


def _mirror() -> str:
    """Where this machine's packages of bookworm come from; its security updates are not of one age for both architectures."""
    told = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Release: bookworm"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split()
    return f"deb {told[0]} bookworm main"


@pytest.mark.proof
def test_the_shared_object_speaks_tls_with_the_pinned_edge_alone(day: Day, tmp_path: Path) -> None:
    _, lines = secure(day, tmp_path)
    agrees_securely(
        day, library.scripted([library.caller("cc")], str(library.built("libpishkhan.so")), lines, tmp_path)
    )
