#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""interimap: two-way synchronisation of Ferry's account with another one, natively in Cyrus."""

import contextlib
import os

from lib import behind, clients, corpus, procs
from lib.tap import Skip, check, run, same
from lib.wire import Wire

# Ferry is the remote side; the local one is bob's account in the same Cyrus, which is spoken to natively.
CONFIG = '''\
database = {home}/state.db
logfile = {home}/log
list-mailbox = "Inter*"

[local]
type = imap
host = {local_host}
port = {local_port}
STARTTLS = NO
auth = PLAIN LOGIN
username = bob
password = secret
compress = NO

[remote]
type = {type}
host = {host}
port = {port}
STARTTLS = {starttls}
auth = PLAIN LOGIN
username = alice
password = secret
compress = NO
{tls}
'''


class Interimap:
    def __init__(self, server, home):
        self.server, self.home = server, home
        self.program = clients.need('interimap', 'interimap')
        self.bob = behind.Behind(behind.InCyrus(server, 'bob'))

    def run(self, *arguments, kind='plain'):
        plain = kind == 'plain'
        path = self.home + '/config'
        with open(path, 'w') as out:
            out.write(CONFIG.format(
                home=self.home, local_host=self.server.cyrus.host, local_port=self.server.cyrus.imap_port,
                type='imaps' if kind == 'implicit' else 'imap',
                starttls='YES' if kind == 'starttls' else 'NO',
                host=self.server.wire.host if plain else 'localhost',
                port=self.server.wire.port if plain else self.server.front.ports[kind],
                tls='' if plain else 'SSL_CAfile = %s' % clients.ca_file(self.server)))
        os.chmod(path, 0o600)
        return clients.run([self.program, '--config', path, *arguments], self.home, timeout=40)

    def both(self):
        """What both sides hold, which must be the same."""
        here, there = self.bob.labels('InterBox'), self.server.behind.labels('InterBox')
        same(there, here, 'Ferry against the other side')
        return here


@contextlib.contextmanager
def fixture():
    clients.need('interimap', 'interimap')
    with behind.server('cyrus', listeners=('plain', 'starttls', 'implicit')) as server:
        with server.imap() as client:
            if b'QRESYNC' not in client.capabilities():
                raise Skip('interimap synchronises with servers that have QRESYNC only')
        home = procs.temp_dir('interimap')
        try:
            with Wire(server.host, server.front.ports['plain']) as server.wire:
                server.inter = Interimap(server, home)
                yield server
        finally:
            procs.remove_dir(home)


def number(native, label):
    return int(native.ok('SEARCH HEADER X-Label ' + label).first(b'SEARCH').line.split()[-1])


def checked(server):
    same(server.wire.refused(), [], 'refused')
    same(server.wire.odd, [], 'not understood')
    server.wire.forget()


def test_first_run(server):
    """Messages of both sides, their flags and a mailbox that only one side has."""
    server.behind.fill('InterBox', 'far-1', 'far-2', size=3000)
    server.behind.put('InterBox', corpus.one('far-3'), ['\\Flagged', 'work'])
    server.inter.bob.fill('InterBox', 'near-1', 'near-2', flags=['\\Seen'], size=20000)
    server.inter.bob.fill('InterBox Ünder', 'near-3')
    server.inter.run()
    same(server.inter.both(), [('far-1', set()), ('far-2', set()), ('far-3', {'\\Flagged', 'work'}),
                               ('near-1', {'\\Seen'}), ('near-2', {'\\Seen'})])
    same(server.behind.labels('InterBox Ünder'), [('near-3', set())])
    with server.native('bob') as native:
        native.examine('InterBox')
        check(corpus.one('far-2', 3000) in [items[b'BODY[]'] for items in native.fetch(
            '1:*', '(BODY.PEEK[])').values()], 'octets that came out of Ferry')
    with server.native() as native:
        native.examine('InterBox')
        check(corpus.one('near-1', 20000) in [items[b'BODY[]'] for items in native.fetch(
            '1:*', '(BODY.PEEK[])').values()], 'octets that went in by Ferry')
    checked(server)


def test_second_run_moves_nothing(server):
    server.inter.run()
    same(server.wire.commands(r'APPEND|UID (COPY|EXPUNGE)|UID FETCH .*BODY'), [],
         server.wire.transcript())
    checked(server)


def test_flags_both_ways(server):
    for user, label, change in (('alice', 'near-1', '-FLAGS (\\Seen)'), ('alice', 'far-1', '+FLAGS (\\Answered)'),
                                ('bob', 'far-2', '+FLAGS (todo \\Seen)'), ('bob', 'far-3', '-FLAGS (work)')):
        with server.native(user) as native:
            native.select('InterBox')
            native.ok('STORE %d %s' % (number(native, label), change))
    server.inter.run()
    same(server.inter.both(), [('far-1', {'\\Answered'}), ('far-2', {'todo', '\\Seen'}),
                               ('far-3', {'\\Flagged'}), ('near-1', set()), ('near-2', {'\\Seen'})])
    same(server.wire.commands('APPEND'), [], 'messages that were not new')
    checked(server)


def test_deletions_both_ways(server):
    for user, label in (('alice', 'near-2'), ('bob', 'far-1')):
        with server.native(user) as native:
            native.select('InterBox')
            native.ok('STORE %d +FLAGS.SILENT (\\Deleted)' % number(native, label))
            native.ok('EXPUNGE')
    server.inter.run()
    same([label for label, _ in server.inter.both()], ['far-2', 'far-3', 'near-1'])
    checked(server)


def test_mailbox_renamed_and_deleted(server):
    server.inter.run('--rename', 'InterBox &ANw-nder', 'InterOther')
    same(server.behind.labels('InterOther'), [('near-3', set())])
    server.inter.run('--delete', 'InterOther')
    check('InterOther' not in server.behind.boxes(), 'the deleted mailbox')
    checked(server)


def test_over_tls(server):
    for kind in ('starttls', 'implicit'):
        server.inter.bob.put('InterBox', corpus.one('near-' + kind))
        server.behind.put('InterBox', corpus.one('far-' + kind))
        server.inter.run(kind=kind)
        found = dict(server.inter.both())
        check('near-' + kind in found and 'far-' + kind in found, kind)


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=200)
