"""A hospital's HIS: a careful client of the embed face, with its own books.

Rules
    * Every transaction has a msgid of its own. No answer: the same msgid again, until there is one.
    * ``in_doubt``: it asks (43) until it is decided. ``provisional``: it goes on, and asks again at the end of the day.
    * Refused because of the line (``again``): the same work with a new msgid. Any other refusal that the plan did not foresee
      is a surprise, and ends the journey.
    * A settlement is confirmed (49), annulled or taken back as the plan says, and only then is its money booked.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import msgspec

from central_sync.terms.identifiers import masked, normalised
from simulator import people
from simulator.books import SETTLES, Books, Entry, Packet, Told
from simulator.face import DOOR, SIGN_IN, Face, Unheard, queried
from simulator.face import Person as Found
from simulator.journeys import Journey, Step
from simulator.packets import Visit, packet_of
from simulator.people import Person

AGAIN = ("line_down", "never_applied")
READS = ("1101", "2001", "2206", "2303")
OPENS = ("2201", "2401")
FEES = ("2204", "2301")
FEES_CANCELS = ("2205", "2302")
SETTLE_CANCELS = ("2208", "2305")
READ_TRIES_MAX = 2
DEADLINES_MS = (400, 1200, 2500, 4000)
HURRY_MS = (100, 150, 300)
PAUSE_S = 0.15
CARD_MS = 1500
CARD_FILE = "card.json"
CARDS_TOLD = 2


class Stuck(Exception):
    """A journey cannot go on; the surprise is in the books."""


class His:
    """One hospital's programs: several desks, one set of books."""

    def __init__(
        self,
        books: Books,
        people: tuple[Person, ...],
        desks: list[Face],
        day: date,
        seed: str,
        done: Callable[[], None],
        cards: Path,
        told: Callable[[str], None] = lambda _sentence: None,
    ) -> None:
        self.books = books
        self._people = people
        self._desks = desks
        self._day = day
        self._rng = random.Random(seed)
        self._done = done
        self._cards = cards
        self._told = told
        self.skipped = 0
        self.cards = 0
        self.typed = 0

    async def work(self, journeys: tuple[Journey, ...]) -> None:
        """Serve all journeys, in order, at all desks side by side."""
        queue = list(reversed(journeys))
        async with asyncio.TaskGroup() as group:
            for desk in self._desks:
                group.create_task(self._serve(desk, queue))

    async def _serve(self, desk: Face, queue: list[Journey]) -> None:
        await self._sign_in(desk)
        while queue:
            journey = queue.pop()
            visit = Visit(journey, self._people[journey.person])
            if journey.card:
                await self._card(desk, visit)
            for number, step in enumerate(journey.steps):
                try:
                    await self._step(desk, visit, step, f"{journey.name}-{number + 1:02d}")
                except Stuck:
                    for _ in journey.steps[number:]:
                        self._done()
                    break
                self._done()

    async def _sign_in(self, desk: Face) -> None:
        while True:
            try:
                return await desk.sign_in()
            except Unheard:
                await asyncio.sleep(PAUSE_S)

    async def _card(self, desk: Face, visit: Visit) -> None:
        """The patient's card on the desk's reader. What it says goes into every transaction of the visit, and must be the patient; without the
        edge the clerk types the number.
        """
        name = desk.context["workstation"]
        folder = self._cards / name
        await asyncio.to_thread(_lay_down, folder, msgspec.json.encode(people.card(visit.person)))
        try:
            began = asyncio.get_running_loop().time()
            found = await desk.card(name, CARD_MS)
            visit.card = (found.kind, found.number)
            self.cards += 1
            self._tell_card(name, found, (asyncio.get_running_loop().time() - began) * 1000)
            said = (found.kind, found.number, found.name, found.birth_date)
            one = visit.person
            if said != (one.kind, one.number, normalised(one.name), one.birth_date.isoformat()):
                self.books.surprises.append(
                    f"{self.books.hospital} {visit.journey.name}: the reader names somebody else"
                )
        except Unheard:
            self.typed += 1  # the edge is away: the clerk types the number
        finally:
            (folder / CARD_FILE).unlink(missing_ok=True)

    def _tell_card(self, desk: str, found: Found, took_ms: float) -> None:
        """The first few cards of the day, for who watches."""
        if self.cards <= CARDS_TOLD:
            self._told(
                f"{self.books.hospital} {desk}: a card on the clerk's reader, {found.name}, born {found.birth_date}, "
                f"{masked(found.number)}: on the screen after {took_ms:.0f} ms"
            )

    # -- one step ---------------------------------------------------------------------------------------------------

    async def _step(self, desk: Face, visit: Visit, step: Step, name: str) -> None:
        packet = packet_of(visit, step, self._day, self.books.currency)
        if step.number in READS:
            return await self._read(desk, visit, step, packet, name)
        if step.overtaken:
            return await self._overtaken(desk, visit, step, packet, name)
        entry = await self._carry(desk, visit, step, packet, name)
        if step.resend:
            await self._resend(desk, entry)
        if step.label:
            visit.labels[step.label] = entry
        if entry.outcome == "refused":
            if entry.code == step.refusal:
                return None
            self.books.surprise(entry, f"refused: {entry.code}")
            raise Stuck
        if not step.refusal:
            await self._effect(desk, visit, step, entry)
        return None

    async def _effect(self, desk: Face, visit: Visit, step: Step, entry: Entry) -> None:
        """What the hospital's own books make of a transaction that was carried out, or will be."""
        if step.number in OPENS:
            visit.hid = str((entry.answer or {}).get("hid", ""))
            if not visit.hid:
                self.books.surprise(entry, f"{entry.outcome} without a HID")
                raise Stuck
            self.books.bills[visit.hid] = visit.bill
        elif step.number in FEES:
            visit.bill.update({line.serial: line.amount for line in step.lines})
        elif step.number in FEES_CANCELS:
            for serial in step.serials or tuple(visit.bill):
                del visit.bill[serial]
        elif step.number == "49":
            self._sale(visit.labels[step.of], "annulled" if step.his_result else "confirmed")
        elif step.number in SETTLE_CANCELS:
            self._sale(visit.labels[step.of], "cancelled")
        elif step.number == "2601":
            await self._reversed(desk, visit.labels[step.of], entry)

    async def _reversed(self, desk: Face, original: Entry, reversal: Entry) -> None:
        """A reversal's effect must be known before the next settlement; it must fit what became of the original."""
        await self._decided(desk, reversal)
        await self._decided(desk, original)
        effect = str((reversal.answer or {}).get("effect", "")) if reversal.outcome == "final" else reversal.code
        if effect == "reversed" and original.outcome == "final":
            if original.number in SETTLES:
                self._sale(original, "reversed")
        elif effect != "never_applied" or original.outcome != "refused":
            self.books.surprise(reversal, f"effect {effect}, its original is {original.outcome} {original.code}")
            raise Stuck

    def _sale(self, settle: Entry, state: str) -> None:
        for sale in self.books.sales.values():
            if sale.msgid == settle.msgid:
                sale.state = state

    async def _overtaken(self, desk: Face, visit: Visit, step: Step, packet: Packet, name: str) -> None:
        """A settlement with little patience, and its reversal on its heels."""
        settle = self._entry(visit, step.number, packet, f"{name}-o")
        packet = {"original_msgid": settle.msgid, "original_number": settle.number, "hid": visit.hid}
        reversal = self._entry(visit, "2601", packet, f"{name}-r")
        sending = asyncio.create_task(self._deliver(desk, settle, self._rng.choice(HURRY_MS)))
        try:
            await asyncio.sleep(self._rng.choice((0, 0, 0.002, 0.01, 0.05)))
            await self._deliver(desk, reversal, self._rng.choice(DEADLINES_MS))
            await sending
        finally:
            sending.cancel()
        if settle.outcome == "refused" and settle.code not in (*AGAIN, "reversed_before_arrival"):
            self.books.surprise(settle, f"refused: {settle.code}")
        visit.labels[step.label] = settle
        await self._reversed(desk, settle, reversal)

    async def _read(self, desk: Face, visit: Visit, step: Step, packet: Packet, name: str) -> None:
        """A read changes nothing: when the line is down the hospital goes on without it."""
        for number in range(READ_TRIES_MAX):
            try:
                told = await desk.handle(step.number, packet, f"{name}-{number}", self._rng.choice(DEADLINES_MS))
            except Unheard:
                await asyncio.sleep(PAUSE_S)
                continue
            if told.code in SIGN_IN:
                await self._sign_in(desk)
            elif told.code not in AGAIN and told.code not in DOOR:
                if told.code != step.refusal or told.outcome not in ("final", "refused"):
                    entry = Entry(f"{name}-{number}", step.number, packet, visit.journey.name)
                    self.books.surprise(entry, f"{told.outcome} {told.code}")
                return
        self.skipped += 1

    # -- delivery ---------------------------------------------------------------------------------------------------

    def _entry(self, visit: Visit, number: str, packet: Packet, msgid: str, refusal: str = "") -> Entry:
        entry = Entry(msgid, number, packet, visit.journey.name, refusal)
        self.books.entries[msgid] = entry
        return entry

    async def _carry(self, desk: Face, visit: Visit, step: Step, packet: Packet, name: str) -> Entry:
        """Until it is final, provisional or refused for good: a refusal by the line is tried anew with a new msgid."""
        number = 0
        while True:
            number += 1
            entry = self._entry(visit, step.number, packet, f"{name}-{number}", step.refusal)
            await self._deliver(desk, entry, self._rng.choice(DEADLINES_MS))
            if entry.outcome != "refused" or entry.code not in AGAIN:
                return entry
            await asyncio.sleep(PAUSE_S)

    async def _deliver(self, desk: Face, entry: Entry, deadline_ms: int) -> None:
        """Send the same msgid until there is an answer about it; ask while it is in doubt."""
        while True:
            entry.sent += 1
            try:
                told = await desk.handle(entry.number, entry.packet, entry.msgid, deadline_ms)
            except Unheard:
                await asyncio.sleep(PAUSE_S)
                continue
            if told.code in SIGN_IN:
                await self._sign_in(desk)
            elif told.code in DOOR:
                await asyncio.sleep(PAUSE_S)
            else:
                self.books.hear(entry, told)
                if told.outcome == "in_doubt":
                    await self._decided(desk, entry)
                return

    async def _resend(self, desk: Face, entry: Entry) -> None:
        """The same again, as if the first answer had been lost: the books compare the two."""
        try:
            told = await desk.handle(entry.number, entry.packet, entry.msgid, self._rng.choice(DEADLINES_MS))
        except Unheard:
            return
        entry.sent += 1
        if told.code not in DOOR:
            self.books.hear(entry, told)

    async def _decided(self, desk: Face, entry: Entry) -> None:
        """Ask with 43 until the outcome is final or refused; what the edge never heard of is sent again."""
        while not entry.decided:
            told = await self.ask(desk, entry.msgid)
            if told is not None and told.outcome == "unknown":
                await self._deliver(desk, entry, DEADLINES_MS[-1])
            elif told is not None:
                self.books.hear(entry, told)
            if not entry.decided:
                await asyncio.sleep(PAUSE_S)

    async def ask(self, desk: Face, msgid: str) -> Told | None:
        """What became of a transaction; ``None``: no answer now."""
        try:
            told = await desk.handle("43", {"original_msgid": msgid}, "", DEADLINES_MS[1])
        except Unheard:
            return None
        if told.code in SIGN_IN:
            await self._sign_in(desk)
        return queried(told.answer) if told.outcome == "final" and told.answer is not None else None

    # -- the end of the day -----------------------------------------------------------------------------------------

    async def settle_down(self) -> None:
        """Ask until nothing is open in the books."""
        waiting = self.books.open()

        async def some(desk: Face) -> None:
            await self._sign_in(desk)
            while waiting:
                await self._decided(desk, waiting.pop())

        async with asyncio.TaskGroup() as group:
            for desk in self._desks:
                group.create_task(some(desk))

    async def read(self, number: str, packet: Packet) -> Packet:
        """One read that must succeed (3201, 3202, 44): tried until it does."""
        while True:
            try:
                told = await self._desks[0].handle(number, packet, f"r-{self._rng.randrange(10**9)}", DEADLINES_MS[-1])
            except Unheard:
                told = Told("")
            if told.code in SIGN_IN:
                await self._sign_in(self._desks[0])
            elif told.outcome == "final":
                return told.answer or {}
            elif told.outcome == "refused" and told.code not in AGAIN and told.code not in DOOR:
                return {"refused": told.code}
            await asyncio.sleep(PAUSE_S)

    async def reconcile(self) -> list[Packet | None]:
        """3201 and 3202 over the days that the run can have touched."""
        sales = sorted(self.books.confirmed(), key=lambda sale: sale.settlement_id)
        days = {
            "from_day": self._day - timedelta(days=1),
            "to_day": self._day + timedelta(days=1),
            "currency": self.books.currency,
        }
        totals: Packet = {
            **days,
            "settlements": len(sales),
            "total": sum(sale.total for sale in sales),
            "funds": sum(sale.funds for sale in sales),
            "patient": sum(sale.patient for sale in sales),
        }
        rows = [
            {"settlement_id": s.settlement_id, "total": s.total, "funds": s.funds, "patient": s.patient} for s in sales
        ]
        return [await self.read("3201", totals), await self.read("3202", {**days, "rows": rows})]

    async def close(self) -> None:
        """Sign every desk out."""
        for desk in self._desks:
            try:
                await desk.close()
            except Unheard:
                continue


def _lay_down(folder: Path, card: bytes) -> None:
    """A card on a simulated reader: a finished file renamed into its folder."""
    unfinished = folder / (CARD_FILE + ".part")
    unfinished.write_bytes(card)
    unfinished.rename(folder / CARD_FILE)
