#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""mbsync (isync): two-way synchronisation of new, changed and deleted messages."""

import contextlib
import glob
import os
import re

from lib import clients, corpus, procs, target
from lib.tap import check, run, same

CONFIG = '''\
IMAPAccount ferry
Host {host}
Port {port}
User alice
Pass secret
AuthMechs {mech}
SSLType {ssl}
{extra}
IMAPStore far
Account ferry

MaildirStore near
Path {home}/mail/
Inbox {home}/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns SyncBox* {only}
Create Both
Expunge Both
Sync All
SyncState *
'''


class Mbsync:
    def __init__(self, server, home, kind='plain'):
        self.server, self.home, self.program = server, home, clients.need('mbsync', 'isync')
        extra = ''
        if kind != 'plain':
            folder = server.cyrus.dir + '/tls' if target.NATIVE else server.front.dir
            extra = 'CertificateFile %s/cert.pem\n' % folder
        os.makedirs(home + '/mail', exist_ok=True)
        with open(home + '/mbsyncrc', 'w') as out:
            out.write(CONFIG.format(
                host='localhost' if kind != 'plain' else server.host,
                port=server.front.ports[kind], home=home, mech='LOGIN' if kind == 'plain' else 'PLAIN',
                ssl={'plain': 'None', 'starttls': 'STARTTLS', 'implicit': 'IMAPS'}[kind],
                extra=extra, only='SyncTls' if kind != 'plain' else ''))

    def sync(self):
        clients.run([self.program, '-c', self.home + '/mbsyncrc', '-V', '-a'], self.home)

    def sync_does_nothing(self):
        """A sync that finds both sides as they should be."""
        before = self.snapshot()
        self.sync()
        same(self.snapshot(), before, 'both sides, before and after')

    def snapshot(self):
        near = {path: os.stat(path).st_ino for path in self.files('SyncBox')}
        far = {uid: set(items[b'FLAGS']) - {b'\\Recent'} for uid, items in front_messages(
            self.server, 'SyncBox', 'FLAGS').items()}
        return near, far

    def files(self, box):
        return sorted(glob.glob('%s/mail/%s/[cn]*/*' % (self.home, box)))

    def contents(self, box):
        out = []
        for path in self.files(box):
            with open(path, 'rb') as handle:
                out.append(re.sub(rb'^X-TUID: .*\n', b'', handle.read(), 1, re.M))
        return sorted(out)


@contextlib.contextmanager
def fixture():
    clients.need('mbsync', 'isync')
    with target.on_cyrus(listeners=('plain', 'starttls', 'implicit')) as server:
        home = procs.temp_dir('mbsync')
        try:
            server.mbsync = Mbsync(server, home)
            server.home = home
            yield server
        finally:
            procs.remove_dir(home)


def front_messages(server, box, items='FLAGS BODY.PEEK[]'):
    """UID → what it has, as the server under test tells it."""
    with server.imap() as client:
        client.examine(box)
        return client.ok('FETCH 1:* (UID %s)' % items).by_uid()


def test_first_pull(server):
    server.fresh('SyncBox')
    with server.native() as native:
        for message in clients.mail():
            native.append('SyncBox', message.data, [f for f in message.flags if f[0] == '\\'], message.date)
    server.mbsync.sync()
    want = sorted(clients.unix(m.data) for m in clients.mail())
    got = server.mbsync.contents('SyncBox')
    same(len(got), len(want), 'messages')
    for a, b in zip(got, want):
        check(a == b, 'octets differ: %r' % a[:200])


def test_second_sync_does_nothing(server):
    server.mbsync.sync_does_nothing()


def test_push_of_new_messages(server):
    for number in range(5):
        path = '%s/mail/SyncBox/cur/100000000%d.x.local:2,%s' % (server.home, number, 'FS'[:number % 3])
        with open(path, 'wb') as out:
            out.write(clients.unix(corpus.one('push-%d' % number)))
    server.mbsync.sync()
    far = front_messages(server, 'SyncBox')
    for number in range(5):
        found = [i for i in far.values() if b'X-Label: push-%d\r\n' % number in i[b'BODY[]']]
        same(len(found), 1, 'push-%d' % number)
        octets = re.sub(rb'^X-TUID: .*\r\n', b'', found[0][b'BODY[]'], 1, re.M)
        same(octets, corpus.one('push-%d' % number), 'octets')
        want = {b'\\Flagged' if c == 'F' else b'\\Seen' for c in 'FS'[:number % 3]}
        same(set(found[0][b'FLAGS']) & {b'\\Flagged', b'\\Seen'}, want, 'flags of push-%d' % number)
    server.mbsync.sync_does_nothing()


def test_changes_on_the_far_side(server):
    with server.native() as native:
        native.append('SyncBox', corpus.one('far-new'))
        native.select('SyncBox')
        native.ok('STORE 1 +FLAGS (\\Answered)')
        native.ok('STORE 2 +FLAGS (\\Deleted)')
        native.ok('EXPUNGE')
    count = len(server.mbsync.files('SyncBox'))
    server.mbsync.sync()
    same(len(server.mbsync.files('SyncBox')), count, 'one new, one gone')
    check(any(b'X-Label: far-new\n' in text for text in server.mbsync.contents('SyncBox')), 'the new one')
    server.mbsync.sync_does_nothing()


def test_changes_on_the_near_side(server):
    def named(label):
        for path in server.mbsync.files('SyncBox'):
            with open(path, 'rb') as handle:
                if b'X-Label: %s\n' % label in handle.read():
                    return path
        return None
    os.remove(named(b'push-1'))
    path = named(b'push-2')
    os.rename(path, re.sub(r':2,.*', ':2,RST', path))
    path = named(b'push-3')
    os.rename(path, re.sub(r':2,.*', ':2,FR', path).replace('/new/', '/cur/'))
    server.mbsync.sync()
    far = front_messages(server, 'SyncBox')
    by_label = {label: [i for i in far.values() if b'X-Label: push-%d\r\n' % label in i[b'BODY[]']]
                for label in range(5)}
    same([len(by_label[n]) for n in range(5)], [1, 0, 0, 1, 1], 'push-0 … push-4')
    check({b'\\Flagged', b'\\Answered'} <= set(by_label[3][0][b'FLAGS']), 'flags')
    with server.native() as native:
        same(native.status('SyncBox', 'MESSAGES')[b'MESSAGES'], len(far), 'the same number natively')


def test_new_mailboxes_on_both_sides(server):
    with server.native() as native:
        native.cmd('DELETE SyncBoxFar')
        native.ok('CREATE SyncBoxFar')
        native.append('SyncBoxFar', corpus.one('box-far'))
    for sub in ('cur', 'new', 'tmp'):
        os.makedirs('%s/mail/SyncBoxNear/%s' % (server.home, sub))
    with open(server.home + '/mail/SyncBoxNear/cur/1.y.local:2,S', 'wb') as out:
        out.write(clients.unix(corpus.one('box-near')))
    server.mbsync.sync()
    same(len(server.mbsync.files('SyncBoxFar')), 1, 'pulled')
    same(len(front_messages(server, 'SyncBoxNear')), 1, 'pushed')


def test_after_a_restart_nothing_is_new(server):
    server.front.restart()
    server.mbsync.sync_does_nothing()


def over_tls(server, kind):
    server.fresh('SyncTls')
    with server.native() as native:
        for number in range(10):
            native.append('SyncTls', corpus.one('tls-%d' % number, 20000))
    home = procs.temp_dir('mbsync')
    try:
        tool = Mbsync(server, home, kind)
        tool.sync()
        want = sorted(clients.unix(corpus.one('tls-%d' % n, 20000)) for n in range(10))
        same(tool.contents('SyncTls') == want, True, 'octets over ' + kind)
    finally:
        procs.remove_dir(home)


def test_over_starttls(server):
    over_tls(server, 'starttls')


def test_over_implicit_tls(server):
    over_tls(server, 'implicit')


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=280)
