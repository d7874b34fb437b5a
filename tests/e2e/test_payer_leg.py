"""A payer that never answers, seen from the hospital: through a real hub that asks it, a real edge, its doctor and the technician's page."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from simulator.insurer import Insurer, Mood, certificates
from tests import programs
from tests.browser import chromium, window
from tests.e2e.console_town import sign_in, with_technician
from tests.e2e.town import Town
from tests.edge.console.messages import catalogue

pytestmark = [pytest.mark.proof, pytest.mark.timeout(300)]
PAYER = "ir_social_security"
WAIT_S = 90


class PayerTown(Town):
    """A hub that asks the payer of the base scheme apart, and answers its edges' polls often."""

    insurer: Insurer

    def start_hub(self) -> None:
        self.hub_folder.joinpath("hub.toml").write_text(
            f'[fleet]\nreport_every_s = 1\n[[payers]]\ncode = "{PAYER}"\nurl = "{self.insurer.url}"\nkey = "{self.insurer.public_key}"\n'
            f'deadline_ms = 500\nauthority = "{self.insurer.folder / "authority.pem"}"\n'
            f'certificate = "{self.insurer.folder / "client.pem"}"\n'
        )
        super().start_hub()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PayerTown]:
    folder = tmp_path_factory.mktemp("town")
    (folder / "insurer").mkdir()
    certificates(folder / "insurer")
    insurer = Insurer(folder / "insurer")
    insurer.start()
    PayerTown.insurer = insurer
    with PayerTown(folder / "town") as made:
        made.sign_in()
        yield made
    insurer.stop()


def payers(town: Town) -> list[dict[str, object]] | None:
    return json.loads(programs.edge_command(town.edge_folder, "status", "--json").stdout)["payers"]


def becomes(town: Town, waited: bool) -> None:
    ends = time.monotonic() + WAIT_S
    while (told := payers(town)) is None or bool(told) != waited:
        assert time.monotonic() < ends, told
        time.sleep(0.3)


def test_a_payer_that_never_answers_is_the_broken_leg_until_it_answers(town: PayerTown) -> None:
    becomes(town, waited=False)
    town.insurer.mood = Mood.NEVER
    for _ in range(2):
        assert town.settled()[2]["shares"][0]["deferred"]
    becomes(town, waited=True)
    (told,) = payers(town)
    assert (told["payer"], told["shares"]) == (PAYER, 2)
    doctor = programs.edge_command(town.edge_folder, "doctor", check=False)
    assert f"The payer {PAYER} has given no answer" in doctor.stdout
    address = with_technician(town)
    with chromium() as browser, window(browser, "fa") as page:
        sign_in(page, address)
        broken = page.locator(".leg.broken")
        expect(broken).to_contain_text(catalogue("fa")["The payers"])
        expect(broken).to_contain_text(PAYER)
        town.insurer.mood = Mood.ACCEPT
        expect(page.locator(".leg.well")).to_have_count(6, timeout=1000 * WAIT_S)
    becomes(town, waited=False)
