#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""PREVIEW (RFC 8970) is what the backend makes of a message. The argument is the backend: cyrus or sample."""

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


def test_as_by_jmap(server):
    server.behind.fill('Previews', *['preview-%d' % n for n in range(20)], size=3000)
    found = bare.jmap(server.behind.url, ('Mailbox/get', {'properties': ['name']}))[0]['list']
    box = next(box['id'] for box in found if box['name'] == 'Previews')
    ids = bare.jmap(server.behind.url, ('Email/query', {'filter': {'inMailbox': box}}))[0]['ids']
    got = bare.jmap(server.behind.url, ('Email/get', {'ids': ids, 'properties': ['preview', 'header:X-Label:asText']}))
    want = {email['header:X-Label:asText']: email['preview'] for email in got[0]['list']}
    same(len(want), 20)
    with server.imap() as client:
        client.examine('Previews')
        told = client.fetch('1:*', '(PREVIEW BODY.PEEK[HEADER.FIELDS (X-Label)])').values()
    label = {next(v for k, v in items.items() if k.startswith(b'BODY[')).partition(b':')[2].strip().decode():
             bytes(items[b'PREVIEW']).decode() for items in told}
    same(sorted(label), sorted(want))
    for name, text in label.items():
        # RFC 8970 section 3.1: 256 characters at most
        check(text and want[name].startswith(text[:200]), '%s: %r, by JMAP %r' % (name, text, want[name]))


def test_lazy(server):
    with server.imap() as client:
        client.append('Previews', corpus.one('preview-lazy'))
        client.examine('Previews')
        for _ in range(2):
            items = client.fetch('*', '(PREVIEW (LAZY))').popitem()[1]
            check(items[b'PREVIEW'] is None or b'preview-lazy' in bytes(items[b'PREVIEW']), repr(items))
        check(b'preview-lazy' in bytes(client.fetch('*', '(PREVIEW)').popitem()[1][b'PREVIEW']), 'at last')


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=100)
