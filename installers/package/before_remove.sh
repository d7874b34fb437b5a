#!/bin/sh
# Before files go (Debian: prerm, RPM: %preun): the service ends in order, so that its journal is closed. What an upgrade stops is noted.
set -eu

[ -d /run/systemd/system ] || exit 0
for unit in @ACCOUNTS@; do
    case "${1:-}" in
        upgrade)
            if systemctl is-active --quiet "$unit.service"; then touch "/run/$unit.upgrading"; fi
            systemctl stop "$unit.service" || true # it may never have been started
            ;;
        remove | deconfigure | 0)
            systemctl disable --now --quiet "$unit.service" || true # it may never have been enabled
            ;;
    esac
done
