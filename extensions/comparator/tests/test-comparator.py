#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""SEARCH and SORT compare by i;unicode-casemap (RFC 5255, RFC 5051), whatever the backend does. The argument is the backend: cyrus or sample."""

import contextlib
import os
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 3,
                             'tests', 'integration')]

from lib import behind  # noqa: E402
from lib.tap import check, run, same  # noqa: E402

BACKEND = sys.argv[1] if len(sys.argv) > 1 else 'sample'


@contextlib.contextmanager
def fixture():
    with behind.server(BACKEND) as server:
        yield server


SUBJECTS = ['Straße', 'STRASSE', 'strasse', 'Äpfel', 'äPFEL', 'Apfel', 'ΣΊΣΥΦΟΣ', 'σίσυφος', 'ﬁsh', 'FISH', 'Æon']


def folded(text):
    """Titlecase, decomposed (RFC 5051 section 2)."""
    import unicodedata
    return unicodedata.normalize('NFKD', ''.join(c.title() if len(c.title()) == 1 else c for c in text))


def test_searches(server):
    server.behind.make('Compare')
    for number, subject in enumerate(SUBJECTS):
        server.behind.put('Compare', ('From: a@example.org\r\nSubject: =?utf-8?Q?%s?=\r\nX-Label: c-%d\r\n\r\nx\r\n' % (
            ''.join('=%02X' % octet for octet in subject.encode()), number)).encode())
    with server.imap() as client:
        check(b'I18NLEVEL=2' in client.capabilities(), 'advertised')
        same(bytes(client.ok('COMPARATOR').first(b'COMPARATOR').tokens[0]), b'i;unicode-casemap')
        client.examine('Compare')
        order = [subject_of(items) for _, items in sorted(client.fetch('1:*', '(ENVELOPE)').items())]
        same(sorted(order), sorted(SUBJECTS))
        for subject in SUBJECTS:
            octets = subject.encode()
            reply = client.ok(b'SEARCH CHARSET UTF-8 SUBJECT {%d+}\r\n%s' % (len(octets), octets))
            got = [int(token) for token in reply.first(b'SEARCH').tokens]
            same(got, [n for n, other in enumerate(order, 1) if folded(subject) in folded(other)], subject)


def subject_of(items):
    import email.header
    return str(email.header.make_header(email.header.decode_header(bytes(items[b'ENVELOPE'][1]).decode())))


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=100)
