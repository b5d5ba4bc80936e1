#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""PARTIAL against its definition: a page of what the same command answers without it."""

import contextlib
import os
import random
import sys

sys.path.insert(0, os.path.join(os.environ['FERRY_SRCDIR'], 'tests', 'integration'))

from lib import target                                      # noqa: E402
from lib.imap import Lit, expand                            # noqa: E402
from lib.tap import Skip, check, run, same                  # noqa: E402

COUNT = 150


def fill(client):
    for n in range(COUNT):
        text = 'Subject: s%d\r\nFrom: a%d@x.example\r\n\r\nbody %d\r\n' % (n * 7 % COUNT, n % 5, n)
        client.ok('APPEND INBOX %s"01-Jan-2024 %02d:%02d:00 +0000" ' % (
            '(\\Flagged) ' if n % 3 == 0 else '', n // 60, n % 60), Lit(text.encode()))
    client.select('INBOX')
    client.ok('UID STORE 3,9,10,77,150 +FLAGS.SILENT (\\Deleted)')
    client.ok('EXPUNGE')


@contextlib.contextmanager
def fixture():
    """Both servers, each with a client that filled its INBOX."""
    target.ferry_only('the native server has no PARTIAL')
    with target.on_cyrus() as cyrus, target.on_sample() as sample:
        with cyrus.imap(timeout=60) as a, sample.imap(timeout=60) as b:
            for client in (a, b):
                fill(client)
            yield a, b


def page(rng, results):
    """A range as PARTIAL has it, and what it is of the results."""
    first, last = (rng.choice((1, 2, 5, 60, len(results), len(results) + 1, 4294967295,
                               rng.randint(1, COUNT))) for _ in range(2))
    low, high = min(first, last), max(first, last)
    if rng.random() < .5:
        return '%d:%d' % (first, last), results[low - 1:high]
    return '-%d:-%d' % (first, last), results[max(0, len(results) - high):max(0, len(results) - low + 1)]


def returned(client, command):
    reply = client.cmd(command)
    check(reply.ok, '%s: %r' % (command, reply))
    tokens = [t for t in reply.first(b'ESEARCH').tokens[1:] if t != b'UID']
    return dict(zip(map(bytes, tokens[::2]), tokens[1::2]))


def compare(client, rng, prefix, sort, program):
    everything = returned(client, '%s RETURN (ALL)%s %s' % (prefix, sort, program))
    results = expand(bytes(everything.get(b'ALL', b''))) if b'ALL' in everything else []
    text, expected = page(rng, results)
    shown = returned(client, '%s RETURN (PARTIAL %s COUNT)%s %s' % (prefix, text, sort, program))
    same(int(shown[b'COUNT']), len(results), program)
    same(bytes(shown[b'PARTIAL'][0]), text.encode(), 'range')
    got = shown[b'PARTIAL'][1]
    same([] if got is None else expand(got), expected, '%s %s %s' % (prefix, text, program))


def test_search(clients):
    rng = random.Random(9394)
    for _ in range(60):
        compare(rng.choice(clients), rng, rng.choice(('SEARCH', 'UID SEARCH')), '',
                rng.choice(('ALL', 'FLAGGED', 'UNFLAGGED', 'SUBJECT s1', 'NOT FROM a1', 'DELETED')))


def test_sort(clients):
    rng = random.Random(5267)
    if b'SORT' not in clients[0].capabilities():
        raise Skip('needs the module sort')
    for _ in range(40):
        compare(rng.choice(clients), rng, rng.choice(('SORT', 'UID SORT')),
                rng.choice((' (SUBJECT) UTF-8', ' (REVERSE ARRIVAL) UTF-8', ' (FROM) UTF-8')),
                rng.choice(('ALL', 'FLAGGED', 'NOT FROM a1')))


def fetched(client, command):
    reply = client.cmd(command)
    check(reply.ok, '%s: %r' % (command, reply))
    return [items[b'UID'] for _, items in sorted(reply.fetched().items())]


def test_fetch(clients):
    rng = random.Random(25900)
    for client in clients:
        uids = client.uids()
        for _ in range(30):
            low = rng.randint(1, COUNT)
            high = rng.randint(low, COUNT + 20)
            named = [uid for uid in uids if low <= uid <= high]
            if not named:
                continue
            text, expected = page(rng, named)
            command = 'UID FETCH %d:%d (UID) (PARTIAL %s)' % (low, high, text)
            same([int(uid) for uid in fetched(client, command)], expected, command)


def test_fetch_changed(clients):
    """The page is counted in all messages of the set, and of it is answered what changed."""
    if b'CONDSTORE' not in clients[0].capabilities():
        raise Skip('needs the module condstore')
    for client in clients:
        before = int(client.status('INBOX', 'HIGHESTMODSEQ')[b'HIGHESTMODSEQ'])
        uids = client.uids()
        changed = uids[::4]
        client.ok('UID STORE %s +FLAGS.SILENT ($Paged)' % ','.join(map(str, changed)))
        rng = random.Random(7162)
        for _ in range(20):
            text, expected = page(rng, uids)
            command = 'UID FETCH 1:* (UID) (%s)' % ' '.join(rng.sample(
                ['PARTIAL ' + text, 'CHANGEDSINCE %d' % before], 2))
            same([int(uid) for uid in fetched(client, command)],
                 [uid for uid in expected if uid in changed], command)


run([test_search, test_sort, test_fetch, test_fetch_changed], fixture=fixture, timeout=110)
