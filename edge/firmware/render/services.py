"""PURE: what the site adds to the units of the packages (``firmware_cfg/units``): whom each program may speak with at all.

The unit itself comes with the program, so that an update brings the sandbox that it needs; the site's part stays.
"""

from __future__ import annotations

from collections.abc import Mapping

from edge.firmware.render.target import Target, written
from edge.firmware.site import Ipsec, OpenVpn, Site, network

FOLDER = "etc/systemd/system"
VPN_UNITS = {OpenVpn: "openvpn-client@pishkhan.service", Ipsec: "strongswan.service"}


def targets(site: Site) -> Mapping[str, Target]:
    """The edge speaks with this machine, the hospital's subnets and the hub; the tunnel's watch with the hub and the tunnel's end; updates with the hub. A second lock behind the firewall's."""
    subnets = " ".join(sorted(site.lan.his, key=network))
    client = VPN_UNITS.get(type(site.vpn))
    order = [f"Wants={client}", f"After={client}"] if client else []
    return {
        f"{FOLDER}/pishkhan-edge.service.d/50-site.conf": written(
            "[Unit]",
            "Wants=nftables.service pishkhan-tunnel.service",
            "After=nftables.service systemd-networkd.service",
            "",
            "[Service]",
            # By address, not by interface: systemd would bind the rule to the tunnel's device of now, and it may be made anew.
            "IPAddressDeny=any",
            f"IPAddressAllow=localhost {subnets} {site.hub.address}",
            "SocketBindDeny=any",
            *(f"SocketBindAllow=ipv4:tcp:{port}" for port in (site.lan.face_port, site.lan.agents_port) if port),
        ),
        f"{FOLDER}/pishkhan-tunnel.service.d/50-site.conf": written(
            "[Unit]",
            "After=nftables.service systemd-networkd.service",
            *order,
            "",
            "[Service]",
            "IPAddressDeny=any",
            f"IPAddressAllow=localhost {site.hub.address} {site.vpn.endpoint}",
        ),
        f"{FOLDER}/pishkhan-update.service.d/50-site.conf": written(
            "[Service]",
            "IPAddressAllow=",
            f"IPAddressAllow=localhost {site.hub.address}",
        ),
    }
