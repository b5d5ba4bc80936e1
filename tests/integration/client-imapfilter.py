#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""imapfilter: rules in Lua that search, flag, file and delete; the backend is an argument."""

import contextlib
import subprocess
import sys
import time

from lib import behind, clients, corpus, procs
from lib.tap import check, run, same, wait_for
from lib.wire import Wire

CONFIG = '''\
options.info = false
options.timeout = 30
options.starttls = %(starttls)s
options.subscribe = true
account = IMAP { server = '%(host)s', port = %(port)d, username = 'alice', password = 'secret'%(ssl)s }
'''
TALK = '''\
function show(name, results)
    for _, message in ipairs(results) do
        box, uid = table.unpack(message)
        print(name .. ' ' .. (string.match(box[uid]:fetch_field('X-Label'), ': ([^\\r\\n]*)') or '?'))
    end
end
'''
BACKEND = sys.argv[1] if len(sys.argv) > 1 else 'sample'


class Imapfilter:
    def __init__(self, server, home):
        self.server, self.home = server, home
        self.program = clients.need('imapfilter', 'imapfilter')

    def write(self, rules, kind='plain'):
        plain = kind == 'plain'
        path = self.home + '/config.lua'
        with open(path, 'w') as out:
            out.write(CONFIG % {
                'host': self.server.wire.host if plain else 'localhost',
                'port': self.server.wire.port if plain else self.server.front.ports[kind],
                'starttls': 'true' if kind == 'starttls' else 'false',
                'ssl': ", ssl = 'auto'" if kind == 'implicit' else ''})
            out.write(TALK + rules)
        command = [self.program, '-c', path]
        return command if plain else command + ['-t', clients.ca_file(self.server)]

    def run(self, rules, kind='plain'):
        """The words printed, as a list of lines."""
        done = clients.run(self.write(rules, kind), self.home, timeout=40)
        return done.stdout.decode().splitlines()


@contextlib.contextmanager
def fixture():
    clients.need('imapfilter', 'imapfilter')
    with behind.server(BACKEND, listeners=('plain', 'starttls', 'implicit')) as server:
        home = procs.temp_dir('imapfilter')
        try:
            server.filter = Imapfilter(server, home)
            with Wire(server.host, server.front.ports['plain']) as server.wire:
                yield server
        finally:
            procs.remove_dir(home)


def checked(server, expected=()):
    same(server.wire.refused(expected), [], 'refused')
    same(server.wire.odd, [], 'not understood')
    server.wire.forget()


def test_reads(server):
    server.behind.fill('Fil', 'fil-1', 'fil-2', 'fil-3', 'fil-4', size=4000)
    got = server.filter.run('''
        print(account.Fil:check_status())
        box, uid = table.unpack(account.Fil:contain_subject('fil-2')[1])
        print(box[uid]:fetch_size(), #box[uid]:fetch_message())
        print(box[uid]:fetch_field('Subject'))
        for part, what in pairs(box[uid]:fetch_structure()) do print(part, what.type) end
        print(#box[uid]:fetch_part('1') + #box[uid]:fetch_header())
    ''')
    octets = corpus.one('fil-2', 4000)
    same(got[0].split()[::2], ['4', '4'], 'messages and unseen')
    same(got[1].split(), [str(len(octets))] * 2, 'size and octets')
    same(got[2].split(), ['Subject:', 'Message', 'fil-2'])
    check('text/plain' in ' '.join(got).lower(), repr(got))
    same(got[-1], str(len(octets)), 'part and header together')
    same([flags for _, flags in server.behind.labels('Fil') if flags], [], 'flags of what was read')
    checked(server)


def test_downloads_once(server):
    """What it keeps for the session is not asked for again: UIDs and the mailbox stay."""
    server.filter.run('''
        show('a', account.Fil:match_subject('Message fil'))
        show('b', account.Fil:match_header('fil-3'))
        show('c', account.Fil:select_all():match_subject('fil-3'))
    ''')
    same(len(server.wire.commands('UID FETCH .*SUBJECT')), len(set(
        said.command for said in server.wire.commands('UID FETCH .*SUBJECT'))), server.wire.transcript())
    checked(server)


def test_searches(server):
    for number, flags in ((5, ['\\Flagged']), (6, ['\\Seen', 'work']), (7, ['\\Answered'])):
        server.behind.put('Fil', corpus.one('fil-%d' % number, 2000 * number), flags)
    got = server.filter.run('''
        show('flagged', account.Fil:is_flagged())
        show('seen', account.Fil:is_seen())
        show('work', account.Fil:has_keyword('work'))
        show('both', account.Fil:is_answered() + account.Fil:is_flagged())
        show('and', account.Fil:is_unseen() * account.Fil:is_larger(11000))
        show('not', account.Fil:is_unseen() - account.Fil:is_smaller(13000))
        show('field', account.Fil:contain_field('X-Label', 'fil-3'))
        show('from', account.Fil:contain_from('alice@example.org') * account.Fil:contain_field('X-Label', '-4'))
        show('body', account.Fil:contain_body('This is fil-1'))
        show('pcre', account.Fil:match_field('X-Label', 'fil-[12]$'))
        show('query', account.Fil:send_query('NOT (OR FLAGGED ANSWERED) LARGER 11000'))
        show('sent', account.Fil:sent_since('01-Jan-2020') * account.Fil:contain_subject('fil-7'))
        show('old', account.Fil:arrived_before('01-Jan-1990'))
    ''')
    want = {'flagged': '5', 'seen': '6', 'work': '6', 'both': '57', 'and': '7', 'not': '7', 'field': '3',
            'from': '4', 'body': '1', 'pcre': '12', 'query': '6', 'sent': '7'}
    same(sorted(got), sorted('%s fil-%s' % (name, n) for name, found in want.items() for n in found))
    checked(server)


def test_flags(server):
    server.filter.run('''
        account.Fil:contain_field('X-Label', 'fil-1'):mark_seen()
        account.Fil:contain_field('X-Label', 'fil-2'):add_flags({ 'filed', '\\\\Flagged' })
        account.Fil:contain_field('X-Label', 'fil-5'):unmark_flagged()
        account.Fil:contain_field('X-Label', 'fil-6'):remove_flags({ 'work' })
        account.Fil:contain_field('X-Label', 'fil-7'):replace_flags({ '\\\\Draft' })
    ''')
    same(server.behind.labels('Fil'), [
        ('fil-1', {'\\Seen'}), ('fil-2', {'filed', '\\Flagged'}), ('fil-3', set()), ('fil-4', set()),
        ('fil-5', set()), ('fil-6', {'\\Seen'}), ('fil-7', {'\\Draft'})])
    checked(server)


def test_files_into_a_new_mailbox(server):
    got = server.filter.run('''
        account.Fil:match_field('X-Label', 'fil-[34]'):copy_messages(account['Fil Kopien'])
        account.Fil:contain_field('X-Label', 'fil-5'):move_messages(account['Fil Neu/Ältere'])
        for _, name in ipairs(account:list_all('Fil Neu')) do print('all', name) end
        for _, name in ipairs(account:list_subscribed('Fil Neu')) do print('subscribed', name) end
    ''')
    same(sorted(set(got)), ['all\tFil Neu/Ältere', 'subscribed\tFil Neu/Ältere'])
    same(sorted(server.behind.flags('Fil')), ['fil-1', 'fil-2', 'fil-3', 'fil-4', 'fil-6', 'fil-7'])
    same(sorted(server.behind.flags('Fil Kopien')), ['fil-3', 'fil-4'])
    same(sorted(server.behind.flags('Fil Neu/Ältere')), ['fil-5'])
    checked(server, expected=('(UID )?(COPY|MOVE) ',))


def test_deletes(server):
    server.filter.run('''
        account.Fil:is_seen():delete_messages()
        account.Fil:contain_field('X-Label', 'fil-7'):mark_deleted()
    ''')
    found = server.behind.flags('Fil')
    same(sorted(set(found) - {'fil-7'}), ['fil-2', 'fil-3', 'fil-4'])
    checked(server)


def test_appends_and_renames(server):
    server.filter.run('''
        box, uid = table.unpack(account.Fil:contain_subject('fil-2')[1])
        account['Fil Kopien']:append_message(box[uid]:fetch_message(), box[uid]:fetch_flags(),
                                             box[uid]:fetch_date())
        account:rename_mailbox('Fil Kopien', 'FilCopies')
        account:unsubscribe_mailbox('Fil Neu/Ältere')
        account:delete_mailbox('Fil Neu/Ältere')
    ''')
    same(server.behind.flags('FilCopies')['fil-2'], {'filed', '\\Flagged'})
    check('Fil Neu/Ältere' not in server.behind.boxes(), 'the deleted mailbox')
    checked(server)


def test_is_woken_from_idle(server):
    command = server.filter.write('''
        print(account.Fil:enter_idle())
        show('new', account.Fil:contain_field('X-Label', 'fil-idle'))
    ''')
    waiting = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               env=clients.environment(server.filter.home))
    try:
        wait_for(server.wire.idling, 20 * procs.PATIENCE, 'IDLE')
        started = time.monotonic()
        server.behind.put('Fil', corpus.one('fil-idle'))
        out = waiting.communicate(timeout=40 * procs.PATIENCE)[0].decode().split()
    finally:
        procs.stop(waiting)
    same((out[0], out[-2:]), ('true', ['new', 'fil-idle']), 'after %.1f s' % (time.monotonic() - started))
    checked(server)


def test_over_tls(server):
    for kind in ('starttls', 'implicit'):
        server.behind.put('FilCopies', corpus.one('fil-' + kind))
        got = server.filter.run('''
            found = account.FilCopies:contain_field('X-Label', 'fil-%s')
            show('tls', found)
            found:move_messages(account.Fil)
        ''' % kind, kind)
        same(got, ['tls fil-' + kind], kind)
        check('fil-' + kind in server.behind.flags('Fil'), kind)
        check('fil-' + kind not in server.behind.flags('FilCopies'), kind)


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=150)
