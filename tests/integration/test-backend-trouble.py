#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A backend that is dead, slow, lying or restarted.

What is known is still served; what needs the backend is a tagged NO with a response code within a
minute; nothing hangs, no OK is false, and no message vanishes from view. All waiting hangs on
`request-timeout=`, so a short one shows in seconds what takes a minute by default.
"""

import contextlib
import threading
import time

from lib import corpus, procs, proxy, target
from lib.imap import Imap, ImapError, Lit
from lib.tap import check, run, same, wait_for

TIMEOUT = 4 * procs.PATIENCE    # what is configured; 30 by default
MINUTE = 2 * TIMEOUT            # what a minute is to the default


@contextlib.contextmanager
def fixture():
    target.ferry_only('faults of the backend')
    settings = {'backend main': {'request-timeout': TIMEOUT, 'freshness': 0}}
    with target.on_cyrus(settings=settings) as server:
        server.fresh('Bad')
        with server.imap() as client:
            for number in range(3):
                client.append('Bad', corpus.one('bad-%d' % number))
        yield server


def answered(client, *parts, more=0):
    """The tagged answer, within a minute (and `more` seconds)."""
    started = time.monotonic()
    reply = client.cmd(*parts, timeout=MINUTE + more + 5)
    took = time.monotonic() - started
    check(took <= MINUTE + more + 1, '%r took %.0f s' % (parts[0], took))
    return reply


def new_message_natively(server, label):
    with server.native() as native:
        native.append('Bad', corpus.one(label))


def in_parallel(server, commands):
    """Each command in a session of its own, opened before the trouble."""
    replies = [None] * len(commands)
    clients = server.ready
    server.ready = None

    def one(index):
        replies[index] = answered(clients[index], *commands[index])
    threads = [threading.Thread(target=one, args=(i,)) for i in range(len(commands))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(MINUTE + 20)
    for client in clients:
        client.close()
    check(all(replies), 'every command was answered: %r' % (replies,))
    return replies


def open_sessions(server, count):
    server.ready = []
    for _ in range(count):
        server.ready.append(server.imap(timeout=MINUTE + 10))
        server.ready[-1].select('Bad')


def ready(count):
    """A decorator: `count` sessions are open and selected before the trouble starts."""
    def wrap(case):
        def wrapped(server):
            open_sessions(server, count)
            case(server)
        wrapped.__name__ = case.__name__
        return wrapped
    return wrap


@ready(5)
def test_backend_down(server):
    client = server.imap(timeout=MINUTE + 10)
    client.select('Bad')
    client.ok('FETCH 1:* (UID FLAGS ENVELOPE BODY.PEEK[])')
    server.proxy.down()
    try:
        check(client.cmd('FETCH 1:* (UID FLAGS)').ok, 'what is known is still served')
        replies = in_parallel(server, [
            ('STORE 1 +FLAGS (\\Flagged)',), ('COPY 1 Archive',), ('MOVE 1 Archive',),
            ('APPEND Bad ', Lit(corpus.one('down'))), ('CREATE DownBox',)])
        for reply in replies:
            same((reply.kind, reply.code), (b'NO', b'UNAVAILABLE'), repr(reply))
        # the outage was waited for: nobody waits for it again
        started = time.monotonic()
        fresh = Imap(server.host, server.front.imap_port, timeout=MINUTE + 10)
        for command in ('LOGIN bob secret', 'LOGIN carol secret'):
            reply = answered(fresh, command)
            same((reply.kind, reply.code), (b'NO', b'UNAVAILABLE'), '%s: %r' % (command, reply))
        fresh.close()
        reply = answered(client, 'STORE 1 +FLAGS (\\Flagged)')
        same((reply.kind, reply.code), (b'NO', b'UNAVAILABLE'), repr(reply))
        took = time.monotonic() - started
        check(took < TIMEOUT, 'three commands took %.1f s' % took)
    finally:
        server.proxy.up()
    wait_for(lambda: client.cmd('STORE 1 +FLAGS (\\Answered)').ok, 15, 'work goes on')
    with server.native() as native:
        same(native.status('Bad', 'MESSAGES')[b'MESSAGES'], len(client.uids()), 'nothing came of it')
    client.close()


@ready(4)
def test_backend_hangs(server):
    server.proxy.rule('', proxy.hang, 10000)
    try:
        for reply in in_parallel(server, [
                ('STORE 1 +FLAGS (\\Flagged)',), ('APPEND Bad ', Lit(corpus.one('hang'))),
                ('CREATE HangBox',), ('COPY 1 Archive',)]):
            same((reply.kind, reply.code), (b'NO', b'UNAVAILABLE'), repr(reply))
    finally:
        server.proxy.clear()
    with server.imap() as client:
        wait_for(lambda: client.cmd('NOOP').ok, 15, 'work goes on')


@ready(1)
def test_append_hangs_at_every_step(server):
    """An upload that is slow and an import that hangs are one command's time."""
    client = server.ready.pop()
    uploads = server.proxy.rule('/jmap/upload', proxy.delay(TIMEOUT * 0.9), 10000)
    server.proxy.rule('Email/', proxy.hang, 10000)
    try:
        # what large messages need on a line of 1 Mbit/s is theirs
        reply = answered(client, 'APPEND Bad ', Lit(corpus.one('slow', size=300_000)),
                         more=300 / 128)
        same((reply.kind, reply.code), (b'NO', b'UNAVAILABLE'), repr(reply))
        check(uploads['done'], 'the upload was slow')
    finally:
        server.proxy.clear()
    client.close()
    with server.imap() as client:
        wait_for(lambda: client.cmd('NOOP').ok, 15, 'work goes on')


ANSWERS = [
    (proxy.status(500, b'<html>oops</html>', (('Content-Type', 'text/html'),)), 'UNAVAILABLE SERVERBUG'),
    (proxy.status(503), 'UNAVAILABLE'),
    (proxy.status(502), 'UNAVAILABLE'),
    (proxy.status(429, b'', (('Retry-After', '120'),)), 'LIMIT INUSE UNAVAILABLE'),
    (proxy.status(403, b'no'), 'NOPERM SERVERBUG UNAVAILABLE CANNOT'),
    (proxy.status(404, b'no'), 'UNAVAILABLE SERVERBUG NONEXISTENT'),
    (proxy.replace(b'{}'), 'SERVERBUG'),
    (proxy.replace(b'[]'), 'SERVERBUG'),
    (proxy.replace(b''), 'SERVERBUG UNAVAILABLE'),
    (proxy.replace(b'{"methodResponses":'), 'SERVERBUG'),
    (proxy.replace(b'not json at all'), 'SERVERBUG'),
    (proxy.replace(b'[' * 300_000), 'SERVERBUG'),
    (proxy.replace(b'{"methodResponses":[],"sessionState":"0"}'), 'SERVERBUG'),
    (proxy.replace(b'{"methodResponses":[["error",{"type":"serverFail"},"0"]],"sessionState":"0"}'),
     'SERVERBUG UNAVAILABLE'),
    (proxy.replace(b'{"methodResponses":[["Email/set",{"accountId":"alice","updated":null},"zzz"]]}'),
     'SERVERBUG'),
    (proxy.replace(b'{"methodResponses":[["Email/set",[],"0"],[1,2],"x",null]}'), 'SERVERBUG'),
    (proxy.replace(b'\xff\xfe\x00\x01'), 'SERVERBUG'),
    (proxy.cut_answer(20), 'UNAVAILABLE SERVERBUG'),
]


def test_lying_backend(server):
    """Every wrong answer to an Email/set: a tagged NO with a code, and never an OK."""
    wrong = []
    for index, (action, codes) in enumerate(ANSWERS):
        with server.imap(timeout=MINUTE + 10) as client:
            client.select('Bad')
            rule = server.proxy.rule('Email/set', action, 1000)
            reply = answered(client, 'STORE 1 +FLAGS (lie-%d)' % index)
            server.proxy.clear()
            check(rule['done'], 'the fault happened')
            if reply.kind != b'NO' or (reply.code or b'').decode() not in codes.split():
                wrong.append('%d: %r, want NO [%s]' % (index, reply, codes))
            if not client.cmd('NOOP').ok:
                wrong.append('%d: NOOP afterwards' % index)
    same(wrong, [])


def test_lying_sync(server):
    """Wrong answers to Email/changes and Email/get do not remove messages from anyone's view."""
    with server.imap(timeout=MINUTE + 10) as client:
        client.select('Bad')
        before = client.uids()
        for action, _ in ANSWERS:
            server.proxy.rule('Email/changes', action, 1000)
            reply = answered(client, 'NOOP')
            server.proxy.clear()
            same([r for r in reply.untagged if r.kind == b'EXPUNGE'], [], 'EXPUNGE')
        wait_for(lambda: client.cmd('NOOP').ok, 15, 'NOOP works again')
        same(client.uids(), before, 'UIDs')


def test_lying_download(server):
    """A body that cannot be had is NO, never empty or cut octets as if they were the message."""
    for index, action in enumerate((proxy.status(500), proxy.status(404), proxy.cut_answer(50),
                                    proxy.drop_request)):
        label = 'download-%d' % index
        new_message_natively(server, label)
        with server.imap(timeout=MINUTE + 10) as client:
            client.select('Bad')
            client.ok('NOOP')
            server.proxy.rule('/download', action, 1000)
            server.proxy.rule('Blob/get', action, 1000)
            reply = answered(client, 'FETCH * (UID BODY.PEEK[])')
            server.proxy.clear()
            check(not reply.ok, '%d: %r' % (index, reply))
            for items in reply.fetched().values():
                check(items.get(b'BODY[]') in (None, corpus.one(label)), 'octets %r' % items)
            wait_for(lambda: client.cmd('FETCH * (BODY.PEEK[])').ok, 15, 'it can be had again')


def test_slow_backend(server):
    """A second an answer: slow for those who need it, not for others."""
    with server.imap(timeout=MINUTE + 10) as slow, server.imap() as other:
        slow.select('Bad')
        other.select('Bad')
        server.proxy.rule('', proxy.delay(1), 1000)
        tag = slow.start('STORE 1 +FLAGS (slow)')
        started = time.monotonic()
        other.ok('FETCH 1:* (UID FLAGS)')
        check(time.monotonic() - started < 0.9, 'what is known does not wait')
        check(slow.finish(tag, MINUTE + 5).ok, 'the slow one succeeds')
        server.proxy.clear()


def test_restarted_backend(server):
    with server.imap(timeout=MINUTE + 10) as client:
        client.select('Bad')
        before = client.uids()
        server.cyrus.restart()
        wait_for(lambda: answered(client, 'STORE 1 +FLAGS (restarted)').ok, 20, 'work goes on')
        client.ok('NOOP')
        same(client.uids(), before, 'UIDs')


def test_password_changed(server):
    """401 after signing in: BYE for this credential, no endless retries."""
    client = server.imap(user='carol', timeout=MINUTE + 10)
    client.select('INBOX')
    server.proxy.rule('', proxy.status(401, b'', (('WWW-Authenticate', 'Basic realm="x"'),)), 100000)
    mark = server.proxy.mark()
    try:
        try:
            for _ in range(5):
                time.sleep(1.1)
                client.cmd('NOOP', timeout=MINUTE + 5)
            reply = client.cmd('CREATE NotAllowed', timeout=MINUTE + 5)
            check(False, 'still there: %r' % reply)
        except ImapError as ended:
            check('BYE' in str(ended) or 'closed' in str(ended), str(ended))
        check(len(server.proxy.since(mark)) < 40, 'requests: %d' % len(server.proxy.since(mark)))
    finally:
        server.proxy.clear()
        client.close()


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=150)
