#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Python's imaplib: every command that it knows and Ferry offers."""

import contextlib
import imaplib
import ssl
import time

from lib import corpus, target
from lib.tap import check, run, same

imaplib._MAXLINE = 20_000_000


@contextlib.contextmanager
def fixture():
    with target.on_cyrus(listeners=('plain', 'starttls', 'implicit')) as server:
        yield server


def connect(server, kind='plain'):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    port = server.front.ports[kind]
    if kind == 'implicit':
        client = imaplib.IMAP4_SSL(server.host, port, ssl_context=context, timeout=60)
    else:
        client = imaplib.IMAP4(server.host, port, timeout=60)
    if kind == 'starttls':
        client.starttls(context)
    return client


def ok(answer):
    same(answer[0], 'OK', repr(answer)[:300])
    return answer[1]


def sign_in(server, kind='plain'):
    client = connect(server, kind)
    ok(client.login('alice', 'secret'))
    return client


def test_life_of_a_mailbox(server):
    client = sign_in(server)
    client.delete('LibTwo')
    client.delete('LibOne')
    ok(client.create('LibOne'))
    ok(client.rename('LibOne', 'LibTwo'))
    names = [line.decode() for line in ok(client.list())]
    check(any('LibTwo' in n for n in names) and not any('LibOne' in n for n in names), repr(names))
    ok(client.subscribe('LibTwo'))
    check(any(b'LibTwo' in line for line in ok(client.lsub())), 'LSUB')
    ok(client.unsubscribe('LibTwo'))
    ok(client.namespace())
    ok(client.delete('LibTwo'))
    same(client.select('LibTwo')[0], 'NO', 'SELECT of what is gone')
    client.logout()


def test_append_fetch_store_copy_expunge(server):
    server.fresh('LibBox')
    server.fresh('LibCopy')
    client = sign_in(server)
    stamp = '"05-Feb-2019 10:11:12 +0100"'
    for message in clients_corpus():
        ok(client.append('LibBox', '(\\Seen)', stamp, message))
    same(int(ok(client.select('LibBox'))[0]), len(clients_corpus()), 'EXISTS')
    for number, message in enumerate(clients_corpus(), 1):
        data = ok(client.fetch(str(number), '(INTERNALDATE RFC822.SIZE BODY.PEEK[])'))
        same(data[0][1] == message, True, 'octets of %d' % number)
        check(b'%d' % len(message) in data[0][0], 'size of %d' % number)
        same(imaplib.Internaldate2tuple(data[0][0]) == time.localtime(1549357872), True, 'date')
    ok(client.store('1:3', '+FLAGS', '(\\Flagged lib)'))
    same(ok(client.search(None, 'KEYWORD', 'lib'))[0], b'1 2 3')
    same(ok(client.search('UTF-8', 'FLAGGED', 'UNDELETED'))[0], b'1 2 3')
    same(ok(client.uid('SEARCH', 'NOT', 'FLAGGED'))[0].split()[:1], [b'4'])
    ok(client.copy('1:2', 'LibCopy'))
    ok(client.store('1,3', '+FLAGS.SILENT', '\\Deleted'))
    ok(client.expunge())
    ok(client.noop())
    ok(client.check())
    same(len(ok(client.search(None, 'ALL'))[0].split()), len(clients_corpus()) - 2)
    ok(client.close())
    check(b'MESSAGES 2' in ok(client.status('LibCopy', '(MESSAGES UIDNEXT UNSEEN)'))[0], 'STATUS')
    client.logout()


def clients_corpus():
    return [m.data for m in corpus.messages() if len(m.data) < 100_000
            and not m.name.startswith(('header-without', 'header-junk', 'header-space', 'body-bare'))][:40]


def test_uid_commands(server):
    server.fresh('LibUid')
    client = sign_in(server)
    for number in range(4):
        ok(client.append('LibUid', None, None, corpus.one('libuid-%d' % number)))
    ok(client.select('LibUid'))
    uids = ok(client.uid('SEARCH', 'ALL'))[0].decode().split()
    same(len(uids), 4)
    ok(client.uid('STORE', uids[1], '+FLAGS', '(\\Answered)'))
    data = ok(client.uid('FETCH', uids[1], '(FLAGS BODY.PEEK[HEADER.FIELDS (X-LABEL)])'))
    check(b'\\Answered' in data[0][0] and b'libuid-1' in data[0][1], repr(data))
    ok(client.uid('COPY', uids[0], 'Archive'))
    ok(client.uid('MOVE', uids[2], 'Archive'))
    ok(client.uid('STORE', uids[3], '+FLAGS', '(\\Deleted)'))
    ok(client.uid('EXPUNGE', uids[3]))
    same(ok(client.uid('SEARCH', 'ALL'))[0].decode().split(), uids[:2])
    client.logout()


def test_enable_and_unselect(server):
    client = sign_in(server)
    ok(client.select('INBOX'))
    ok(client.unselect())
    same(client.state, 'AUTH')
    client.logout()


def test_authenticate(server):
    client = connect(server)
    ok(client.authenticate('PLAIN', lambda _: b'\0alice\0secret'))
    ok(client.select('INBOX', readonly=True))
    client.logout()
    client = connect(server)
    try:
        client.login('alice', 'wrong')
        check(False, 'signed in with a wrong password')
    except imaplib.IMAP4.error:
        pass
    client.shutdown()


def test_readonly(server):
    server.fresh('LibRead')
    client = sign_in(server)
    ok(client.append('LibRead', None, None, corpus.one('libread')))
    ok(client.select('LibRead', readonly=True))
    try:
        same(client.store('1', '+FLAGS', '(\\Seen)')[0], 'NO', 'STORE after EXAMINE')
    except imaplib.IMAP4.readonly:
        pass
    client.logout()


def test_large_literal(server):
    big = next(m for m in corpus.messages() if m.name == 'attachment-large').data
    server.fresh('LibBig')
    for kind in ('plain', 'starttls', 'implicit'):
        client = sign_in(server, kind)
        ok(client.append('LibBig', None, None, big + kind.encode() + b'\r\n'))
        count = int(ok(client.select('LibBig'))[0])
        data = ok(client.fetch(str(count), '(RFC822)'))
        same(data[0][1] == big + kind.encode() + b'\r\n', True, 'octets over ' + kind)
        client.logout()


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=200)
