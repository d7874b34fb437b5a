#!/bin/sh
# After files went (Debian: postrm, RPM: %postun). Removing keeps the data: journal, keys, settings. Only Debian's purge ends them.
set -eu

if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    if [ "${1:-}" = 1 ]; then # RPM, upgraded: the new files are there
        for unit in @ACCOUNTS@; do systemctl try-restart "$unit.service" || true; done
    fi
fi
if [ -n "@RELEASE@" ]; then
    case "${1:-}" in
        remove | purge | 0) # what updates brought goes too: it is code
            rm -rf /opt/pishkhan/current /opt/pishkhan/releases
            rmdir --ignore-fail-on-non-empty /opt/pishkhan/bin /opt/pishkhan 2>/dev/null || true # folders are nobody's in an RPM
            ;;
    esac
fi
if [ "${1:-}" = purge ]; then
    for account in @ACCOUNTS@; do
        rm -rf "/var/lib/$account" "/run/$account.upgrading"
        if getent passwd "$account" >/dev/null; then userdel "$account"; fi
        if getent group "$account" >/dev/null; then groupdel "$account"; fi
    done
    rmdir --ignore-fail-on-non-empty /etc/pishkhan 2>/dev/null || true # the site file is the hospital's
fi
