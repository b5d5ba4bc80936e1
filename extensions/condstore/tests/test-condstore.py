#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A client that keeps what it knows, through random changes, reconnections and kills; claims of
messages that race with native ones.

The argument is the backend: cyrus or sample. FERRY_CONDSTORE_ROUNDS and FERRY_CONDSTORE_SEED
repeat or lengthen a run.
"""

import contextlib
import os
import random
import sqlite3
import sys
import threading

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 3,
                             'tests', 'integration')]

from lib import behind, corpus, target                          # noqa: E402
from lib.cyrus import multiappend                               # noqa: E402
from lib.imap import expand                                     # noqa: E402
from lib.tap import Failure, check, note, run, same, wait_for   # noqa: E402

BACKEND = sys.argv[1] if len(sys.argv) > 1 else 'sample'
ROUNDS = int(os.environ.get('FERRY_CONDSTORE_ROUNDS', '150'))
SEED = int(os.environ.get('FERRY_CONDSTORE_SEED', '7162'))
FLAGS = ['\\Seen', '\\Flagged', '\\Answered', '\\Draft', 'work', 'todo']


@contextlib.contextmanager
def fixture():
    target.ferry_only('changes past Ferry')
    with behind.server(BACKEND) as server:
        yield server


def plain(flags):
    return {bytes(flag).decode().lower() for flag in flags} - {'\\recent'}


class Cache:
    """What a disconnected client keeps of a mailbox: flags by UID, one mod-sequence, and nothing
    that it has not been told."""

    def __init__(self, server, box):
        self.server, self.box = server, box
        self.validity = self.modseq = 0
        self.flags, self.order, self.client = {}, [], None

    def connect(self):
        if self.client:
            self.client.close()
        self.client = self.server.imap(timeout=60)
        self.client.ok('ENABLE QRESYNC')

    def resync(self, parameters=''):
        """SELECT with what is known; then only what is new is asked for."""
        command = 'SELECT ' + self.box
        if self.validity:
            command += ' (QRESYNC (%d %d%s))' % (self.validity, self.modseq, parameters)
        reply = self.client.ok(command)
        validity = int(reply.codes()[b'UIDVALIDITY'])
        check(self.validity in (0, validity), 'UIDVALIDITY stays')
        self.validity = validity
        self.order = None
        self.take(reply)
        self.new_ones(reply.first(b'EXISTS').number)

    def new_ones(self, exists):
        first = max(self.flags, default=0) + 1
        reply = self.client.ok('UID FETCH %d:* (FLAGS)' % first)
        self.take(reply, False)
        same(len(self.flags), exists - sum(len(self.gone(r)) for r in reply.all(b'VANISHED')),
             'messages after ' + self.box)
        self.order = sorted(self.flags)

    @staticmethod
    def gone(response):
        return expand(response.tokens[-1])

    def vanish(self, response):
        uids = self.gone(response)
        earlier = len(response.tokens) > 1
        for uid in uids:
            known = self.flags.pop(uid, None)
            if not earlier and self.order is not None:
                check(known is not None and uid in self.order, 'VANISHED %d was there' % uid)
                self.order.remove(uid)

    def change(self, response):
        items = response.items()
        check(b'UID' in items and b'MODSEQ' in items, 'UID and MODSEQ: %r' % response)
        uid = int(items[b'UID'])
        if self.order is not None and response.number <= len(self.order):
            same(self.order[response.number - 1], uid, 'number %d' % response.number)
        if b'FLAGS' in items:
            self.flags[uid] = plain(items[b'FLAGS'])
        return int(items[b'MODSEQ'][0])

    def take(self, reply, with_modseq=True):
        """RFC 7162 §6: HIGHESTMODSEQ where it is told, else the highest MODSEQ."""
        highest, code, exists = 0, None, None
        for response in list(reply.untagged) + [reply]:
            if response.kind == b'VANISHED':
                self.vanish(response)
            elif response.kind == b'FETCH' and (with_modseq or b'MODSEQ' in response.items()):
                highest = max(highest, self.change(response))
            elif response.kind == b'FETCH':
                self.flags[int(response.items()[b'UID'])] = plain(response.items()[b'FLAGS'])
            elif response.kind == b'EXPUNGE':
                check(False, 'EXPUNGE after ENABLE QRESYNC')
            elif response.kind == b'EXISTS':
                exists = response.number
            if response.code == b'HIGHESTMODSEQ':
                code = int(response.code_value)
        self.modseq = code if code is not None else max(self.modseq, highest)
        return exists

    def do(self, command):
        """A command of the client; what it tells on the way is taken, and what is new fetched."""
        exists = self.take(self.client.ok(command))
        if exists is not None and exists > len(self.order):
            self.new_ones(exists)

    def match(self, rand):
        """Pairs of number and UID, some of them."""
        numbers = sorted(rand.sample(range(1, len(self.flags) + 1), min(len(self.flags), 5)))
        if not numbers:
            return ''
        uids = sorted(self.flags)
        return ' 1:%d (%s %s)' % (uids[-1], ','.join(map(str, numbers)),
                                  ','.join(str(uids[n - 1]) for n in numbers))


class Others:
    """Who else changes the mailbox: another session, and those past Ferry."""

    def __init__(self, server, box, rand):
        self.server, self.box, self.rand, self.made = server, box, rand, 0
        self.connect()

    def connect(self):
        self.client = self.server.imap(timeout=60)
        self.client.select(self.box)

    def pick(self):
        uids = self.client.uids()
        return self.rand.choice(uids) if uids else None

    def label(self):
        self.made += 1
        return 'cond-%d' % self.made

    def append(self):
        self.client.append(self.box, corpus.one(self.label()), self.rand.sample(FLAGS, 2))

    def flags(self):
        uid = self.pick()
        if uid:
            self.client.ok('UID STORE %d %sFLAGS (%s)' % (uid, self.rand.choice('+-'),
                                                          ' '.join(self.rand.sample(FLAGS, 2))))

    def remove(self):
        uid = self.pick()
        if uid:
            self.client.ok('UID STORE %d +FLAGS.SILENT (\\Deleted)' % uid)
            self.client.ok('UID EXPUNGE %d' % uid)

    def come_and_go(self):
        """Too fast for anybody to see."""
        self.append()
        self.client.ok('UID STORE %d +FLAGS.SILENT (\\Deleted)' % self.client.uids()[-1])
        self.client.ok('EXPUNGE')

    def native_append(self):
        self.server.behind.put(self.box, corpus.one(self.label()), self.rand.sample(FLAGS, 1))

    def native_flags(self):
        native_change(self.server, self.box, self.rand, 'flags')

    def native_remove(self):
        native_change(self.server, self.box, self.rand, 'remove')

    def truth(self):
        """UID → flags, as a session says that keeps nothing."""
        with self.server.imap(timeout=60) as client:
            if not client.select(self.box).first(b'EXISTS').number:
                return {}
            return {uid: plain(items[b'FLAGS'])
                    for uid, items in client.ok('UID FETCH 1:* (FLAGS)').by_uid().items()}


def native_change(server, box, rand, what):
    if BACKEND == 'cyrus':
        with server.native() as native:
            count = native.select(box).first(b'EXISTS').number
            if count and what == 'flags':
                native.ok('STORE %d %sFLAGS (%s)' % (rand.randint(1, count), rand.choice('+-'), rand.choice(FLAGS)))
            elif count:
                native.ok('STORE %d +FLAGS (\\Deleted)' % rand.randint(1, count))
                native.ok('EXPUNGE')
        return
    ids = ids_of(server, box)
    if ids and what == 'flags':
        server.sample.admin('keywords', {'user': 'alice', 'ids': [rand.choice(ids)],
                                         rand.choice(['add', 'remove']): [rand.choice(['$seen', '$flagged', 'todo'])]})
    elif ids:
        server.sample.admin('expunge', {'user': 'alice', 'ids': [rand.choice(ids)]})


def ids_of(server, box):
    boxes = server.sample.jmap(('Mailbox/get', {'properties': ['name']}))[0]['list']
    found = next(entry['id'] for entry in boxes if entry['name'] == box)
    return server.sample.jmap(('Email/query', {'filter': {'inMailbox': found}}))[0]['ids']


def own_change(cache, rand):
    """What the client itself does; conditional changes too, some on what it no longer knows."""
    if not cache.order:
        return cache.do('NOOP')
    uid, flag = rand.choice(cache.order), rand.choice(FLAGS)
    since = rand.choice([cache.modseq, cache.modseq, 1])
    before = set(cache.flags[uid])
    command = rand.choice([
        'UID STORE %d +FLAGS.SILENT (%s)' % (uid, flag), 'UID STORE %d FLAGS (%s)' % (uid, flag),
        'STORE %d -FLAGS.SILENT (%s)' % (cache.order.index(uid) + 1, flag),
        'UID STORE %d (UNCHANGEDSINCE %d) FLAGS.SILENT (%s)' % (uid, since, flag), 'NOOP',
        'FETCH 1:* (FLAGS MODSEQ UID)', 'UID FETCH 1:* (FLAGS) (CHANGEDSINCE %d VANISHED)' % cache.modseq])
    silent = '.SILENT' in command
    reply = cache.client.ok(command)
    modified = reply.code == b'MODIFIED'
    exists = cache.take(reply)
    told = any(r.kind == b'FETCH' and int(r.items()[b'UID']) == uid and b'FLAGS' in r.items()
               for r in reply.untagged)
    if silent and not told and not modified and uid in cache.flags:
        # silence says that the flags are what was asked for
        mode = command.split('FLAGS')[0][-1]
        change = {flag.lower()}
        cache.flags[uid] = before | change if mode == '+' else before - change if mode == '-' else change
    if exists is not None and exists > len(cache.order):
        cache.new_ones(exists)
    return None


def compare(cache, others):
    """What the client believes is so. It may be told late of what came past Ferry."""
    seen = {}

    def equal():
        seen['truth'] = others.truth()
        cache.do('NOOP')
        return cache.flags == seen['truth']
    try:
        wait_for(equal, 20, 'the client', 0.1)
    except Failure:
        same(cache.flags, seen['truth'], 'what the client believes')
        raise


def test_cache(server):
    """Random changes by everybody; the cache is right after each resynchronization and in between."""
    rand = random.Random(SEED)
    server.behind.make('Cond')
    for number in range(30):
        server.behind.put('Cond', corpus.one('start-%d' % number))
    cache, others = Cache(server, 'Cond'), Others(server, 'Cond', rand)
    actions = [others.append, others.flags, others.flags, others.remove, others.come_and_go,
               others.native_append, others.native_flags, others.native_flags, others.native_remove]
    cache.connect()
    cache.resync()
    resyncs = kills = 0
    for _ in range(ROUNDS):
        for _ in range(rand.randint(1, 4)):
            rand.choice(actions)()
        for _ in range(rand.randint(0, 3)):
            own_change(cache, rand)
        if rand.random() < 0.4:
            if rand.random() < 0.1:
                rand.choice([server.front.restart, lambda: (server.front.kill(), server.front.start())])()
                others.connect()
                kills += 1
            cache.connect()
            cache.resync(rand.choice(['', '', cache.match(rand)]))
            resyncs += 1
        compare(cache, others)
    note('%d resynchronizations, %d restarts' % (resyncs, kills))
    check(resyncs > ROUNDS / 5, 'the client came back')


class Claimer:
    """Takes messages for itself: sets a keyword where nobody did since it looked."""

    def __init__(self, server, box, seed):
        self.server, self.box, self.rand, self.mine = server, box, random.Random(seed), 0

    def work(self, wire, barrier, most):
        with contextlib.closing(wire()) as client:
            client.ok('SELECT %s (CONDSTORE)' % self.box)
            barrier.wait(60)
            while self.mine < most:
                found = client.fetch('1:*', '(FLAGS MODSEQ)')
                free = [(number, int(items[b'MODSEQ'][0])) for number, items in found.items()
                        if b'claimed' not in {bytes(f) for f in items[b'FLAGS']}]
                if not free:
                    return
                self.rand.shuffle(free)
                for number, modseq in free[:min(10, most - self.mine)]:
                    reply = client.cmd('STORE %d (UNCHANGEDSINCE %d) +FLAGS.SILENT (claimed)' % (number, modseq))
                    if not reply.ok:        # others were always faster: nothing is done
                        same((reply.kind, reply.code), (b'NO', b'INUSE'), repr(reply))
                        break
                    self.mine += reply.code != b'MODIFIED'

    def work_by_jmap(self, barrier, most):
        """The same with ifInState."""
        ids = ids_of(self.server, self.box)
        self.rand.shuffle(ids)
        barrier.wait(60)
        for email in ids:
            while self.mine < most:
                got = self.server.sample.jmap(('Email/get', {'ids': [email], 'properties': ['keywords']}))[0]
                if 'claimed' in got['list'][0]['keywords']:
                    break
                done = self.server.sample.jmap(('Email/set', {
                    'ifInState': got['state'], 'update': {email: {'keywords/claimed': True}}}))[0]
                if email in (done.get('updated') or {}):
                    self.mine += 1
                    break


def test_claims(server):
    """Three who race for the same messages, one of them past Ferry: each message is one's. That one
    is the fastest, and stops when it has a third."""
    count, barrier = 90, threading.Barrier(3)
    server.behind.make('Claims')
    for number in range(count):
        server.behind.put('Claims', corpus.one('claim-%d' % number))
    workers = [Claimer(server, 'Claims', SEED + n) for n in range(3)]
    jobs = [lambda n=n: workers[n].work(lambda: server.imap(timeout=60), barrier, count) for n in range(2)]
    if BACKEND == 'cyrus':
        jobs.append(lambda: workers[2].work(lambda: server.native(timeout=60), barrier, count // 3))
    else:
        jobs.append(lambda: workers[2].work_by_jmap(barrier, count // 3))
    problems = []

    def guard(job):
        try:
            job()
        except Exception as problem:    # pylint: disable=broad-except
            problems.append(problem)
    threads = [threading.Thread(target=guard, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(200)
        check(not thread.is_alive(), 'done in time')
    if problems:
        raise problems[0]
    note('claimed: %s' % [worker.mine for worker in workers])
    same(sum(worker.mine for worker in workers), count, 'each message is claimed once')
    check(all(worker.mine > 0 for worker in workers), 'there was a race')


def test_many_gone(server):
    """A resynchronization over hundreds of removals tells them in few octets."""
    server.behind.make('Gone')
    with server.imap(timeout=120) as other:
        multiappend(other, 'Gone', corpus.small(800, seed=SEED, size=400))
        cache = Cache(server, 'Gone')
        cache.connect()
        cache.resync()
        other.select('Gone')
        uids = other.uids()
        other.ok('STORE 2:799 +FLAGS.SILENT (\\Deleted)')
        other.ok('EXPUNGE')
        cache.connect()
        reply = cache.client.ok('SELECT Gone (QRESYNC (%d %d))' % (cache.validity, cache.modseq))
        same([r.line for r in reply.all(b'VANISHED')],
             [b'* VANISHED (EARLIER) %d:%d\r\n' % (uids[1], uids[798])], 'one line')
        same(reply.all(b'FETCH'), [], 'nothing changed')


def forget_removals(server):
    """What the store does when there are very many of them."""
    server.front.stop()
    path = next(os.path.join(folder, name) for folder, _, names in os.walk(server.front.state)
                for name in names if name.endswith(('.db', '.sqlite')))
    with contextlib.closing(sqlite3.connect(path)) as store:
        check(store.execute('DELETE FROM tombstone').rowcount > 0, 'there were some')
        store.execute('UPDATE mailbox SET prune_modseq = highest_modseq')
        store.commit()
    server.front.start()


def test_forgotten(server):
    """Where removals are forgotten all is told that is not there; pairs of number and UID spare
    most of it (RFC 7162 §3.2.5.2, §3.2.6)."""
    server.behind.make('Forgotten')
    with server.imap(timeout=60) as other:
        multiappend(other, 'Forgotten', corpus.small(12, seed=SEED, size=400))
        other.select('Forgotten')
        uids = other.uids()

        def remove(*numbers):
            other.ok('UID STORE %s +FLAGS.SILENT (\\Deleted)' % ','.join(str(uids[n - 1]) for n in numbers))
            other.ok('EXPUNGE')
        remove(2, 3)
        cache = Cache(server, 'Forgotten')
        cache.connect()
        cache.resync()
        remove(5, 9, 12)
    forget_removals(server)
    vanished = {
        '': '2:3,5,9,12', ' %d:%d' % (uids[3], uids[8]): '5,9',
        # the client's second message is number 4, its fifth number 7: from there on it is wrong
        ' 1:%d (2,5 %d,%d)' % (uids[-1], uids[3], uids[6]): '5,9,12',
        ' 1:%d (1:2 %d,%d)' % (uids[-1], uids[0], uids[3]): '5,9,12'}
    for parameters, numbers in vanished.items():
        cache.connect()
        reply = cache.client.ok('SELECT Forgotten (QRESYNC (%d %d%s))' % (cache.validity, cache.modseq, parameters))
        told = [uid for r in reply.all(b'VANISHED') for uid in Cache.gone(r)]
        same(told, [uids[n - 1] for n in expand(numbers.encode())], parameters)
    reply = cache.client.ok('UID FETCH 1:* (FLAGS) (CHANGEDSINCE %d VANISHED)' % cache.modseq)
    same(sorted(uid for r in reply.all(b'VANISHED') for uid in Cache.gone(r)),
         [uids[n - 1] for n in (2, 3, 5, 9, 12)], 'UID FETCH')
    cache.connect()
    cache.resync()
    same(sorted(cache.flags), [uid for n, uid in enumerate(uids, 1) if n not in (2, 3, 5, 9, 12)], 'what is left')


run([test_cache, test_claims, test_many_gone, test_forgotten], fixture, timeout=280)
