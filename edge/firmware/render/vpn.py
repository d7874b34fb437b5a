"""PURE: the tunnel, by any of three ways, always as the interface ``hub0``: to the firewall and the programs they are the same.

No key stands here: each has a place, and who reads it there is the system's own service.
"""

from __future__ import annotations

from collections.abc import Mapping

from edge.firmware import TUNNEL, defaults, judge
from edge.firmware.render.target import Target, written
from edge.firmware.site import Ipsec, OpenVpn, Site, WireGuard, address, network

FOLDER = "etc/systemd/network"
XFRM_IF_ID = 42
IKE_TRIES, IKE_WAIT_S, IKE_GROWS = 4, 1.2, 1.3
"""A message of IKE is sent again after 1.2 s, 1.6 s and so on. Five that nobody answers take 11 s: a hub is missed ``VPN_DEAD_S`` after its last word."""


def targets(site: Site) -> Mapping[str, Target]:
    """The tunnel's device where networkd makes it, its address and routes, and the client's settings where there is a client."""
    vpn = site.vpn
    if isinstance(vpn, WireGuard):
        return {
            # Loaded at the boot, so that nobody has to wait for it who watches the tunnel.
            "etc/modules-load.d/pishkhan.conf": written("wireguard"),
            f"{FOLDER}/30-pishkhan-{TUNNEL}.netdev": _wireguard(site, vpn),
            f"{FOLDER}/30-pishkhan-{TUNNEL}.network": _network(site),
        }
    if isinstance(vpn, Ipsec):
        return {
            f"{FOLDER}/30-pishkhan-{TUNNEL}.netdev": _xfrm(vpn),
            f"{FOLDER}/30-pishkhan-{TUNNEL}.network": _network(site),
            "etc/swanctl/conf.d/pishkhan.conf": _ipsec(site, vpn),
            "etc/strongswan.d/pishkhan.conf": _strongswan(),
        }
    return {
        "etc/openvpn/client/pishkhan.conf": _openvpn(site, vpn),
        f"{FOLDER}/30-pishkhan-{TUNNEL}.network": _network(site),
    }


def far_networks(site: Site) -> list[str]:
    """What is reached through the tunnel: its own network, and the hub where that lies elsewhere."""
    near = judge.vpn(site).network
    hub = f"{site.hub.address}/32"
    inside = str(near)
    return [hub] if near.prefixlen == 32 else [inside] if address(site.hub.address) in near else [inside, hub]


def _wireguard(site: Site, vpn: WireGuard) -> Target:
    psk = [f"PresharedKeyFile={vpn.preshared_key}"] if vpn.preshared_key else []
    return written(
        "[NetDev]",
        f"Name={TUNNEL}",
        "Kind=wireguard",
        f"MTUBytes={vpn.mtu_bytes}",
        "",
        "[WireGuard]",
        f"PrivateKeyFile={vpn.private_key}",
        f"ListenPort={vpn.listen_port}",
        "",
        "[WireGuardPeer]",
        f"PublicKey={vpn.public_key}",
        *psk,
        f"Endpoint={vpn.endpoint}:{vpn.port}",
        f"AllowedIPs={','.join(far_networks(site))}",
        f"PersistentKeepalive={vpn.keepalive_s}",
    )


def _xfrm(vpn: Ipsec) -> Target:
    return written(
        "[NetDev]",
        f"Name={TUNNEL}",
        "Kind=xfrm",
        f"MTUBytes={vpn.mtu_bytes}",
        "",
        "[Xfrm]",
        f"InterfaceId={XFRM_IF_ID}",
        "Independent=yes",
    )


def _network(site: Site) -> Target:
    lines = ["[Match]", f"Name={TUNNEL}", "", "[Network]", f"Address={site.vpn.address}"]
    lines += [f"DNS={server}" for server in site.dns.servers if judge.side_of(site, server) == "tunnel"]
    lines += [
        "LinkLocalAddressing=no",
        "IPv6AcceptRA=no",
        "LLMNR=no",
        "MulticastDNS=no",
        "IPForward=no",
        "ConfigureWithoutCarrier=yes",
    ]
    lines += ["KeepConfiguration=yes"] if isinstance(site.vpn, OpenVpn) else []
    for text in far_networks(site):
        lines += ["", "[Route]", f"Destination={text}", "Scope=link"]
    return written(*lines, "", "[Link]", "RequiredForOnline=no")


def _openvpn(site: Site, vpn: OpenVpn) -> Target:
    crypt = [f"tls-crypt {vpn.tls_crypt}"] if vpn.tls_crypt else []
    return written(
        "client",
        f"dev {TUNNEL}",
        "dev-type tun",
        "proto udp4",
        f"remote {vpn.endpoint} {vpn.port}",
        "nobind",
        f"ca {vpn.authority}",
        f"cert {vpn.certificate}",
        f"key {vpn.private_key}",
        *crypt,
        "remote-cert-tls server",
        f"verify-x509-name {vpn.server_name} name",
        "tls-version-min 1.2",
        "data-ciphers AES-256-GCM:CHACHA20-POLY1305",
        f"tun-mtu {vpn.mtu_bytes}",
        # Addresses and routes are the site's, not the server's: it can pull no traffic to itself.
        "topology subnet",
        'pull-filter ignore "route"',
        'pull-filter ignore "redirect-gateway"',
        'pull-filter ignore "dhcp-option"',
        'pull-filter ignore "ifconfig"',
        "route-nopull",
        f"ifconfig {judge.vpn(site).ip} {judge.vpn(site).netmask}",
        *[
            f"route {network(text).network_address} {network(text).netmask}"
            for text in far_networks(site)
            if text.endswith("/32")
        ],
        f"ping {defaults.VPN_KEEPALIVE_S}",
        f"ping-restart {defaults.VPN_DEAD_S}",
        "resolv-retry infinite",
        "connect-retry 2 10",
        "persist-tun",
        "persist-key",
        "auth-nocache",
        "script-security 1",
        "verb 3",
    )


def _ipsec(site: Site, vpn: Ipsec) -> Target:
    remote = ",".join(far_networks(site))
    return written(
        "connections {",
        "  pishkhan {",
        "    version = 2",
        f"    local_addrs = {judge.wan(site).ip}",
        f"    remote_addrs = {vpn.endpoint}",
        "    proposals = aes256gcm16-prfsha384-ecp384,aes256-sha256-modp2048",
        "    encap = yes",
        # It would tell the far side of our address in the hospital, and go over that card when the provider's is out.
        "    mobike = no",
        f"    dpd_delay = {defaults.VPN_KEEPALIVE_S}s",
        "    keyingtries = 0",
        f"    if_id_in = {XFRM_IF_ID}",
        f"    if_id_out = {XFRM_IF_ID}",
        "    local {",
        "      auth = pubkey",
        f"      certs = {vpn.certificate}",
        "    }",
        "    remote {",
        "      auth = pubkey",
        f"      id = {vpn.remote_id}",
        f"      cacerts = {vpn.authority}",
        "    }",
        "    children {",
        "      hub {",
        f"        local_ts = {judge.vpn(site).ip}/32",
        f"        remote_ts = {remote}",
        "        esp_proposals = aes256gcm16-ecp384,aes256-sha256-modp2048",
        "        start_action = trap|start",
        "        dpd_action = restart",
        "        close_action = start",
        "      }",
        "    }",
        "  }",
        "}",
    )


def _strongswan() -> Target:
    """Who is missed by IKEv2 is missed by its retransmissions alone; strongSwan's own take nearly three minutes."""
    return written(
        "charon {",
        f"  retransmit_tries = {IKE_TRIES}",
        f"  retransmit_timeout = {IKE_WAIT_S}",
        f"  retransmit_base = {IKE_GROWS}",
        "}",
    )


assert (
    defaults.VPN_KEEPALIVE_S + IKE_WAIT_S * sum(IKE_GROWS**tried for tried in range(IKE_TRIES + 1))
    < defaults.VPN_DEAD_S + 1
)
