#!/usr/bin/env bash
# Installs Debian packages, as root, without starting what they bring. Usage: tools/install_packages.sh PACKAGE...
#
# Tests need servers to compare with, and Debian starts a server when its package is installed and at each boot: an sshd on
# port 22 is not what somebody wanted who only tests. policy-rc.d is Debian's way to refuse the first (man invoke-rc.d); one that
# somebody else made is left alone. Against the second, the units and scripts of packages that were not there before are disabled.
set -euo pipefail
policy=/usr/sbin/policy-rc.d
mark="# Made by ./dev of Skep while it installs packages; delete it if that is not running."

# One of ours is there already if an earlier call was killed.
if [ ! -e "$policy" ] || grep -qxF "$mark" "$policy"; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
    chmod 755 "$policy"
fi

# "package:architecture", the form that `dpkg -L` takes for each.
installed() { dpkg-query -W -f '${db:Status-Abbrev} ${Package}:${Architecture}\n' | sed -n 's/^ii *//p' | sort -u; }

before=$(installed)
# npm alone is 370 small packages in Debian 12, and dpkg waits for the disk several times for each; these are
# development tools, which the next call installs again if the power goes.
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-unsafe-io "$@"

# Templates (name@.service) have no start of their own. inetd has only a script of the old kind.
files=$(comm -13 <(echo "$before") <(installed) | sed 's/:all$//' | xargs -r dpkg -L)
mapfile -t units < <(sed -nE 's,^(/usr)?/lib/systemd/system/([^/@]+\.(service|socket))$,\2,p' <<<"$files" | sort -u)
mapfile -t scripts < <(sed -n 's,^/etc/init\.d/,,p' <<<"$files" | sort -u)
if [ ${#units[@]} -gt 0 ] && command -v systemctl >/dev/null; then
    systemctl --quiet disable "${units[@]}" || echo "These may start at the next boot: ${units[*]}"
fi
for script in "${scripts[@]}"; do
    update-rc.d "$script" disable || echo "This may start at the next boot: $script"
done
