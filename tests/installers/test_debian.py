"""The edge's packages on a Debian 12 that has no Python: installed, started, upgraded over a journal with waiting entries, removed, purged; its RPM by rpm itself.

The Debian is made by mmdebstrap in a folder; what runs in it runs by chroot, as the package's own account. systemd is not running there: the units
are verified in tests/firmware_cfg, and the maintainer scripts are tried with a systemctl that plays one in test_packages.py.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from installers import build, freeze, packages
from tests import programs
from tests.e2e.town import Town

pytestmark = [pytest.mark.proof, pytest.mark.timeout(900)]

DATA = "/var/lib/pishkhan-edge"
PROGRAM = "/usr/bin/pishkhan-edge"
CHANGED = "/etc/systemd/system/pishkhan-edge.service.d/local.conf"
INSTALLED_BYTES_MAX = 130 * 1024 * 1024
PACKAGE_BYTES_MAX = 45 * 1024 * 1024
CAUGHT_UP_S_MAX = 60


class Debian:
    """A Debian in ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def make(self) -> None:
        """The essential packages and those of a login; nothing else."""
        command = ["mmdebstrap", "--variant=essential", "--include=passwd", "bookworm", str(self.root), _mirror()]
        subprocess.run(command, check=True, capture_output=True, timeout=300)

    def within(self, *command: str, account: str = "root") -> list[str]:
        """``command`` as it runs there."""
        root = self.root
        mounts = f"mount --rbind /dev {root}/dev && mount -t proc proc {root}/proc"
        return ["unshare", "-m", "sh", "-c", f'{mounts} && exec chroot --userspec={account} {root} "$@"', "sh", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *command]  # fmt: skip

    def run(self, *command: str, account: str = "root", typed: str = "", good: bool = True) -> str:
        """What it printed."""
        done = subprocess.run(
            self.within(*command, account=account),
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert not good or done.returncode == 0, (command, done.stdout[-2000:], done.stderr[-2000:])
        return done.stdout

    def install(self, package: Path) -> None:
        """``dpkg -i``."""
        shutil.copy(package, self.root / "package.deb")
        self.run("dpkg", "-i", "/package.deb")
        (self.root / "package.deb").unlink()


def _mirror() -> str:
    told = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Release: bookworm"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split()
    return f"deb {told[0]} bookworm main"


class PackagedTown(Town):
    """A town whose edge is the installed package."""

    def __init__(self, folder: Path, debian: Debian) -> None:
        super().__init__(folder)
        self.debian = debian
        self.edge_folder = debian.root / DATA.lstrip("/")

    def edge_command(self, *arguments: str) -> str:
        """A verb, as the edge's account."""
        return self.debian.run(PROGRAM, "--data", DATA, *arguments, account="pishkhan-edge:pishkhan-edge")

    def enrol(self, url: str, code: str) -> None:
        self.edge_command("enrol", url, code)
        self.key = self.edge_command("workstation", "add", "desk-1").strip()

    def start_edge(self) -> None:
        where = self._face or "127.0.0.1:0"
        command = self.debian.within(
            PROGRAM, "--data", DATA, "run", "--listen", where, account="pishkhan-edge:pishkhan-edge"
        )
        self.edge = programs._started(command, self.folder / f"edge-{time.monotonic_ns()}.log")
        self._face = self.edge.face.removeprefix("http://")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of packages of both kinds, 0.1.0 and 0.1.1, of one frozen edge."""
    folder = tmp_path_factory.mktemp("made")
    work = folder / "frozen"
    build.build_program("edge", "0.1.0", folder, work)
    for form in ("deb", "rpm"):
        packages.pack(freeze.EDGE, work / "edge" / "made" / "pishkhan-edge", "0.1.1", "x86_64", form, folder)
    return folder


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Debian]:
    """A Debian of its own."""
    one = Debian(tmp_path_factory.mktemp("debian") / "root")
    one.make()
    yield one
    shutil.rmtree(one.root, ignore_errors=True)


def _frozen(made: Path) -> Path:
    return made / "frozen" / "edge" / "made" / "pishkhan-edge"


def test_the_frozen_edge_is_small_and_holds_nothing_of_the_hub(made: Path) -> None:
    frozen = _frozen(made)
    modules = freeze.modules_of(made / "frozen" / "edge", freeze.EDGE)
    rooms = {name.split(".")[1] for name in modules if name.startswith("central_sync.")}
    assert rooms <= set(freeze.SHARED_ROOMS)
    assert {"edge.verbs.whole", "edge.agent.verbs", "edge.readers.pcsc.service"} <= set(modules)
    assert not [name for name in modules if name.split(".")[0] in ("sqlalchemy", "alembic", "psycopg", "yaml")]
    assert sum(path.stat().st_size for path in frozen.rglob("*") if path.is_file()) < INSTALLED_BYTES_MAX
    assert (made / "pishkhan-edge_0.1.0_amd64.deb").stat().st_size < PACKAGE_BYTES_MAX
    assert {path.stem for path in frozen.rglob("edge/console/locale/*.po")} >= {"en", "fa", "zh"} or list(
        frozen.rglob("*.po")
    )


def test_what_it_is_made_of_is_told_in_the_package_and_beside_it(made: Path) -> None:
    told = json.loads((made / "pishkhan-edge-0.1.0.cdx.json").read_text(encoding="utf-8"))
    parts = {part["name"]: part["version"] for part in told["components"]}
    assert told["bomFormat"] == "CycloneDX"
    assert {"aiohttp", "cryptography", "msgspec", "zen-engine", "tzdata", "CPython", "OpenSSL"} <= set(parts)
    assert not {"SQLAlchemy", "alembic", "pytest"} & set(parts)


def test_a_hospital_runs_it_upgrades_it_removes_it_and_purges_it(made: Path, debian: Debian, tmp_path: Path) -> None:
    assert not list(debian.root.glob("usr/bin/python3*"))
    debian.install(made / "pishkhan-edge_0.1.0_amd64.deb")
    assert debian.run("stat", "-c", "%U %a", DATA).split() == ["pishkhan-edge", "700"]
    with PackagedTown(tmp_path / "town", debian) as town:
        town.sign_in()
        hid = town.case()
        town.hub.kill()
        waiting = [town.handle("2204", town.fees(hid, str(serial)), f"w-{serial}") for serial in range(2, 6)]
        assert {one["outcome"] for one in waiting} == {"provisional"}
        (debian.root / CHANGED.lstrip("/")).write_text("[Service]\nMemoryMax=2G\n", encoding="utf-8")
        assert town.edge.stop() == 0
        debian.install(made / "pishkhan-edge_0.1.1_amd64.deb")
        assert "0.1.1" in debian.run("dpkg-query", "-W", "-f", "${Version}", "pishkhan-edge")
        assert "MemoryMax=2G" in (debian.root / CHANGED.lstrip("/")).read_text(encoding="utf-8")
        assert (debian.root / "opt/pishkhan/current").readlink() == Path("releases/0.1.1")
        town.start_edge()
        town.start_hub()
        assert _all_final(town, [f"w-{serial}" for serial in range(2, 6)])
        assert town.edge.stop() == 0
        town.edge = None
        debian.run("dpkg", "-r", "pishkhan-edge")
        assert not (debian.root / "opt/pishkhan").exists()
        assert (debian.root / DATA.lstrip("/") / "journal.db").is_file(), "removing keeps the journal"
        assert (debian.root / CHANGED.lstrip("/")).is_file()
        debian.install(made / "pishkhan-edge_0.1.1_amd64.deb")
        town.start_edge()
        assert town.handle("2206", {"hid": hid, "currency": "IRR", "total": 5 * 920_000})["outcome"] == "final"
        town.edge.stop()
    debian.run("dpkg", "-P", "pishkhan-edge")
    assert "pishkhan" not in (debian.root / "etc/passwd").read_text(encoding="utf-8")
    left = [str(path.relative_to(debian.root)) for path in debian.root.rglob("*pishkhan*") if "proc" not in path.parts]
    assert [path for path in left if not path.startswith("var/log/")] == []


def _rpm(debian: Debian, *words: str) -> str:
    """rpm on that root; what an RPM system calls by other names is there under Debian's."""
    command = ["rpm", "--root", str(debian.root), "--dbpath", "/var/lib/rpm", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, (words, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout + done.stderr


def test_the_rpm_is_installed_upgraded_and_erased_and_the_data_stay(made: Path, debian: Debian) -> None:
    old, new = (str(next(made.glob(f"pishkhan-edge-{version}*.rpm"))) for version in ("0.1.0", "0.1.1"))
    assert {"glibc >= 2.34", "shadow-utils"} <= set(_rpm(debian, "-qpR", new).splitlines())
    _rpm(debian, "-i", "--nodeps", old)
    accounts = {line.split(":")[0]: line for line in (debian.root / "etc/passwd").read_text().splitlines()}
    for account in packages.KINDS["pishkhan-edge"].accounts:
        assert accounts[account].endswith(f"/var/lib/{account}:/usr/sbin/nologin")
        assert debian.run("stat", "-c", "%U %a", f"/var/lib/{account}").split() == [account, "700"]
        assert (debian.root / f"usr/lib/systemd/system/{account}.service").is_file()
    for unit in packages.ROOTS_UNITS:
        assert (debian.root / "usr/lib/systemd/system" / unit).is_file()
    assert "0.1.0" in debian.run(PROGRAM, "--version", account="pishkhan-edge:pishkhan-edge")
    (debian.root / CHANGED.lstrip("/")).write_text("[Service]\nMemoryMax=2G\n", encoding="utf-8")
    kept = debian.root / DATA.lstrip("/") / "journal.db"
    kept.write_bytes(b"what waits")
    _rpm(debian, "-U", "--nodeps", new)
    assert (debian.root / "opt/pishkhan/current").readlink() == Path("releases/0.1.1")
    assert debian.run(PROGRAM, "--version", account="pishkhan-edge:pishkhan-edge"), "the new one runs"
    assert not (debian.root / "opt/pishkhan/releases/0.1.0").exists()
    assert "MemoryMax=2G" in (debian.root / CHANGED.lstrip("/")).read_text(encoding="utf-8")
    _rpm(debian, "-e", "--nodeps", "pishkhan-edge")
    assert not (debian.root / "opt/pishkhan").exists()
    assert not list((debian.root / "usr/lib/systemd/system").glob("pishkhan*"))
    assert not (debian.root / "usr/bin/pishkhan-edge").is_symlink()
    assert kept.read_bytes() == b"what waits", "erasing keeps the journal"
    assert "MemoryMax=2G" in (debian.root / f"{CHANGED.lstrip('/')}.rpmsave").read_text(encoding="utf-8")


def _all_final(town: Town, msgids: list[str]) -> bool:
    until = time.monotonic() + CAUGHT_UP_S_MAX
    while time.monotonic() < until:
        told = [town.call("query", original_msgid=msgid)[1] for msgid in msgids]
        if all((one.get("answer") or {}).get("outcome") == "final" for one in told):
            return True
        time.sleep(0.5)
    return False
