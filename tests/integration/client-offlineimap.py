#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""offlineimap3: two-way synchronisation with a Maildir."""

import contextlib
import glob
import os
import re

from lib import clients, corpus, procs, target
from lib.tap import check, run, same, wait_for

CONFIG = '''\
[general]
accounts = ferry
metadata = {home}/meta
maxsyncaccounts = 1
ui = quiet
fsync = False

[Account ferry]
localrepository = near
remoterepository = far

[Repository near]
type = Maildir
localfolders = {home}/mail

[Repository far]
type = IMAP
remotehost = {host}
remoteport = {port}
remoteuser = alice
remotepass = secret
ssl = {ssl}
starttls = {starttls}
{extra}
folderfilter = lambda name: name.startswith('Off')
'''


class Offlineimap:
    def __init__(self, server, home, kind='plain'):
        self.home, self.program = home, clients.need('offlineimap', 'offlineimap3')
        extra = ''
        if kind != 'plain':
            folder = server.cyrus.dir + '/tls' if target.NATIVE else server.front.dir
            extra = 'sslcacertfile = %s/cert.pem' % folder
        with open(home + '/offlineimaprc', 'w') as out:
            out.write(CONFIG.format(
                home=home, host='localhost' if kind != 'plain' else server.host,
                port=server.front.ports[kind], ssl='yes' if kind == 'implicit' else 'no',
                starttls='yes' if kind == 'starttls' else 'no', extra=extra))

    def sync(self):
        clients.run([self.program, '-c', self.home + '/offlineimaprc', '-o', '-u', 'quiet'], self.home,
                    timeout=100)

    def files(self, box):
        return sorted(glob.glob('%s/mail/%s/[cn]*/*' % (self.home, box)))

    def named(self, box, label):
        found = []
        for path in self.files(box):
            with open(path, 'rb') as handle:
                if b'X-Label: %s\n' % label.encode() in handle.read():
                    found.append(path)
        return found


@contextlib.contextmanager
def fixture():
    clients.need('offlineimap', 'offlineimap3')
    with target.on_cyrus(listeners=('plain', 'starttls', 'implicit')) as server:
        home = procs.temp_dir('offline')
        try:
            server.home, server.tool = home, Offlineimap(server, home)
            yield server
        finally:
            procs.remove_dir(home)


def far(server, box):
    """Label → flags, as the server under test tells it."""
    out = {}
    with server.imap() as client:
        if client.examine(box).first(b'EXISTS').number:
            for items in client.fetch('1:*', '(FLAGS BODY.PEEK[HEADER.FIELDS (X-Label)])').values():
                octets = next(v for k, v in items.items() if k.startswith(b'BODY['))
                out[octets.split(b':')[1].strip().decode()] = set(items[b'FLAGS'])
    return out


def test_first_sync(server):
    server.fresh('OffBox')
    with server.native() as native:
        for number in range(40):
            native.append('OffBox', corpus.one('off-%d' % number, 500 * number),
                          ['\\Seen'] if number % 2 else [])
    server.tool.sync()
    same(len(server.tool.files('OffBox')), 40, 'messages')
    for number in (0, 7, 39):
        path = server.tool.named('OffBox', 'off-%d' % number)
        same(len(path), 1)
        with open(path[0], 'rb') as handle:
            octets = handle.read()
        same(octets == clients.unix(corpus.one('off-%d' % number, 500 * number)), True,
             'octets of off-%d' % number)
        same('S' in path[0].rsplit(',', 1)[1], bool(number % 2), 'seen')


def test_second_sync_does_nothing(server):
    before = {path: os.stat(path).st_ino for path in server.tool.files('OffBox')}
    server.tool.sync()
    same({path: os.stat(path).st_ino for path in server.tool.files('OffBox')}, before)
    same(len(far(server, 'OffBox')), 40)


def test_changes_on_both_sides(server):
    path = '%s/mail/OffBox/cur/1700000000_0.1.host:2,FS' % server.home
    with open(path, 'wb') as out:
        out.write(clients.unix(corpus.one('off-near')))
    os.remove(server.tool.named('OffBox', 'off-10')[0])
    old = server.tool.named('OffBox', 'off-11')[0]
    os.rename(old, re.sub(r':2,.*|$', ':2,FRS', old, count=1).replace('/new/', '/cur/'))
    with server.native() as native:
        native.append('OffBox', corpus.one('off-far'))
        native.select('OffBox')
        native.ok('STORE 1 +FLAGS (\\Flagged)')
        native.ok('STORE 2 +FLAGS (\\Deleted)')
        native.ok('EXPUNGE')
    server.tool.sync()
    there = far(server, 'OffBox')
    check('off-near' in there and {b'\\Flagged', b'\\Seen'} <= there['off-near'], 'the new one is pushed')
    check('off-10' not in there, 'the deletion is pushed')
    check({b'\\Flagged', b'\\Answered'} <= there['off-11'], 'the flags are pushed')
    same(len(server.tool.named('OffBox', 'off-far')), 1, 'the new one is pulled')
    same(server.tool.named('OffBox', 'off-1'), [], 'the deletion is pulled')
    wait_for(lambda: 'F' in server.tool.named('OffBox', 'off-0')[0].rsplit(',', 1)[1], 1, 'flag pulled')
    with server.native() as native:
        same(native.status('OffBox', 'MESSAGES')[b'MESSAGES'], len(there), 'natively')


def test_after_a_restart_nothing_is_new(server):
    server.tool.sync()
    before = server.tool.files('OffBox')
    server.front.restart()
    server.tool.sync()
    same(server.tool.files('OffBox'), before)


def over_tls(server, kind):
    home = procs.temp_dir('offline')
    try:
        tool = Offlineimap(server, home, kind)
        tool.sync()
        same(len(tool.files('OffBox')), len(server.tool.files('OffBox')), 'messages')
    finally:
        procs.remove_dir(home)


def test_over_starttls(server):
    over_tls(server, 'starttls')


def test_over_implicit_tls(server):
    over_tls(server, 'implicit')


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=280)
