#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""THREAD through Ferry and natively: the same trees of 5,000 generated messages; a deep thread and
what is remembered before the sample server.
"""

import calendar
import contextlib
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.environ['FERRY_SRCDIR'], 'tests', 'integration'))

from lib import target                                      # noqa: E402
from lib.imap import Lit                                    # noqa: E402
from lib.tap import check, run, same                        # noqa: E402

COUNT = 5000
DEEP = 2000
WORDS = ('harbour', 'Anchor', 'boat', 'MAST', 'rope', 'sail', 'Tide', 'zebra', 'oar', 'keel')
MARKS = ('Re: %s', 'RE: %s', 'Fwd: %s', '[list] Re: %s', '%s (fwd)', '[list] %s')
MONTHS = ('Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec')


def stamp(seconds):
    t = time.gmtime(seconds)
    return t.tm_mday, MONTHS[t.tm_mon - 1], t.tm_year, t.tm_hour, t.tm_min, t.tm_sec


class Post:
    """A message of a conversation, with its ancestors; some are never delivered."""

    def __init__(self, number, rng, posts):
        self.number = number
        self.parent = rng.choice(posts[-300:]) if posts and rng.random() < .7 else None
        if self.parent is None:
            self.subject = ' '.join(rng.choice(WORDS) for _ in range(3)) + ' %d' % rng.randint(1, 400)
        elif rng.random() < .9:
            self.subject = self.parent.subject
        else:
            self.subject = rng.choice(WORDS) + ' %d' % number
        mark = '%s' if self.parent is None and rng.random() < .9 else rng.choice(MARKS)
        self.shown = mark % self.subject
        self.delivered = rng.random() < .9
        self.dates = rng.randint(0, 500000)

    def ancestors(self):
        out, post = [], self.parent
        while post is not None and len(out) < 30:
            out.append('<p%d@thread.example>' % post.number)
            post = post.parent
        return out[::-1]

    def octets(self, rng):
        head = ['Date: %02d %s %d %02d:%02d:%02d +0000' %
                stamp(calendar.timegm((2024, 1, 1, 0, 0, 0)) + self.number * 60 + self.dates),
                'From: ann@x.example', 'Subject: ' + self.shown]
        if rng.random() < .97:
            head.append('Message-ID: <p%d@thread.example>' % self.number)
        references = self.ancestors()
        how = rng.random()
        if references and how < .2:
            head.append('In-Reply-To: ' + references[-1])
        elif references and how < .4:
            head.append('References: ' + '\r\n '.join(references[-2:]))   # cut by a program
        elif references:
            head += ['References: ' + '\r\n '.join(references), 'In-Reply-To: ' + references[-1]]
        return '\r\n'.join(head + ['', 'x', '']).encode()


def conversation(count):
    rng = random.Random(5256)
    posts = []
    while sum(post.delivered for post in posts) < count:
        posts.append(Post(len(posts), rng, posts))
    found = [post for post in posts if post.delivered]
    # mail does not always come in order
    for _ in range(count // 10):
        at = rng.randrange(count - 20)
        other = at + rng.randrange(20)
        found[at], found[other] = found[other], found[at]
    return [post.octets(rng) for post in found]


def fill(client, messages):
    """Each a second after the last, so that both servers have the same order of the mailbox."""
    for start in range(0, len(messages), 200):
        parts = ['APPEND INBOX']
        for number in range(start, min(start + 200, len(messages))):
            when = calendar.timegm((2023, 6, 1, 0, 0, 0)) + number
            parts += [' %s"%02d-%s-%d %02d:%02d:%02d +0000" ' % (
                '(\\Flagged) ' if number % 3 == 0 else '', *stamp(when)), Lit(messages[number])]
        client.ok(*parts, timeout=120)


def threads(client, command):
    reply = client.cmd(command, timeout=120)
    check(reply.ok, '%s: %r' % (command, reply))
    return reply.first(b'THREAD').line.strip()


@contextlib.contextmanager
def fixture():
    def before(cyrus):
        with cyrus.imap(timeout=120) as client:
            fill(client, conversation(COUNT))

    with target.on_cyrus(before=before) as server:
        with server.imap(timeout=120) as front, server.native(timeout=120) as native:
            for client in (front, native):
                client.select('INBOX')
                same(len(client.uids()), COUNT, 'messages')
            yield front, native


def compare(pair, command):
    got, want = [threads(client, command) for client in pair]
    if got != want:
        at = next(i for i, (a, b) in enumerate(zip(got, want)) if a != b)
        start = max(0, at - 60)
        same(got[start:at + 120], want[start:at + 120], '%s, octet %d' % (command, at))


PROGRAMS = ('ALL', 'FLAGGED', 'UNFLAGGED', '1:500', 'NOT 100:4000', 'SUBJECT boat')


def test_references(pair):
    for program in PROGRAMS:
        compare(pair, 'THREAD REFERENCES UTF-8 ' + program)
        compare(pair, 'UID THREAD REFERENCES UTF-8 ' + program)


def test_refs(pair):
    for program in PROGRAMS:
        compare(pair, 'THREAD REFS UTF-8 ' + program)


def test_ordered_subject(pair):
    for program in PROGRAMS:
        compare(pair, 'THREAD ORDEREDSUBJECT UTF-8 ' + program)


# before the sample server

def test_deep_and_restarted(_):
    """A thread as deep as there are messages; after a restart no header is asked for again."""
    messages = [b'Message-ID: <%d@x>\r\nReferences: <%d@x>\r\nSubject: %d\r\n\r\nx\r\n' % (n, n - 1, n)
                for n in range(1, DEEP + 1)]
    with target.on_sample() as server:
        expected = b'* THREAD (%s)' % b' '.join(b'%d' % n for n in range(1, DEEP + 1))
        with server.imap(timeout=120) as client:
            fill(client, messages)
            client.select('INBOX')
            same(threads(client, 'THREAD REFERENCES UTF-8 ALL'), expected, 'thread')
        # the cache is written behind the answer, which takes a busy machine its time
        for pause in (0, 1, 2, 4, 8):
            time.sleep(pause)
            server.ferry.restart()
            with server.imap(timeout=120) as client:
                client.select('INBOX')
                mark = server.proxy.mark()
                same(threads(client, 'THREAD REFERENCES UTF-8 ALL'), expected, 'thread')
                asked = [r for r in server.proxy.since(mark) if 'Blob/get' in (r.calls() or ())
                         or '/download' in r.path]
            if not asked:
                break
        same(asked, [], 'requests for headers')


run([test_references, test_refs, test_ordered_subject, test_deep_and_restarted], fixture=fixture, timeout=280)
