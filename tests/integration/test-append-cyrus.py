#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""APPEND of what Cyrus takes and of what it refuses, as it comes and with line ends mended."""

import contextlib

from lib import procs, target
from lib.imap import Lit
from lib.tap import check, run, same

HEAD = b'Subject: odd\r\n\r\n'
# name, octets, whether as literal8, words of the refusal (None: it is taken)
MESSAGES = [
    ('bare LF', b'Subject: odd\n\nline\n', False, b'bare newlines'),
    ('bare LF in the body', HEAD + b'one\ntwo\r\n', False, b'bare newlines'),
    ('bare CR', HEAD + b'one\rtwo\r\n', False, None),
    ('NUL', HEAD + b'\0\r\n', False, b'NUL'),
    ('NUL in literal8', HEAD + b'\0\r\n', True, b'NUL'),
    ('8 bits in literal8', HEAD + b'\xff\xfe\r\n', True, None),
    ('8 bits in the header', 'Subject: föhn\r\n\r\nx\r\n'.encode(), False, None),
    ('no header', b'just text\r\n', False, b'invalid header'),
    ('an empty header', b'\r\ntext\r\n', False, None),
    ('nothing but a header', b'Subject: odd\r\n', False, None),
    ('one octet', b'x', False, b'invalid header'),
]
MEND = {'backend main': {'append-bare-lf': 'mend'}}
LARGE = 200000      # lines


@contextlib.contextmanager
def opened(settings=None, mailbox='Odd'):
    target.ferry_only('the settings of ferryd')
    with target.on_cyrus(settings=settings) as server:
        server.fresh(mailbox)
        with server.imap() as client:
            yield server, client


def octets_of(client, mailbox, number):
    client.examine(mailbox)
    return client.ok('FETCH %d (BODY.PEEK[])' % number).fetched()[number][b'BODY[]']


def refusals_have_their_reason():
    with opened() as (_, client):
        taken = []
        for name, octets, binary, words in MESSAGES:
            reply = client.cmd('APPEND Odd ', Lit(octets, binary=binary))
            if words is None:
                check(reply.ok, '%s: %r' % (name, reply.line))
                taken.append(octets)
            else:
                code = b'UNKNOWN-CTE' if binary else b'CANNOT'
                check(b'NO [%s]' % code in reply.line and words in reply.line,
                      '%s: %r' % (name, reply.line))
        for number, octets in enumerate(taken, 1):
            same(octets_of(client, 'Odd', number), octets, 'message %d' % number)
        same(client.status('Odd')[b'MESSAGES'], len(taken), 'what was refused is not there')


def one_refused_message_refuses_all():
    with opened() as (_, client):
        reply = client.cmd('APPEND Odd ', Lit(HEAD + b'good\r\n'), ' ', Lit(b'Subject: x\n\nbad\n'))
        check(b'NO [CANNOT]' in reply.line and b'bare newlines' in reply.line, reply.line)
        same(client.status('Odd')[b'MESSAGES'], 0, 'all or none')


def mended_messages_are_taken():
    with opened(MEND) as (_, client):
        client.ok('APPEND Odd ', Lit(b'Subject: one\n\na\n\nb'), ' (\\Seen) ',
                  Lit(b'Subject: two\r\n\nc\r\n', sync=True))
        same(octets_of(client, 'Odd', 1), b'Subject: one\r\n\r\na\r\n\r\nb', 'mended')
        same(octets_of(client, 'Odd', 2), b'Subject: two\r\n\r\nc\r\n', 'mended in part')
        reply = client.cmd('APPEND Odd ', Lit(b'Subject: x\n\nx\n', binary=True))
        check(b'NO [CANNOT]' in reply.line and b'bare newlines' in reply.line,
              'octets of a literal8 stay: %r' % reply.line)


def a_large_message_is_mended_on_its_way():
    """Ten megabytes; ferryd never has them in memory."""
    with opened(MEND) as (server, client):
        octets = b'Subject: large\n\n' + b'A line of just fifty octets, of which LF is one: x\n' * LARGE
        client.ok('APPEND Odd ', Lit(b'Subject: small\n\n' + b'x\n' * 1000))
        memory = server.front.memory()
        client.ok('APPEND Odd ', Lit(octets))
        grown = server.front.memory() - memory
        check(procs.SANITIZED or grown < 4 << 20, 'memory grew by %d' % grown)
        check(octets_of(client, 'Odd', 2) == octets.replace(b'\n', b'\r\n'), 'octets')


run([
    ('refusals have their reason', refusals_have_their_reason),
    ('one refused message refuses all', one_refused_message_refuses_all),
    ('mended messages are taken', mended_messages_are_taken),
    ('a large message is mended on its way', a_large_message_is_mended_on_its_way),
], timeout=150)
