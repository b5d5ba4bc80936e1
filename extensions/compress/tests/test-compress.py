#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""COMPRESS (RFC 4978): the same answers through deflate as without, and what is broken ends it."""

import contextlib
import os
import sys
import zlib

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 3,
                             'tests', 'integration')]

from lib import behind, corpus                              # noqa: E402
from lib.imap import Imap, ImapError, Lit                   # noqa: E402
from lib.tap import check, note, run, same                  # noqa: E402

BACKEND = sys.argv[1] if len(sys.argv) > 1 else 'sample'
MESSAGES = 200


class Deflated:
    """A socket behind raw deflate; counts what is really received."""

    def __init__(self, sock, step=0):
        self.sock, self.step, self.received = sock, step, 0
        self.out = zlib.compressobj(wbits=-15)
        self.into = zlib.decompressobj(wbits=-15)

    def sendall(self, data):
        packed = self.out.compress(data) + self.out.flush(zlib.Z_SYNC_FLUSH)
        step = self.step or len(packed)
        for at in range(0, len(packed), step):
            self.sock.sendall(packed[at:at + step])

    def recv(self, count):
        while True:
            data = self.sock.recv(count)
            self.received += len(data)
            text = self.into.decompress(data)
            if text or not data:
                return text

    def settimeout(self, seconds):
        self.sock.settimeout(seconds)

    def close(self):
        self.sock.close()


def compress(client, step=0):
    reply = client.cmd('COMPRESS DEFLATE')
    check(reply.ok, repr(reply))
    client.sock = Deflated(client.sock, step)
    return client


def read(client):
    client.cmd('EXAMINE INBOX')
    return [r.line for r in client.cmd('FETCH 1:* (UID FLAGS ENVELOPE BODY.PEEK[])').all(b'FETCH')]


def test_same_answers(target):
    """All messages, through deflate and without, in clear and under TLS."""
    for tls in (None, 'starttls', 'implicit'):
        with target.imap(tls=tls) as plain, compress(target.imap(tls=tls)) as client:
            want = read(plain)
            same(len(want), MESSAGES, 'messages')
            same(read(client), want, 'answers, TLS %s' % tls)
            octets = sum(map(len, want))
            check(client.sock.received < octets / 2, '%d of %d' % (client.sock.received, octets))
            note('%d octets instead of %d' % (client.sock.received, octets))


def test_octet_by_octet(target):
    """A client whose packets hold one octet each."""
    with compress(target.imap(), step=1) as client:
        same(len(read(client)), MESSAGES, 'messages')


def test_append(target):
    """Literals, synchronizing and not; a big one that does not compress."""
    message = corpus.one('compressed') + corpus.crlf(os.urandom(150000).hex())
    with compress(target.imap()) as client:
        client.cmd('CREATE Packed')
        for sync in (True, False):
            check(client.cmd('APPEND Packed ', Lit(message, sync=sync)).ok, 'APPEND')
        client.select('Packed')
        for items in client.cmd('FETCH 1:* (BODY.PEEK[])').fetched().values():
            same(items[b'BODY[]'], message, 'the message')


def test_pipeline(target):
    """Commands in one packet behind each other, IDLE among them."""
    with compress(target.imap()) as client:
        client.send('a SELECT INBOX\r\nb IDLE\r\nDONE\r\nc NOOP\r\nd LOGOUT\r\n')
        tags = []
        while b'd' not in tags:
            tags.append(client.response().tag)
        same([t for t in tags if t.isalpha()], [b'a', b'b', b'c', b'd'], 'order')


def test_twice(target):
    """A second COMPRESS is BAD, and the first one stays (RFC 4978 §3)."""
    with compress(target.imap()) as client:
        same(client.cmd('COMPRESS DEFLATE').kind, b'BAD', 'second')
        check(client.cmd('NOOP').ok, 'NOOP')


def test_broken(target):
    """What is not deflate ends this connection and no other."""
    with target.imap() as other:
        for octets in (b'a NOOP\r\n' * 10, b'\xff' * 100, b'\x03\x00' + b'x' * 100):
            client = compress(target.imap())
            client.sock.sock.sendall(octets)
            try:
                line = client.response().line
                check(line.startswith(b'* BYE'), repr(line))
            except ImapError as problem:
                check('closed' in str(problem), str(problem))
            client.close()
        check(other.cmd('NOOP').ok, 'another connection')


def test_bomb(target):
    """Few octets that become many: the limit of a line holds."""
    with target.imap() as other:
        client = compress(target.imap())
        try:
            client.send(b'x' * 50_000_000)
            client.response()
            client.response()
        except ImapError:
            pass
        client.close()
        check(other.cmd('NOOP').ok, 'another connection')
        kib = target.front.memory() // 1024
        check(kib < 200_000, '%d KiB' % kib)


@contextlib.contextmanager
def fixture():
    with behind.server(BACKEND, listeners=('plain', 'starttls', 'implicit')) as target:
        target.behind.fill('INBOX', *['message-%d' % number for number in range(MESSAGES)],
                           size=2000)
        yield target


run([test_same_answers, test_octet_by_octet, test_append, test_pipeline, test_twice, test_broken,
     test_bomb], fixture)
