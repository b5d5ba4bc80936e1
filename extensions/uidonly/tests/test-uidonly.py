#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""UIDONLY (RFC 9586): a client that keeps what it knows by UID, through changes made behind Ferry
and by others, with mod-sequences and without. The argument is the backend: cyrus or sample.
"""

import contextlib
import os
import random
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 3,
                             'tests', 'integration')]

from lib import behind, corpus, target                      # noqa: E402
from lib.cyrus import multiappend                           # noqa: E402
from lib.imap import expand                                 # noqa: E402
from lib.tap import check, note, run, same                  # noqa: E402

BACKEND = sys.argv[1] if len(sys.argv) > 1 else 'sample'
SEED = int(os.environ.get('FERRY_UIDONLY_SEED', '9586'))
ROUNDS = 60
FLAGS = ['\\Seen', '\\Flagged', '\\Answered', 'work']


@contextlib.contextmanager
def fixture():
    target.ferry_only('native servers do not have it')
    with behind.server(BACKEND) as server:
        yield server


class Cache:
    """UID → flags, from what was told alone."""

    def __init__(self, client, box):
        self.client, self.flags, self.exists = client, {}, 0
        self.take(client.select(box))
        self.take(client.ok('UID FETCH 1:* (FLAGS)'))

    def take(self, reply):
        for response in reply.untagged:
            check(response.kind not in (b'FETCH', b'EXPUNGE'), 'a message number: %r' % response.line)
            check(response.code != b'UNSEEN', repr(response.line))
            if response.kind == b'UIDFETCH':
                items = response.items()
                if b'FLAGS' in items:
                    self.flags[response.number] = {bytes(f).decode() for f in items[b'FLAGS']} - {'\\Recent'}
            elif response.kind == b'VANISHED':
                for uid in expand(bytes(response.tokens[0])):
                    # of some that were counted, but not fetched yet
                    self.flags.pop(uid, None)
                    self.exists -= 1
            elif response.kind == b'EXISTS':
                self.exists = response.number
        return reply

    def sync(self):
        self.take(self.client.ok('NOOP'))
        highest = max(self.flags, default=0)
        reply = self.client.ok('UID FETCH %d:* (FLAGS)' % (highest + 1))
        self.take(reply)
        same(len(self.flags), self.exists, 'messages known, and EXISTS')


def truth(server, box):
    with server.imap() as client:
        if not client.examine(box).first(b'EXISTS').number:
            return {}
        return {uid: {bytes(f).decode() for f in items[b'FLAGS']} - {'\\Recent'}
                for uid, items in client.ok('FETCH 1:* (UID FLAGS)').by_uid().items()}


def change(client, dice, uids):
    """One change by another client."""
    some = ','.join(map(str, dice.sample(uids, min(len(uids), dice.randint(1, 4)))))
    kind = dice.randrange(5)
    if kind == 0 or not uids:
        client.append('INBOX' if not uids else client.box, corpus.one('more'))
    elif kind == 1:
        client.ok('UID STORE %s +FLAGS (\\Deleted)' % some)
        client.ok('EXPUNGE')
    elif kind == 2:
        client.ok('UID COPY %s %s' % (some, client.box))
    else:
        client.ok('UID STORE %s %sFLAGS (%s)' % (some, '+-'[kind == 3], dice.choice(FLAGS)))


def follow(server, box, names):
    dice = random.Random(SEED)
    server.behind.make(box)
    with server.imap(timeout=60) as client, server.imap(timeout=60) as other:
        other.box = box
        multiappend(other, box, corpus.small(20, seed=SEED, size=300))
        other.select(box)
        wanted = [name for name in names if name.encode() in client.capabilities()]
        client.ok('ENABLE ' + ' '.join(wanted))
        cache = Cache(client, box)
        same(len(cache.flags), 20, 'messages')
        for _ in range(ROUNDS):
            change(other, dice, other.uids())
            if cache.flags and dice.random() < 0.3:
                uid = dice.choice(sorted(cache.flags))
                cache.take(client.ok('UID STORE %d +FLAGS (%s)' % (uid, dice.choice(FLAGS))))
            if dice.random() < 0.5:
                cache.sync()
                same(client.cmd('FETCH 1 FLAGS').code, b'UIDREQUIRED', 'FETCH by number')
        cache.sync()
        same(cache.flags, truth(server, box), 'what was told')
        note('%s: %d messages' % (' '.join(wanted), len(cache.flags)))


def test_follow(server):
    follow(server, 'Plain', ['UIDONLY'])


def test_follow_rev2(server):
    follow(server, 'Rev2', ['UIDONLY', 'IMAP4REV2'])


def test_follow_condstore(server):
    follow(server, 'Condstore', ['UIDONLY', 'CONDSTORE'])


def test_follow_qresync(server):
    follow(server, 'Qresync', ['UIDONLY', 'QRESYNC'])


def test_condstore(server):
    """MODIFIED in UIDs, VANISHED (EARLIER), and pairs of numbers refused (RFC 9586 §3.8)."""
    server.behind.fill('Pairs', 'a', 'b', 'c', 'd')
    with server.imap() as client:
        if b'QRESYNC' not in client.capabilities():
            note('no mod-sequences here')
            return
        client.ok('ENABLE UIDONLY QRESYNC')
        codes = client.select('Pairs').codes()
        validity, modseq = int(codes[b'UIDVALIDITY']), int(codes[b'HIGHESTMODSEQ'])
        reply = client.ok('UID STORE 2 +FLAGS.SILENT (\\Deleted)')
        same([r.number for r in reply.all(b'UIDFETCH')], [2], 'told with its mod-sequence')
        check(b'MODSEQ' in reply.first(b'UIDFETCH').items(), repr(reply.untagged))
        reply = client.ok('UID EXPUNGE 2')
        same([r.line for r in reply.all(b'VANISHED')], [b'* VANISHED 2\r\n'], 'VANISHED')
        check(reply.code == b'HIGHESTMODSEQ', repr(reply))
        client.ok('UID STORE 3 +FLAGS (\\Flagged)')
        reply = client.ok('UID STORE 3:4 (UNCHANGEDSINCE %d) +FLAGS (\\Seen)' % modseq)
        same((reply.code, reply.code_value), (b'MODIFIED', b'3'), 'UNCHANGEDSINCE')
        reply = client.ok('UID FETCH 1:* (FLAGS) (CHANGEDSINCE %d VANISHED)' % modseq)
        same(sorted(r.number for r in reply.all(b'UIDFETCH')), [3, 4], 'CHANGEDSINCE')
        same([r.line for r in reply.all(b'VANISHED')], [b'* VANISHED (EARLIER) 2\r\n'], 'EARLIER')
        client.ok('UNSELECT')
        reply = client.cmd('SELECT Pairs (QRESYNC (%d %d 1:4 (1:2 1:2)))' % (validity, modseq))
        same((reply.kind, reply.code), (b'BAD', b'UIDREQUIRED'), 'pairs')
        reply = client.ok('SELECT Pairs (QRESYNC (%d %d 1:4))' % (validity, modseq))
        same([r.line for r in reply.all(b'VANISHED')], [b'* VANISHED (EARLIER) 2\r\n'], 'SELECT')
        same(sorted(r.number for r in reply.all(b'UIDFETCH')), [3, 4], 'SELECT')
        same(reply.all(b'FETCH'), [], 'FETCH')


def test_with_uid(server):
    """Every command that answers with numbers, and is there, wants UID."""
    server.behind.fill('Commands', 'a', 'b')
    with server.imap() as client:
        have = client.capabilities()
        client.ok('ENABLE UIDONLY')
        client.select('Commands')
        for needed, command in (('', 'FETCH 1 UID'), ('', 'SEARCH ALL'), ('SORT', 'SORT (DATE) UTF-8 ALL'),
                                ('THREAD=REFERENCES', 'THREAD REFERENCES UTF-8 ALL')):
            if needed.encode() in have or not needed:
                same(client.cmd(command).code, b'UIDREQUIRED', command)
        for needed, command in (('SORT', 'UID SORT (SUBJECT) UTF-8 %s'),
                                ('THREAD=REFERENCES', 'UID THREAD REFERENCES UTF-8 %s'), ('', 'UID SEARCH %s')):
            if needed.encode() in have or not needed:
                same(client.cmd(command % 'OR SEEN 1').code, b'UIDREQUIRED', command)
                check(client.cmd(command % 'OR SEEN UID 1').ok, command)


run([test_follow, test_follow_rev2, test_follow_condstore, test_follow_qresync, test_condstore, test_with_uid],
    fixture)
