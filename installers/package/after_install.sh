#!/bin/sh
# After unpacking (Debian: postinst, RPM: %post): accounts, folders, and what ran before an upgrade runs again. Nothing is enabled: an
# edge that is not enrolled has nothing to do.
set -eu

for account in @ACCOUNTS@; do
    if ! getent passwd "$account" >/dev/null; then
        useradd --system --user-group --no-create-home --home-dir "/var/lib/$account" --shell /usr/sbin/nologin "$account"
    fi
    if [ "$account" != pishkhan-hub ] && [ "$account" != pishkhan-tunnel ] && getent group dialout >/dev/null; then
        usermod -a -G dialout "$account" # serial lines: card readers
    fi
    install -d -m 0700 -o "$account" -g "$account" "/var/lib/$account"
done

# The link to the release that runs; updates exchange it too. One that they made newer than this package stays.
release="@RELEASE@"
if [ -n "$release" ]; then
    runs="$(basename "$(readlink /opt/pishkhan/current || true)")"
    if [ -e "/opt/pishkhan/current/pishkhan-edge" ] && [ "$(printf '%s\n' "$runs" "$release" | sort -V | tail -n 1)" != "$release" ]; then
        echo "pishkhan-edge $runs, which an update brought, goes on: it is newer than this package" >&2
    else
        ln -sfn "releases/$release" /opt/pishkhan/.current
        mv -T /opt/pishkhan/.current /opt/pishkhan/current
    fi
fi

if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    for unit in @ACCOUNTS@; do
        if [ -e "/run/$unit.upgrading" ]; then
            rm -f "/run/$unit.upgrading"
            systemctl start "$unit.service" || echo "$unit did not start: journalctl -u $unit" >&2
        fi
    done
fi
