#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""SAVEDATE (RFC 8514): when messages came, by whatever way, and the same after a restart and a
kill; on Cyrus beside what the native server says. The argument is the backend: cyrus or sample.
"""

import contextlib
import datetime
import os
import sys
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 3,
                             'tests', 'integration')]

from lib import behind, corpus, target                      # noqa: E402
from lib.tap import check, note, run, same, wait_for        # noqa: E402

BACKEND = sys.argv[1] if len(sys.argv) > 1 else 'sample'
OLD = '05-Mar-2003 10:00:00 +0000'


@contextlib.contextmanager
def fixture():
    target.ferry_only('restarts Ferry')
    with behind.server(BACKEND) as server:
        yield server


def seconds(text):
    return datetime.datetime.strptime(text.decode().strip(), '%d-%b-%Y %H:%M:%S %z').timestamp()


def dates(client, box):
    """UID → Unix seconds or None."""
    client.examine(box)
    return {uid: items[b'SAVEDATE'] and seconds(items[b'SAVEDATE'])
            for uid, items in client.ok('UID FETCH 1:* (SAVEDATE)').by_uid().items()}


def near(got, want, what):
    check(got is not None and abs(got - want) <= 20, '%s: %s, not %s' % (what, got, want))


def test_ways(server):
    """APPEND, COPY, MOVE and mail that came past Ferry; NIL for what was there before."""
    server.behind.fill('Before', 'there-1', 'there-2')
    server.behind.make('Now')
    with server.imap() as client:
        same(set(dates(client, 'Before').values()), {None}, 'before the first listing')
        same(dates(client, 'Now'), {}, 'an empty mailbox')
        begun = time.time()
        client.append('Now', corpus.one('appended'), date=OLD)
        client.select('Before')
        client.ok('UID COPY 1 Now')
        client.ok('UID MOVE 2 Now')
        server.behind.put('Now', corpus.one('behind'))
        client.select('Now')
        wait_for(lambda: client.ok('NOOP') and len(client.uids()) == 4, 30, 'four messages', 0.2)
        for uid, date in dates(client, 'Now').items():
            near(date, begun, 'UID %d' % uid)
        same(set(dates(client, 'Before').values()), {None}, 'the source of a COPY')
        day = time.strftime('%d-%b-%Y', time.gmtime(min(dates(client, 'Now').values())))
        same(len(client.ok('UID SEARCH SAVEDSINCE ' + day).first(b'SEARCH').tokens), 4, 'SAVEDSINCE')
        same(len(client.ok('UID SEARCH SAVEDBEFORE %s BEFORE %s' % (day, day)).first(b'SEARCH').tokens), 0, 'BEFORE')
        same(len(client.ok('UID SEARCH BEFORE 1-Jan-2004 SAVEDSINCE ' + day).first(b'SEARCH').tokens), 1,
             'the internal date is another')


def test_lasting(server):
    """A restart and a kill change nothing, nor do flags."""
    with server.imap() as client:
        client.cmd('CREATE Lasting')
        for number in range(5):
            client.append('Lasting', corpus.one('lasting-%d' % number), date=OLD)
        want = dates(client, 'Lasting')
        client.select('Lasting')
        client.ok('STORE 1:3 +FLAGS (\\Flagged)')
        same(dates(client, 'Lasting'), want, 'after STORE')
    check(None not in want.values(), repr(want))
    server.front.restart()
    with server.imap() as client:
        same(dates(client, 'Lasting'), want, 'after a restart')
    server.front.kill()
    server.front.start()
    with server.imap() as client:
        same(dates(client, 'Lasting'), want, 'after a kill')


def test_comes_back(server):
    """Whoever leaves and comes back was saved anew."""
    with server.imap() as client:
        client.cmd('CREATE Back')
        client.append('Back', corpus.one('back'))
        first = list(dates(client, 'Back').values())[0]
        client.select('Back')
        time.sleep(max(0, first + 2.1 - time.time()))
        client.ok('MOVE 1 INBOX')
        client.select('INBOX')
        client.ok('MOVE * Back')
        second = list(dates(client, 'Back').values())[0]
        check(second >= first + 2, '%s after %s' % (second, first))


def test_native(server):
    """Native save dates of the same messages differ by seconds at most."""
    if BACKEND != 'cyrus':
        note('only Cyrus has them natively')
        return
    with server.native() as native:
        if b'SAVEDATE' not in native.capabilities():
            note('this Cyrus has no SAVEDATE')
            return
        server.behind.make('Native')
        with server.imap() as client:
            same(dates(client, 'Native'), {}, 'empty')
            for number in range(3):
                client.append('Native', corpus.one('native-%d' % number), date=OLD)
            ours = sorted(dates(client, 'Native').values())
        theirs = sorted(dates(native, 'Native').values())
        same(len(ours), len(theirs), 'messages')
        for left, right in zip(ours, theirs):
            near(left, right, 'SAVEDATE')
        note('Ferry %s, Cyrus %s' % (ours, theirs))


run([test_ways, test_lasting, test_comes_back, test_native], fixture)
