#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Entries of mailboxes outlive restarts and kills, and follow what others do to the mailboxes.

The argument is the backend: cyrus or sample.
"""

import contextlib
import os
import signal
import subprocess
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 3,
                             'tests', 'integration')]

from lib import behind, procs, target                           # noqa: E402
from lib.ferry import find                                      # noqa: E402
from lib.tap import check, note, run, same, wait_for            # noqa: E402

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


def has_notify(server):
    with server.imap() as client:
        return b'NOTIFY' in client.capabilities()


def test_notified(server):
    """Clients that ask for the events by name only listen (RFC 5465 §5.6, §5.7)."""
    if not has_notify(server):
        note('the module notify is not there')
        return
    with server.imap() as one, server.imap() as other:
        other.ok('CREATE Watched')
        other.ok('CREATE Unwatched')
        one.ok('NOTIFY SET (mailboxes Watched (MailboxMetadataChange ServerMetadataChange))')
        other.ok('SETMETADATA Unwatched (/private/comment "x")')
        other.ok('SETMETADATA Watched (/private/comment "x" /shared/comment "y")')
        other.ok('SETMETADATA "" (/private/vendor/acme/seen "1")')
        seen = one.wait_untagged(lambda r: b'/private/vendor/acme/seen' in r.line, 30)
        same([[bytes(t) for t in r.tokens] for r in seen],
             [[b'Watched', b'/private/comment', b'/shared/comment'],
              [b'', b'/private/vendor/acme/seen']], 'told')
        other.ok('RENAME Watched Away')
        other.ok('SETMETADATA Away (/private/comment "z")')
        same(one.ok('NOOP').all(b'METADATA'), [], 'its name is another')
        other.ok('RENAME Away Watched')
        other.ok('SETMETADATA Watched (/private/comment NIL)')
        one.wait_untagged(lambda r: r.kind == b'METADATA', 30)
        other.ok('DELETE Watched')
        other.ok('DELETE Unwatched')


def test_overflow(server):
    """More entries than can wait for a client that does not read: NOTIFY says that they are lost."""
    if not has_notify(server):
        note('the module notify is not there')
        return
    with server.imap(timeout=60) as slow, server.imap(timeout=60) as other:
        for number in range(12):
            other.append('INBOX', b'Subject: big %d\r\n\r\n' % number
                         + (b'x' * 70 + b'\r\n') * 6000)
        slow.select('INBOX')
        slow.ok('NOTIFY SET (selected NONE) (personal (MailboxMetadataChange))')
        tag = slow.start('FETCH 1:* (BODY.PEEK[] BODY.PEEK[TEXT])')
        for number in range(12):
            other.ok('CREATE Full%d' % number)
            other.ok('SETMETADATA Full%d (%s)' % (number, ' '.join(
                '/private/vendor/acme/%d "v"' % i for i in range(100))))
        reply = slow.finish(tag, 60)
        if not any(r.code == b'NOTIFICATIONOVERFLOW' for r in reply.untagged):
            slow.wait_untagged(lambda r: r.code == b'NOTIFICATIONOVERFLOW', 30)
        other.ok('SETMETADATA INBOX (/private/comment "unheard")')
        same(slow.ok('NOOP').all(b'METADATA'), [], 'after the overflow')
        slow.ok('NOTIFY SET (personal (MailboxMetadataChange))')
        other.ok('SETMETADATA INBOX (/private/comment "heard")')
        seen = slow.wait_untagged(lambda r: r.kind == b'METADATA', 30)
        check(b'INBOX /private/comment' in seen[-1].line, seen[-1].line)


# what a configuration says to the module (None: the module is off), what is said of it, whether it is good
CONFIGURED = [
    ({'admin': 'mailto:a@b.example', 'max-value': '2k', 'max-entries': '10'}, 'good', True),
    ({'max-value': '1'}, '[extension metadata] max-value = 1: is outside 1024:1048576', False),
    ({'max-entries': 'x', 'min': '1'}, '[extension metadata] min is not a known key', False),
    (None, '[extension metadata]: not read, since the module is left out', True),
]


def check_config(front, group, values, words, good):
    """`ferry config check` and `ferryd --check` say the same; ferryd does not start with a bad one."""
    front.settings = {'ferry': {'extensions': '*' if values else '*;!metadata'},
                      group: values or {'max-value': 'odd'}}
    front.write_config()
    commands = [[find('ferry'), 'config', 'check', front.config],
                [find('ferryd'), '--check', '--config', front.config]]
    for command in commands + ([] if good else [[find('ferryd'), '--config', front.config]]):
        done = subprocess.run(command, env=front.environment(), capture_output=True, text=True,
                              timeout=60 * procs.PATIENCE)
        same(done.returncode == 0, good, '%s: %s' % (command, done.stdout + done.stderr))
        check(words in done.stdout + done.stderr, '%r in %s' % (words, done.stdout + done.stderr))
        check(good or front.config + ': [' in done.stderr, done.stderr)


def test_configuration(server):
    front = server.front
    before = front.settings
    for values, words, good in CONFIGURED:
        check_config(front, 'extension metadata', values, words, good)
    check_config(front, 'extension metadate', {'admin': 'x'},
                 '[extension metadate]: no module is called metadate', False)
    front.settings = before
    front.write_config()


def test_sample(server):
    """The sample file has the module's group, and is good as it stands."""
    front = server.front
    done = subprocess.run([find('ferry'), 'config', 'sample'], env=front.environment(),
                          capture_output=True, text=True, timeout=60 * procs.PATIENCE)
    group = done.stdout.split('[extension metadata]\n')[1].split('\n[')[0]
    same([line for line in group.splitlines() if line.startswith('#') and line[1] != ' '],
         ['#admin=', '#max-value=64k', '#max-entries=100'])
    front.settings, before = {'extension metadata': dict(
        line[1:].split('=') for line in group.splitlines() if line[1:2].isalpha())}, front.settings
    front.write_config()
    done = subprocess.run([find('ferry'), 'config', 'check', front.config], capture_output=True,
                          env=front.environment(), text=True, timeout=60 * procs.PATIENCE)
    same(done.returncode, 0, done.stderr)
    front.settings = before
    front.write_config()


def admin_of(client):
    return entries(client.ok('GETMETADATA "" /shared/admin'))['/shared/admin']


def reload(front, values, wanted):
    """SIGHUP; waits until the log says what became of it once more."""
    def count():
        with open(front.log, errors='replace') as log:
            return log.read().count(wanted)
    before = count()
    front.settings = dict(front.settings, **values)
    front.write_config()
    front.process.send_signal(signal.SIGHUP)
    wait_for(lambda: count() > before, 20, wanted)


def test_reload(server):
    """New connections have the new settings; who is there keeps what he began with."""
    front = server.front
    before = front.settings
    with server.imap() as old:
        same(admin_of(old), None)
        reload(front, {'extension metadata': {'admin': 'mailto:new@b.example'}}, ': log-level, ')
        with server.imap() as new:
            same((admin_of(old), admin_of(new)), (None, b'mailto:new@b.example'))
            reload(front, {'extension metadata': {'max-value': '1'}}, 'not reloaded: ')
            with server.imap() as third:
                same(admin_of(third), b'mailto:new@b.example')
            reload(front, {'ferry': {'extensions': '*;!metadata'}, 'extension metadata': {}},
                   ': log-level, ')
            with server.imap() as without:
                check(b'METADATA' not in without.capabilities(), 'switched off')
                same(without.cmd('GETMETADATA "" /shared/admin').kind, b'BAD')
            same((admin_of(old), admin_of(new)), (None, b'mailto:new@b.example'))
    front.settings = before
    reload(front, {}, ': log-level, ')
    with server.imap() as last:
        same(admin_of(last), None)


run([test_restart, test_rename, test_limits, test_told, test_notified, test_overflow,
     test_configuration, test_sample, test_reload], fixture, timeout=110)
