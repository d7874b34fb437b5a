"""The appliance's configuration: one site file, and everything that the operating system must know, rendered from it.

``site`` reads the file strictly; ``render`` makes every target file of it (text in, text out); ``check`` has the tools that will read
those files look at them; ``sets`` puts them in place, keeps what was there, and goes back by itself when nobody confirms; ``tunnel`` and
``watch`` keep the VPN alive from inside; ``succession`` goes over to the next key at the hub's end, ``tunnel_drill`` proves it before; ``noticing`` sees that the site file was changed. Nothing here writes a secret: keys have places.

The three interfaces have the same names everywhere: ``lan0`` is the hospital's, ``wan0`` carries the tunnel, ``hub0`` is the tunnel.
"""

from __future__ import annotations

LAN, WAN, TUNNEL = "lan0", "wan0", "hub0"
SITE_FILE = "etc/pishkhan/site.toml"
"""Relative to the root of the appliance, as are the next ones."""
STATE_FOLDER = "var/lib/pishkhan-firmware"
TUNNEL_FILE = "run/pishkhan/tunnel.json"
"""How the tunnel is, as its watch saw it last; readable for everybody."""
UPDATE_FOLDER = "var/lib/pishkhan-update"
WORD_FILE = f"{UPDATE_FOLDER}/tunnel.json"
"""What the hub says of the tunnel's next other end, as the updater has believed it; root's alone to write."""
FOLLOWING_FILE = f"{STATE_FOLDER}/following.json"
"""What became of it, readable for everybody."""
