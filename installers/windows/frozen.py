"""What ``build.ps1`` asks of Python on the Windows builder: ``python -m installers.windows.frozen --version V FOLDER`` freezes the edge below the new FOLDER and
writes into it what it is made of; ``--version V --hash PROGRAM`` then writes ``release.json``, every file's hash, when the files have been signed.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from installers import freeze, release


def frozen(version: str, folder: Path) -> Path:
    """The frozen edge, and in it ``pishkhan-edge-VERSION.cdx.json``.

    Raises:
        NotFrozen: PyInstaller failed.
    """
    made = freeze.freeze(freeze.EDGE, version, folder)
    told = release.bill_of_materials(freeze.EDGE.name, version, freeze.modules_of(folder, freeze.EDGE))
    (made / f"{freeze.EDGE.name}-{version}.cdx.json").write_text(told, encoding="utf-8")
    return made


def main(arguments: list[str]) -> int:
    """Freeze, or hash; prints the path of what was made."""
    parser = argparse.ArgumentParser(prog="python -m installers.windows.frozen", description=__doc__.split("\n")[0])
    parser.add_argument("--version", required=True)
    parser.add_argument("--hash", action="store_true", help="FOLDER is a frozen program")
    parser.add_argument("folder", type=Path)
    given = parser.parse_args(arguments)
    try:
        if given.hash:
            made = release.write_manifest(given.folder, given.version, datetime.now(UTC))
        else:
            made = frozen(given.version, given.folder.absolute())
    except (freeze.NotFrozen, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{made}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
