#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""FUZZY on mail whose words are known: what the backends' indexes find, and what it scores."""

import contextlib
import os
import random
import sys

sys.path.insert(0, os.path.join(os.environ['FERRY_SRCDIR'], 'tests', 'integration'))

from lib import target                                      # noqa: E402
from lib.imap import Lit, expand                            # noqa: E402
from lib.tap import Skip, check, run, same                  # noqa: E402

COUNT = 60
WORDS = ('anchor', 'ballast', 'capstan', 'dinghy', 'ensign', 'fender', 'gunwale', 'halyard')


def message(n):
    """The words of subject, sender and body."""
    rng = random.Random(6203 * 1000 + n)
    return [rng.choice(WORDS) for _ in range(3)]


def fill(client):
    for n in range(COUNT):
        text = 'From: %s %d <s%d@x.example>\r\nSubject: about %s\r\n\r\nthe %s lies here\r\n' % (
            message(n)[1], n, n, message(n)[0], message(n)[2])
        client.ok('APPEND INBOX "01-Jan-2020 %02d:%02d:00 +0000" ' % (n // 60, n % 60),
                  Lit(text.encode()))
    client.select('INBOX')


@contextlib.contextmanager
def fixture():
    """A client of each backend. The mail is there before ferryd, so none of it is young."""
    target.ferry_only('the native server has scores of its own')

    def before(cyrus):
        with cyrus.imap(timeout=60) as client:
            fill(client)
        cyrus.index()

    with target.on_cyrus(before=before) as cyrus, target.on_sample() as sample:
        with cyrus.imap(timeout=60) as a, sample.imap(timeout=60) as b:
            a.select('INBOX')
            fill(b)
            yield a, b


def returned(client, command):
    reply = client.cmd(command)
    check(reply.ok, '%s: %r' % (command, reply))
    tokens = reply.first(b'ESEARCH').tokens[1:]
    values = dict(zip(map(bytes, tokens[::2]), tokens[1::2]))
    found = expand(bytes(values[b'ALL'])) if b'ALL' in values else []
    return found, [int(score) for score in values[b'RELEVANCY']]


def expected(place, word):
    """Numbers and weights."""
    found = {}
    for n in range(COUNT):
        words = message(n)
        if place in ('SUBJECT', 'TEXT') and words[0] == word:
            found[n + 1] = 1000
        elif place in ('FROM', 'TEXT') and words[1] == word:
            found[n + 1] = 800
        elif place in ('BODY', 'TEXT') and words[2] == word:
            found[n + 1] = 200
    return found


def test_scores(clients):
    for client in clients:
        for place in ('SUBJECT', 'FROM', 'BODY', 'TEXT'):
            for word in WORDS + ('nowhere',):
                found, scores = returned(client, 'SEARCH RETURN (RELEVANCY ALL) FUZZY %s %s'
                                         % (place, word.upper()))
                weights = expected(place, word)
                best = max(weights.values(), default=0)
                same(found, sorted(weights), '%s %s' % (place, word))
                same(scores, [weights[n] * 100 // best for n in found], '%s %s' % (place, word))


def test_sort(clients):
    if b'SORT' not in clients[0].capabilities():
        raise Skip('needs the module sort')
    for client in clients:
        for word in WORDS:
            weights = expected('TEXT', word)
            order = sorted(weights, key=lambda n: (-weights[n], n))
            reply = client.cmd('SORT (RELEVANCY) UTF-8 FUZZY TEXT ' + word)
            same([int(n) for n in reply.first(b'SORT').tokens], order, word)
            found, scores = returned(client, 'SORT RETURN (RELEVANCY ALL) (REVERSE RELEVANCY) '
                                     'UTF-8 FUZZY TEXT ' + word)
            same(found, sorted(weights, key=lambda n: (weights[n], n)), word)
            same(scores, sorted(scores), word)
        reply = client.cmd('SORT (RELEVANCY) UTF-8 ALL')
        check(reply.kind == b'BAD', 'RELEVANCY without FUZZY: %r' % reply)
        reply = client.cmd('SORT (RELEVANCY SUBJECT RELEVANCY) UTF-8 FUZZY UNDELETED')
        same(len(reply.first(b'SORT').tokens), COUNT, 'all of them')


def test_not_is_exact(clients):
    """Under NOT substrings count, which an index of words does not know."""
    for client in clients:
        reply = client.cmd('SEARCH NOT FUZZY SUBJECT ncho')
        same([int(n) for n in reply.first(b'SEARCH').tokens],
             [n + 1 for n in range(COUNT) if message(n)[0] != 'anchor'], 'NOT')


run([test_scores, test_sort, test_not_is_exact], fixture=fixture, timeout=110)
