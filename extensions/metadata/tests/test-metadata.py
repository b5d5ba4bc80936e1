#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Entries of mailboxes outlive restarts and kills, and follow what others do to the mailboxes.

The argument is the backend: cyrus or sample.
"""

import contextlib
import os
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 3,
                             'tests', 'integration')]

from lib import behind, target                                  # noqa: E402
from lib.tap import check, run, same, wait_for                  # noqa: E402

BACKEND = sys.argv[1] if len(sys.argv) > 1 else 'sample'
NAMES = ['/private/comment', '/shared/comment', '/private/vendor/acme/colour']


@contextlib.contextmanager
def fixture():
    target.ferry_only('other servers keep other entries')
    with behind.server(BACKEND) as server:
        yield server


def entries(reply):
    """{name: value} of every METADATA response with values."""
    out = {}
    for response in reply.all(b'METADATA'):
        words = response.tokens[-1]
        for i in range(0, len(words), 2):
            out[bytes(words[i]).decode()] = None if words[i + 1] is None else bytes(words[i + 1])
    return out


def read(client, box):
    return entries(client.ok('GETMETADATA %s (%s)' % (box, ' '.join(NAMES))))


def fill(client, box):
    client.ok('SETMETADATA %s (/private/comment "mine" /shared/comment "ours"'
              ' /private/vendor/acme/colour "#b71c1c")' % box)


FILLED = dict(zip(NAMES, [b'mine', b'ours', b'#b71c1c']))
EMPTY = dict.fromkeys(NAMES)


def test_restart(server):
    with server.imap() as client:
        client.ok('CREATE Kept')
        fill(client, 'Kept')
        client.ok('SETMETADATA "" (/private/vendor/acme/colour "red")')
    for stop in (server.front.restart, server.front.kill):
        stop()
        if not server.front.alive():
            server.front.start()
        with server.imap() as client:
            same(read(client, 'Kept'), FILLED, 'after a restart')
            same(read(client, '""')['/private/vendor/acme/colour'], b'red', 'of the server')


def test_rename(server):
    with server.imap() as client:
        client.ok('CREATE Before')
        client.ok('CREATE Before/Below')
        fill(client, 'Before')
        fill(client, 'Before/Below')
        client.ok('RENAME Before After')
        same(read(client, 'After'), FILLED, 'renamed')
        same(read(client, 'After/Below'), FILLED, 'below what was renamed')
        check(not client.cmd('GETMETADATA Before /private/comment').ok, 'the old name is gone')
        client.ok('DELETE After/Below')
        client.ok('DELETE After')
        client.ok('CREATE After')
        same(read(client, 'After'), EMPTY, 'a new mailbox of that name')


def test_limits(server):
    """RFC 5464 §4.1: 1024 octets and 10 entries at least, and here is where it ends."""
    with server.imap() as client:
        client.ok('CREATE Full')
        for i in range(100):
            client.ok('SETMETADATA Full (/private/vendor/acme/%d "%s")' % (i, 'v' * 1024))
        reply = client.cmd('SETMETADATA Full (/private/comment "one more")')
        check(not reply.ok and b'METADATA TOOMANY' in reply.line, reply.line)
        reply = client.ok('GETMETADATA Full (DEPTH infinity) (/private)')
        same(len(entries(reply)), 100, 'all of them')
        client.ok('DELETE Full')


def test_told(server):
    with server.imap() as one, server.imap() as other:
        one.ok('CREATE Heard')
        one.ok('ENABLE METADATA')
        one.ok('LIST "" Heard')
        other.ok('SETMETADATA Heard (/private/comment "x")')

        def told():
            reply = one.ok('NOOP')
            return [r for r in reply.all(b'METADATA') if b'/private/comment' in r.line]
        wait_for(told, 5, 'the other session hears of it')
        other.ok('DELETE Heard')


run([test_restart, test_rename, test_limits, test_told], fixture, timeout=110)
