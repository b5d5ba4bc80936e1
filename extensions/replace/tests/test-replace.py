#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""REPLACE where it may lose mail: ferryd killed, the backend failing and the old message expunged
by others while a draft is saved again and again; and what Cyrus's own IMAP does.

The argument is the backend: cyrus or sample. FERRY_REPLACE_ROUNDS and FERRY_REPLACE_SEED repeat or
lengthen a run.
"""

import contextlib
import os
import random
import sys
import threading
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 3,
                             'tests', 'integration')]

from lib import behind, corpus, target                          # noqa: E402
from lib.imap import ImapError, Lit, appenduid                  # noqa: E402
from lib.tap import Skip, check, note, run, same, wait_for      # noqa: E402

BACKEND = sys.argv[1] if len(sys.argv) > 1 else 'sample'
ROUNDS = int(os.environ.get('FERRY_REPLACE_ROUNDS', '25'))
SEED = int(os.environ.get('FERRY_REPLACE_SEED', '8508'))
BOX = 'ReplaceDrafts'


@contextlib.contextmanager
def fixture():
    target.ferry_only('kills ferryd')
    with behind.server(BACKEND) as server:
        yield server


def labels(client, box=BOX):
    """UID → label, of what a client sees."""
    if not client.examine(box).first(b'EXISTS').number:
        return {}
    found = {}
    for items in client.fetch('1:*', '(UID BODY.PEEK[HEADER.FIELDS (X-Label)])').values():
        octets = next(v for k, v in items.items() if k.startswith(b'BODY['))
        found[int(items[b'UID'])] = octets.partition(b':')[2].strip().decode()
    return found


class Writer(threading.Thread):
    """Saves a draft over the one before until something is in the way; remembers what was promised."""

    def __init__(self, server, number, rng):
        super().__init__(daemon=True)
        self.server, self.number, self.rng = server, number, rng
        self.saved = self.trying = None
        self.count, self.problem = 0, None

    def run(self):
        try:
            with self.server.imap(timeout=30) as client:
                uid, self.saved = next(iter(labels(client).items()))
                client.select(BOX)
                while True:
                    uid = self.save(client, uid)
        except (ImapError, OSError):
            pass
        except Exception as problem:
            self.problem = problem

    def save(self, client, uid):
        self.trying = 'draft-%d-%d' % (self.number, self.count)
        message = corpus.one(self.trying, self.rng.choice((0, 3000, 60000)))
        _, uids = appenduid(client.ok('UID REPLACE %d %s (\\Draft) ' % (uid, BOX), Lit(message)))
        self.saved, self.count = self.trying, self.count + 1
        return uids[0]


def begin(server):
    server.behind.make(BOX)
    server.behind.put(BOX, corpus.one('draft-first'))
    with server.imap() as client:
        wait_for(lambda: server_has(client), 10, 'the first draft')


def server_has(client):
    client.ok('NOOP')
    return list(labels(client).values()) == ['draft-first']


def one_of(server, writer, what):
    """One draft is left, promised or in the making, through Ferry and behind it."""
    allowed = {writer.saved, writer.trying} - {None}
    with server.imap(timeout=60) as client:
        def settled():
            seen = list(labels(client).values())
            check(seen, '%s: the draft is lost' % what)
            return seen if len(seen) == 1 else None
        seen = wait_for(settled, 20, '%s: one draft' % what)
    check(seen[0] in allowed, '%s: %r is there, not one of %r' % (what, seen, allowed))
    same([label for label, _ in server.behind.labels(BOX)], seen, what + ': behind Ferry')


def test_killed(server):
    """kill -9 at any moment: the draft that was promised is there, or the one that came after it."""
    rng, total = random.Random(SEED), 0
    begin(server)
    for number in range(ROUNDS):
        writer = Writer(server, number, random.Random(SEED + number))
        writer.start()
        time.sleep(rng.uniform(0.02, 0.5))
        server.front.kill()
        writer.join(60)
        check(not writer.is_alive(), 'the client noticed')
        if writer.problem:
            raise writer.problem
        server.front.start()
        if writer.saved:
            one_of(server, writer, 'round %d of seed %d' % (number, SEED))
        total += writer.count
    check(total > ROUNDS // 2, 'drafts were saved: %d' % total)
    note('%d drafts saved, %d kills' % (total, ROUNDS))


def test_backend_fails(server):
    """The backend fails in every way, between any two calls."""
    if BACKEND != 'sample':
        raise Skip('needs faults')
    rng, refused, total = random.Random(SEED), 0, 0
    begin(server)
    for number in range(ROUNDS * 2):
        fault = {'on': 'method', 'method': rng.choice(('Email/import', 'Email/get', 'Email/set', '*')),
                 'skip': rng.randrange(4), 'times': rng.choice((1, 1, 2)),
                 'do': rng.choice(('cut-before', 'cut-after', 'cut-middle', 'method-error', 'set-error',
                                   'status', 'truncated-json'))}
        if fault['do'].endswith('-error'):
            fault['type'] = rng.choice(('serverFail', 'forbidden', 'serverUnavailable'))
        server.sample.faults(fault)
        writer = Writer(server, 1000 + number, random.Random(SEED + number))
        with server.imap(timeout=70) as client:
            found = labels(client)
            server_uid, writer.saved = next(iter(found.items()))
            client.select(BOX)
            writer.trying = 'fault-%d' % number
            reply = client.cmd('UID REPLACE %d %s ' % (server_uid, BOX), Lit(corpus.one(writer.trying)))
            if reply.ok:
                writer.saved, total = writer.trying, total + 1
            else:
                refused += 1
        server.sample.faults()
        one_of(server, writer, 'fault %d of seed %d: %r, %r' % (number, SEED, fault, reply.line))
    note('%d replaced, %d refused' % (total, refused))
    check(total and refused, 'some failed, some did not')


def test_expunged_by_others(server):
    """Others remove the draft at any moment: it was replaced before, or nothing was appended after."""
    rng, replaced, gone = random.Random(SEED), 0, 0
    for number in range(ROUNDS):
        box, label = '%s-%d' % (BOX, number), 'others-%d' % number
        server.behind.make(box)
        server.behind.put(box, corpus.one(label))
        with server.imap(timeout=60) as client, server.imap(timeout=60) as other:
            wait_for(lambda: client.cmd('STATUS %s (MESSAGES)' % box).ok, 20, 'the mailbox')
            wait_for(lambda: label in labels(client, box).values(), 20, 'the draft')
            client.select(box)
            other.select(box)
            other.ok('STORE 1 +FLAGS.SILENT (\\Deleted)')
            tag = client.start('REPLACE 1 %s ' % box, Lit(corpus.one(label + '-new')))
            time.sleep(rng.uniform(0, 0.03))
            other.ok('EXPUNGE')
            reply = client.finish(tag)
            want = [label + '-new'] if reply.ok else []
            replaced, gone = replaced + reply.ok, gone + (not reply.ok)
            same(list(labels(client, box).values()), want, 'after %r' % reply.line)
        same([name for name, _ in server.behind.labels(box)], want, 'behind Ferry')
    note('%d replaced, %d too late' % (replaced, gone))


SCRIPT = (
    'REPLACE 1 %s (\\Seen \\Draft) "15-Feb-2024 10:20:30 +0000" ', 'UID REPLACE * %s (\\Flagged) ',
    'REPLACE * %s ', 'REPLACE 9 %s ', 'UID REPLACE 4000000000 %s ', 'REPLACE 0 %s ',
    'REPLACE 1:2 %s ', 'REPLACE 1 ReplaceNowhere ', 'UID REPLACE 1 %s (\\Nonsense',
)


def play(client):
    """What becomes of SCRIPT: tagged words and mailboxes."""
    client.cmd('DELETE ReplaceNative')
    client.ok('CREATE ReplaceNative')
    for number in range(4):
        client.append('ReplaceNative', corpus.one('native-%d' % number), ('\\Answered',))
    client.select('ReplaceNative')
    told = []
    for number, line in enumerate(SCRIPT):
        if '%s' in line:
            line = line % 'ReplaceNative'
        reply = client.cmd(line, Lit(corpus.one('replaced-%d' % number), True))
        told.append((line.split()[0:2], reply.ok, b'APPENDUID' in reply.codes(),
                     bool(reply.all(b'EXPUNGE'))))
    flags = []
    for items in client.fetch('1:*', '(FLAGS INTERNALDATE BODY.PEEK[HEADER.FIELDS (X-Label)])').values():
        octets = next(v for k, v in items.items() if k.startswith(b'BODY['))
        flags.append((octets, sorted(set(items[b'FLAGS']) - {b'\\Recent'})))
    return told, flags


def test_as_native(server):
    """The same commands, answered by Ferry and by Cyrus's own IMAP."""
    if BACKEND != 'cyrus':
        raise Skip('needs a native server')
    with server.imap() as client:
        ours = play(client)
    with server.native() as client:
        if b'REPLACE' not in client.capabilities():
            raise Skip('this Cyrus has no REPLACE')
        theirs = play(client)
    same(ours[0], theirs[0], 'answers')
    same(ours[1], theirs[1], 'messages')


run([test_killed, test_backend_fails, test_expunged_by_others, test_as_native], fixture, timeout=560)
