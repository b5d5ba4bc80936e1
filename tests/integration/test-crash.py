#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill -9 in the middle of appends, moves and a first sync, many times.

After each start every UID names the message it always named, nothing acknowledged is missing or
there twice, and what was listed is not listed again. FERRY_CRASH_ROUNDS and FERRY_CRASH_SEED
repeat or lengthen a run.
"""

import contextlib
import os
import random
import threading
import time

from lib import corpus, target
from lib.cyrus import multiappend
from lib.imap import ImapError, Lit, appenduid, copyuid
from lib.tap import check, note, run, same

ROUNDS = int(os.environ.get('FERRY_CRASH_ROUNDS', '25'))
SEED = int(os.environ.get('FERRY_CRASH_SEED', '4711'))
BOXES = ('CrashA', 'CrashB')


@contextlib.contextmanager
def fixture():
    target.ferry_only('kills ferryd')
    with target.on_cyrus() as server:
        yield server


def read_labels(client, box):
    """(UIDVALIDITY, UIDNEXT, UID → label)"""
    reply = client.examine(box)
    codes = reply.codes()
    found = {}
    if reply.first(b'EXISTS').number:
        for items in client.fetch('1:*', '(UID BODY.PEEK[HEADER.FIELDS (X-Label)])').values():
            octets = next(v for k, v in items.items() if k.startswith(b'BODY['))
            found[int(items[b'UID'])] = octets.split(b':', 1)[1].strip().decode()
    return int(codes[b'UIDVALIDITY']), int(codes[b'UIDNEXT']), found


class Model:
    """What has been promised: who each UID is, and where acknowledged messages are."""

    def __init__(self):
        self.names = {}         # (box, uidvalidity, uid) → label, for ever
        self.where = {}         # label → set of places it may be in (None: nowhere)
        self.validity = {}

    def told(self, box, validity, uid, label):
        key = (box, validity, uid)
        known = self.names.setdefault(key, label)
        same(label, known, 'UID %d of %s' % (uid, box))

    def look(self, box, validity, uidnext, found):
        first = self.validity.setdefault(box, validity)
        same(validity, first, 'UIDVALIDITY of ' + box)
        for uid, label in found.items():
            self.told(box, validity, uid, label)
            check(uid < uidnext, 'UIDNEXT %d above UID %d' % (uidnext, uid))
        used = [uid for (b, v, uid) in self.names if (b, v) == (box, validity)]
        check(not used or uidnext > max(used), 'UIDNEXT %d above every UID given' % uidnext)

    def settle(self, places):
        """Compare with where every label is now: label → list of boxes."""
        for label, allowed in self.where.items():
            now = places.get(label, [])
            check(len(now) <= 1, '%s is in %r' % (label, now))
            check((now[0] if now else None) in allowed, '%s is in %r, not in %r' % (label, now, allowed))
            self.where[label] = {now[0] if now else None}


class Worker(threading.Thread):
    """Appends, moves and removes until ferryd is gone."""

    def __init__(self, server, model, number, rng):
        super().__init__(daemon=True)
        self.server, self.model, self.number = server, model, number
        self.rng, self.problem, self.done = rng, None, 0

    def run(self):
        try:
            with self.server.imap(timeout=20) as client:
                while True:
                    self.step(client)
                    self.done += 1
        except (ImapError, OSError):
            pass
        except Exception as problem:
            self.problem = problem

    def step(self, client):
        act = self.rng.choice((self.append, self.append, self.multi, self.move, self.remove))
        act(client, *self.rng.sample(BOXES, 2))

    def label(self):
        return 'crash-%d-%d-%d' % (self.number, self.done, self.rng.randrange(1 << 30))

    def append(self, client, box, _):
        label = self.label()
        self.model.where[label] = {None, box}
        reply = client.append(box, corpus.one(label, self.rng.choice((0, 3000, 60000))))
        validity, uids = appenduid(reply)
        self.model.told(box, validity, uids[0], label)
        self.model.where[label] = {box}

    def multi(self, client, box, _):
        if b'MULTIAPPEND' not in client.capabilities():
            return
        labels = [self.label() + '-%d' % i for i in range(5)]
        for label in labels:
            self.model.where[label] = {None, box}
        parts = ['APPEND ' + box]
        for label in labels:
            parts += [' ', Lit(corpus.one(label))]
        validity, uids = appenduid(client.ok(*parts))
        for uid, label in zip(uids, labels):
            self.model.told(box, validity, uid, label)
            self.model.where[label] = {box}

    def pick(self, client, box):
        validity, _, found = read_labels(client, box)
        for uid, label in found.items():
            self.model.told(box, validity, uid, label)
        mine = [(u, l) for u, l in sorted(found.items()) if l in self.model.where]
        client.select(box)
        return self.rng.sample(mine, min(3, len(mine)))

    def move(self, client, box, to):
        picked = self.pick(client, box)
        if not picked:
            return
        for _, label in picked:
            self.model.where[label] = {box, to}
        reply = client.ok('UID MOVE %s %s' % (','.join(str(u) for u, _ in picked), to))
        validity, source, new = copyuid(reply)
        by_uid = dict(picked)
        for old, uid in zip(source, new):
            self.model.told(to, validity, uid, by_uid[old])
            self.model.where[by_uid[old]] = {to}

    def remove(self, client, box, _):
        picked = self.pick(client, box)
        if not picked:
            return
        for _, label in picked:
            self.model.where[label] = {box, None}
        numbers = ','.join(str(u) for u, _ in picked)
        client.ok('UID STORE %s +FLAGS.SILENT (\\Deleted)' % numbers)
        client.ok('UID EXPUNGE ' + numbers)
        for _, label in picked:
            self.model.where[label] = {None}


def look_everywhere(server, model):
    places = {}
    with server.imap() as client:
        for box in BOXES:
            validity, uidnext, found = read_labels(client, box)
            model.look(box, validity, uidnext, found)
            same(len(set(found.values())), len(found), 'each message once in ' + box)
            for label in found.values():
                places.setdefault(label, []).append(box)
    native = {}
    with server.native() as client:
        for box in BOXES:
            for label in read_labels(client, box)[2].values():
                native.setdefault(label, []).append(box)
    same({l: sorted(b) for l, b in places.items()}, {l: sorted(b) for l, b in native.items()},
         'the same messages natively')
    return places


def test_kill_during_appends_and_moves(server):
    rng = random.Random(SEED)
    model = Model()
    for box in BOXES:
        server.fresh(box)
    for number in range(ROUNDS):
        worker = Worker(server, model, number, random.Random(SEED * 1000 + number))
        worker.start()
        time.sleep(rng.uniform(0.02, 0.6))
        server.front.kill()
        worker.join(30)
        check(not worker.is_alive(), 'the client noticed')
        if worker.problem:
            raise worker.problem
        mark = server.proxy.mark()
        server.front.start()
        try:
            model.settle(look_everywhere(server, model))
        except Exception:
            note('round %d of seed %d' % (number, SEED))
            raise
        listed = [r for r in server.proxy.since(mark) if 'Email/query' in r.calls()]
        same(listed if number else [], [], 'listed again after a restart')
    note('%d UIDs given, %d messages' % (len(model.names), len(model.where)))


def test_kill_during_first_sync(server):
    """A mailbox of some thousand messages, first seen by a ferryd that keeps dying."""
    count = 3000
    with server.native() as native:
        native.cmd('DELETE CrashBig')
        native.ok('CREATE CrashBig')
    server.front.stop()
    with server.native() as native:
        multiappend(native, 'CrashBig', corpus.small(count, seed=5, size=600))
    rng = random.Random(SEED + 1)
    import shutil
    shutil.rmtree(server.front.state)
    shutil.rmtree(server.front.cache)
    os.makedirs(server.front.state, 0o700)
    os.makedirs(server.front.cache, 0o700)
    seen, validity = {}, None
    for _ in range(max(6, ROUNDS // 3)):
        server.front.start()
        killer = threading.Timer(rng.uniform(0.05, 1.2), server.front.kill)
        killer.start()
        try:
            with server.imap(timeout=30) as client:
                validity = remember(client, seen, validity)
        except (ImapError, OSError):
            pass
        killer.join()
    server.front.start()
    with server.imap(timeout=120) as client:
        validity = remember(client, seen, validity)
    same(len(seen), count, 'UIDs given')
    same(len(set(seen.values())), count, 'messages that have one')


def remember(client, seen, validity):
    reply = client.select('CrashBig')
    now = int(reply.codes()[b'UIDVALIDITY'])
    check(validity in (None, now), 'UIDVALIDITY %r was %r' % (now, validity))
    same(reply.first(b'EXISTS').number, 3000, 'EXISTS')
    for uid, items in client.ok('FETCH 1:* (UID ENVELOPE)', timeout=60).by_uid().items():
        message_id = items[b'ENVELOPE'][9]
        same(seen.setdefault(uid, message_id), message_id, 'UID %d' % uid)
    return now


def test_resync_without_download(server):
    """After a kill a client that knows its UIDs needs flags only; ferryd needs no message either."""
    box = server.fresh('CrashCheap')
    with server.imap() as client:
        for number in range(30):
            client.append(box, corpus.one('cheap-%d' % number))
        client.select(box)
        client.ok('FETCH 1:* (UID FLAGS ENVELOPE BODYSTRUCTURE)')
        before = client.uids()
    server.front.kill()
    server.front.start()
    mark = server.proxy.mark()
    with server.imap() as client:
        client.select(box)
        same(client.uids(), before)
        client.ok('FETCH 1:* (UID FLAGS)')
        client.ok('FETCH 1:* (ENVELOPE BODYSTRUCTURE)')
    after = server.proxy.since(mark)
    downloads = [r for r in after if '/download' in r.path]
    same(downloads, [], 'downloads')
    check(len(after) <= 12, 'few requests: %r' % after)


run([test_kill_during_appends_and_moves, test_kill_during_first_sync, test_resync_without_download],
    fixture, timeout=880)
