#!/bin/bash
# After unpacking (Debian: postinst, RPM: %post): accounts, folders, and what ran before an upgrade runs again. Nothing is enabled: an
# edge that is not enrolled has nothing to do.
set -euo pipefail

for account in @ACCOUNTS@; do
    if ! getent passwd "$account" >/dev/null; then
        useradd --system --user-group --no-create-home --home-dir "/var/lib/$account" --shell /usr/sbin/nologin "$account"
    fi
    if [ "$account" != pishkhan-hub ] && [ "$account" != pishkhan-tunnel ] && getent group dialout >/dev/null; then
        usermod -a -G dialout "$account" # serial lines: card readers
    fi
    install -d -m 0700 -o "$account" -g "$account" "/var/lib/$account"
done

if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    for unit in @ACCOUNTS@; do
        if [ -e "/run/$unit.upgrading" ]; then
            rm -f "/run/$unit.upgrading"
            systemctl start "$unit.service" || echo "$unit did not start: journalctl -u $unit" >&2
        fi
    done
fi
