"""Every card reader driver by the name that stands in edge.toml and agent.toml: the one place that names them.

A driver's library is imported by the driver when it starts, so that this table costs nothing and works where a library is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edge.config import ConfigError, ReaderConfig
from edge.readers import Driver, OnEvent
from edge.readers.pcsc.driver import PcscReaders
from edge.readers.serial_line.address import BadAddress, parse
from edge.readers.serial_line.driver import SerialReader
from edge.readers.simulated.driver import SimulatedReader

DRIVERS: dict[str, Callable[[ReaderConfig, Path, OnEvent], Driver]] = {
    "pcsc": lambda reader, _, told: PcscReaders(reader.name, reader.address, told),
    "simulated": lambda reader, folder, told: SimulatedReader(reader.name, folder / reader.address, told),
    "serial_line": lambda reader, _folder, told: SerialReader(reader.name, parse(reader.address), told),
}
"""Every card reader driver; ``folder`` is the data directory."""


def reader(row: ReaderConfig, folder: Path, told: OnEvent) -> Driver:
    """The reader of one row of ``[[readers]]``.

    Raises:
        ConfigError: there is no such driver, or it does not understand the address.
    """
    if row.driver not in DRIVERS:
        raise ConfigError(f"reader {row.name}: there is no driver {row.driver!r}; there are {', '.join(DRIVERS)}")
    try:
        return DRIVERS[row.driver](row, folder, told)
    except BadAddress as error:
        raise ConfigError(f"reader {row.name}: {error}") from error
