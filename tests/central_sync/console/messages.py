"""Where the hub console's messages stand."""

from __future__ import annotations

from pathlib import Path

import central_sync.console

FOLDER = Path(central_sync.console.__file__).parent
