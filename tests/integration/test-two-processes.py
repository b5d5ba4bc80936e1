#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two ferryd on one store and one account, with mail arriving natively and through both."""

import contextlib
import threading

from lib import corpus, target
from lib.cyrus import multiappend
from lib.ferry import Ferry
from lib.imap import Lit, appenduid, copyuid
from lib.sample import Sample
from lib.tap import check, run, same, wait_for


class Both:
    def __init__(self, server, second):
        self.server, self.all = server, (server.front, second)


@contextlib.contextmanager
def fixture():
    target.ferry_only('two processes of Ferry')
    with target.on_cyrus() as server:
        with Ferry(server.proxy.url, state=server.front.state, cache=server.front.cache) as second:
            yield Both(server, second)


def view(front, box):
    """(UIDVALIDITY, UID → Message-ID)"""
    with front.imap() as client:
        reply = client.select(box)
        found = {}
        if reply.first(b'EXISTS').number:
            fetched = client.ok('FETCH 1:* (UID ENVELOPE)').by_uid()
            found = {uid: items[b'ENVELOPE'][9] for uid, items in fetched.items()}
        return int(reply.codes()[b'UIDVALIDITY']), found


def agree(both, box, count):
    """Both show `count` messages, and the same ones."""
    def counted():
        views = [view(front, box) for front in both.all]
        return views if all(len(v[1]) == count for v in views) else None
    first, second = wait_for(counted, 30, '%d messages in both' % count, 0.2)
    same(first, second, 'UIDVALIDITY and UIDs')
    same(len(set(first[1].values())), count, 'no message twice')
    return first


def together(*functions):
    problems = []

    def guard(function):
        try:
            function()
        except Exception as problem:
            problems.append(problem)
    threads = [threading.Thread(target=guard, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        check(not thread.is_alive(), 'done in time')
    if problems:
        raise problems[0]


def test_first_sync_of_both_at_once(both):
    box = both.server.fresh('TwoFirst')
    with both.server.native() as native:
        multiappend(native, box, corpus.small(1000, seed=21, size=600))
    together(*[lambda front=front: view(front, box) for front in both.all])
    agree(both, box, 1000)


def test_native_arrivals_seen_by_both(both):
    box = both.server.fresh('TwoNative')
    stop, seen = threading.Event(), [{}, {}]

    def watch(index):
        with both.all[index].imap() as client:
            client.select(box)
            while not stop.is_set():
                client.ok('NOOP')
                for uid, items in client.ok('UID FETCH 1:* (ENVELOPE)').by_uid().items():
                    message_id = items[b'ENVELOPE'][9]
                    same(seen[index].setdefault(uid, message_id), message_id, 'UID %d' % uid)

    def arrive():
        try:
            with both.server.native() as native:
                for burst in range(20):
                    multiappend(native, box, corpus.small(10, seed=22, size=500, first=burst * 10))
        finally:
            stop.set()
    together(lambda: watch(0), lambda: watch(1), arrive)
    _, final = agree(both, box, 200)
    for known in seen:
        same({u: final.get(u) for u in known}, known, 'what a session was told on the way')


def test_appends_through_both(both):
    box = both.server.fresh('TwoAppend')
    given = [{}, {}]

    def appender(index):
        with both.all[index].imap() as client:
            for number in range(40):
                label = 'two-%d-%d' % (index, number)
                _, uids = appenduid(client.append(box, corpus.one(label)))
                given[index][uids[0]] = label
    together(lambda: appender(0), lambda: appender(1))
    same(set(given[0]) & set(given[1]), set(), 'UIDs given twice')
    _, final = agree(both, box, 80)
    same(set(final), set(given[0]) | set(given[1]), 'UIDs')


def test_moves_through_both(both):
    box, to = both.server.fresh('TwoFrom'), both.server.fresh('TwoTo')
    with both.server.native() as native:
        multiappend(native, box, corpus.small(60, seed=23, size=500))
    _, before = agree(both, box, 60)
    uids = sorted(before)
    moved = [{}, {}]

    def mover(index):
        with both.all[index].imap() as client:
            client.select(box)
            mine = uids[index::2]
            for start in range(0, len(mine), 5):
                reply = client.ok('UID MOVE %s %s' % (','.join(map(str, mine[start:start + 5])), to))
                _, source, new = copyuid(reply)
                moved[index].update(zip(new, (before[u] for u in source)))
    together(lambda: mover(0), lambda: mover(1))
    agree(both, box, 0)
    _, final = agree(both, to, 60)
    same({**moved[0], **moved[1]}, final, 'COPYUID of both')


def test_deleted_flag_is_shared(both):
    box = both.server.fresh('TwoDeleted')
    with both.all[0].imap() as client:
        uid = appenduid(client.append(box, corpus.one('two-deleted')))[1][0]
        client.select(box)
        client.ok('UID STORE %d +FLAGS (\\Deleted)' % uid)

    def shown():
        with both.all[1].imap() as other:
            other.select(box)
            flags = other.fetch(uid, 'FLAGS', uid=True)
            return flags and b'\\Deleted' in next(iter(flags.values()))[b'FLAGS']
    wait_for(shown, 15, '\\Deleted in the other process', 0.2)


def test_one_dies_the_other_goes_on(both):
    box = both.server.fresh('TwoDies')
    with both.all[0].imap() as client:
        client.append(box, corpus.one('dies-1'))
    both.all[1].kill()
    with both.all[0].imap() as client:
        client.append(box, corpus.one('dies-2'))
    both.all[1].start()
    agree(both, box, 2)


@contextlib.contextmanager
def two_on_sample():
    with Sample() as sample, Ferry(sample.url) as first:
        with Ferry(sample.url, state=first.state, cache=first.cache) as second:
            yield sample, first, second


def imports_hit(sample):
    return any(fault.get('hits') for fault in sample.admin('faults'))


def die_in_append(sample, victim, messages):
    """The backend has imported what was appended, and the answer is on its way, when it dies."""
    sample.faults({'on': 'method', 'method': 'Email/import', 'do': 'delay', 'delay': 60000})
    with victim.imap() as client:
        parts = ['APPEND INBOX']
        for message in messages:
            parts += [' ', Lit(message)]
        client.start(*parts)
        wait_for(lambda: imports_hit(sample), 10, 'the import')
        victim.kill()
    sample.faults()


def subjects(front):
    return sorted(view(front, 'INBOX')[1].values())


def test_append_of_a_dead_process_is_undone(both):
    with two_on_sample() as (sample, first, second):
        one, two, kept = (corpus.one('orphan-%d' % number) for number in range(3))
        with second.imap() as watcher:
            watcher.append('INBOX', kept)
            watcher.select('INBOX')
            die_in_append(sample, first, [one, two])
            # with a UID already, since it arrived before anybody died
            wait_for(lambda: len(subjects(second)) == 1, 20, 'nothing left of the command', 0.2)
            uid, appended = appenduid(watcher.append('INBOX', one))[0], subjects(second)
            same(len(appended), 2, 'exactly one message of each')
        first.start()
        same(subjects(first), appended, 'in the other one, started again')


def test_append_repeated_elsewhere_stays(both):
    with two_on_sample() as (sample, first, second):
        message = corpus.one('orphan-again')
        with second.imap() as client:
            client.select('INBOX')
            sample.faults({'on': 'method', 'method': 'Email/import', 'do': 'delay',
                           'delay': 60000})
            with first.imap() as impatient:
                impatient.start('APPEND INBOX ', Lit(message))
                wait_for(lambda: imports_hit(sample), 10, 'the import')
                sample.faults()
                _, (uid,) = appenduid(client.append('INBOX', message))
                first.kill()
            wait_for(lambda: len(view(second, 'INBOX')[1]) == 1, 20, 'exactly one message', 0.2)
            same(list(view(second, 'INBOX')[1]), [uid], 'what was acknowledged')


run([test_first_sync_of_both_at_once, test_native_arrivals_seen_by_both, test_appends_through_both,
     test_moves_through_both, test_deleted_flag_is_shared, test_one_dies_the_other_goes_on,
     test_append_of_a_dead_process_is_undone, test_append_repeated_elsewhere_stays],
    fixture, timeout=280)
