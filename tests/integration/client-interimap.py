#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""interimap: two-way synchronisation of Ferry's account with another one, natively in a Cyrus.

The argument is what is behind Ferry: cyrus (the same one) or sample.
"""

import contextlib
import os
import sys

from lib import behind, clients, corpus, procs
from lib.cyrus import Cyrus
from lib.tap import Skip, check, run, same
from lib.wire import Wire

BACKEND = sys.argv[1] if len(sys.argv) > 1 else 'cyrus'

# Ferry is the remote side; the local one is bob's account in a Cyrus, which is spoken to natively.
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


class Native:
    """An account in a Cyrus."""

    def __init__(self, cyrus, user):
        self.cyrus, self.user = cyrus, user

    def native(self, user=None):
        return self.cyrus.imap(user or self.user)

    @contextlib.contextmanager
    def message(self, label):
        with self.native() as native:
            native.select('InterBox')
            yield native, int(native.ok('SEARCH HEADER X-Label ' + label).first(b'SEARCH').line.split()[-1])

    def flag(self, label, how, *flags):
        with self.message(label) as (native, number):
            native.ok('STORE %d %sFLAGS (%s)' % (number, how, ' '.join(flags)))

    def remove(self, label):
        with self.message(label) as (native, number):
            native.ok('STORE %d +FLAGS.SILENT (\\Deleted)' % number)
            native.ok('EXPUNGE')

    def octets(self):
        with self.native() as native:
            native.examine('InterBox')
            return [items[b'BODY[]'] for items in native.fetch('1:*', '(BODY.PEEK[])').values()]


class Sample:
    """alice's account in the sample server."""

    def __init__(self, server):
        self.server, self.sample = server, server.sample

    def id_of(self, label):
        return self.sample.jmap(('Email/query', {'filter': {'header': ['X-Label', label]}}))[0]['ids'][0]

    def flag(self, label, how, *flags):
        names = {flag: keyword for keyword, flag in behind.KEYWORDS.items()}
        self.sample.admin('keywords', {'user': 'alice', 'ids': [self.id_of(label)],
                                       'add' if how == '+' else 'remove': [names.get(f, f) for f in flags]})

    def remove(self, label):
        self.sample.admin('expunge', {'user': 'alice', 'ids': [self.id_of(label)]})

    def octets(self):
        with self.server.imap() as client:
            client.examine('InterBox')
            return [items[b'BODY[]'] for items in client.fetch('1:*', '(BODY.PEEK[])').values()]


class Interimap:
    def __init__(self, server, cyrus, home):
        self.server, self.cyrus, self.home = server, cyrus, home
        self.program = clients.need('interimap', 'interimap')
        self.near = Native(cyrus, 'bob')
        self.far = Native(cyrus, 'alice') if BACKEND == 'cyrus' else Sample(server)
        self.bob = behind.Behind(behind.InCyrus(self.near, 'bob'), None)

    def run(self, *arguments, kind='plain'):
        plain = kind == 'plain'
        path = self.home + '/config'
        with open(path, 'w') as out:
            out.write(CONFIG.format(
                home=self.home, local_host=self.cyrus.host, local_port=self.cyrus.imap_port,
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
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(behind.server(BACKEND, listeners=('plain', 'starttls', 'implicit')))
        with server.imap() as client:
            if b'QRESYNC' not in client.capabilities():
                raise Skip('interimap synchronises with servers that have QRESYNC only')
        cyrus = server.cyrus if BACKEND == 'cyrus' else stack.enter_context(Cyrus())
        home = procs.temp_dir('interimap')
        stack.callback(procs.remove_dir, home)
        server.wire = stack.enter_context(Wire(server.host, server.front.ports['plain']))
        server.inter = Interimap(server, cyrus, home)
        yield server


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
    check(corpus.one('far-2', 3000) in server.inter.near.octets(), 'octets that came out of Ferry')
    check(corpus.one('near-1', 20000) in server.inter.far.octets(), 'octets that went in by Ferry')
    checked(server)


def test_second_run_moves_nothing(server):
    server.inter.run()
    same(server.wire.commands(r'APPEND|UID (COPY|EXPUNGE)|UID FETCH .*BODY'), [],
         server.wire.transcript())
    check(server.wire.commands(r'ENABLE .*QRESYNC'), 'it enables QRESYNC')
    check(server.wire.commands(r'SELECT .*\(QRESYNC \(\d+ \d+'), 'and uses it: %s' % server.wire.transcript())
    checked(server)


def test_flags_both_ways(server):
    server.inter.far.flag('near-1', '-', '\\Seen')
    server.inter.far.flag('far-1', '+', '\\Answered')
    server.inter.near.flag('far-2', '+', 'todo', '\\Seen')
    server.inter.near.flag('far-3', '-', 'work')
    server.inter.run()
    same(server.inter.both(), [('far-1', {'\\Answered'}), ('far-2', {'todo', '\\Seen'}),
                               ('far-3', {'\\Flagged'}), ('near-1', set()), ('near-2', {'\\Seen'})])
    same(server.wire.commands('APPEND'), [], 'messages that were not new')
    checked(server)


def test_deletions_both_ways(server):
    server.inter.far.remove('near-2')
    server.inter.near.remove('far-1')
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
