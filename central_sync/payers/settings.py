"""From the hub's settings to the payers that are asked over a line."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from central_sync.config import ConfigInvalid, PayerSetting
from central_sync.payers import Payers
from central_sync.payers.remote.driver import Remote


def payers_of(settings: tuple[PayerSetting, ...], folder: Path, signed: Callable[[bytes], tuple[str, bytes]]) -> Payers:
    """The payers of a hub in ``folder``.

    Raises:
        ConfigInvalid: a file or a key cannot be used; names the payer.
    """
    return Payers({setting.code: _driver(setting, folder) for setting in settings}, signed)


def _driver(setting: PayerSetting, folder: Path) -> Remote:
    files = [folder / name for name in (setting.authority, setting.certificate) if name]
    missing = next((file for file in files if not file.is_file()), None)
    if missing is not None:
        raise ConfigInvalid(f"payer {setting.code}: {missing} is not there")
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(setting.key, validate=True))
    except ValueError as error:
        raise ConfigInvalid(f"payer {setting.code}: its key is no Ed25519 key") from error
    return Remote(
        setting.url,
        key,
        folder / setting.authority,
        folder / setting.certificate if setting.certificate else None,
        setting.deadline_ms,
    )
