#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""INPROGRESS (RFC 9585) before a slow backend: told in time, with numbers that grow, and not to
who waits for nothing. The argument is the backend: cyrus or sample.
"""

import contextlib
import os
import re
import sys
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 3,
                             'tests', 'integration')]

from lib import behind, corpus, proxy, target                    # noqa: E402
from lib.tap import check, note, run, same                  # noqa: E402

BACKEND = sys.argv[1] if len(sys.argv) > 1 else 'sample'
CODE = re.compile(rb'\* OK \[INPROGRESS \("([^"]*)" (\d+|NIL) (\d+|NIL)\)\] ')


@contextlib.contextmanager
def fixture():
    target.ferry_only('makes the backend slow')
    with behind.server(BACKEND) as server:
        for number in range(3):
            server.behind.put('INBOX', corpus.one('inprogress-%d' % number))
        yield server


@contextlib.contextmanager
def slow(server, seconds, word):
    """Each request of the backend that has this word takes so long."""
    server.proxy.rule(word, proxy.delay(seconds), times=1000)
    try:
        yield
    finally:
        server.proxy.clear()


def told(reply, tag):
    """(progress, goal) of each notification, all of them for this command."""
    found = [CODE.match(r.line) for r in reply.untagged]
    found = [m for m in found if m]
    for match in found:
        same(match[1], tag, 'the tag of %r' % match[0])
    return [tuple(None if n == b'NIL' else int(n) for n in m.groups()[1:]) for m in found]


def test_times(server):
    """First after three to five seconds, then ten to twelve apart (the clock ticks once a second)."""
    with server.imap() as client:
        client.select('INBOX')
        with slow(server, 16, 'Email/set'):
            tag, begun, times = client.start('STORE 1 +FLAGS (\\Flagged)'), time.monotonic(), []
            line = b''
            while not line.startswith(tag + b' '):
                line = client.raw_response(60)
                if CODE.match(line):
                    times.append(time.monotonic() - begun)
        note('told after ' + ', '.join('%.1f s' % t for t in times))
        check(line.startswith(tag + b' OK'), repr(line))
        same(len(times), 2, 'notifications in 16 s')
        check(times[0] >= 2.9, 'the first after %.1f s' % times[0])
        check(times[1] - times[0] >= 9.9, '%.1f s apart' % (times[1] - times[0]))


def test_select(server):
    """A mailbox that Ferry never read: numbers or nothing, and never more than the goal."""
    with server.imap('bob') as client, slow(server, 4.5, 'Email/query'):
        tag = client.start('SELECT INBOX')
        numbers = told(client.finish(tag, 100), tag)
        note(repr(numbers))
        check(numbers, 'nothing was told')
        for done, total in numbers:
            check(done is None or total is None or done <= total, '%s of %s' % (done, total))


def test_reading(server):
    """SEARCH and FETCH that read messages say of how many."""
    with server.imap() as client:
        client.select('INBOX')
        for command in ('SEARCH TEXT nowhere', 'FETCH 1:3 (BODY.PEEK[])'):
            # others each time: what was read once is kept
            server.behind.fill('Cold', *(command[:2] + label for label in 'abc'))
            client.select('Cold')
            with slow(server, 4.5, ''):
                tag = client.start(command)
                numbers = told(client.finish(tag, 100), tag)
            note('%s: %r' % (command, numbers))
            check(numbers and all(total == 3 and done <= 3 for done, total in numbers), repr(numbers))
            client.ok('UNSELECT')


def test_quick(server):
    """Nothing is told of what is quick, however long the session lasts."""
    with server.imap() as client:
        client.select('INBOX')
        until = time.monotonic() + 5
        while time.monotonic() < until:
            tag = client.start('UID FETCH 1:* (FLAGS)')
            same(told(client.finish(tag), tag), [], 'a quick command')
            time.sleep(0.2)


run([test_times, test_select, test_reading, test_quick], fixture)
