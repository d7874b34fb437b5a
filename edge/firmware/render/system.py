"""PURE: the system itself: kernel settings, time, logs, SSH, updates, devices of readers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from edge.firmware import LAN, TUNNEL, WAN, defaults, judge
from edge.firmware.render.target import Target, written
from edge.firmware.site import Site

GROUP = "pishkhan-edge"


def targets(site: Site) -> Mapping[str, Target]:
    """One file for each."""
    return {
        "etc/sysctl.d/90-pishkhan.conf": _kernel(),
        "etc/chrony/chrony.conf": _time(site),
        "etc/systemd/journald.conf.d/pishkhan.conf": _logs(),
        "etc/ssh/sshd_config.d/10-pishkhan.conf": _ssh(site),
        "etc/apt/apt.conf.d/52pishkhan-upgrades": _updates(site),
        **_mirror(site),
        "etc/udev/rules.d/70-pishkhan-readers.rules": _devices(site),
    }


def _kernel() -> Target:
    lines = ["net.ipv4.ip_forward = 0", "net.ipv6.conf.all.forwarding = 0"]
    for name in ("all", "default", LAN, WAN, TUNNEL):
        # A missing interface is no fault: the dash lets the others be set.
        dash = "-" if name in (LAN, WAN, TUNNEL) else ""
        at = f"{dash}net.ipv4.conf.{name}"
        lines += [
            f"{at}.forwarding = 0",
            f"{at}.rp_filter = 1",
            f"{at}.arp_ignore = 1",
            f"{at}.arp_announce = 2",
            f"{at}.arp_filter = 1",
            f"{at}.accept_redirects = 0",
            f"{at}.secure_redirects = 0",
            f"{at}.send_redirects = 0",
            f"{at}.accept_source_route = 0",
            f"{at}.proxy_arp = 0",
            f"{at}.route_localnet = 0",
            f"{at}.log_martians = {int(name in ('all', 'default'))}",
            f"{dash}net.ipv6.conf.{name}.disable_ipv6 = 1",
            f"{dash}net.ipv6.conf.{name}.accept_ra = 0",
        ]
    lines += [
        "net.ipv4.tcp_syncookies = 1",
        "net.ipv4.icmp_echo_ignore_broadcasts = 1",
        "net.ipv4.tcp_mtu_probing = 1",
        "kernel.dmesg_restrict = 1",
        "kernel.kptr_restrict = 2",
        "kernel.yama.ptrace_scope = 2",
        "kernel.unprivileged_bpf_disabled = 1",
        "kernel.panic = 10",
        "kernel.panic_on_oops = 1",
        "fs.protected_hardlinks = 1",
        "fs.protected_symlinks = 1",
        "fs.protected_fifos = 2",
        "fs.protected_regular = 2",
        "fs.suid_dumpable = 0",
        "vm.panic_on_oom = 0",
    ]
    return written(*lines)


def _time(site: Site) -> Target:
    servers = [f"server {server} iburst" for server in site.time.servers]
    return written(
        *servers,
        "driftfile /var/lib/chrony/chrony.drift",
        "ntsdumpdir /var/lib/chrony",
        f"makestep {defaults.CLOCK_STEP_S} {defaults.CLOCK_STEPS_MAX}",
        f"minsources {defaults.CLOCK_SOURCES_MIN}",
        "rtcsync",
        "leapsectz right/UTC",
        # A client only: it serves nobody, and is asked by its own socket alone.
        "port 0",
        "cmdport 0",
    )


def _logs() -> Target:
    return written(
        "[Journal]",
        "Storage=persistent",
        "Compress=yes",
        f"SystemMaxUse={defaults.JOURNALD_MIB_MAX}M",
        f"SystemKeepFree={defaults.JOURNALD_FREE_MIB_MIN}M",
        f"MaxRetentionSec={defaults.JOURNALD_KEPT_DAYS}day",
        "RateLimitIntervalSec=30s",
        f"RateLimitBurst={defaults.JOURNALD_LINES_PER_30_S_MAX}",
        "ForwardToSyslog=no",
        "ForwardToWall=no",
    )


def _ssh(site: Site) -> Target:
    return written(
        # Keys only, from the hospital's side only; the firewall lets in the technicians' subnets and nobody else.
        f"ListenAddress {judge.lan(site).ip}" if site.lan.technicians else "ListenAddress 127.0.0.1",
        f"Port {defaults.SSH_PORT}",
        "AddressFamily inet",
        "PermitRootLogin no",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "PermitEmptyPasswords no",
        "AuthenticationMethods publickey",
        "X11Forwarding no",
        "AllowTcpForwarding no",
        "AllowStreamLocalForwarding no",
        "AllowAgentForwarding no",
        "GatewayPorts no",
        "PermitTunnel no",
        "PermitUserEnvironment no",
        f"MaxAuthTries {defaults.SSH_TRIES_MAX}",
        f"LoginGraceTime {defaults.SSH_GRACE_S}",
        f"ClientAliveInterval {defaults.SSH_IDLE_S}",
        "ClientAliveCountMax 2",
    )


def _updates(site: Site) -> Target:
    on = "1" if site.updates.mirror else "0"
    reboot = "true" if site.updates.reboot else "false"
    return written(
        f'APT::Periodic::Update-Package-Lists "{on}";',
        f'APT::Periodic::Unattended-Upgrade "{on}";',
        'APT::Periodic::AutocleanInterval "7";',
        "#clear Unattended-Upgrade::Origins-Pattern;",
        "#clear Unattended-Upgrade::Allowed-Origins;",
        # Security alone; releases of Pishkhan come signed, by their own way.
        'Unattended-Upgrade::Origins-Pattern { "origin=Debian,codename=${distro_codename},label=Debian-Security"; "origin=Debian,codename=${distro_codename}-security,label=Debian-Security"; };',
        'Unattended-Upgrade::Package-Blacklist { "^pishkhan"; };',
        'Unattended-Upgrade::MinimalSteps "true";',
        'Unattended-Upgrade::InstallOnShutdown "false";',
        'Unattended-Upgrade::Remove-Unused-Kernel-Packages "true";',
        f'Unattended-Upgrade::Automatic-Reboot "{reboot}";',
        'Unattended-Upgrade::Automatic-Reboot-WithUsers "false";',
        f'Unattended-Upgrade::Automatic-Reboot-Time "{defaults.REBOOT_AT}";',
        'Unattended-Upgrade::SyslogEnable "true";',
        comment="//",
    )


def _mirror(site: Site) -> Mapping[str, Target]:
    """Where updates come from, and at night."""
    if not site.updates.mirror:
        return {}
    base = site.updates.mirror.rstrip("/")
    timer = written(
        "[Timer]",
        "OnCalendar=",
        f"OnCalendar=*-*-* {defaults.UPDATES_AT}",
        f"RandomizedDelaySec={defaults.UPDATES_SPREAD_MINUTES}m",
        "Persistent=yes",
    )
    return {
        "etc/apt/sources.list.d/pishkhan.sources": written(
            "Types: deb",
            f"URIs: {base}/debian-security",
            "Suites: bookworm-security",
            "Components: main",
            "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg",
        ),
        "etc/systemd/system/apt-daily.timer.d/pishkhan.conf": timer,
        "etc/systemd/system/apt-daily-upgrade.timer.d/pishkhan.conf": timer,
    }


def _devices(site: Site) -> Target:
    return written(
        "# Readers on USB belong to the edge's account, have a name that stays, and are not put to sleep.",
        *_rules(site),
    )


def _rules(site: Site) -> Iterator[str]:
    for reader in site.readers:
        if not reader.usb:
            continue
        vendor, product = reader.usb.split(":")
        match = f'ATTRS{{idVendor}}=="{vendor}", ATTRS{{idProduct}}=="{product}"'
        if reader.driver == "serial_line":
            yield f'SUBSYSTEM=="tty", {match}, GROUP="{GROUP}", MODE="0660", SYMLINK+="pishkhan/{reader.name}", ENV{{ID_MM_DEVICE_IGNORE}}="1"'
        else:
            yield f'SUBSYSTEM=="usb", ENV{{DEVTYPE}}=="usb_device", ATTR{{idVendor}}=="{vendor}", ATTR{{idProduct}}=="{product}", GROUP="pcscd", MODE="0660"'
        yield f'ACTION=="add", SUBSYSTEM=="usb", ATTR{{idVendor}}=="{vendor}", ATTR{{idProduct}}=="{product}", TEST=="power/control", ATTR{{power/control}}="on"'
