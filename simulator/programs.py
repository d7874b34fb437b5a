"""The real programs of a simulated country: one hub and its edges as processes, with mutual TLS and real enrolment.

A program keeps its data folder and its ports over a SIGKILL. Standard error goes to a file each (``DIR/logs``): what the
programs log is part of what the simulator checks. Nothing here is left running after :meth:`Country.stop`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from central_sync.app import AUTHORITY_FOLDER
from central_sync.fleet.authority import Authority
from central_sync.fleet.limits import INVITATION_HOURS_DEFAULT
from central_sync.fleet.service import Fleet
from central_sync.rulebook import load
from central_sync.store import Store
from edge.agent.settings import FILE as AGENT_FILE
from edge.config import FILE as CONFIG_FILE
from edge.config import READERS_MAX
from edge.workstations import FILE as WORKSTATIONS_FILE
from edge.workstations import Workstations
from simulator.line import Line
from simulator.people import member_line
from simulator.world import Hospital, World
from tests.faults.shim import Shim

ROOT = Path(__file__).resolve().parent.parent
START_S_MAX = 40.0
STOP_S_MAX = 10.0
COMMAND_S_MAX = 60.0
LOG_TAIL_BYTES = 2000
PC = "desk-2"
"""The desk of the first hospital whose reader is on the clerk's computer."""


class ProgramFailed(Exception):
    """A program did not do what it was started for; the text names it and ends with its last words."""


async def command(module: str, *arguments: str) -> str:
    """Run ``python -m module arguments`` to its end; its standard output, stripped.

    Raises:
        ProgramFailed: exit status other than 0, or too slow.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(COMMAND_S_MAX):  # wait_for may forget that it was cancelled: Ctrl-C would do nothing
            out, err = await process.communicate()
    except (TimeoutError, asyncio.CancelledError):
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    if process.returncode:
        tail = err[-LOG_TAIL_BYTES:].decode(errors="replace")
        raise ProgramFailed(f"{module} {' '.join(arguments[2:4])} ended with {process.returncode}: {tail}")
    return out.decode().strip()


@dataclass(eq=False, slots=True)
class Program:
    """One long-running program. ``listening`` is the JSON object that it prints when it is ready; ``disk``: what makes its disk slow."""

    name: str
    module: str
    arguments: list[str]
    log: Path
    process: asyncio.subprocess.Process | None = None
    listening: dict[str, str] = field(default_factory=dict)
    starts: int = 0
    drain: asyncio.Task[None] | None = None
    disk: Shim | None = None

    async def start(self) -> None:
        """Start it and wait until it listens.

        Raises:
            ProgramFailed: it ended, or did not listen in time.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                self.module,
                *self.arguments,
                cwd=ROOT,
                env=os.environ | (self.disk.environment() if self.disk else {}),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        self.starts += 1
        assert self.process.stdout is not None
        try:
            async with asyncio.timeout(START_S_MAX):
                line = await self.process.stdout.readline()
            self.listening = msgspec.json.decode(line, type=dict[str, str])
        except (TimeoutError, msgspec.DecodeError) as error:
            await self.kill()
            raise ProgramFailed(f"{self.name} did not start: {self.tail()}") from error
        self.drain = asyncio.create_task(self._drain(self.process.stdout))

    async def kill(self) -> None:
        """SIGKILL, at once."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """SIGTERM; SIGKILL if it does not end in time."""
        await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> None:
        process = self.process
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(number)
        try:
            async with asyncio.timeout(STOP_S_MAX):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        self.process = None

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self.process is not None and self.process.returncode is None

    @property
    def pid(self) -> int:
        """The process id; 0 when it does not run."""
        return self.process.pid if self.process is not None else 0

    def tail(self) -> str:
        """The end of its log."""
        return self.log.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace") if self.log.exists() else ""

    async def _drain(self, stdout: asyncio.StreamReader) -> None:
        while chunk := await stdout.read(LOG_TAIL_BYTES):
            with self.log.open("ab") as log:
                log.write(chunk)


@dataclass(eq=False, slots=True)
class Edge:
    """One hospital's edge, the line it speaks through, and the keys of its workstations; ``pc``: the agent of the desk whose reader is not
    at the edge but on the clerk's computer.
    """

    code: str
    folder: Path
    program: Program
    line: Line
    workstations: dict[str, str] = field(default_factory=dict)
    pc: Program | None = None

    @property
    def face(self) -> str:
        """The base address of its faces."""
        return self.program.listening["face"]

    @property
    def cards(self) -> Path:
        """The folder of the simulated readers: one folder for each desk, and a file in it is a card."""
        return self.folder / "cards"


class Country:
    """One hub and its edges, enrolled, each behind its own line."""

    def __init__(self, world: World, folder: Path, database: str, desks: int) -> None:
        self.world = world
        self.folder = folder
        self.hub_folder = folder / "hub"
        self.database = database or f"sqlite:///{self.hub_folder / 'hub.db'}"
        self.desks = desks
        self.hub = Program("hub", "central_sync", [], folder / "logs" / "hub.log")
        self.edges: dict[str, Edge] = {}

    def _hub_arguments(self) -> list[str]:
        return ["--data", str(self.hub_folder), "--database", self.database]

    async def start(self) -> None:
        """Set everything up by the programs' own commands, start them, and enrol the edges.

        Raises:
            ProgramFailed: one of them failed.
        """
        self.hub_folder.mkdir(parents=True, exist_ok=True)
        members = self.folder / "members.jsonl"
        members.write_bytes(
            b"".join(msgspec.json.encode(member_line(one)) + b"\n" for one in self.world.people if one.known)
        )
        hub = self._hub_arguments()
        await command("central_sync", *hub, "init")
        await command("central_sync", *hub, "members", "import", str(members))
        first, *others = self.world.hospitals
        await command(
            "central_sync", *hub, "hospital", "add", first.code,
            "--name", first.name, "--region", first.region, "--tier", first.tier,
        )  # fmt: skip
        invitations = {first.code: await command("central_sync", *hub, "invite", first.code)}
        invitations |= await asyncio.to_thread(self._add_and_invite, others)
        await self._start_hub()
        await _all(self._start_edge(code, invitation) for code, invitation in invitations.items())

    def _add_and_invite(self, places: Sequence[Hospital]) -> dict[str, str]:
        """What ``hospital add`` and ``invite`` do, for many hospitals in one program: the first one went by the commands."""
        authority = Authority(self.hub_folder / AUTHORITY_FOLDER)
        authority.open()
        store = Store(self.database)
        store.open()
        try:
            fleet, now = Fleet(store, authority, load.load()), datetime.now(UTC)
            for place in places:
                fleet.add_hospital(place.code, place.name, place.region, place.tier, now)
            return {place.code: fleet.invite(place.code, INVITATION_HOURS_DEFAULT, now) for place in places}
        finally:
            store.close()

    async def _start_hub(self) -> None:
        listen = ("--sync-listen", "127.0.0.1:0", "--enrol-listen", "127.0.0.1:0")
        self.hub.arguments = [*self._hub_arguments(), "run", *listen]
        self.hub.disk = self._disk("hub", self.hub_folder)
        await self.hub.start()
        sync, enrol = (self.hub.listening[key].removeprefix("https://") for key in ("sync", "enrol"))
        self.hub.arguments = [*self._hub_arguments(), "run", "--sync-listen", sync, "--enrol-listen", enrol]

    async def _start_edge(self, code: str, invitation: str) -> None:
        folder = self.folder / code
        folder.mkdir(parents=True, exist_ok=True)
        line = Line(int(self.hub.listening["sync"].rpartition(":")[2]))
        await line.start()
        data = ["--data", str(folder)]
        edge = Edge(code, folder, Program(code, "edge", [], self.folder / "logs" / f"{code}.log"), line)
        self.edges[code] = edge
        edge.program.disk = self._disk(code, folder)
        sync_url = f"https://127.0.0.1:{line.port}"
        await command("edge", *data, "enrol", self.hub.listening["enrol"], invitation, "--sync-url", sync_url)
        known = Workstations(folder / WORKSTATIONS_FILE)
        for number in range(1, self.desks + 1):
            edge.workstations[f"desk-{number}"] = known.add(f"desk-{number}", datetime.now(UTC))
        if code == self.world.hospitals[0].code:
            edge.workstations["desk-1"] = await command("edge", *data, "workstation", "add", "desk-1")
        has_pc = code == self.world.hospitals[0].code and PC in edge.workstations
        _set_up_readers(edge, 0 if has_pc else None)
        edge.program.arguments = [*data, "run", "--listen", "127.0.0.1:0"]
        await edge.program.start()
        edge.program.arguments = [*data, "run", "--listen", edge.face.removeprefix("http://")]
        if has_pc:
            await self._start_pc(edge)

    async def _start_pc(self, edge: Edge) -> None:
        """One desk's reader is on the clerk's computer: an agent there, paired with the edge by a code, as its own program."""
        folder, agents = edge.folder / "pc", edge.program.listening["agents"]
        _set_up_readers(edge, int(agents.rpartition(":")[2]))
        folder.mkdir()
        reader = f'[[readers]]\nname = "card"\ndriver = "simulated"\naddress = "{(edge.cards / PC).resolve()}"\n'
        (folder / AGENT_FILE).write_text(reader)
        code = await command("edge", "--data", str(edge.folder), "agent", "invite", PC)
        await command("edge", "--data", str(folder), "agent", "pair", agents, code)
        run = ["--data", str(folder), "agent", "run", "--listen", "127.0.0.1:0"]
        edge.pc = Program(f"{edge.code}-{PC}", "edge", run, self.folder / "logs" / f"{edge.code}-{PC}.log")
        await edge.pc.start()

    async def restore(self) -> None:
        """Whatever is down comes back: lines heal, programs that were killed start again."""
        for edge in self.edges.values():
            edge.line.heal()
        for program in (self.hub, *(edge.program for edge in self.edges.values())):
            if program.disk is not None:
                program.disk["sync_delay_us"] = 0
        down = [p for p in (self.hub, *(edge.program for edge in self.edges.values())) if not p.running]
        await _all(program.start() for program in down)

    def _disk(self, name: str, folder: Path) -> Shim | None:
        """Something that can slow a program's disk down, if the plan wants that; it needs a C compiler."""
        if not self.world.slow_disks:
            return None
        (self.folder / "disks").mkdir(parents=True, exist_ok=True)
        return Shim(folder.resolve(), self.folder / "disks" / name).__enter__()

    async def stop(self) -> None:
        """End every program and line."""
        pcs = [edge.pc for edge in self.edges.values() if edge.pc is not None]
        programs: Sequence[Program] = [*pcs, *(edge.program for edge in self.edges.values()), self.hub]
        await asyncio.gather(*(program.stop() for program in programs), return_exceptions=True)
        for edge in self.edges.values():
            await edge.line.stop()
        for program in programs:
            if program.disk is not None:
                program.disk.__exit__()

    def pids(self) -> list[int]:
        """The process ids of all that runs."""
        return [p.pid for p in (self.hub, *(edge.program for edge in self.edges.values())) if p.running]


def _set_up_readers(edge: Edge, agents_port: int | None) -> None:
    """A simulated card reader on each desk; with a port for agents, that of desk ``PC`` is left to one."""
    rows = []
    for name in edge.workstations:
        (edge.cards / name).mkdir(parents=True, exist_ok=True)
        if agents_port is not None and name == PC:
            continue
        rows.append(f'[[readers]]\nname = "{name}"\ndriver = "simulated"\naddress = "cards/{name}"\n')
    agents = "" if agents_port is None else f'agents_listen = "127.0.0.1:{agents_port}"\n'
    (edge.folder / CONFIG_FILE).write_text("\n".join([agents, *rows[:READERS_MAX]]))


async def _all(works: Iterable[object]) -> None:
    """Run all; the first failure cancels the others."""
    async with asyncio.TaskGroup() as group:
        for work in works:
            group.create_task(work)  # type: ignore[arg-type]  # coroutines of any answer
