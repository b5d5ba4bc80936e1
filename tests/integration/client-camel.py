#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Evolution's mail engine without its windows (lib/camel.py); the backend is an argument."""

import base64
import contextlib
import glob
import json
import os
import select
import subprocess
import sys

from lib import behind, clients, corpus, procs
from lib.tap import Failure, Skip, check, run, same, wait_for
from lib.wire import Wire

BACKEND = sys.argv[1] if len(sys.argv) > 1 else 'sample'
ENGINE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'lib', 'camel.py')


class Camel:
    """One engine process; calls are those of lib/camel.py."""

    def __init__(self, home, host, port, security='none', certificate=None):
        command = ['/usr/bin/python3', ENGINE, home, host, str(port), security]
        self.log = home + '.log'
        self.process = subprocess.Popen(
            command + ([certificate] if certificate else []), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=open(self.log, 'ab'), env=clients.environment(home))

    def __enter__(self):
        self.call('connect')
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        procs.stop(self.process)

    def call(self, *words):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(words).encode() + b'\n')
            self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], 40 * procs.PATIENCE)[0]:
            raise Failure('%r is not answered\n%s' % (words[:2], procs.tail(self.log)))
        line = self.process.stdout.readline()
        answer = json.loads(line) if line else {'error': 'it ended: ' + procs.tail(self.log)}
        if 'error' in answer:
            raise Failure('%r: %s' % (words[:2], answer['error']))
        return answer['value']

    def octets(self, box, label):
        """The message with Unix line ends, without the fields that Camel adds."""
        octets = clients.unix(base64.b64decode(self.call('read', box, label)))
        return octets.replace(b'\nX-Evolution-Source: ferry', b'', 1).replace(b'\nMIME-Version: 1.0', b'', 1)

    def flags(self, box):
        return {label: set(flags) for label, (_, flags) in self.call('list', box).items()}


def need_camel():
    if not glob.glob('/usr/lib/evolution-data-server/camel-providers/libcamelimapx.so') \
            + glob.glob('/usr/lib/*/evolution-data-server/camel-providers/libcamelimapx.so'):
        raise Skip("no Evolution engine here (package evolution-data-server; --all-clients installs it)")
    probe = subprocess.run(['/usr/bin/python3', '-c', "import gi; gi.require_version('Camel', '1.2')"],
                           capture_output=True)
    if probe.returncode:
        raise Skip('no Camel for Python here (package gir1.2-camel-1.2)')


@contextlib.contextmanager
def fixture():
    need_camel()
    with behind.server(BACKEND, listeners=('plain', 'starttls', 'implicit')) as server:
        server.home = procs.temp_dir('camel')
        try:
            with Wire(server.host, server.front.ports['plain']) as server.wire:
                server.behind.fill('Camel', 'camel-1', 'camel-2', 'camel-3', size=9000)
                server.behind.make('CamelTo')
                with Camel(server.home + '/main', server.wire.host, server.wire.port) as server.camel:
                    yield server
        finally:
            procs.remove_dir(server.home)


def checked(server):
    same(server.wire.refused(), [], 'refused')
    same(server.wire.odd, [], 'not understood')
    server.wire.forget()


def test_reads(server):
    server.camel.call('refresh', 'Camel')
    octets = corpus.one('camel-2', 9000)
    same(server.camel.flags('Camel'), {'camel-1': set(), 'camel-2': set(), 'camel-3': set()})
    same(server.camel.call('list', 'Camel')['camel-2'][0], len(octets), 'size')
    same(server.camel.octets('Camel', 'camel-2'), clients.unix(octets))
    checked(server)


def test_downloads_once(server):
    got = server.camel.call('read', 'Camel', 'camel-2')
    server.camel.call('refresh', 'Camel')
    same(server.camel.call('read', 'Camel', 'camel-2'), got)
    same(server.wire.commands(r'UID FETCH .*BODY'), [], 'downloads')
    checked(server)


def test_flags(server):
    for label, name, on in (('camel-1', '\\Seen', True), ('camel-2', '\\Flagged', True),
                            ('camel-2', 'work', True), ('camel-3', '\\Answered', True)):
        server.camel.call('flag', 'Camel', label, name, on)
    server.camel.call('synchronize', 'Camel', False)
    same(server.behind.labels('Camel'), [('camel-1', {'\\Seen'}), ('camel-2', {'\\Flagged', 'work'}),
                                         ('camel-3', {'\\Answered'})])
    for label, name in (('camel-2', 'work'), ('camel-3', '\\Answered')):
        server.camel.call('flag', 'Camel', label, name, False)
    server.camel.call('synchronize', 'Camel', False)
    same(server.behind.labels('Camel'), [('camel-1', {'\\Seen'}), ('camel-2', {'\\Flagged'}),
                                         ('camel-3', set())])
    checked(server)


def test_searches(server):
    for expression, want in (('(match-all (body-contains "This is camel-3"))', ['camel-3']),
                             ('(match-all (header-contains "Subject" "camel-1"))', ['camel-1']),
                             ('(match-all (system-flag "flagged"))', ['camel-2']),
                             ('(match-all (header-contains "X-Label" "camel"))',
                              ['camel-1', 'camel-2', 'camel-3']),
                             ('(match-all (and (not (system-flag "seen")) (body-contains "camel-")))',
                              ['camel-2', 'camel-3'])):
        same(server.camel.call('search', 'Camel', expression), want, expression)
    check(server.wire.commands('UID SEARCH'), 'nothing was asked of the server')
    checked(server)


def test_moves_and_copies(server):
    server.camel.call('transfer', 'Camel', ['camel-1'], 'CamelTo', True)
    server.camel.call('transfer', 'Camel', ['camel-2'], 'CamelTo', False)
    server.camel.call('synchronize', 'Camel', True)
    same(server.behind.labels('Camel'), [('camel-2', {'\\Flagged'}), ('camel-3', set())])
    same(server.behind.labels('CamelTo'), [('camel-1', {'\\Seen'}), ('camel-2', {'\\Flagged'})])
    server.camel.call('refresh', 'CamelTo')
    same(server.camel.flags('CamelTo'), {'camel-1': {'\\Seen'}, 'camel-2': {'\\Flagged'}})
    checked(server)


def test_appends(server):
    octets = corpus.one('camel-4', 20000)
    server.camel.call('append', 'CamelTo', base64.b64encode(octets).decode(), ['\\Seen', '\\Draft'])
    same(server.behind.flags('CamelTo')['camel-4'], {'\\Seen', '\\Draft'})
    server.camel.call('refresh', 'CamelTo')
    same(server.camel.octets('CamelTo', 'camel-4'), clients.unix(octets))
    checked(server)


def test_deletes(server):
    server.camel.call('flag', 'CamelTo', 'camel-1', '\\Deleted', True)
    server.camel.call('synchronize', 'CamelTo', True)
    same([label for label, _ in server.behind.labels('CamelTo')], ['camel-2', 'camel-4'])
    same(sorted(server.camel.flags('CamelTo')), ['camel-2', 'camel-4'])
    checked(server)


def test_hears_of_changes(server):
    """New mail in INBOX, where it idles, and flags that another client sets in the mailbox it has open."""
    server.camel.call('refresh', 'INBOX')
    wait_for(server.wire.idling, 20 * procs.PATIENCE, 'IDLE')
    server.behind.put('INBOX', corpus.one('camel-new'), ['\\Flagged'])
    server.camel.call('wait', 'INBOX', 'camel-new', 30)
    same(server.camel.flags('INBOX')['camel-new'], {'\\Flagged'})
    server.camel.call('refresh', 'Camel')
    with server.imap() as other:
        other.select('Camel')
        other.ok('UID STORE 1:* +FLAGS (\\Seen)')
    server.camel.call('refresh', 'Camel')
    check(all('\\Seen' in flags for flags in server.camel.flags('Camel').values()), 'flags set elsewhere')
    checked(server)


def test_resynchronises(server):
    """What changed while it was away it asks for by its mod-sequence."""
    with server.imap() as other:
        if b'QRESYNC' not in other.capabilities():
            raise Skip('no QRESYNC here')
        server.behind.fill('CamelAway', 'away-1', 'away-2', 'away-3')
        home = server.home + '/away'
        with Camel(home, server.wire.host, server.wire.port) as camel:
            camel.call('refresh', 'CamelAway')
            same(sorted(camel.flags('CamelAway')), ['away-1', 'away-2', 'away-3'])
        checked(server)
        other.select('CamelAway')
        other.ok('STORE 2 +FLAGS (\\Flagged)')
        other.ok('STORE 1 +FLAGS (\\Deleted)')
        other.ok('EXPUNGE')
    with Camel(home, server.wire.host, server.wire.port) as camel:
        camel.call('refresh', 'CamelAway')
        same(camel.flags('CamelAway'), {'away-2': {'\\Flagged'}, 'away-3': set()})
    check(server.wire.commands(r'ENABLE .*QRESYNC'), 'it enables QRESYNC')
    check(server.wire.commands(r'SELECT .*\(QRESYNC \(\d+ \d+'), server.wire.transcript())
    checked(server)


def test_mailboxes(server):
    server.camel.call('create', '', 'Camel Öse')
    server.camel.call('append', 'Camel Öse', base64.b64encode(corpus.one('camel-5')).decode(), [])
    server.camel.call('rename', 'Camel Öse', 'Camel Höcker')
    same([label for label, _ in server.behind.labels('Camel Höcker')], ['camel-5'])
    server.camel.call('delete', 'Camel Höcker')
    same({name for name in server.behind.boxes() if 'Camel ' in name}, set())
    checked(server)


def test_over_tls(server):
    for kind in ('starttls', 'implicit'):
        server.behind.put('CamelTo', corpus.one('camel-' + kind))
        with Camel('%s/%s' % (server.home, kind), 'localhost', server.front.ports[kind], kind,
                   clients.ca_file(server)) as camel:
            camel.call('refresh', 'CamelTo')
            same(camel.octets('CamelTo', 'camel-' + kind), clients.unix(corpus.one('camel-' + kind)), kind)
            camel.call('flag', 'CamelTo', 'camel-' + kind, '\\Flagged', True)
            camel.call('synchronize', 'CamelTo', False)
            same(server.behind.flags('CamelTo')['camel-' + kind] - {'\\Seen'}, {'\\Flagged'}, kind)


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=150)
