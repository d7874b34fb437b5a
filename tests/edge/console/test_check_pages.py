"""The technician's pages of checks and of backups, over HTTP: what is begun there works on, is told, and is one of a kind."""

from __future__ import annotations

import asyncio
import io
import json
import re
import zipfile

import pytest
from aiohttp.test_utils import TestClient

from central_sync.terms.languages import Language
from edge import probing
from edge.console.lobby import BASE
from edge.console.probe_words import FOUND, PAGES, STEPS
from edge.console.runs import Run
from edge.errors import EdgeError
from edge.journal.envelope import RECOVERY_FILE
from edge.readers.bindings import ReaderRow
from tests.edge.console.place import Place, posted
from tests.edge.console.test_routes import text_of
from tests.edge.journal.drafts import NOW
from tests.patience import HUNG_S

CHECKS, BACKUPS = "/technician/checks", "/technician/backups"


async def until_page_has(client: TestClient, path: str, text: str, within_s: float = 20) -> str:
    async with asyncio.timeout(within_s):
        while text not in (page := (await text_of(client, path))[1]):  # noqa: ASYNC110 -- as a person looks again
            await asyncio.sleep(0.05)
    return page


def test_every_step_and_every_finding_has_its_words() -> None:
    from pathlib import Path
    from re import findall

    program = Path(probing.__file__).read_text(encoding="utf-8")
    assert set(STEPS) == set(probing.NAMES)
    said = set(findall(r'(?:_Failed\(|return |code=|, (?:WELL|WARNING|UNKNOWN|BROKEN), |else |\()"([a-z_]+)"', program))
    silent = {f"{name}_silent" for name in ("name", "port", "certificate", "centre")}
    assert {"hub_ended", "name_unknown", "not_admitted", "before"} <= set(FOUND)
    assert silent <= set(FOUND)
    assert not {code for code in said if code.startswith(("hub_", "port_", "no_", "centre_", "name_"))} - set(FOUND)


async def test_a_test_is_begun_works_on_and_says_what_to_do(client: TestClient, place: Place) -> None:
    assert "Nothing was tried since the start." in (await text_of(client, CHECKS))[1]
    refused = await client.post(BASE + CHECKS, data={"form_key": "x"}, allow_redirects=False)
    assert refused.status == 403
    assert (await posted(client, CHECKS))[:2] == (303, BASE + CHECKS)
    page = await until_page_has(client, CHECKS, "refuses port 1")
    assert "a firewall says no" in page
    assert "Not tried: the step before failed." in page
    assert "Something is broken: Way to the centre (VPN, firewall). What to do stands below." in page


async def test_what_is_done_elsewhere_is_led_to(client: TestClient, place: Place) -> None:
    place.readers.append(
        ReaderRow(name="desk-3", driver="pcsc", desk="", connected=False, card_present=False, trouble="service_down")
    )
    await posted(client, CHECKS)
    page = await until_page_has(client, CHECKS, "refuses port 1")
    assert re.search(r'The overview says what to do for each\. <a href="/console/technician"', page)
    assert set(PAGES) <= {code for code, (_, do) in FOUND.items() if do}


async def test_how_far_it_is_is_told_as_news(client: TestClient, place: Place) -> None:
    await posted(client, CHECKS)
    answer = await client.get(f"{BASE}{CHECKS}/live")
    async with asyncio.timeout(HUNG_S):
        async for line in answer.content:
            if b"refuses port" in line:
                break
    answer.close()


async def test_the_bundle_is_a_file_and_is_noted(client: TestClient, place: Place) -> None:
    refused = await client.post(f"{BASE}{CHECKS}/bundle", data={"form_key": "x"}, allow_redirects=False)
    assert refused.status == 403
    _, page = await text_of(client, CHECKS)
    key = page.split('name="form_key" value="')[1].split('"')[0]
    answer = await client.post(f"{BASE}{CHECKS}/bundle", data={"form_key": key})
    assert answer.content_type == "application/zip"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="pishkhan-H1-')
    with zipfile.ZipFile(io.BytesIO(await answer.read())) as archive:
        assert json.loads(archive.read("health.json"))["pending"] == 5_678
    assert place.acts() == [("diagnostics bundle made", 0)]


async def test_a_backup_is_made_told_and_noted(client: TestClient, place: Place) -> None:
    await place.append("m1")
    place.now = NOW
    assert "never backed up" in (await text_of(client, BACKUPS))[1]
    assert (await posted(client, BACKUPS, form_of=BACKUPS))[:2] == (303, BASE + BACKUPS)
    page = await until_page_has(client, BACKUPS, "Last backup:")
    assert "H1-20250601T080000Z.pskb" in page
    assert ("backed up", 0) in place.acts()


async def test_without_a_recovery_key_none_is_made_and_the_page_says_how(client: TestClient, place: Place) -> None:
    (place.folder / RECOVERY_FILE).unlink()
    _, page = await text_of(client, BACKUPS)
    assert "<span>pishkhan-edge</span> journal <span>recovery-key</span></bdi>" in page
    assert "Back up now" not in page
    await posted(client, BACKUPS)
    await asyncio.sleep(0.1)
    assert "The backup failed." not in (await text_of(client, BACKUPS))[1]


async def test_a_backup_that_fails_says_why(client: TestClient, place: Place) -> None:
    await place.journal.close()
    (place.folder / "journal.db").write_bytes(b"no journal at all")
    await posted(client, BACKUPS, form_of=BACKUPS)
    await until_page_has(client, BACKUPS, "The backup failed.")


async def test_one_run_at_a_time_and_whatever_fails_is_told(place: Place, capsys: pytest.CaptureFixture) -> None:
    run: Run[int] = Run(lambda: place.now)
    go = asyncio.Event()

    async def slow(tell) -> int:
        tell(1)
        await go.wait()
        return 2

    assert run.begin(slow)
    await asyncio.sleep(0)
    assert not run.begin(slow)
    await asyncio.sleep(0)
    assert (run.so_far, run.running) == (1, True)
    go.set()
    await asyncio.sleep(0.01)
    assert (run.so_far, run.running, run.ended_at) == (2, False, place.now)

    async def fails(_tell) -> int:
        raise RuntimeError("0499370899")

    async def refuses(_tell) -> int:
        raise EdgeError("no room")

    for work, said in ((fails, "fault"), (refuses, "no room")):
        assert run.begin(work)
        await asyncio.sleep(0.01)
        assert run.failed == said
    assert "0499370899" not in "".join(capsys.readouterr())
    assert run.begin(slow)
    await run.stop()
    assert not run.running


@pytest.mark.parametrize("language", [language.value for language in Language])
@pytest.mark.parametrize("path", [CHECKS, BACKUPS])
async def test_the_pages_are_whole_in_every_language(client: TestClient, language: str, path: str) -> None:
    await posted(client, path, form_of=path)
    await asyncio.sleep(0.2)
    status, page = await text_of(client, path, headers={"Accept-Language": language})
    assert status == 200
    assert f'<html lang="{language}"' in page
    assert 'aria-current="page"' in page
    assert " style=" not in page
