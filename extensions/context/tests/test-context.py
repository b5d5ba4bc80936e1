#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Contexts against a model: what a client puts together from ADDTO and REMOVEFROM is what a search
finds, and a sort in its order, after random changes by itself and by another."""

import contextlib
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.environ['FERRY_SRCDIR'], 'tests', 'integration'))

from lib import target                                      # noqa: E402
from lib.imap import Lit, expand                            # noqa: E402
from lib.tap import check, note, run, same                  # noqa: E402

SEED = int(os.environ.get('FERRY_CONTEXT_SEED', '5267'))
ROUNDS = int(os.environ.get('FERRY_CONTEXT_ROUNDS', '1'))
PROGRAMS = ('UNSEEN', 'FLAGGED', 'NOT DELETED', 'OR FLAGGED BODY fish', 'KEYWORD $Marked UNSEEN',
            'SUBJECT even NOT SEEN', 'ALL')


# criteria, with programs: equal keys are frequent, so that the later ones decide, or the mailbox
SORTS = (('REVERSE ARRIVAL', 'ALL'), ('SUBJECT', 'UNSEEN'), ('REVERSE SIZE DATE', 'NOT DELETED'),
         ('FROM REVERSE SUBJECT', 'OR FLAGGED BODY fish'), ('DISPLAYFROM', 'ALL'),
         ('TO CC REVERSE DISPLAYTO REVERSE DATE', 'KEYWORD $Marked'), ('REVERSE FROM', 'FLAGGED'))
PEOPLE = ('Zoe <ann@x.example>', 'bob@x.example', '=?utf-8?q?=C3=84nne?= <zz@x.example>', 'ann@y.example')


def append(client, n):
    text = ('From: %s\r\nTo: %s\r\n%sSubject: %s %d\r\nMessage-ID: <%d@c.example>\r\n'
            'Date: %d Feb 2024 00:00:00 +0000\r\n\r\n%s%s\r\n' % (
                PEOPLE[n % 4], PEOPLE[n // 4 % 4], 'Cc: %s\r\n' % PEOPLE[n % 3] if n % 7 else '',
                'Re: even' if n % 2 == 0 else 'odd', n // 5, n, n * 5 % 9 + 1,
                'a fish' if n % 3 == 0 else 'a bird', ' of some size' * (n % 4)))
    client.ok('APPEND INBOX %s"%02d-Jan-2024 00:00:00 +0000" ' % (
        '(\\Flagged) ' if n % 5 == 0 else '', n * 11 % 6 + 1), Lit(text.encode()))


class Results:
    """What the client of one context believes: UIDs, or numbers that EXPUNGE moves."""

    def __init__(self, client, program, uid):
        self.program, self.uid = program, uid
        command = ('UID ' if uid else '') + 'SEARCH RETURN (UPDATE ALL) ' + program
        tag = client.start(command)
        reply = client.finish(tag)
        check(reply.ok, '%s: %r' % (command, reply))
        self.tag = tag if isinstance(tag, bytes) else tag.encode()
        self.known = set()
        for response in reply.all(b'ESEARCH'):
            tokens = list(response.tokens)
            if b'ALL' in tokens:
                self.known = set(expand(bytes(tokens[tokens.index(b'ALL') + 1])))

    def take(self, response):
        if response.kind == b'EXPUNGE' and not self.uid:
            gone = response.number
            check(gone not in self.known, 'EXPUNGE of a result that was not removed')
            self.known = {n - (n > gone) for n in self.known}
            return
        if response.kind != b'ESEARCH':
            return
        tokens = list(response.tokens)
        if bytes(tokens[0][1]) != self.tag:
            return
        same(b'UID' in tokens, self.uid, 'UID')
        for name, value in zip(tokens, tokens[1:]):
            if name == b'ADDTO':
                added = set(expand(bytes(value[1])))
                check(not added & self.known, 'added twice: %r' % response)
                self.known |= added
            elif name == b'REMOVEFROM':
                removed = set(expand(bytes(value[1])))
                check(removed <= self.known, 'removed what was not there: %r' % response)
                self.known -= removed


class Sorted(Results):
    """What the client of a sorted context believes: a list."""

    def __init__(self, client, criteria, program, uid):
        self.program, self.uid = '(%s) UTF-8 %s' % (criteria, program), uid
        command = '%sSORT RETURN (UPDATE ALL) %s' % ('UID ' if uid else '', self.program)
        tag = client.start(command)
        reply = client.finish(tag)
        check(reply.ok, '%s: %r' % (command, reply))
        same([r for r in reply.untagged if r.code], [], 'refused')
        self.tag = tag if isinstance(tag, bytes) else tag.encode()
        self.known = []
        for response in reply.all(b'ESEARCH'):
            tokens = list(response.tokens)
            if b'ALL' in tokens:
                self.known = expand(bytes(tokens[tokens.index(b'ALL') + 1]))

    def take(self, response):
        if response.kind == b'EXPUNGE' and not self.uid:
            gone = response.number
            check(gone not in self.known, 'EXPUNGE of a result that was not removed')
            self.known = [n - (n > gone) for n in self.known]
            return
        if response.kind != b'ESEARCH' or bytes(response.tokens[0][1]) != self.tag:
            return
        tokens = list(response.tokens)
        same(b'UID' in tokens, self.uid, 'UID')
        for name, value in zip(tokens, tokens[1:]):
            if name not in (b'ADDTO', b'REMOVEFROM'):
                continue
            for position, numbers in zip(value[::2], value[1::2]):
                at, numbers = int(position) - 1, expand(bytes(numbers))
                check(0 <= at <= len(self.known), 'a position: %r' % response)
                if name == b'ADDTO':
                    self.known[at:at] = numbers
                else:
                    same(self.known[at:at + len(numbers)], numbers, 'removed: %r' % response)
                    del self.known[at:at + len(numbers)]


def follow(client, contexts):
    """Contexts see everything that the client reads."""
    finish = client.finish

    def finish_and_show(tag, timeout=None):
        reply = finish(tag, timeout)
        for response in reply.untagged:
            for context in contexts:
                context.take(response)
        return reply

    client.finish = finish_and_show


@contextlib.contextmanager
def fixture():
    target.ferry_only('the native server has no contexts')
    with target.on_cyrus() as cyrus, target.on_sample() as sample:
        yield cyrus, sample


def change(rng, client, uids, count):
    """One random change; the count of messages ever made."""
    some = ','.join(map(str, rng.sample(uids, min(len(uids), rng.randint(1, 4))))) or '1'
    kind = rng.random()
    if kind < .2:
        append(client, count)
        return count + 1
    if kind < .3:
        client.cmd('UID STORE %s +FLAGS.SILENT (\\Deleted)' % some)
        client.cmd('EXPUNGE')
        return count
    client.cmd('UID STORE %s %sFLAGS%s (%s)' % (
        some, rng.choice('+-'), rng.choice(('', '.SILENT')),
        rng.choice(('\\Seen', '\\Flagged', '$Marked', '\\Deleted'))))
    return count


def settle(client, contexts):
    """NOOPs until every context is what a search finds, for some seconds."""
    for pause in (0, .1, .2, .5, 1, 1.2, 2, 3):
        time.sleep(pause)
        for _ in range(2):
            client.ok('NOOP')
        wrong = []
        for context in contexts:
            kind = 'SORT' if isinstance(context, Sorted) else 'SEARCH'
            reply = client.cmd('%s%s %s' % ('UID ' if context.uid else '', kind, context.program))
            found = type(context.known)(int(t) for t in reply.first(kind.encode()).tokens)
            if found != context.known:
                wrong.append((context.program, context.uid, context.known, found))
        if not wrong:
            return
    check(False, 'not what a search finds: %r' % wrong)


def play(server, seed):
    rng = random.Random(seed)
    with server.imap(timeout=60) as client, server.imap(timeout=60) as other:
        for n in range(12):
            append(other, n)
        client.select('INBOX')
        other.select('INBOX')
        contexts = []
        follow(client, contexts)
        for program in PROGRAMS:
            contexts.append(Results(client, program, rng.random() < .5))
        if 'CONTEXT=SORT'.encode() in client.capabilities():
            for criteria, program in SORTS:
                contexts.append(Sorted(client, criteria, program, rng.random() < .5))
        count = 12
        for _ in range(6):
            for _ in range(rng.randint(1, 6)):
                who = rng.choice((client, other))
                count = change(rng, who, who.uids(), count)
            settle(client, contexts)


def test_on_cyrus(servers):
    play(servers[0], SEED)


def test_on_sample(servers):
    for seed in range(SEED + 1, SEED + 1 + ROUNDS):
        play(servers[1], seed)


def test_many_at_once(servers):
    """Many messages join and leave sorted results in one go."""
    with servers[1].imap(timeout=60) as client, servers[1].imap(timeout=60) as other:
        if b'CONTEXT=SORT' not in client.capabilities():
            note('the module sort is not there')
            return
        client.ok('CREATE Many')
        for n in range(0, 300, 60):
            client.ok('APPEND Many', *[part for i in range(n, n + 60) for part in (
                ' "%02d-Jan-2024 00:00:00 +0000" ' % (i * 7 % 28 + 1),
                Lit(b'Subject: %d\r\n\r\n%d\r\n' % (i * 13 % 40, i)))])
        client.select('Many')
        other.select('Many')
        contexts = []
        follow(client, contexts)
        for criteria, uid in (('SUBJECT', True), ('REVERSE ARRIVAL', False)):
            contexts.append(Sorted(client, criteria, 'UNFLAGGED', uid))
            contexts.append(Sorted(client, criteria, 'FLAGGED', uid))
        other.ok('STORE 1:300 +FLAGS.SILENT (\\Flagged)')
        settle(client, contexts)
        same(sorted(map(len, (c.known for c in contexts))), [0, 0, 300, 300], 'all are flagged')
        other.ok('STORE 20:40,90:250 -FLAGS.SILENT (\\Flagged)')
        other.ok('STORE 30:35,100:200 +FLAGS.SILENT (\\Deleted)')
        settle(client, contexts)
        other.ok('EXPUNGE')
        settle(client, contexts)


def test_idle(servers):
    """News come while the client idles."""
    with servers[1].imap(timeout=60) as client, servers[1].imap(timeout=60) as other:
        client.select('INBOX')
        other.select('INBOX')
        context = Results(client, 'KEYWORD $Idle', True)
        client.idle()
        last = other.uids()[-1]
        other.ok('UID STORE %d +FLAGS.SILENT ($Idle)' % last)
        for response in client.wait_untagged(lambda r: r.kind == b'ESEARCH', 5):
            context.take(response)
        same(context.known, {last}, 'told in IDLE')
        client.done()


run([test_on_cyrus, test_on_sample, test_many_at_once, test_idle], fixture=fixture, timeout=110)
