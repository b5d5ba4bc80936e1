#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Malformed commands and limits.

A malformed command is BAD, with a reason, and the session goes on; what is beyond a limit is
refused without being stored.
"""

import contextlib

from lib import corpus, target
from lib.imap import Imap, ImapError, Lit
from lib.tap import check, run, same

MINUTE = 60


@contextlib.contextmanager
def fixture():
    with target.on_cyrus() as server:
        server.fresh('Bad')
        with server.imap() as client:
            for number in range(3):
                client.append('Bad', corpus.one('bad-%d' % number))
        yield server


# Each has to be answered BAD in the state named (s: selected, a: authenticated, n: not signed in).
MALFORMED = [
    ('n', b'LOGIN'), ('n', b'LOGIN alice'), ('n', b'LOGIN alice secret extra'),
    ('n', b'LOGIN (alice) secret'), ('n', b'LOGIN "alice secret'), ('n', b'LOGIN "ali\\ce" secret'),
    ('n', b'AUTHENTICATE'), ('n', b'AUTHENTICATE PLAIN = extra'), ('n', b'AUTHENTICATE (PLAIN)'),
    ('n', b'SELECT INBOX'), ('n', b'FETCH 1 FLAGS'), ('n', b'APPEND INBOX {3+}\r\nabc'),
    ('n', b'IDLE'), ('n', b'LIST "" *'), ('n', b'NOOP x'), ('n', b'CAPABILITY x'), ('n', b'LOGOUT x'),
    ('n', b'XYZZY'), ('n', b''), ('n', b'STARTTLS x'), ('n', b'ID'), ('n', b'ID ("a")'),
    ('n', b'ID (a b)'), ('n', b'ID ("a" "b"'),
    ('a', b'LOGIN alice secret'), ('a', b'AUTHENTICATE PLAIN'), ('a', b'FETCH 1 FLAGS'),
    ('a', b'STORE 1 +FLAGS (\\Seen)'), ('a', b'COPY 1 INBOX'), ('a', b'MOVE 1 INBOX'),
    ('a', b'EXPUNGE'), ('a', b'CLOSE'), ('a', b'UNSELECT'), ('a', b'CHECK'), ('a', b'SEARCH ALL'),
    ('a', b'UID FETCH 1 FLAGS'), ('a', b'UID EXPUNGE 1'),
    ('a', b'SELECT'), ('a', b'SELECT INBOX INBOX'), ('a', b'SELECT (INBOX)'), ('a', b'SELECT "INBOX'),
    ('a', b'SELECT *'), ('a', b'SELECT %'), ('a', b'SELECT INBOX (NOSUCHPARAM)'), ('a', b'EXAMINE'),
    ('a', b'CREATE'), ('a', b'CREATE a b'), ('a', b'DELETE'), ('a', b'RENAME a'), ('a', b'RENAME a b c'),
    ('a', b'SUBSCRIBE'), ('a', b'UNSUBSCRIBE'), ('a', b'LIST'), ('a', b'LIST ""'), ('a', b'LIST (x'),
    ('a', b'LSUB ""'), ('a', b'NAMESPACE x'), ('a', b'STATUS'), ('a', b'STATUS INBOX'),
    ('a', b'STATUS INBOX MESSAGES'), ('a', b'STATUS INBOX ()'), ('a', b'STATUS INBOX (NOSUCHITEM)'),
    ('a', b'STATUS INBOX (MESSAGES'), ('a', b'ENABLE'), ('a', b'APPEND'), ('a', b'APPEND INBOX'),
    ('a', b'APPEND INBOX "text"'), ('a', b'APPEND INBOX (\\Seen {3+}\r\nabc'),
    ('a', b'APPEND INBOX "no date at all" {3+}\r\nabc'),
    ('a', b'APPEND INBOX "32-Jan-2020 10:00:00 +0000" {3+}\r\nabc'),
    ('a', b'APPEND INBOX "01-Foo-2020 10:00:00 +0000" {3+}\r\nabc'),
    ('a', b'APPEND INBOX (a(b)) {3+}\r\nabc'),
    ('a', b'IDLE x'), ('a', b'GETNOTHING'), ('a', b'UID'), ('a', b'UID NOOP'), ('a', b'UID SELECT INBOX'),
    ('s', b'FETCH'), ('s', b'FETCH 1'), ('s', b'FETCH 1 ()'), ('s', b'FETCH 1 NOSUCHITEM'),
    ('s', b'FETCH 0 FLAGS'), ('s', b'FETCH 4294967296 FLAGS'), ('s', b'FETCH -1 FLAGS'),
    ('s', b'FETCH 1: FLAGS'), ('s', b'FETCH :1 FLAGS'), ('s', b'FETCH 1,,2 FLAGS'), ('s', b'FETCH 1, FLAGS'),
    ('s', b'FETCH ,1 FLAGS'), ('s', b'FETCH 1:2:3 FLAGS'), ('s', b'FETCH a FLAGS'), ('s', b'FETCH 1a FLAGS'),
    ('s', b'FETCH 18446744073709551617 FLAGS'), ('s', b'FETCH 1:0 FLAGS'), ('s', b'FETCH ** FLAGS'),
    ('s', b'FETCH 1 (FLAGS'), ('s', b'FETCH 1 FLAGS)'), ('s', b'FETCH 1 FLAGS UID'),
    ('s', b'FETCH 1 BODY['), ('s', b'FETCH 1 BODY[]<'), ('s', b'FETCH 1 BODY[]<0>'),
    ('s', b'FETCH 1 BODY[]<0.0>'), ('s', b'FETCH 1 BODY[]<-1.5>'), ('s', b'FETCH 1 BODY[]<5.9223372036854775808>'),
    ('s', b'FETCH 1 BODY[]<0.1'), ('s', b'FETCH 1 BODY[1.]'), ('s', b'FETCH 1 BODY[.1]'),
    ('s', b'FETCH 1 BODY[1..2]'), ('s', b'FETCH 1 BODY[MIME]'), ('s', b'FETCH 1 BODY[NOSUCH]'),
    ('s', b'FETCH 1 BODY[HEADER.FIELDS]'), ('s', b'FETCH 1 BODY[HEADER.FIELDS ()]'),
    ('s', b'FETCH 1 BODY[HEADER.FIELDS (To]'), ('s', b'FETCH 1 BODY[HEADER.FIELDS To]'),
    ('s', b'FETCH 1 BODY[1.HEADER.FIELDS.NOT]'), ('s', b'FETCH 1 BODY.PEEK'),
    ('s', b'FETCH 1 (ALL FLAGS)'), ('s', b'FETCH $ NOSUCH'), ('s', b'FETCH 1 RFC822.NOSUCH'),
    ('s', b'STORE'), ('s', b'STORE 1'), ('s', b'STORE 1 FLAGS'), ('s', b'STORE 1 +FLAGS (\\Seen'),
    ('s', b'STORE 1 *FLAGS (\\Seen)'), ('s', b'STORE 1 +FLAGS (\\Seen) x'),
    ('s', b'STORE 0 +FLAGS (\\Seen)'), ('s', b'STORE 1 +FLAGS.LOUD (\\Seen)'),
    ('s', b'STORE 1 +FLAGS (a b(c))'), ('s', b'STORE 1 +FLAGS ("quoted")'),
    ('s', b'COPY'), ('s', b'COPY 1'), ('s', b'COPY 1 INBOX x'), ('s', b'COPY x INBOX'), ('s', b'COPY 0 INBOX'),
    ('s', b'MOVE 1'), ('s', b'MOVE a INBOX'), ('s', b'UID COPY 1'), ('s', b'UID MOVE 1'),
    ('s', b'UID EXPUNGE'), ('s', b'UID EXPUNGE a'), ('s', b'EXPUNGE 1'), ('s', b'CLOSE x'),
    ('s', b'SEARCH'), ('s', b'SEARCH NOSUCHKEY'), ('s', b'SEARCH NOT'), ('s', b'SEARCH OR SEEN'),
    ('s', b'SEARCH (SEEN'), ('s', b'SEARCH SEEN)'), ('s', b'SEARCH ()'), ('s', b'SEARCH HEADER Subject'),
    ('s', b'SEARCH SINCE yesterday'), ('s', b'SEARCH SINCE 32-Jan-2020'), ('s', b'SEARCH BEFORE 1-Foo-2020'),
    ('s', b'SEARCH LARGER'), ('s', b'SEARCH LARGER -1'), ('s', b'SEARCH LARGER x'), ('s', b'SEARCH UID'),
    ('s', b'SEARCH UID 0'), ('s', b'SEARCH 0'), ('s', b'SEARCH KEYWORD'), ('s', b'SEARCH FROM'),
    ('s', b'SEARCH CHARSET'), ('s', b'SEARCH RETURN (NOSUCH) ALL'), ('s', b'SEARCH RETURN ALL'),
    ('s', b'UID SEARCH'), ('s', b'UID STORE 1'), ('s', b'UID FETCH 1'), ('s', b'UID FETCH 0 FLAGS'),
    ('s', b'FETCH 1 FLAGS\0'), ('s', b'SELECT "a\0b"'), ('s', b'SELECT a\xffb'), ('s', b'  NOOP'),
    ('s', b'NOOP  x'), ('s', b'"NOOP"'), ('s', b'{4+}\r\nNOOP'), ('s', b'SELECT {0x5+}\r\nINBOX'),
    ('s', b'SELECT {-1}'), ('s', b'SELECT {5 }'),
    ('s', b'SELECT ~{5+}\r\nINBOX'),
]


def prepared(server, state):
    if state == 'n':
        return Imap(server.host, server.front.imap_port, timeout=20)
    client = server.imap(timeout=20)
    if state == 's':
        client.select('Bad')
    return client


def test_malformed_commands(server):
    wrong = []
    for state in 'nas':
        client = prepared(server, state)
        for index, (where, command) in enumerate(MALFORMED):
            if where != state:
                continue
            problem, alive = one_malformed(client, command)
            if problem:
                wrong.append('%d (%s) %r: %s' % (index, state, command, problem))
            if not alive:
                client.close()
                client = prepared(server, state)
        client.close()
    if target.NATIVE:
        return
    same(wrong, [], '%d of %d malformed commands' % (len(wrong), len(MALFORMED)))


def one_malformed(client, command):
    """(what was wrong, whether the session still lives)"""
    tag = client.new_tag()
    problem = None
    try:
        client.send(tag + b' ' + command + b'\r\n')
        while True:
            response = client.response()
            if response.tag == b'+':
                client.send(b'*\r\n')
            elif response.tag == tag or response.tag == b'*' and response.kind == b'BAD':
                break
            elif response.kind == b'BYE':
                return 'BYE: %r' % response, False
        if response.kind != b'BAD' or not response.text:
            problem = repr(response)
        # answers to what was left over of a literal may come before this one
        client.send(b'alive NOOP\r\n')
        while client.response().tag != b'alive':
            pass
    except ImapError as ended:
        return str(ended), False
    return problem, True


def test_lines_that_are_no_commands(server):
    for line in (b'tag\r\n', b'tag \r\n', b' \r\n', b'* NOOP\r\n', b'(a) NOOP\r\n',
                 b'a\0 NOOP\r\n', b'\xff\xfe NOOP\r\n', b'\x16\x03\x01\x02\x00\x01\r\n', b'GET / HTTP/1.1\r\n'):
        with server.imap(timeout=20) as client:
            client.send(line)
            try:
                response = client.response()
                check(response.kind in (b'BAD', b'BYE') or target.NATIVE, '%r: %r' % (line, response))
            except ImapError as ended:
                check('closed' in str(ended), '%r: %s' % (line, ended))


def test_empty_line(server):
    """What some clients send behind a literal is passed over, and holds nothing up."""
    with server.imap(timeout=20) as client:
        client.send(b'\r\n')
        check(target.NATIVE or client.cmd('NOOP').ok, 'NOOP')


def test_bare_line_feed(server):
    """A line that ends in LF alone is either a command or BAD; it is never swallowed."""
    with server.imap(timeout=20) as client:
        client.send(b'lf1 NOOP\nlf2 NOOP\r\nlf3 NOOP\r\n')
        tags = []
        while b'lf3' not in tags:
            response = client.response()
            tags.append(response.tag)
            check(response.kind in (b'OK', b'BAD'), repr(response))
        same(tags[0], b'lf1')


def test_wrong_password(server):
    for command in (b'LOGIN alice wrong', b'LOGIN nobody secret', b'LOGIN "" ""', b'LOGIN alice ""'):
        with Imap(server.host, server.front.imap_port, timeout=MINUTE) as client:
            reply = client.cmd(command)
            same(reply.kind, b'NO', command.decode())
            if not target.NATIVE:
                same(reply.code, b'AUTHENTICATIONFAILED', command.decode())
            check(client.cmd('NOOP').ok, 'the session goes on')


def test_authenticate_garbage(server):
    for payload in (b'*', b'!!!!', b'AAAA', b'', b'=', b'YWxpY2U=', b'A' * 5000):
        with Imap(server.host, server.front.imap_port, timeout=MINUTE) as client:
            tag = client.start('AUTHENTICATE PLAIN')
            same(client.response().tag, b'+')
            client.send(payload + b'\r\n')
            reply = client.finish(tag)
            check(reply.kind in (b'BAD', b'NO'), '%r: %r' % (payload[:20], reply))


# limits

def expect_refusal(client, octets, what, bye):
    """Send until refused: BYE (or the end) where `bye`, else a tagged BAD or NO."""
    failed = None
    try:
        for start in range(0, len(octets), 65536):
            client.send(octets[start:start + 65536])
    except ImapError as problem:
        failed = problem
    try:
        response = client.response()
    except ImapError as problem:
        check(bye, '%s: %s / %s' % (what, failed, problem))
        return None
    want = (b'BYE', b'BAD', b'NO') if bye else (b'BAD', b'NO')
    check(response.kind in want, '%s: %r' % (what, response))
    return response


def test_line_limit(server):
    target.ferry_only('Cyrus has other limits')
    memory = server.front.memory()
    for octets in (b'a1 NOOP ' + b'x' * 200_000 + b'\r\n', b'a1 LOGIN "' + b'x' * 5_000_000, b'y' * 5_000_000):
        with server.imap(timeout=20) as client:
            expect_refusal(client, octets, 'long line', True)
    check(server.front.memory() - memory < 4 << 20, 'lines are not buffered')
    check(server.imap().cmd('NOOP').ok, 'others go on')


def test_literal_limits(server):
    target.ferry_only('Cyrus has other limits')
    with server.imap(timeout=20) as client:
        reply = client.cmd('SELECT ', Lit(b'x' * 2_000_000, sync=True))
        check(reply.kind in (b'BAD', b'NO'), 'synchronising: %r' % reply)
        check(client.cmd('NOOP').ok, 'the session goes on')
        reply = client.cmd('APPEND INBOX ', Lit(b'', sync=True), timeout=20)
        check(reply.kind in (b'BAD', b'NO'), 'an empty message: %r' % reply)
    with server.imap(timeout=20) as client:
        # what follows cannot be told from commands: RFC 7888 §4 has BYE for it
        client.send(b'a1 SELECT {99999999999999999999+}\r\n')
        same(client.response().kind, b'BYE')
    with server.imap(timeout=20) as client:
        client.send(b'a1 SELECT {3000000000}\r\n')
        response = client.response()
        check(response.kind in (b'BAD', b'NO', b'BYE'), repr(response))
    with server.imap(timeout=20) as client:
        client.send(b'a1 APPEND INBOX {4000000000}\r\n')
        response = client.response()
        check(response.kind in (b'BAD', b'NO'), repr(response))
        same(response.code, b'TOOBIG', repr(response))
        check(client.cmd('NOOP').ok, 'the session goes on')


def test_nesting_limit(server):
    target.ferry_only('Cyrus has other limits')
    with server.imap(timeout=20) as client:
        client.select('Bad')
        for depth in (65, 1000, 9000):      # within line=65536
            reply = client.cmd('SEARCH ' + '(' * depth + 'ALL' + ')' * depth)
            same(reply.kind, b'BAD', 'depth %d' % depth)
            reply = client.cmd('SEARCH ' + 'NOT ' * depth + 'ALL')
            check(reply.kind in (b'BAD', b'OK'), 'NOT depth %d: %r' % (depth, reply))
            reply = client.cmd('SEARCH ' + 'OR ' * depth + 'ALL ' * (depth + 1))
            check(reply.kind in (b'BAD', b'OK'), 'OR depth %d: %r' % (depth, reply))
        check(client.cmd('SEARCH ' + '(' * 20 + 'ALL' + ')' * 20).ok, 'a reasonable depth')


def test_pipeline_limit(server):
    """A peer that sends commands and never reads is slowed down or sent away, not stored."""
    target.ferry_only('Cyrus has other limits')
    client = server.imap(timeout=30)
    client.select('Bad')
    memory = server.front.memory()
    client.sock.settimeout(3)
    sent = 0
    try:
        for _ in range(400):
            client.sock.sendall(b'p FETCH 1:* (BODY.PEEK[] ENVELOPE BODYSTRUCTURE)\r\n' * 1000)
            sent += 1
    except OSError:
        pass
    check(server.front.memory() - memory < 24 << 20, 'memory grew by %d' %
          (server.front.memory() - memory))
    client.close()
    check(server.imap().cmd('NOOP').ok, 'others go on')


def test_idle_garbage(server):
    with server.imap(timeout=20) as client:
        client.select('Bad')
        client.idle()
        client.send(b'NOOP\r\n')
        response = client.wait_untagged(lambda r: r.tag != b'*' or r.kind in (b'BAD', b'BYE'), 20)[-1]
        check(response.kind in (b'BAD', b'BYE'), repr(response))


def test_connection_cut_anywhere(server):
    """A client that vanishes in the middle of anything leaves no trace."""
    script = (b'c1 LOGIN alice secret\r\nc2 SELECT Bad\r\nc3 APPEND Bad {20+}\r\nSubject: cut\r\n\r\nabc\r\n\r\n'
              b'c4 FETCH 1:* (BODY.PEEK[])\r\nc5 IDLE\r\n')
    for end in range(1, len(script), 7):
        client = Imap(server.host, server.front.imap_port, timeout=20)
        client.send(script[:end])
        client.close()
    check(server.imap().cmd('NOOP').ok, 'others go on')


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=60)
