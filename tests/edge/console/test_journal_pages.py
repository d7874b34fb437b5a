"""The technician's pages of the journal, over HTTP and a real journal."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp.test_utils import TestClient

from central_sync.terms.days import Calendar
from central_sync.terms.languages import Language
from central_sync.wire.desk_sentences import desk_sentence
from edge import uplink
from edge.accounts import Role
from edge.console.journal_pages import JournalPages
from edge.console.lobby import BASE
from edge.console.words import NUMBERS, PARKINGS
from edge.housekeeping import BY_HAND
from tests.edge.console.place import Place, posted
from tests.edge.console.test_routes import NAME, PASSWORD, sign_in, text_of
from tests.edge.journal.drafts import NOW, applied, declined
from tests.edge.world import OTHER

HERE = "/technician/journal"
HOSTILE = "m<script>alert(1)</script>"


def test_whatever_the_journal_may_hold_has_a_name() -> None:
    assert len(NUMBERS) == 20


def test_every_code_with_which_the_program_parks_has_its_words() -> None:
    told = [path.read_text(encoding="utf-8") for path in Path(uplink.__file__).parent.glob("*.py")]
    said = {code for text in told for code in re.findall(r'\.park\(work, "([a-z_]+)"', text)}
    assert said
    assert set(PARKINGS) == {*said, BY_HAND}


async def test_entries_are_listed_filtered_and_paged(client: TestClient, place: Place) -> None:
    for n in range(60):
        await place.append(f"m{n}")
    refused = await place.append("bad", number="2207", recorded_at=NOW + timedelta(days=1))
    await place.journal.receive(declined(refused, "case_closed", "2207"), None, NOW)
    _, page = await text_of(client, HERE)
    assert page.count('<th scope="row" role="rowheader">') == 50
    assert "2 hours ago" in page
    older = re.search(r'href="/console(/technician/journal\?[^"]*before[^"]*)"', page).group(1).replace("&amp;", "&")
    _, page = await text_of(client, older)
    assert page.count('<th scope="row" role="rowheader">') == 11
    assert "Newest" in page
    for query, count in (
        ("state=refused", 1), ("state=final", 0), ("number=2207", 1), ("number=2201&state=open", 50), ("day=1404/03/12", 1),
        ("day=۱۴۰۴/۰۳/۱۲", 1), ("state=nonsense&number=9&before=x.y&case=abc", 50), ("before=9.9999999999999999999999", 50),
    ):  # fmt: skip
        status, page = await text_of(client, f"{HERE}?{query}")
        assert (status, page.count('<th scope="row" role="rowheader">')) == (200, count), query
    _, page = await text_of(client, f"{HERE}?before=1.1")
    assert "The journal is empty" not in page, "only nothing older is there"
    status, page = await text_of(client, f"{HERE}?day=1404/13/40")
    assert status == 400
    assert "There is no such day. Write it like 1404-03-11." in re.sub("</?bdi[^>]*>", "", page)
    _, page = await text_of(client, f"{HERE}?day=1404-13-40", headers={"Accept-Language": "fa"})
    assert '<bdi class="instant" dir="ltr">۱۴۰۴/۰۳/۱۱</bdi>' in page, (
        "read from the left inside a sentence from the right"
    )


async def test_how_an_entry_stands_is_the_first_thing_beside_its_number(client: TestClient, place: Place) -> None:
    await place.append("m1")
    _, page = await text_of(client, HERE)
    names = [re.sub("<[^>]+>", "", one) for one in re.findall(r'<th scope="col"[^>]*>(.*?)</th>', page)]
    assert names[:2] == ["Record", "State"]
    assert re.search(r'<th scope="row" role="rowheader">.*?</th>\s*<td[^>]*><span class="mark', page, re.DOTALL), (
        "the rows are in the order of their heads"
    )


async def test_why_it_was_refused_is_told_in_the_readers_language(client: TestClient, place: Place) -> None:
    seq = await place.append("m1", number="2204")
    await place.journal.receive(declined(seq, "case_closed"), None, NOW)
    for language in Language:
        _, page = await text_of(client, f"{HERE}/{seq}", headers={"Accept-Language": language.value})
        assert desk_sentence("case_closed", language) in page


async def test_no_identity_stands_in_an_address(client: TestClient, place: Place) -> None:
    first = await place.append("m1", hid=OTHER, lane=OTHER)
    second = await place.append("m2", hid=OTHER, lane=OTHER)
    await place.append("m3")
    assert (await posted(client, f"{HERE}/find", what=" m1 "))[:2] == (303, f"{BASE}{HERE}/{first}")
    for digits in ("۰۱۲۳۴۵۶۷۸۹", "0123456789"):
        of_case = OTHER.translate(str.maketrans("0123456789", digits))
        status, where, _ = await posted(client, f"{HERE}/find", what=f"\u2068{of_case}\u2069")
        assert (status, where) == (303, f"{BASE}{HERE}?case={second}")
        assert (await posted(client, f"{HERE}/find", what=digits[first]))[:2] == (303, f"{BASE}{HERE}/{first}")
    _, page = await text_of(client, where.removeprefix(BASE))
    assert page.count('<th scope="row" role="rowheader">') == 2
    assert not re.search(rf'(href|action)="[^"]*({OTHER}|m1)', page)
    assert (await posted(client, f"{HERE}/find", what="nobody"))[0] == 404
    assert (await posted(client, f"{HERE}/find", what="x" * 5_000))[0] == 404


async def test_a_record_is_found_by_its_number_as_the_page_writes_it(client: TestClient, place: Place) -> None:
    seqs = await asyncio.gather(*(place.append(f"n{one}") for one in range(1_001)))
    assert max(seqs) > 1_000
    for typed in ("1,001", "۱٬۰۰۱", "\u2068۱٬۰۰۱\u2069", "1001"):
        assert (await posted(client, f"{HERE}/find", what=typed))[:2] == (303, f"{BASE}{HERE}/1001")
    for typed in ("1,00", "1,0,01", ",001"):
        assert (await posted(client, f"{HERE}/find", what=typed))[0] == 404


async def test_a_body_is_hidden_unless_the_account_may_see_it_and_each_look_is_noted(
    client: TestClient, place: Place
) -> None:
    seq = await place.append(HOSTILE)
    answer = msgspec.msgpack.encode({"hid": "\u202eevil<b>"})
    await place.journal.receive(applied(seq, "2201", answer), None, NOW)
    _, page = await text_of(client, f"{HERE}/{seq}")
    assert "0499370899" not in page
    assert "<script>alert" not in page
    assert "&#34;number&#34;: &#34;•••&#34;" in page
    status, _, page = await posted(client, f"{HERE}/{seq}/body")
    assert (status, place.acts()) == (403, [])
    assert "0499370899" not in page
    place.accounts.put(NAME, Role.TECHNICIAN, PASSWORD, place.now, may_see_bodies=True)
    await sign_in(client)
    assert "Show what stands in it" in (await text_of(client, f"{HERE}/{seq}"))[1]
    refused = await client.post(f"{BASE}{HERE}/{seq}/body", data={"form_key": "x"}, allow_redirects=False)
    assert (refused.status, place.acts()) == (403, [])
    status, _, page = await posted(client, f"{HERE}/{seq}/body")
    assert (status, place.acts()) == (200, [("looked into an entry", seq)])
    assert "0499370899" in page
    assert r"\u202eevil&lt;b&gt;" in page


async def test_what_is_parked_is_let_go_after_a_question_and_by_name(client: TestClient, place: Place) -> None:
    seq = await place.append("m1")
    other = await place.append(str(seq))  # its msgid is the other's number
    await place.journal.park(seq, "parked_by_hand", NOW)
    _, page = await text_of(client, f"{HERE}?state=parked")
    assert page.count('<th scope="row" role="rowheader">') == 1
    _, page = await text_of(client, f"{HERE}/{seq}/release")
    assert "go?" in page
    assert (await place.journal.standing(seq)).parked, "a question changes nothing"
    refused = await client.post(f"{BASE}{HERE}/{seq}/release", data={"form_key": "x"}, allow_redirects=False)
    assert refused.status == 403
    status, where, _ = await posted(client, f"{HERE}/{seq}/release")
    assert (status, where) == (303, f"{BASE}{HERE}/{seq}")
    assert not (await place.journal.standing(seq)).parked
    assert place.acts() == [("released", seq)]
    for again in (seq, other):
        assert (await posted(client, f"{HERE}/{again}/release"))[0] == 409
    assert (await posted(client, f"{HERE}/99/release"))[0] == 404


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("parked_by_hand", "A person parked it."),
        ("hub_fault", "The centre failed on it again and again"),
        ("breaks_exchanges", "No exchange with it came to an end"),
        ("of_a_newer_edge", "Why it was parked is not kept here."),
    ],
)
async def test_what_is_parked_says_why_what_to_do_and_since_when_until_it_is_let_go(
    client: TestClient, place: Place, code: str, why: str
) -> None:
    seq = await place.append("m1")
    await place.journal.park(seq, code, place.now - timedelta(minutes=3))
    await place.journal.close()
    await place.journal.open()  # it is read from the tables
    for path in (f"{HERE}/{seq}", f"{HERE}/{seq}/release"):
        _, page = await text_of(client, path)
        assert why in page
        assert "3 minutes ago" in page
    await place.journal.release(seq, place.now)
    for path in (f"{HERE}/{seq}", f"{HERE}/{seq}/release"):
        assert why not in (await text_of(client, path))[1]
    assert not await place.journal.recall("parked")


@pytest.mark.parametrize("language", [language.value for language in Language])
async def test_every_page_is_whole_in_every_language(client: TestClient, place: Place, language: str) -> None:
    for number in NUMBERS:
        await place.append(f"m-{number}", number=number)
    seq = await place.append(HOSTILE, opens_case=True)
    await place.journal.park(seq, "parked_by_hand", NOW)
    headers = {"Accept-Language": language}
    for path in (HERE, f"{HERE}?exact=1&state=open", f"{HERE}/{seq}", f"{HERE}/{seq}/release"):
        status, page = await text_of(client, path, headers=headers)
        assert status == 200
        assert f'<html lang="{language}"' in page
        assert "<script>alert" not in page
        assert 'aria-current="page"' in page
        assert not re.search(r'(src|href|action)="(?!/console|#main)', page)
        assert " style=" not in page


async def test_strangers_are_sent_to_the_form_and_a_journal_that_fails_is_a_page(
    client: TestClient, place: Place
) -> None:
    seq = await place.append("m1")
    await place.journal.close()
    for path in (HERE, f"{HERE}/{seq}"):
        status, page = await text_of(client, path)
        assert status == 503
        assert "The journal cannot be used." in page
    client.session.cookie_jar.clear()
    for path in (HERE, f"{HERE}/{seq}", f"{HERE}/{seq}/release"):
        assert (await text_of(client, path))[0] == 303
    answer = await client.post(f"{BASE}{HERE}/find", data={"what": "m1"}, allow_redirects=False)
    assert answer.headers["Location"] == f"{BASE}/sign-in"


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_at_an_end_of_all_days_is_none(day: str) -> None:
    pages = JournalPages(Any, Any, Any, "Asia/Shanghai", Calendar.GREGORIAN)
    with pytest.raises(ValueError, match="end of all days"):
        pages._day(day)
