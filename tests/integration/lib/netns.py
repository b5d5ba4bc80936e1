# SPDX-License-Identifier: LGPL-2.1-or-later
"""A network namespace for this program and its children, with an address off loopback.

What connects to ADDRESS does so from ADDRESS, which is not a loopback address, though no packet
leaves the machine.
"""

import ctypes
import fcntl
import os
import socket
import struct

ADDRESS = '192.0.2.1'

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SIOCSIFADDR, _SIOCSIFFLAGS, _SIOCGIFFLAGS, _IFF_UP = 0x8916, 0x8914, 0x8913, 1


def enter():
    """Move this process into a new namespace; why it could not be, or None."""
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.getuid(), os.getgid()
    flags = _CLONE_NEWNET if uid == 0 else _CLONE_NEWNET | _CLONE_NEWUSER
    if libc.unshare(flags):
        return 'no network namespace here: ' + os.strerror(ctypes.get_errno())
    try:
        if uid:
            _write('/proc/self/setgroups', 'deny')
            _write('/proc/self/uid_map', '%d %d 1' % (uid, uid))
            _write('/proc/self/gid_map', '%d %d 1' % (gid, gid))
        _up(b'lo')
        _address(b'lo:1', ADDRESS)
    except OSError as problem:
        return 'cannot set up the network namespace: %s' % problem
    return None


def _write(path, text):
    with open(path, 'w') as out:
        out.write(text)


def _up(name):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack('16sh14x', name, 0)
        flags = struct.unpack('16sh14x', fcntl.ioctl(sock, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(sock, _SIOCSIFFLAGS, struct.pack('16sh14x', name, flags | _IFF_UP))


def _address(name, address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        packed = struct.pack('16sHH4s8x', name, socket.AF_INET, 0, socket.inet_aton(address))
        fcntl.ioctl(sock, _SIOCSIFADDR, packed)
