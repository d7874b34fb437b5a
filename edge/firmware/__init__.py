"""The appliance's configuration: one site file, and everything that the operating system must know, rendered from it.

``site`` reads the file strictly; ``render`` makes every target file of it (text in, text out); ``check`` has the tools that will read
those files look at them; ``sets`` puts them in place, keeps what was there, and goes back by itself when nobody confirms; ``tunnel`` and
``watch`` keep the VPN alive from inside; ``noticing`` sees that the site file was changed. Nothing here writes a secret: keys have places.

The three interfaces have the same names everywhere: ``lan0`` is the hospital's, ``wan0`` carries the tunnel, ``hub0`` is the tunnel.
"""

from __future__ import annotations

LAN, WAN, TUNNEL = "lan0", "wan0", "hub0"
SITE_FILE = "etc/pishkhan/site.toml"
"""Relative to the root of the appliance, as are the next ones."""
STATE_FOLDER = "var/lib/pishkhan-firmware"
TUNNEL_FILE = "run/pishkhan/tunnel.json"
"""How the tunnel is, as its watch saw it last; readable for everybody."""
