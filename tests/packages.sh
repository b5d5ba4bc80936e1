# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Sourced by ./check and ./demo: Debian packages from tests/packages.txt.

# The packages of the groups named.
package_list() {
	local group
	for group in "$@"; do
		awk -v want="[$group]" '/^\[/ { on = ($0 == want); next } /^#/ { next } on' tests/packages.txt
	done | tr -s ' \n' ' '
}

package_missing() {
	local name
	for name in $(package_list "$@"); do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
	done
}

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Install what is missing of the groups named. Services of test packages (Cyrus) are not started:
# the tests run private instances.
install_packages() {
	local missing policy=/usr/sbin/policy-rc.d made=
	command -v dpkg-query >/dev/null || { echo "not a Debian system: packages not checked" >&2; return 0; }
	missing=$(package_missing "$@")
	[ -n "$missing" ] || return 0
	missing=$(echo "$missing" | tr '\n' ' ')
	if ! as_root true 2>/dev/null; then
		echo "cannot install packages without root or sudo; as root: apt-get install --no-install-recommends $missing" >&2
		return 1
	fi
	echo "installing: $missing"
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null && as_root chmod 755 $policy
		made=1
	fi
	apt_install $missing
	local status=$?
	[ -z "$made" ] || as_root rm -f $policy
	if [ $status = 0 ] && [[ " $missing " == *" cyrus-imapd "* ]] && [ -d /run/systemd/system ]; then
		as_root systemctl disable --quiet cyrus-imapd 2>/dev/null
	fi
	return $status
}

apt_install() {
	local log status
	log=$(mktemp)
	as_root apt-get -qq update >"$log" 2>&1
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends "$@" >>"$log" 2>&1
	status=$?
	[ $status = 0 ] || { tail -n 20 "$log" >&2; echo "apt-get could not install: $*" >&2; }
	rm -f "$log"
	return $status
}
