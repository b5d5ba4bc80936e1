#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""ESEARCH against a model: UID SEARCH in each mailbox by itself."""

import contextlib
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.environ['FERRY_SRCDIR'], 'tests', 'integration'))

from lib import target                                      # noqa: E402
from lib.imap import Lit, expand, quote                     # noqa: E402
from lib.tap import check, run, same                        # noqa: E402

NAMES = ('INBOX', 'Work', 'Work/Boats', 'Work/Boats/Red', 'Work/Cars', 'Workshop', 'Empty')
WORDS = ('anchor', 'ballast', 'capstan', 'dinghy')
PROGRAMS = ('ALL', 'FLAGGED', 'UNSEEN SUBJECT anchor', 'BODY capstan', 'NOT TEXT dinghy',
            'OR FROM ballast BODY anchor', '1:3', 'UID 2:4 NOT UID 3', 'LARGER 100', 'SINCE 3-Jan-2020',
            'TEXT nowhere', 'FLAGGED BODY dinghy')


def fill(client):
    rng = random.Random(7377)
    for name in NAMES:
        if name != 'INBOX':
            client.ok('CREATE ' + quote(name))
        for n in range(0 if name == 'Empty' else rng.randint(3, 12)):
            # each is another one: Cyrus shows two of the same in a mailbox once
            words = [rng.choice(WORDS) for _ in range(3)]
            text = ('From: %s <x@y.example>\r\nSubject: about %s\r\nMessage-ID: <%s.%d@z.example>\r\n'
                    '\r\nthe %s lies here\r\n' % (*words[:2], name, n, words[2]))
            client.ok('APPEND %s %s"%02d-Jan-2020 00:00:00 +0000" ' % (
                quote(name), '(\\Flagged) ' if rng.random() < .4 else '', n + 1),
                Lit(text.encode()))


@contextlib.contextmanager
def fixture():
    """Pairs of a client, and one that tells the truth."""
    target.ferry_only('the native server has ESEARCH since 3.8')

    def before(cyrus):
        with cyrus.imap(timeout=60) as client:
            fill(client)
        cyrus.index()

    # a limit of ten messages, so that texts are left to the backend
    few = {'backend main': {'text-scan-limit': '10'}}
    with target.on_cyrus(before=before, settings=few) as cyrus, target.on_sample() as sample:
        with sample.imap(timeout=60) as client:
            fill(client)
        with cyrus.imap(timeout=60) as a, cyrus.native(timeout=60) as native, \
                sample.imap(timeout=60) as b, sample.imap(timeout=60) as other:
            yield ((a, native), (b, other))


def truth(client, names, program):
    found = {}
    for name in names:
        client.examine(name)
        highest = int(client.ok('UID SEARCH ALL').first(b'SEARCH') and len(client.uids()))
        # numbers beyond the end are an error there, and none for ESEARCH
        if program == '1:3' and highest < 3:
            program = '1:%d' % highest if highest else 'UID 4294967295 ANSWERED'
        uids = [int(t) for t in client.ok('UID SEARCH ' + program).first(b'SEARCH').tokens]
        if uids:
            found[name] = uids
    return found


def searched(client, source, program):
    reply = client.cmd('ESEARCH IN (%s) %s' % (source, program))
    check(reply.ok, '%s: %r' % (source, reply))
    found = {}
    for response in reply.all(b'ESEARCH'):
        correlators, uid, name, value = response.tokens
        tagged = dict(zip(map(bytes, correlators[::2]), correlators[1::2]))
        same((bytes(uid), bytes(name)), (b'UID', b'ALL'), 'form')
        check(bytes(tagged[b'MAILBOX']).decode() not in found, 'told twice: %r' % tagged)
        found[bytes(tagged[b'MAILBOX']).decode()] = expand(bytes(value))
    return found


def choose(rng):
    """A source, and the mailboxes that it means."""
    name = rng.choice(NAMES)
    kind = rng.choice(('mailboxes', 'subtree', 'subtree-one', 'personal', 'both'))
    below = [n for n in NAMES if n == name or n.startswith(name + '/')]
    if kind == 'personal':
        return 'personal', list(NAMES)
    if kind == 'subtree':
        return 'subtree ' + quote(name), below
    if kind == 'subtree-one':
        return 'subtree-one ' + quote(name), [n for n in below
                                              if '/' not in n[len(name) + 1:]]
    some = rng.sample(NAMES, rng.randint(1, 4))
    named = 'mailboxes (%s)' % ' '.join(quote(n) for n in some)
    if kind == 'mailboxes':
        return named, some
    return '%s subtree %s' % (named, quote(name)), list(set(some + below))


def test_against_model(pairs):
    rng = random.Random(6237)
    for front, other in pairs:
        for program in PROGRAMS:
            for _ in range(4):
                source, names = choose(rng)
                same(searched(front, source, program), truth(other, names, program),
                     '%s %s' % (source, program))


def test_selected_stays(pairs):
    for front, _ in pairs:
        front.select('Work')
        before = front.uids()
        searched(front, 'personal', 'BODY capstan')
        same(front.uids(), before, 'the selected mailbox')
        front.ok('STORE 1 +FLAGS (\\Answered)')
        check(1 in searched(front, 'selected', 'ANSWERED')['Work'], 'what was just set')


def test_news_are_found(pairs):
    """What came natively, or by another session, is found at once."""
    for front, other in pairs:
        other.ok('APPEND Empty ', Lit(b'Subject: unheard-of\r\n\r\nx\r\n'))
        # without push it may take the second that counts as fresh
        for pause in (0, .2, .4, .6, .8, 2):
            time.sleep(pause)
            found = searched(front, 'personal', 'SUBJECT unheard-of')
            if found:
                break
        same(list(found), ['Empty'], 'news')


run([test_against_model, test_selected_stays, test_news_are_found], fixture=fixture, timeout=110)
