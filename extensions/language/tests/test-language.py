#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""LANGUAGE (RFC 5255): what Ferry says of a real backend is in the chosen language, with the same codes. The argument is the backend: cyrus or sample."""

import contextlib
import os
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 3,
                             'tests', 'integration')]

from lib import behind, corpus  # noqa: E402
from lib.tap import check, run, same  # noqa: E402

BACKEND = sys.argv[1] if len(sys.argv) > 1 else 'sample'


@contextlib.contextmanager
def fixture():
    with behind.server(BACKEND) as server:
        yield server


def test_german(server):
    server.behind.fill('Sprache', 'wort-1')
    with server.imap() as client:
        said = {}
        for language in ('en', 'de'):
            told = client.ok('LANGUAGE ' + language).first(b'LANGUAGE').tokens[0]
            same(bytes(told[0]), language.encode())
            replies = [client.cmd('SELECT Nirgends'), client.cmd('SELECT Sprache'), client.cmd('FETCH 99 (FLAGS)'),
                       client.cmd('NOOP'), client.cmd('UNSELECT')]
            said[language] = [(reply.kind, reply.code, reply.line.split(b' ', 1)[1]) for reply in replies]
    same([answer[:2] for answer in said['de']], [answer[:2] for answer in said['en']], 'codes')
    check(all(de[2] != en[2] for de, en in zip(said['de'], said['en'])), repr(said))


def test_octets_stay(server):
    """Nothing but words is translated."""
    with server.imap() as client:
        client.select('Sprache')
        first = client.fetch('1', '(BODY.PEEK[] ENVELOPE FLAGS)')
        client.ok('LANGUAGE de')
        same(client.fetch('1', '(BODY.PEEK[] ENVELOPE FLAGS)'), first)
        same(first.popitem()[1][b'BODY[]'], corpus.one('wort-1'))


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=100)
