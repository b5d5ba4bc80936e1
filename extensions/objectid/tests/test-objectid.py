#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What OBJECTID (RFC 8474) tells is what the backend calls its objects, and what native Cyrus tells. The argument is the backend: cyrus or sample."""

import contextlib
import os
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 3,
                             'tests', 'integration')]

from lib import bare, behind, corpus  # noqa: E402
from lib.tap import check, run, same  # noqa: E402

BACKEND = sys.argv[1] if len(sys.argv) > 1 else 'sample'


@contextlib.contextmanager
def fixture():
    with behind.server(BACKEND) as server:
        yield server


def label_of(items):
    return next(v for k, v in items.items() if k.startswith(b'BODY[')).partition(b':')[2].strip().decode()


def ids(client, box):
    """Label → (EMAILID, THREADID)."""
    client.examine(box)
    found = client.fetch('1:*', '(EMAILID THREADID BODY.PEEK[HEADER.FIELDS (X-Label)])').values()
    return {label_of(items): (bytes(items[b'EMAILID'][0]).decode(), bytes(items[b'THREADID'][0]).decode())
            for items in found}


def test_messages(server):
    server.behind.fill('Objects', 'object-1', 'object-2', 'object-3')
    with server.imap() as client:
        told = ids(client, 'Objects')
        client.select('Objects')
        client.ok('UID COPY 1 INBOX')
    check(len({email for email, _ in told.values()}) == 3, repr(told))
    got = bare.jmap(server.behind.url, ('Email/get', {
        'ids': [email for email, _ in told.values()], 'properties': ['threadId', 'header:X-Label:asText']}))[0]
    same({email['header:X-Label:asText']: (email['id'], email['threadId']) for email in got['list']}, told)
    if BACKEND == 'cyrus':
        with server.native() as native:
            same(ids(native, 'Objects'), told, 'natively')


def test_a_copy_has_the_same(server):
    with server.imap() as client:
        client.append('INBOX', corpus.one('object-4'))
        client.select('INBOX')
        client.ok('COPY * Objects')
        same(ids(client, 'INBOX')['object-4'], ids(client, 'Objects')['object-4'])


def mailbox_id(client, box):
    answer = client.ok('STATUS %s (MAILBOXID)' % box).first(b'STATUS').tokens[1]
    return bytes(answer[1][0]).decode()


def test_mailboxes(server):
    boxes = bare.jmap(server.behind.url, ('Mailbox/get', {'properties': ['name']}))[0]['list']
    want = next(box['id'] for box in boxes if box['name'] == 'Objects')
    with server.imap() as client:
        same(mailbox_id(client, 'Objects'), want)
        client.ok('RENAME Objects Things')
        same(mailbox_id(client, 'Things'), want, 'behind RENAME')


def test_searches(server):
    with server.imap() as client:
        email, thread = ids(client, 'Things')['object-2']
        number = next(number for number, items in client.fetch(
            '1:*', '(BODY.PEEK[HEADER.FIELDS (X-Label)])').items() if label_of(items) == 'object-2')
        for key in ('EMAILID ' + email, 'THREADID ' + thread):
            same([int(t) for t in client.ok('SEARCH ' + key).first(b'SEARCH').tokens], [number], key)


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=100)
