#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""UNAUTHENTICATE (RFC 8437): whoever signs in next is answered as on a connection of its own,
whatever the user before did with it. The argument is the backend: cyrus or sample.
"""

import contextlib
import os
import re
import sys
import zlib

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 3,
                             'tests', 'integration')]

from lib import behind, corpus, procs, target               # noqa: E402
from lib.imap import ImapError, Lit                         # noqa: E402
from lib.tap import check, note, run, same, skip_all        # noqa: E402

BACKEND = sys.argv[1] if len(sys.argv) > 1 else 'sample'

# What the first user switches on; left out where a module is not there.
ENABLE = ['IMAP4REV2', 'UTF8=ACCEPT', 'CONDSTORE', 'QRESYNC', 'UIDONLY', 'METADATA', 'METADATA-SERVER']
# What the first user does then, with the capability that it needs; answers do not matter.
DOINGS = [
    ('', 'ID ("name" "first")'), ('', 'SELECT INBOX'), ('CONDSTORE', 'SELECT INBOX (CONDSTORE)'),
    ('CONDSTORE', 'STATUS INBOX (HIGHESTMODSEQ)'), ('', 'UID SEARCH RETURN (SAVE) ALL'),
    ('', 'UID FETCH 1:* (FLAGS ENVELOPE)'), ('', 'UID STORE 1 +FLAGS ($first)'),
    ('CONTEXT=SEARCH', 'UID SEARCH RETURN (UPDATE CONTEXT) ALL'),
    ('CONTEXT=SORT', 'UID SORT RETURN (UPDATE) (DATE) UTF-8 ALL'),
    ('SORT', 'UID SORT (SUBJECT) UTF-8 ALL'),
    ('NOTIFY', 'NOTIFY SET STATUS (PERSONAL (MailboxName SubscriptionChange MessageNew MessageExpunge FlagChange))'
               ' (SELECTED (MessageNew (FLAGS) MessageExpunge FlagChange))'),
    ('METADATA', 'SETMETADATA INBOX (/private/comment "first")'),
    ('METADATA', 'GETMETADATA INBOX (/private/comment)'), ('ACL', 'MYRIGHTS INBOX'),
    ('QUOTA', 'GETQUOTAROOT INBOX'), ('LANGUAGE', 'LANGUAGE DE'), ('LANGUAGE', 'COMPARATOR "i;octet"'),
    ('', 'UID SEARCH RETURN (SAVE) FLAGGED UNSEEN'), ('', 'LIST "" * RETURN (SUBSCRIBED STATUS (MESSAGES))')]
# What the second one is asked, alone and after the first.
PROBES = [
    'CAPABILITY', 'SEARCH ALL', 'FETCH 1 FLAGS', 'NAMESPACE', 'LIST "" *', 'LIST "" Ent*',
    'STATUS INBOX (MESSAGES UIDNEXT UNSEEN)', 'EXAMINE INBOX', 'SEARCH RETURN (COUNT) $', 'UID FETCH $ (UID)',
    'FETCH 1:* (UID FLAGS)', 'MYRIGHTS INBOX', 'GETQUOTAROOT INBOX', 'GETMETADATA INBOX (/private/comment)',
    'SETMETADATA INBOX (/private/comment NIL)', 'SEARCH ALL', 'SEARCH UNSEEN', 'SEARCH NO SUCH KEY', 'UID FETCH 1:* (FLAGS)', 'NOOP']


@contextlib.contextmanager
def fixture():
    target.ferry_only('native servers keep this for administrators')
    with behind.server(BACKEND, listeners=('plain', 'implicit')) as server:
        for user, count in (('alice', 5), ('bob', 3)):
            with server.imap(user) as client:
                for number in range(count):
                    client.append('INBOX', corpus.one('%s-%d' % (user, number)))
                client.ok('CREATE Entw&APw-rfe')
                client.ok('CREATE Only-' + user)
                client.select('INBOX')
        yield server


def ask(client, command):
    """All that is answered, but for the tag."""
    tag = client.start(command)
    lines = []
    while not lines or not lines[-1].startswith(tag + b' '):
        lines.append(client.raw_response())
    return b''.join(line.replace(tag, b'TAG') for line in lines)


def probe(client):
    return [ask(client, command) for command in PROBES]


def use(client, capabilities, compressed=False):
    """Everything that may leave a trace."""
    names = [name for name in ENABLE if name in capabilities or name == 'IMAP4REV2']
    client.ok('ENABLE ' + ' '.join(names))
    for needed, command in DOINGS:
        if not needed or needed in capabilities:
            client.cmd(command)
    client.send(b'i IDLE\r\n')
    while client.raw_response().startswith(b'* '):
        pass
    client.send(b'DONE\r\n')
    while not client.raw_response().startswith(b'i '):
        pass
    if compressed and 'COMPRESS=DEFLATE' in capabilities:
        deflate(client)
        client.ok('NOOP')


class Deflated:
    """A socket behind raw deflate."""

    def __init__(self, sock):
        self.sock = sock
        self.out, self.into = zlib.compressobj(wbits=-15), zlib.decompressobj(wbits=-15)

    def sendall(self, data):
        self.sock.sendall(self.out.compress(data) + self.out.flush(zlib.Z_SYNC_FLUSH))

    def recv(self, count):
        while True:
            data = self.sock.recv(count)
            text = self.into.decompress(data)
            if text or not data:
                return text

    def settimeout(self, seconds):
        self.sock.settimeout(seconds)

    def close(self):
        self.sock.close()


def deflate(client):
    client.ok('COMPRESS DEFLATE')
    client.sock = Deflated(client.sock)


def sign_out(client):
    client.ok('UNAUTHENTICATE')
    if isinstance(client.sock, Deflated):
        same(client.buffer, b'', 'behind the tagged line')
        client.sock = client.sock.sock


def names(client):
    return {name.decode() for name in client.capabilities()}


def test_nothing_stays(server):
    """Octet for octet what another connection answers; over TLS and through deflate too."""
    with server.imap('bob') as alone:
        want = probe(alone)
    check(b'Only-bob' in want[4] and b'Only-alice' not in want[4], repr(want[4]))
    for tls, compressed in ((None, False), (None, True), ('implicit', False), ('implicit', True)):
        with server.imap('alice', tls=tls) as client:
            capabilities = names(client)
            for round_ in range(2):
                use(client, capabilities, compressed)
                sign_out(client)
                client.login('bob')
                for command, got, expected in zip(PROBES, probe(client), want):
                    same(got, expected, '%s (TLS %s, deflate %s, round %d)' % (command, tls, compressed, round_))
                sign_out(client)
                client.login('alice')
    note('used: ' + ' '.join(name for name, _ in DOINGS if name and name in capabilities))


def test_no_news(server):
    """What happens to the first user's mail is not told to the second, IDLE or not."""
    with server.imap('alice') as client, server.imap('alice') as other:
        use(client, names(client))
        sign_out(client)
        client.login('bob')
        client.select('INBOX')
        client.send(b'i IDLE\r\n')
        check(client.raw_response().startswith(b'+'), 'IDLE')
        other.append('INBOX', corpus.one('late'))
        other.ok('CREATE Later')
        other.ok('DELETE Later')
        other.select('INBOX')
        other.ok('STORE 1 +FLAGS (\\Flagged)')
        client.send(b'DONE\r\n')
        line = client.raw_response()
        check(line.startswith(b'i OK'), repr(line))
        same(client.ok('NOOP').untagged, [], 'NOOP')


def test_not_the_first(server):
    """A wrong password leaves nobody signed in."""
    with server.imap('alice') as client:
        client.select('INBOX')
        sign_out(client)
        same(client.cmd('LOGIN bob wrong').kind, b'NO', 'a wrong password')
        for command in ('SELECT INBOX', 'LIST "" *', 'NOOP', 'SEARCH ALL'):
            same(client.cmd(command).ok, command == 'NOOP', command)
        client.login('bob')
        same(client.select('INBOX').first(b'EXISTS').number, 3, 'messages of bob')


def read_answer(sock, marks):
    """Through an inflater up to the first mark, then in clear up to the last."""
    sock.settimeout(60)
    into, text, clear = zlib.decompressobj(wbits=-15), b'', b''
    while not re.search(marks[1], clear):
        data = sock.recv(65536)
        check(data, 'closed after %r %r' % (text, clear))
        for octet in data:
            if re.search(marks[0], text):
                clear += bytes([octet])
            else:
                text += into.decompress(bytes([octet]))
    return text, clear


TAIL = 16   # octets: more than a flush and the end of the line before it


def test_pipelined_deflate(server):
    """Compressed up to UNAUTHENTICATE, in clear right behind it, in one packet or in small pieces."""
    with server.imap() as client:
        if 'COMPRESS=DEFLATE' not in names(client):
            note('no COMPRESS here')
            return
    for flush in (zlib.Z_SYNC_FLUSH, zlib.Z_FINISH):
        for step in (1, 7, 100000):
            with server.imap('alice') as client:
                client.ok('COMPRESS DEFLATE')
                out = zlib.compressobj(wbits=-15)
                octets = out.compress(b'x NOOP\r\n') + out.flush(zlib.Z_SYNC_FLUSH)
                octets += out.compress(b'y SELECT INBOX\r\nz UNAUTHENTICATE\r\n') + out.flush(flush)
                clear = b'p LOGIN bob secret\r\nq STATUS INBOX (MESSAGES)\r\n'
                # the end of the flush comes with the line that it belongs to (README)
                for part, size in ((octets[:-TAIL], step), (octets[-TAIL:], TAIL), (clear, step)):
                    for at in range(0, len(part), size):
                        client.sock.sendall(part[at:at + size])
                # the flush that ends what Ferry compresses is not part of the line
                text, clear = read_answer(client.sock, (rb'z OK [^\n]*\n', rb'q OK [^\n]*\n'))
                check(b'y OK' in text and re.search(rb' [56] EXISTS', text), repr(text))
                check(re.search(rb'p OK [^\n]*\r\n\* STATUS INBOX \(MESSAGES 3\)\r\nq OK', clear), repr(clear))


def test_many(server):
    """A thousand times on one connection: nothing piles up."""
    with server.imap('alice') as client:
        before = 0
        for number in range(1000):
            client.select('INBOX')
            sign_out(client)
            client.login(('bob', 'alice')[number % 2])
            if number == 200:
                before = server.front.memory()
        grown = (server.front.memory() - before) // 1024
        note('grown by %d KiB in 800 rounds' % grown)
        # a sanitizer keeps what was freed for a while
        check(procs.SANITIZED or grown < 8192, '%d KiB' % grown)


def test_broken_literal(server):
    """Literals have their small limit again, and the connection stays usable."""
    with server.imap('alice') as client:
        sign_out(client)
        reply = client.cmd('LOGIN ', Lit(b'x' * 20000, sync=True), ' x')
        same((reply.kind, reply.code), (b'NO', b'TOOBIG'), 'a name of 20000 octets')
        client.login('bob')
        try:
            client.ok('LIST "" ', Lit(b'x' * 20000, sync=True))
        except ImapError as problem:
            check(False, str(problem))


if BACKEND not in ('cyrus', 'sample'):
    skip_all('unknown backend')
run([test_nothing_stays, test_no_news, test_not_the_first, test_pipelined_deflate, test_many, test_broken_literal],
    fixture)
