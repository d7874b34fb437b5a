"""A clerk's day over HTTP, without a script: who it is, a case, its charges, its settlement, and what a broken line does to them."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from edge.accounts import Role
from edge.console.desk.looks import Look
from edge.console.desk.person import Answers
from edge.console.lobby import BASE
from tests.edge.console.desk.hospital import LANGUAGES, NUMBER, Hospital, Person
from tests.edge.world import Edge, becomes, until
from tests.sim.hub import SimHub


async def test_a_visit_from_the_number_to_the_slip(clerk: Person, hub: SimHub) -> None:
    await clerk.get("/desk")
    await clerk.send("/find", who="۰۴۹۹۳۷۰۸۹۹")
    assert clerk.path.startswith("/desk/person/")
    assert NUMBER not in clerk.page, "a number is shown by its last digits"
    await clerk.send("/open")
    hid = clerk.path.rpartition("/")[2]
    assert "The case is open." in clerk.main
    assert not clerk.has("/settle")
    await clerk.charge("a1", "۱۲٫۵۰", quantity="2")
    assert "25.00 CNY" in clerk.main
    await clerk.send("/fees", item="")
    assert clerk.path.endswith("/bill")
    await clerk.send("/settle")
    assert "Take the patient's part" in clerk.main
    await clerk.send("/booked")
    assert "It is settled and booked." in clerk.main
    await clerk.get(f"/desk/case/{hid}/slip")
    assert "Settled and booked." in clerk.main
    assert hid in clerk.page
    assert await clerk.hospital.numbers(hid) == ["2201", "2204", "2207", "49"]


async def test_a_form_that_is_sent_twice_is_one_transaction(clerk: Person, hub: SimHub) -> None:
    await clerk.get("/desk")
    await clerk.send("/find", who=NUMBER)
    whole, form = clerk.form("/open")
    first, second = await asyncio.gather(*(clerk.client.post(whole, data=form) for _ in range(2)))
    assert first.url == second.url
    await clerk.get(first.url.path.removeprefix(BASE))
    whole, form = clerk.form("/fees")
    for price in ("10", "10", "99"):  # the last one: sent again from an older page, with something else in it
        await clerk.post(whole, {**form, "item": "A1", "price": price})
    assert "Together" in clerk.main
    assert clerk.main.count("10.00 CNY") == 2, "one line, and the sum"
    assert "99.00" not in clerk.main
    hid = clerk.path.rpartition("/")[2]
    assert len(hub.order_of(hid)) == 2


async def test_two_desks_see_one_case_and_an_older_page_does_nothing_twice(hospital: Hospital, clerk: Person) -> None:
    hid = await clerk.visit()
    await clerk.charge()
    other = await hospital.clerk("desk-2", "clerk-2")
    for one in (clerk, other):
        await one.get(f"/desk/case/{hid}/bill")
    await clerk.send("/settle")
    await other.send("/settle")
    assert "The case has moved on meanwhile." in other.main
    assert other.has("/booked")
    await other.send("/booked")
    await clerk.get(f"/desk/case/{hid}")
    assert "It is settled and booked." in clerk.main
    assert "desk-2" in clerk.main


async def test_the_total_that_was_shown_is_what_is_settled(hospital: Hospital, clerk: Person) -> None:
    hid = await clerk.visit()
    await clerk.charge()
    other = await hospital.clerk("desk-2", "clerk-2")
    await other.get(f"/desk/case/{hid}/bill")
    await clerk.charge("B2", "5")
    await other.send("/settle")
    assert "The bill has changed meanwhile." in other.main
    assert other.has("/fees")


async def test_with_the_line_down_the_desk_goes_on_and_says_what_is_kept(
    hospital: Hospital, clerk: Person, hub: SimHub, edge: Edge
) -> None:
    await hub.stop()
    await until(lambda: not edge.uplink.up)
    await clerk.get("/desk")
    assert "No line to the insurer" in clerk.page
    await clerk.send("/find", who=NUMBER)
    assert "The insurer could not be asked" in clerk.main
    await clerk.send("/open")
    hid = clerk.path.rpartition("/")[2]
    assert "Kept here: the insurer has not answered yet." in clerk.main
    await clerk.charge()
    assert "kept here, sent by itself" in clerk.main
    await clerk.get(f"/desk/case/{hid}/bill")
    assert "There is no line to the insurer now." in clerk.main
    assert "Nothing was charged" not in clerk.main, "charges are kept"
    assert "for the technician" not in clerk.main
    assert not clerk.has("/settle")
    await clerk.get("/desk")
    assert "Unfinished at this desk" in clerk.main
    await hub.start()
    await until(lambda: edge.uplink.up)
    await until(lambda: edge.journal.open_count == 0)
    await clerk.get(f"/desk/case/{hid}")
    assert "The case is open." in clerk.main


async def test_a_settlement_in_doubt_is_told_as_such_and_ends_by_itself(
    clerk: Person, hub: SimHub, edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    hid = await clerk.visit()
    await clerk.charge()
    await clerk.get(f"/desk/case/{hid}/bill")
    _, form = clerk.form("/settle")
    monkeypatch.setattr("edge.console.desk.teller.DEADLINE_MS", 2_000)
    hub.faults.frozen = True
    await clerk.send("/settle")
    assert "Nobody can say yet whether this was settled." in clerk.main
    assert clerk.has("/ask")
    assert clerk.has("/reverse")
    assert not clerk.has("/fees")
    await clerk.get(f"/desk/case/{hid}/slip")
    assert "Nobody can say yet whether this was settled." in clerk.main
    assert "Not settled." not in clerk.main
    await clerk.get("/desk")
    assert "in doubt" in clerk.main
    hub.faults.frozen = False
    await becomes(edge, form["msgid"], "final", 30)
    await clerk.get(f"/desk/case/{hid}")
    assert "Take the patient's part" in clerk.main


async def test_what_could_not_be_booked_goes_back_and_may_be_settled_again(clerk: Person) -> None:
    hid = await clerk.visit()
    await clerk.charge()
    await clerk.get(f"/desk/case/{hid}/bill")
    await clerk.send("/settle")
    await clerk.send("/not-booked")
    assert "The last settlement of this case was taken back." in clerk.main
    await clerk.get(f"/desk/case/{hid}/bill")
    assert clerk.has("/settle")


async def test_a_case_is_found_again_after_a_restart_with_its_name_and_its_day(hub: SimHub, tmp_path: Path) -> None:
    async with Edge(tmp_path, hub.url) as edge, Hospital(tmp_path, edge) as first:
        clerk = await first.clerk()
        hid = await clerk.visit()
        await clerk.charge()
        cookie = clerk.client.session.cookie_jar
    async with Edge(tmp_path, hub.url, hids=0) as edge, Hospital(tmp_path, edge) as second:
        clerk = await second.person()
        for morsel in cookie:
            if morsel.key == "pishkhan_desk":
                clerk.client.session.cookie_jar.update_cookies({morsel.key: morsel.value}, second.server.make_url(BASE))
        await clerk.get(f"/desk/case/{hid}")
        assert clerk.status == 200
        assert "10.00 CNY" in clerk.main
        assert ">X</bdi>" in clerk.page, "the name that the insurer said"
        assert [row.key for row in second.cycles._by_serial.values()].count(
            second.cycles.today("desk-1", "clerk", second.now()).key
        ) == 1


async def test_a_card_is_read_and_a_card_without_a_script_too(hospital: Hospital, clerk: Person) -> None:
    hospital.put()
    await clerk.get("/desk")
    await clerk.send("/desk/read")
    assert clerk.path.startswith("/desk/person/")
    assert "card read here" in clerk.main
    hospital.take()
    hospital.put('{"card": "emv", "card_number": "411111******1111"}')
    await clerk.get("/desk")
    await clerk.send("/desk/read")
    assert "does not carry the person's number" in clerk.main
    await clerk.send("/find", who=NUMBER)
    assert "card read here" in clerk.main
    hospital.take()
    hospital.put("{}")
    await clerk.get("/desk")
    await clerk.send("/desk/read")
    assert "The card could not be read." in clerk.main


async def test_a_stay_is_admitted_discharged_and_settled(clerk: Person, hub: SimHub) -> None:
    await clerk.get("/desk")
    await clerk.send("/find", who=NUMBER)
    await clerk.send("/open", 1, diagnosis="", department="ward")
    assert "the code of the diagnosis" in clerk.main
    await clerk.send("/open", 1, diagnosis="j18.9", department="ward", bed="7")
    hid = clerk.path.rpartition("/")[2]
    await clerk.charge()
    assert "When the patient leaves, discharge, then show the patient the shares." in clerk.main
    assert "Show the shares</a>" not in clerk.page
    assert f'href="{BASE}/desk/case/{hid}?write=discharge"' in clerk.page
    await clerk.get(f"/desk/case/{hid}?write=discharge")
    assert re.findall(r"<(?:input|select|a|button)[^>]* autofocus[^>]*>", clerk.page) == [
        '<select name="way" autofocus>'
    ]
    await clerk.send("/discharge", way="recovered", diagnosis="J18.9")
    assert "The patient is discharged: show the patient the shares." in clerk.main
    assert clerk.has("/stay-on")
    await clerk.get(f"/desk/case/{hid}/bill")
    await clerk.send("/settle")
    await clerk.send("/booked")
    assert await clerk.hospital.numbers(hid) == ["2401", "2301", "2402", "2304", "49"]


async def test_a_line_comes_off_the_bill_and_an_empty_case_is_cancelled(clerk: Person, hub: SimHub) -> None:
    hid = await clerk.visit()
    await clerk.charge()
    await clerk.send("/drop")
    assert "There is nothing on the bill yet." in clerk.main
    await clerk.send("/drop-case")
    assert "This case is cancelled." in clerk.main
    assert not clerk.has("/fees")
    assert await clerk.hospital.numbers(hid) == ["2201", "2204", "2205", "2202"]


MISTYPED = [
    ({"item": "", "price": "1"}, "the code of the item"),
    ({"item": "a b", "price": "1"}, "the code of the item"),
    ({"item": "A1", "price": "x"}, "the price"),
    ({"item": "A1", "price": "-1"}, "the price"),
    ({"item": "A1", "price": "9999999999999", "quantity": "999999999"}, "the price"),
    ({"item": "A1", "price": "1", "quantity": "0"}, "how many"),
    ({"item": "A1", "price": "1", "name": "x" * 300}, "a field is missing or too long"),
]
NO_NUMBERS = ["", "12", "0499370898", "<script>alert(1)</script>", "x" * 500, "\u202e", "\x00"]


async def test_what_is_mistyped_is_named_kept_in_the_form_and_sends_nothing(clerk: Person, hub: SimHub) -> None:
    hid = await clerk.visit()
    for fields, says in MISTYPED:
        await clerk.get(f"/desk/case/{hid}")
        await clerk.send("/fees", **fields)
        assert says in clerk.main
        _, form = clerk.form("/fees")
        assert {name: form[name] for name in fields if fields[name]} == {k: v for k, v in fields.items() if v}
    assert len(hub.order_of(hid)) == 1


async def test_a_number_that_is_none_is_told_harmlessly(clerk: Person) -> None:
    await clerk.get("/desk")
    for typed in NO_NUMBERS:
        await clerk.send("/find", who=typed)
        assert "This is no number of a person or a case." in clerk.main
        assert "<script>alert" not in clerk.page


async def test_hostile_names_are_shown_as_they_are_written_and_isolated(hospital: Hospital, hub: SimHub) -> None:
    evil = '</bdi><script>alert("1")</script>\u202e\u2066' + "ن" * 250
    hub.person = evil
    for language in LANGUAGES:
        clerk = await hospital.clerk(language=language)
        hid = await clerk.visit()
        await clerk.charge(name=evil[:190])
        assert clerk.status == 200
        assert "&lt;script&gt;" in clerk.page
        for path in ("/desk", f"/desk/case/{hid}", f"/desk/case/{hid}/slip"):
            await clerk.get(path)
            assert "<script>alert" not in clerk.page
            bare = re.sub(r"<(bdi|input)\b[^>]*>[^<]*", "", clerk.page)
            assert "&lt;script&gt;" not in bare, "it stands in an isolate, or in a field"


async def test_every_page_of_the_desk_is_whole_in_every_language(hospital: Hospital) -> None:
    for language in LANGUAGES:
        clerk = await hospital.clerk(language=language)
        hid = await clerk.visit()
        pages = [clerk.page]
        await clerk.charge()
        at = f"/desk/case/{hid}"
        for path in ("/desk", at, f"{at}/bill", f"{at}/slip", "/desk/pair", "/desk/case/0000000000009999"):
            pages.append(await clerk.get(path))
        for page in pages:
            assert f'<html lang="{language}"' in page
            assert not re.search(r'(src|href|action)="(?!/console|#main")', page)
            assert " style=" not in page
            assert not re.search(r"<script(?! type=\"module\" src=)", page)


async def test_the_day_is_closed_and_the_clerk_signed_out(clerk: Person, hospital: Hospital) -> None:
    await clerk.get("/desk")
    await clerk.send("/close")
    assert "The day is closed" in clerk.main
    assert hospital.cycles.today("desk-1", "clerk", hospital.now()) is None
    await clerk.get("/desk")
    assert clerk.path == "/sign-in"


async def test_a_computer_that_is_no_desk_is_asked_for_its_key_and_a_wrong_one_is_not_taken(hospital: Hospital) -> None:
    clerk = await hospital.person()
    await clerk.get("/desk")
    assert clerk.path == "/desk/pair"
    hospital.workstations.add("desk-1", hospital.now())
    for _ in range(6):
        await clerk.send("/desk/pair", name="desk-1", key="wrong")
        assert clerk.status == 403
    assert "Too many wrong keys" in clerk.main


async def test_another_key_or_a_forged_cookie_ends_the_desk(hospital: Hospital, clerk: Person) -> None:
    await clerk.get("/desk")
    assert clerk.path == "/desk"
    hospital.workstations.add("desk-1", hospital.now())
    await clerk.get("/desk")
    assert clerk.path == "/desk/pair"
    for forged in ("desk-1." + "0" * 64, "desk-1", "", ".", "desk-1.\u00e9"):
        jar = clerk.client.session.cookie_jar
        jar.update_cookies({"pishkhan_desk": forged}, hospital.server.make_url(BASE))
        await clerk.get("/desk")
        assert clerk.path == "/desk/pair"


async def test_a_role_sees_its_own_pages_alone(hospital: Hospital, clerk: Person) -> None:
    hid = await clerk.visit()
    technician = await hospital.person("tech", Role.TECHNICIAN)
    for path in ("/desk", f"/desk/case/{hid}", f"/desk/case/{hid}/bill", f"/desk/case/{hid}/slip", "/desk/live"):
        await technician.get(path)
        assert technician.status == 403
    await clerk.get("/technician")
    assert clerk.status == 403
    stranger = Person(hospital, type(clerk.client)(hospital.server), "en")
    for path in ("/desk", f"/desk/case/{hid}", "/desk/pair"):
        await stranger.get(path)
        assert stranger.path == "/sign-in"


async def test_a_form_of_another_session_does_nothing(clerk: Person, hub: SimHub) -> None:
    hid = await clerk.visit()
    for form_key in ("", "x"):
        await clerk.get(f"/desk/case/{hid}")
        await clerk.send("/fees", item="A1", price="1", form_key=form_key)
        assert clerk.status == 403
    assert len(hub.order_of(hid)) == 1


async def test_what_one_desk_looked_up_is_not_another_desks(hospital: Hospital, clerk: Person) -> None:
    await clerk.get("/desk")
    await clerk.send("/find", who=NUMBER)
    other = await hospital.clerk("desk-2", "clerk-2")
    await other.get(clerk.path)
    assert other.path == "/desk"


@pytest.mark.parametrize(("code", "next_"), [("person_unknown", "who"), ("line_down", "")])
async def test_whoever_is_not_known_is_typed_again_before_a_visit_is_opened(
    hospital: Hospital, clerk: Person, code: str, next_: str
) -> None:
    look = Look("desk-1", "ir_national_code", NUMBER, answers=Answers(hospital.now(), code=code))
    name = hospital.clerks._counter._desk.looks.put(look, hospital.now())
    await clerk.get(f"/desk/person/{name}")
    assert clerk.has("/find") is bool(next_)
    assert clerk.has("/open")
    focused = re.findall(r"<(?:input|button)[^>]* autofocus[^>]*>", clerk.page)
    assert [re.findall(r'name="(\w+)"', one) for one in focused] == [[next_] if next_ else []]
    if next_:
        await clerk.send("/find", who=NUMBER)
        assert "Insured" in clerk.main or "Not insured" in clerk.main
