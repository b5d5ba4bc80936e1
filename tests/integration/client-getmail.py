#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""getmail6: retrieves, searches, flags, files and deletes; the backend is an argument."""

import contextlib
import glob
import os
import sys

from lib import behind, clients, corpus, procs, target
from lib.tap import check, run, same
from lib.wire import Wire

CONFIG = '''\
[retriever]
type = {type}
server = {host}
port = {port}
username = alice
password = secret
record_mailbox = false
mailboxes = ({mailboxes},)
{retriever}

[destination]
type = Maildir
path = {home}/mail/

[options]
verbose = 0
delivered_to = false
received = false
{options}
'''
# getmail 6.18 waits a minute for a child that ends before it listens for SIGCHLD.
PATCHED = '''\
import os, runpy, sys
from getmailcore.baseclasses import ForkingBase
ForkingBase._prepare_child = lambda self: None
ForkingBase._wait_for_child = lambda self, pid: os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name='__main__')
'''
BACKEND = sys.argv[1] if len(sys.argv) > 1 else 'sample'


class Getmail:
    def __init__(self, server, home):
        self.server, self.home, self.program = server, home, clients.need('getmail', 'getmail6')
        self.wire = None
        for folder in ('cur', 'new', 'tmp'):
            os.makedirs('%s/mail/%s' % (home, folder), exist_ok=True)
        os.makedirs(home + '/state', exist_ok=True)

    def run(self, mailboxes, *arguments, retriever='', options='', tls=False, name='rc', good=(0,)):
        if tls:
            kind, host, port = 'SimpleIMAPSSLRetriever', 'localhost', self.server.front.ports['implicit']
            retriever += '\nca_certs = %s' % clients.ca_file(self.server)
        else:
            kind, host, port = 'SimpleIMAPRetriever', self.wire.host, self.wire.port
        path = '%s/state/%s' % (self.home, name)
        with open(path, 'w') as out:
            out.write(CONFIG.format(
                type=kind, host=host, port=port, home=self.home, retriever=retriever, options=options,
                mailboxes=', '.join("'%s'" % box for box in mailboxes)))
        command = ['/usr/bin/python3', '-c', PATCHED, self.program, '--getmaildir', self.home + '/state',
                   '--rcfile', path, *arguments]
        return clients.run(command, self.home, timeout=40, good=good, **clients.not_root(self.home))

    def take(self):
        """Octets of what has arrived since the last call, sorted; it folds long fields anew."""
        out = []
        for path in glob.glob(self.home + '/mail/new/*'):
            with open(path, 'rb') as handle:
                out.append(handle.read().removeprefix(b'Return-Path: <unknown>\n')
                           .replace(b';\n Mon,', b'; Mon,', 1))
            os.unlink(path)
        return sorted(out)


@contextlib.contextmanager
def fixture():
    clients.need('getmail', 'getmail6')
    with behind.server(BACKEND, listeners=('plain', 'implicit')) as server:
        home = procs.temp_dir('getmail')
        try:
            server.getmail = Getmail(server, home)
            with Wire(server.host, server.front.ports['plain']) as wire:
                server.getmail.wire = server.wire = wire
                yield server
        finally:
            procs.remove_dir(home)


def octets(*labels, size=0):
    return sorted(clients.unix(corpus.one(label, size)) for label in labels)


def checked(server):
    same(server.wire.refused(), [], 'refused')
    same(server.wire.odd, [], 'not understood')
    server.wire.forget()


def test_reads_every_octet(server):
    server.behind.make('GetBox')
    mail = corpus.small(30) + [corpus.one('get-big', 300000)]
    for message in mail:
        server.behind.put('GetBox', message)
    server.getmail.run(['GetBox'])
    same(server.getmail.take(), sorted(clients.unix(message) for message in mail))
    same([f for _, f in server.behind.labels('GetBox') if f], [], 'flags of what was only read')
    checked(server)


def test_reads_nothing_twice(server):
    server.getmail.run(['GetBox'], '--new')
    same(server.getmail.take(), [], 'new')
    same(server.wire.commands(r'UID FETCH'), [], 'downloads')
    server.behind.put('GetBox', corpus.one('get-new'))
    server.getmail.run(['GetBox'], '--new')
    same(server.getmail.take(), octets('get-new'))
    same(len(server.wire.commands(r'UID FETCH')), 1, 'downloads')
    checked(server)


def test_deletes_what_it_has(server):
    server.behind.fill('GetGone', 'gone-1', 'gone-2', 'gone-3', size=9000)
    server.getmail.run(['GetGone'], '--delete')
    same(server.getmail.take(), octets('gone-1', 'gone-2', 'gone-3', size=9000))
    same(server.behind.labels('GetGone'), [], 'left')
    checked(server)


def test_searches_and_flags(server):
    server.behind.fill('GetSeen', 'seen-1', flags=['\\Seen'])
    for label in ('unseen-1', 'unseen-2'):
        server.behind.put('GetSeen', corpus.one(label))
    search = 'imap_search = UNSEEN\nimap_on_delete = (\\Seen \\Flagged)'
    server.getmail.run(['GetSeen'], retriever=search, options='delete = true')
    same(server.getmail.take(), octets('unseen-1', 'unseen-2'))
    same(server.behind.labels('GetSeen'), [('seen-1', {'\\Seen'}),
                                           ('unseen-1', {'\\Seen', '\\Flagged'}),
                                           ('unseen-2', {'\\Seen', '\\Flagged'})])
    server.getmail.run(['GetSeen'], '--all', retriever='imap_search = (UNFLAGGED SUBJECT "seen-1")')
    same(server.getmail.take(), octets('seen-1'))
    checked(server)


def test_files_what_it_has(server):
    server.behind.fill('GetFrom', 'filed-1', 'filed-2', flags=['\\Answered'])
    server.behind.make('GetTo')
    server.getmail.run(['GetFrom'], '--delete', retriever='move_on_delete = GetTo')
    same(server.getmail.take(), octets('filed-1', 'filed-2'))
    same(server.behind.labels('GetFrom'), [], 'left')
    # it ends with STORE FLAGS (\\Deleted \\Seen) on the original, whose keywords JMAP shares with the copy
    flags = {'\\Answered'} if target.NATIVE else {'\\Seen'}
    same(server.behind.labels('GetTo'), [('filed-1', flags), ('filed-2', flags)])
    checked(server)


def test_all_mailboxes_over_tls(server):
    server.behind.fill('Get Zwölf & more', 'box-1')
    server.getmail.run(['ALL'], '--new', tls=True, name='tls')
    got = server.getmail.take()
    for want in octets('box-1', 'seen-1', 'filed-2'):
        check(want in got, '%r is missing' % want[:120])


def test_missing_mailbox(server):
    server.getmail.run(['GetNone'], '--new', good=(127,))
    same([(said.command, said.answer[:3]) for said in server.wire.refused()], [(b'EXAMINE GetNone', b'NO ')])


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=120)
