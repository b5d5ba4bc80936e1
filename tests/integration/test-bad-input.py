#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Malformed commands and limits.

A malformed command is BAD, with a reason, and the session goes on; what is beyond a limit is
refused without being stored.
"""

import contextlib
import os
import re

from lib import corpus, procs, target
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


TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'bad-commands.txt')
ESCAPE = re.compile(rb'\\(?:([rn0\\])|x([0-9a-f]{2}))')
REPEAT = re.compile(rb'\{\{(\d+)\*(.*?)\}\}')
ALIVE = {'n': b'NOOP', 'a': b'STATUS Bad (MESSAGES)', 't': b'NOOP', 's': b'FETCH 1:3 (UID FLAGS)',
         'e': b'FETCH 1:3 (UID FLAGS)', 'r': b'FETCH 1:3 (UID FLAGS)'}


def read_table():
    """(line number, state, wanted answer, octets) of every command of the table."""
    found = []
    with open(TABLE, 'rb') as table:
        for number, line in enumerate(table, 1):
            if line.startswith(b'#') or not line.strip():
                continue
            state, want, octets = line.rstrip(b'\n').split(b' ', 2)
            octets = REPEAT.sub(lambda m: m.group(2) * int(m.group(1)), octets)
            octets = ESCAPE.sub(lambda m: bytes([int(m.group(2), 16)]) if m.group(2) else
                                {b'r': b'\r', b'n': b'\n', b'0': b'\0', b'\\': b'\\'}[m.group(1)], octets)
            found.append((number, state.decode(), want.decode(), octets))
    return found


def prepared(server, state):
    if state == 'n':
        return Imap(server.host, server.front.imap_port, timeout=20)
    client = server.imap(timeout=20)
    if state == 'r':
        client.ok('ENABLE IMAP4rev2')
    if state in 'sr':
        client.select('Bad')
    elif state == 'e':
        client.examine('Bad')
    return client


def alive(client, state):
    """What shows that the session is where it was: the answers to a good command."""
    client.send(b'alive %s\r\n' % ALIVE[state])
    return until_alive(client)


def until_alive(client):
    seen = []
    while not seen or seen[-1].tag != b'alive':
        seen.append(client.response())
    return [response.line for response in seen if response.kind in (b'FETCH', b'STATUS', b'OK', b'NO')
            and (response.tag == b'alive' or response.kind in (b'FETCH', b'STATUS'))]


def leaves(want, octets):
    return want.startswith('NO') and octets.startswith((b'SELECT', b'EXAMINE'))


def one_malformed(client, state, want, octets, usual):
    """(what was wrong, whether the session still lives)"""
    tag = b'' if state == 't' else client.new_tag()
    behind = octets.upper().startswith(b'AUTHENTICATE')
    problem = None
    try:
        line = octets if state == 't' else tag + b' ' + octets
        # a good command right behind it, in the same packet
        client.send(line + b'\r\n' + (b'' if behind else b'alive %s\r\n' % ALIVE[state]))
        response = client.response()
        while response.tag == b'+' or response.tag not in (b'*', tag) and tag or \
                response.kind not in (b'BAD', b'NO', b'OK', b'BYE') or \
                response.tag == b'*' and response.kind == b'OK':
            if response.tag == b'+':
                client.send(b'*\r\n')
            response = client.response()
        if response.kind == b'BYE':
            return 'BYE: %r' % response, False
        got = response.kind.decode() + ('[%s]' % response.code.decode() if response.code and '[' in want else '')
        if got != want or not response.text:
            problem = 'wanted %s: %r' % (want, response)
        after = alive(client, state) if behind else until_alive(client)
        # SELECT of what is not there leaves the mailbox (RFC 9051 §6.3.2)
        if after != usual and not leaves(want, octets):
            problem = '%s afterwards: %r, was %r' % (problem or '', after, usual)
    except ImapError as ended:
        return str(ended), False
    return problem, True


def play_table(server, table):
    wrong = []
    for state in 'nasert':
        client = prepared(server, state)
        usual = alive(client, state)
        for number, where, want, octets in table:
            if where != state:
                continue
            problem, living = one_malformed(client, state, want, octets, usual)
            if problem:
                wrong.append('line %d: %s' % (number, problem))
            if not living or leaves(want, octets):
                client.close()
                client = prepared(server, state)
                usual = alive(client, state)
        client.close()
    return wrong


def test_malformed_commands(server):
    table = read_table()
    check(len(table) >= 300, 'the table has %d commands' % len(table))
    wrong = play_table(server, table)
    if target.NATIVE:
        return
    check(not wrong, '%d of %d malformed commands:\n%s' % (len(wrong), len(table), '\n'.join(wrong)))
    memory = server.front.memory()
    for _ in range(3):
        play_table(server, table)
    grown = server.front.memory() - memory
    # a sanitizer keeps what was freed for a while
    check(procs.SANITIZED or grown < 1 << 20, 'memory grew by %d octets' % grown)


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
    check(procs.SANITIZED or server.front.memory() - memory < 24 << 20, 'memory grew by %d' %
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
run(CASES, fixture, timeout=110)
