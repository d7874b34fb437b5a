"""The composition root: all parts come up in order, or none; and they go down again."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from edge import identity
from edge.app import WORKSTATIONS_FILE, Edge, certificate_names, clock
from edge.config import Config, ConfigError, ReaderConfig
from edge.errors import JournalError
from edge.faces.listener import ListenFailed
from edge.running import EDGE
from edge.workstations import Workstations
from tests import programs
from tests.patience import HUNG_S


@pytest.fixture(scope="module")
def who(tmp_path_factory: pytest.TempPathFactory) -> Iterator[identity.Identity]:
    """An identity of a hub that has gone: the line is down, and the edge works."""
    folder = tmp_path_factory.mktemp("hub") / "data"
    programs.hub_command(folder, "init")
    programs.hub_command(folder, "hospital", "add", "H1", "--name", "One", "--region", "ir", "--tier", "public")
    with programs.start_hub(folder) as hub:
        code = programs.hub_command(folder, "invite", "H1").stdout.strip()
        yield identity.enrol(tmp_path_factory.mktemp("edge"), hub.enrol, code)


async def test_an_edge_starts_without_a_line_answers_and_stops_and_starts_again(
    who: identity.Identity, tmp_path: Path
) -> None:
    reader = ReaderConfig(name="desk-1", driver="simulated", address="reader")
    for _ in range(2):
        edge = Edge(tmp_path, Config(listen="127.0.0.1:0", readers=[reader], sync_url="https://127.0.0.1:1"), who)
        await edge.start()
        async with aiohttp.ClientSession() as http, http.get(f"{edge.url}/embed/v1/status") as response:
            status = await response.json()
        assert (status["line"], status["institution"]) == ("down", "H1")
        assert status["warnings"]
        assert (tmp_path / EDGE.file).exists()
        await edge.stop()
        await edge.stop()
        assert not (tmp_path / EDGE.file).exists()
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


async def test_systemd_is_told_when_it_listens_and_that_it_lives(
    who: identity.Identity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "60000000")
        edge = Edge(tmp_path, Config(listen="127.0.0.1:0"), who)
        await edge.start()
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(HUNG_S):
            said = [await loop.sock_recv(heard, 100) for _ in range(2)]
        await edge.stop()
        assert [*said, heard.recv(100)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


async def test_two_edges_do_not_share_a_journal(who: identity.Identity, tmp_path: Path) -> None:
    first, second = (Edge(tmp_path, Config(listen="127.0.0.1:0"), who) for _ in range(2))
    await first.start()
    with pytest.raises(JournalError, match="another edge"):
        await second.start()
    await first.stop()


async def test_what_cannot_be_had_is_named_and_nothing_is_left_running(who: identity.Identity, tmp_path: Path) -> None:
    strange = ReaderConfig(name="desk-1", driver="telepathy", address="")
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    for config, error, words in (
        (Config(listen="nowhere"), ConfigError, "HOST:PORT"),
        (Config(listen=f"127.0.0.1:{port}"), ListenFailed, "Address already in use"),
        (Config(listen="192.0.2.1:0"), ListenFailed, "cannot listen"),
        (Config(listen="127.0.0.1:0", listen_device="none0"), ListenFailed, "none0"),
        (Config(listen="127.0.0.1:0", readers=[strange]), ConfigError, "telepathy"),
    ):
        with pytest.raises(error, match=words):
            await Edge(tmp_path, config, who).start()
    taken.close()
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    edge = Edge(tmp_path, Config(listen="127.0.0.1:0"), who)
    await edge.start()
    await edge.stop()


async def test_off_loopback_the_face_is_https_with_a_certificate_that_can_be_pinned(
    who: identity.Identity, tmp_path: Path
) -> None:
    import ssl

    config = Config(listen="0.0.0.0:0", names=["edge.hospital"])
    edge = Edge(tmp_path, config, who)
    await edge.start()
    pinned = ssl.create_default_context(cafile=tmp_path / "face" / "certificate.pem")
    url = edge.url.replace("0.0.0.0", "127.0.0.1")
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{url}/embed/v1/status", ssl=pinned) as response:
            assert response.status == 200
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await http.get(f"{url}/embed/v1/status")
        with pytest.raises(aiohttp.ClientError):
            await http.get(f"{url.replace('https', 'http')}/embed/v1/status")
    await edge.stop()


def test_the_certificate_covers_what_is_configured_and_never_any_address() -> None:
    assert certificate_names(Config(listen="0.0.0.0:1", names=["a"])) == ["localhost", "127.0.0.1", "a"]
    assert certificate_names(Config(listen="10.0.0.5:1")) == ["localhost", "127.0.0.1", "10.0.0.5"]


async def test_a_whole_edge_forecasts_a_draft_while_the_line_is_down(who: identity.Identity, tmp_path: Path) -> None:
    key = Workstations(tmp_path / WORKSTATIONS_FILE).add("ws1", clock())
    edge = Edge(tmp_path, Config(listen="127.0.0.1:0", sync_url="https://127.0.0.1:1"), who)
    await edge.start()
    me = {"institution": "H1", "operator": "op1", "workstation": "ws1"}
    line = {
        "serial": "1",
        "item": "D0003",
        "service_date": "2025-06-10",
        "quantity": "2",
        "unit_price": "9000",
        "amount": 18_000,
    }
    packet = {
        "care": "outpatient", "currency": "IRR", "from_day": "2025-06-10", "send_on": "2025-06-11", "lines": [line],
        "diagnoses": [{"code": "J06.9", "main": True}],
    }  # fmt: skip
    async with aiohttp.ClientSession(f"{edge.url}/") as http:
        async with http.post("embed/v1/init", json={**me, "workstation_key": key}) as opened:
            token = (await opened.json())["token"]
        call = {"context": me, "token": token, "number": "3101", "msgid": "f1", "packet": packet}
        async with http.post("embed/v1/handle", json=call) as response:
            reply = await response.json()
    await edge.stop()

    assert (reply["return_code"], reply["outcome"]) == (0, "final")
    assert reply["answer"]["deduction"] == 18_000
    assert [finding["rule"] for finding in reply["answer"]["findings"]] == ["DRG-01", "ITM-07"]
