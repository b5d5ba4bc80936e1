#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""GETJMAPACCESS (RFC 9698) leads to the session object that has the same mail. The argument is the backend: cyrus or sample."""

import contextlib
import os
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 3,
                             'tests', 'integration')]

from lib import bare, behind  # noqa: E402
from lib.tap import check, run, same  # noqa: E402

BACKEND = sys.argv[1] if len(sys.argv) > 1 else 'sample'


@contextlib.contextmanager
def fixture():
    with behind.server(BACKEND) as server:
        yield server


def test_leads_there(server):
    server.behind.fill('Access', 'access-1', 'access-2')
    with server.imap() as client:
        check(b'JMAPACCESS' in client.capabilities(), 'advertised')
        url = bytes(client.ok('GETJMAPACCESS').first(b'JMAPACCESS').tokens[0]).decode()
        count = client.status('Access', 'MESSAGES')[b'MESSAGES']
    session = bare.session(url)
    check('urn:ietf:params:jmap:mail' in session['primaryAccounts'], repr(session))
    boxes = bare.jmap(server.behind.url, ('Mailbox/get', {'properties': ['name', 'totalEmails']}))[0]['list']
    same(next(box['totalEmails'] for box in boxes if box['name'] == 'Access'), int(count))
    same(session['username'], bare.session(server.behind.url)['username'])


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=100)
