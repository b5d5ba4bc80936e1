#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Quota numbers are those of native Cyrus, whatever is put, taken or set."""

import contextlib
import os
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 3,
                             'tests', 'integration')]

from lib import corpus, proxy, target                           # noqa: E402
from lib.imap import quote                                      # noqa: E402
from lib.tap import check, run, same, wait_for                  # noqa: E402

SHARED = 'Shared Folders/bob/Common'


def begin(cyrus):
    with cyrus.imap('bob') as bob:
        bob.ok('CREATE Common')
        bob.ok('SETACL Common alice lr')
        bob.append('Common', corpus.one('common') + b'x' * 20000 + b'\r\n')


@contextlib.contextmanager
def fixture():
    target.ferry_only('compares with the native server')
    with target.on_cyrus(before=begin) as server:
        yield server


def limits(reply):
    """{resource: (used, limit)} of every QUOTA response."""
    out = {}
    for response in reply.all(b'QUOTA'):
        triplets = [bytes(word) for word in response.tokens[-1]]
        for i in range(0, len(triplets), 3):
            out[triplets[i]] = (int(triplets[i + 1]), int(triplets[i + 2]))
    return out


def compare(server, client, what, name='INBOX', native_name='INBOX'):
    """Of STORAGE: Cyrus's JMAP tells nothing else."""
    with server.native() as native:
        want = limits(native.ok('GETQUOTAROOT ' + quote(native_name))).get(b'STORAGE')
    got = limits(client.ok('GETQUOTAROOT ' + quote(name)))
    same(got, {b'STORAGE': want} if want else {}, what)
    return got


def set_limit(server, limit, user='alice'):
    with server.cyrus.imap('admin') as admin:
        admin.ok('SETQUOTA user/%s %s' % (user, limit))


def test_capability(server):
    with server.imap() as client:
        got = {word for word in client.capabilities() if word.startswith(b'QUOTA')}
        same(got, {b'QUOTA', b'QUOTA=RES-STORAGE'}, 'what Cyrus can tell')


def test_numbers(server):
    with server.imap() as client:
        compare(server, client, 'an empty account')
        for size in (1, 1000, 1023, 1024, 5000, 100000):
            client.append('Archive', corpus.one('q%d' % size) + b'x' * size + b'\r\n')
            compare(server, client, 'after %d octets' % size)
        with server.native() as native:
            native.append('INBOX', corpus.one('native') + b'y' * 3000 + b'\r\n')
            want = limits(native.ok('GETQUOTAROOT INBOX'))
        # sooner than an answer that was kept would end
        wait_for(lambda: limits(client.ok('GETQUOTAROOT Trash')) == want, 6, 'a native APPEND')
        client.select('Archive')
        client.ok('STORE 4:* +FLAGS (\\Deleted)')
        compare(server, client, 'after STORE \\Deleted')
        freed = client.status('Archive', 'DELETED DELETED-STORAGE')
        same(freed[b'DELETED'], 3, 'DELETED')
        sizes = client.fetch('4:*', '(RFC822.SIZE)')
        same(freed[b'DELETED-STORAGE'], sum(int(m[b'RFC822.SIZE']) for m in sizes.values()),
             'DELETED-STORAGE')
        client.ok('EXPUNGE')
        compare(server, client, 'after EXPUNGE')


def test_root_by_name(server):
    with server.imap() as client:
        reply = client.ok('GETQUOTAROOT INBOX')
        root = bytes(reply.first(b'QUOTAROOT').tokens[-1]).decode()
        same(limits(client.ok('GETQUOTA ' + quote(root))), limits(reply), root)
        same(client.cmd('SETQUOTA %s (STORAGE 10)' % quote(root)).code, b'NOPERM', 'SETQUOTA')


def test_limits(server):
    try:
        with server.imap() as client:
            client.append('INBOX', corpus.one('limits'))
            client.select('INBOX')
            for limit in ('(STORAGE 200)', '(STORAGE 0)', '()', '(STORAGE 1000 MESSAGE 50)'):
                set_limit(server, limit)
                client.ok('STORE 1 +FLAGS (limit%d)' % len(limit))
                compare(server, client, limit)
            set_limit(server, '(STORAGE 200)')
            wait_for(lambda: limits(client.ok('GETQUOTAROOT INBOX'))[b'STORAGE'][1] == 200, 12,
                     'a limit that was set without anything else happening', 0.5)
            before = compare(server, client, 'before')
            refused = client.cmd('APPEND INBOX {300000+}\r\n' + 'Subject: x\r\n\r\n'
                                 + 'z' * (300000 - 14))
            same((refused.kind, refused.code), (b'NO', b'OVERQUOTA'), 'APPEND beyond the limit')
            same(compare(server, client, 'after'), before, 'it is not there')
    finally:
        set_limit(server, '(STORAGE 4194304)')


def test_others(server):
    with server.imap() as client:
        got = compare(server, client, 'of a shared mailbox', SHARED, 'Other Users/bob/Common')
        check(got[b'STORAGE'] != limits(client.ok('GETQUOTAROOT INBOX'))[b'STORAGE'],
              'they are Bob\'s numbers')


def close_mailbox(document):
    """Takes away the right to read; Cyrus does not tell of such mailboxes at all."""
    for _, result, _ in document['methodResponses']:
        for mailbox in result.get('list', ()):
            if mailbox.get('name') == 'Closed':
                mailbox['myRights']['mayReadItems'] = False


def test_not_readable(server):
    """RFC 9208 §6: the right r."""
    server.proxy.rule('Mailbox/get', proxy.change_json(close_mailbox), 1000)
    try:
        with server.native() as native:
            native.ok('CREATE Closed')
        with server.imap() as client:
            wait_for(lambda: client.cmd('GETQUOTAROOT Closed').code == b'NOPERM', 10, 'NOPERM')
            client.ok('GETQUOTAROOT INBOX')
    finally:
        server.proxy.clear()


def test_requests(server):
    """Every mailbox of a sidebar is one Quota/get."""
    with server.imap() as client:
        client.append('INBOX', corpus.one('anew'))
        reply = client.ok('LIST "" *')
        names = [bytes(response.tokens[-1]).decode() for response in reply.all(b'LIST')]
        names = [name for name in names if not name.startswith('Shared Folders')]
        check(len(names) >= 6, 'mailboxes')
        mark = server.proxy.mark()
        for name in names:
            client.ok('GETQUOTAROOT ' + quote(name))
        asked = [call for request in server.proxy.since(mark) for call in request.calls()
                 if call == 'Quota/get']
        same(len(asked), 1, 'Quota/get')


if __name__ == '__main__':
    run([test_capability, test_numbers, test_root_by_name, test_limits, test_others,
         test_not_readable, test_requests],
        fixture, timeout=110)
