"""A virtual machine for tests: a Debian made from packages, our package installed in it, and a hand at its console.

What it is given: a folder for its files, and the command that puts a program between its two networks. The processor is played by QEMU itself, for a test
machine may have no virtualization; so everything takes ten times as long as on a box, and every time-out here is generous.
"""

from __future__ import annotations

import base64
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

PACKAGES = (
    "linux-image-cloud-amd64", "initramfs-tools", "systemd-sysv", "systemd-resolved", "udev", "dbus", "kmod", "procps", "passwd", "iproute2", "iputils-ping",
    "nftables", "wireguard-tools", "chrony", "openssl", "ca-certificates", "curl",
)  # fmt: skip
DISK, STICK = "2G", "200M"
CARDS = {"lan": "52:54:00:81:00:02", "wan": "52:54:00:82:00:02"}
KERNEL = (
    "console=ttyS0 root=/dev/vda rw net.ifnames=0 systemd.default_timeout_start_sec=900 systemd.mask=serial-getty@ttyS0.service "
    "systemd.show_status=0 quiet systemd.mask=e2scrub_reap.service systemd.mask=getty@tty1.service systemd.mask=apt-daily.timer systemd.mask=apt-daily-upgrade.timer"
)
BOOT_S_MAX, COMMAND_S_MAX, OFF_S_MAX = 1200.0, 600.0, 300.0
HAND = """#!/bin/bash
stty -F /dev/ttyS1 raw -echo 115200
exec 3<>/dev/ttyS1
printf 'READY %s\\n' "$(cat /proc/sys/kernel/random/boot_id)" >&3
while IFS= read -r line <&3; do
    said="$(bash -c "$(base64 -d <<<"$line")" 2>&1 </dev/null | base64 -w0; exit "${PIPESTATUS[0]}")"
    printf 'SAID %s %s\\n' "$?" "$said" >&3
done
"""
HAND_UNIT = "[Unit]\nDescription=What a technician types\n[Service]\nExecStart=/opt/hand\n[Install]\nWantedBy=multi-user.target\n"


class Ended(Exception):
    """The machine is off, or says nothing any more; the text is the end of its console."""


def debian(tar: Path, mirror: str) -> Path:
    """A Debian in ``tar``, made if it is not there."""
    if not tar.exists():
        _run("mmdebstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", "bookworm", tar, mirror)
    return tar


def unpacked(tar: Path, root: Path, package: Path) -> Path:
    """The Debian in ``tar`` unpacked at ``root``, with ``package`` installed by its dpkg and a hand at its second serial line."""
    root.mkdir()
    _run("tar", "-xf", tar, "-C", root)
    shutil.copy(package, root / "package.deb")
    mounts = f"mount --rbind /dev {root}/dev && mount -t proc proc {root}/proc"
    clean = "env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin"
    _run("unshare", "-m", "sh", "-c", f"{mounts} && exec chroot {root} {clean} dpkg -i /package.deb")
    (root / "package.deb").unlink()
    (root / "opt/hand").write_text(HAND)
    (root / "opt/hand").chmod(0o755)
    (root / "etc/systemd/system/hand.service").write_text(HAND_UNIT)
    (root / "etc/machine-id").write_text("")
    enable(root, "hand")
    return root


def enable(root: Path, *units: str) -> None:
    """``systemctl enable`` of units in that root."""
    _run("systemctl", f"--root={root}", "enable", *units)


class Machine:
    """One, switched off at first. ``between``: the start of the command line that puts QEMU where the taps ``tap-lan`` and ``tap-wan`` are."""

    def __init__(self, folder: Path, between: Sequence[str], say: Callable[[str], None]) -> None:
        self.folder = folder
        self._between = between
        self._say = say
        self._process: subprocess.Popen[bytes] | None = None
        self._hand: socket.socket | None = None
        self._heard = b""
        self._boots = 0

    def made_of(self, root: Path) -> None:
        """Its disk, from that root."""
        for name in ("vmlinuz", "initrd.img"):
            shutil.copy(next((root / "boot").glob(f"{name}-*")), self.folder / name)
        (self.folder / "disk.img").unlink(missing_ok=True)
        _run("mke2fs", "-q", "-t", "ext4", "-d", root, self.folder / "disk.img", DISK)

    def stick(self, *files: Path) -> None:
        """A second disk, ``/dev/vdb``, with these files."""
        on_it = self.folder / "stick"
        on_it.mkdir()
        for path in files:
            shutil.copy(path, on_it)
        _run("mke2fs", "-q", "-t", "ext4", "-d", on_it, self.folder / "stick.img", STICK)
        shutil.rmtree(on_it)

    def switch_on(self) -> None:
        """Power; returns when a hand is at its console."""
        self._boots += 1
        cards: list[str] = []
        for name, mac in CARDS.items():
            cards += ["-netdev", f"tap,id={name},ifname=tap-{name},script=no,downscript=no"]
            cards += ["-device", f"virtio-net-pci,netdev={name},mac={mac},romfile="]
        at = self.folder / "hand.socket"
        at.unlink(missing_ok=True)
        command = [
            *self._between, "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-m", "1024", "-smp", "2", "-nographic", "-nodefaults",
            "-kernel", self.folder / "vmlinuz", "-initrd", self.folder / "initrd.img", "-append", KERNEL,
            "-drive", f"file={self.folder / 'disk.img'},format=raw,if=virtio,cache=writeback",
            *(["-drive", f"file={self.folder / 'stick.img'},format=raw,if=virtio,readonly=on"] if (self.folder / "stick.img").exists() else []),
            "-serial", f"file:{self.folder / f'console-{self._boots}.log'}",
            "-chardev", f"socket,id=hand,path={at},server=on,wait=off", "-serial", "chardev:hand", *cards,
        ]  # fmt: skip
        log = (self.folder / "qemu.log").open("ab")
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        ends = time.monotonic() + OFF_S_MAX
        while not at.exists():
            if self._process.poll() is not None or time.monotonic() > ends:
                raise Ended((self.folder / "qemu.log").read_text(errors="replace"))
            time.sleep(0.1)
        self._hand = socket.socket(socket.AF_UNIX)
        self._hand.connect(str(at))
        self._heard = b""
        self._ready()

    def reboot(self) -> None:
        """As a technician does; returns when a hand is at its console again."""
        self.told("systemctl --no-block reboot")
        self._ready()

    def power_cut(self) -> None:
        """From one moment to the next."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._hand is not None:
            self._hand.close()

    def told(self, command: str, *, good: bool = True, seconds: float = COMMAND_S_MAX) -> str:
        """What ``command``, typed as root, says; ``good``: its exit status must be 0."""
        assert self._hand is not None, "switch it on first"
        self._hand.sendall(base64.b64encode(command.encode()) + b"\n")
        status, _, said = self._line(b"SAID ", seconds).partition(" ")
        text = base64.b64decode(said).decode(errors="replace").strip()
        assert not good or status == "0", f"{command}: {status}: {text[-3000:]}"
        return text

    def until(self, command: str, why: str, seconds: float = COMMAND_S_MAX) -> str:
        """What ``command`` said when it ended with 0 at last."""
        ends = time.monotonic() + seconds
        while True:
            said = self.told(f"{command} && echo WELL", good=False)
            if said.endswith("WELL"):
                return said.removesuffix("WELL").strip()
            assert time.monotonic() < ends, f"{why}: {said[-2000:]}"
            time.sleep(2)

    def _ready(self) -> None:
        began = time.monotonic()
        self._line(b"READY ", BOOT_S_MAX)
        self._say(f"booted in {time.monotonic() - began:.0f} s")

    def _line(self, start: bytes, seconds: float) -> str:
        """The rest of the next line that begins so."""
        assert self._hand is not None
        ends = time.monotonic() + seconds
        while True:
            while b"\n" in self._heard:
                line, _, self._heard = self._heard.partition(b"\n")
                if (at := line.find(start)) >= 0:
                    return line[at + len(start) :].decode().strip()
            self._hand.settimeout(max(0.1, ends - time.monotonic()))
            try:
                heard = self._hand.recv(65536)
            except TimeoutError:
                heard = b""
            if not heard:
                raise Ended(f"nothing within {seconds:.0f} s\n{self.console()[-3000:]}")
            self._heard += heard

    def console(self) -> str:
        """What the kernel and systemd said since power came."""
        return (self.folder / f"console-{self._boots}.log").read_text(errors="replace")


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{command[0]}: {done.stdout[-1000:]}{done.stderr[-2000:]}"
