#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""STARTTLS, implicit TLS, and no sign-in in clear text off loopback."""

import base64
import contextlib
import socket
import ssl
import time

from lib import corpus, netns, target
from lib.ferry import Ferry
from lib.imap import Imap, ImapError, appenduid
from lib.tap import Skip, check, run, same

OUTSIDE = netns.enter()         # a reason, or None


@contextlib.contextmanager
def fixture():
    with target.on_cyrus(listeners=('plain', 'starttls', 'implicit')) as server:
        yield server


def connect(server, kind, **options):
    tls = None if kind == 'plain' else kind
    return Imap(server.host, server.front.ports[kind], tls=tls, timeout=30, **options)


def test_implicit_tls(server):
    with connect(server, 'implicit', user='alice') as client:
        same(client.sock.version()[:5], 'TLSv1', 'version')
        check(client.select().ok, 'SELECT')
        check(b'STARTTLS' not in client.capabilities(), 'no STARTTLS under TLS')


def test_starttls(server):
    with connect(server, 'starttls', user='alice') as client:
        check(b'STARTTLS' not in client.capabilities(), 'no STARTTLS under TLS')
        same(client.cmd('STARTTLS').kind, b'BAD', 'STARTTLS again')
        check(client.select().ok, 'SELECT')


def test_starttls_is_offered_once(server):
    with Imap(server.host, server.front.ports['starttls']) as client:
        check(b'STARTTLS' in client.capabilities(), 'STARTTLS offered')
        client.starttls()
        check(client.cmd('NOOP').ok, 'NOOP under TLS')
    if target.NATIVE:
        return
    with Imap(server.host, server.front.ports['plain']) as client:
        check(b'STARTTLS' not in client.capabilities(), 'not where tls=none')
        same(client.cmd('STARTTLS').kind, b'BAD', 'STARTTLS where tls=none')


def test_starttls_injection(server):
    """What came in clear text before the handshake is not obeyed after it."""
    client = Imap(server.host, server.front.ports['starttls'])
    client.send(b'x1 STARTTLS\r\nx2 NOOP\r\nx3 LOGIN alice secret\r\n')
    try:
        same(client.response().kind, b'OK')
        check(client.buffer == b'', 'answers in clear text: %r' % client.buffer)
        client.sock = client.context.wrap_socket(client.sock)
    except (ImapError, OSError):
        return          # refusing altogether is just as good
    client.send(b'x4 NOOP\r\n')
    same(client.response().tag, b'x4', 'first answer under TLS')
    same(client.cmd('SELECT INBOX').kind, b'BAD', 'not signed in')


def test_certificate_is_the_configured_one(server):
    target.ferry_only('the certificate of the configuration')
    context = ssl.create_default_context(cafile=server.front.dir + '/cert.pem')
    for kind in ('implicit', 'starttls'):
        with Imap(server.host, server.front.ports[kind],
                  tls='implicit' if kind == 'implicit' else None) as client:
            if kind == 'starttls':
                client.ok('STARTTLS')
                client.sock = context.wrap_socket(client.sock, server_hostname='localhost')
    raw = socket.create_connection((server.host, server.front.ports['implicit']), 10)
    context.wrap_socket(raw, server_hostname='localhost').close()


def test_garbage_instead_of_a_handshake(server):
    for octets in (b'a1 NOOP\r\n', b'\0' * 100, b'\x16\x03\x01\xff\xff' + b'x' * 2000, b'\x16', b''):
        raw = socket.create_connection((server.host, server.front.ports['implicit']), 10)
        raw.settimeout(15)
        with contextlib.suppress(OSError):      # RFC 8446, 6.2: "both parties MUST immediately close"
            raw.sendall(octets)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(4096):
                pass
        raw.close()
    with connect(server, 'implicit', user='alice') as client:
        check(client.cmd('NOOP').ok, 'others go on')


def test_a_silent_handshake_blocks_nobody(server):
    idle = [socket.create_connection((server.host, server.front.ports['implicit']), 10)
            for _ in range(20)]
    started = time.monotonic()
    with connect(server, 'implicit', user='alice') as client:
        check(client.cmd('NOOP').ok, 'NOOP')
    check(time.monotonic() - started < 5, 'in time')
    for raw in idle:
        raw.close()


def test_large_messages_through_tls(server):
    big = next(m for m in corpus.messages() if m.name == 'attachment-large').data
    box = server.fresh('TlsBig')
    for kind in ('implicit', 'starttls'):
        with connect(server, kind, user='alice') as client:
            uid = appenduid(client.append(box, big + kind.encode() + b'\r\n'))[1][0]
            client.select(box)
            got = next(iter(client.fetch(uid, 'BODY.PEEK[]', uid=True).values()))[b'BODY[]']
            same(got == big + kind.encode() + b'\r\n', True, 'the octets over ' + kind)


def split_everywhere(server, kind, step):
    script = b's1 LOGIN alice secret\r\ns2 SELECT INBOX\r\ns3 NOOP\r\n'
    for cut in range(1, len(script), step):
        client = connect(server, kind)
        client.send(script[:cut])
        time.sleep(0.002)
        client.send(script[cut:])
        tags = []
        while b's3' not in tags:
            response = client.response()
            if response.tag != b'*':
                tags.append(response.tag)
                same(response.kind, b'OK', 'cut at %d: %r' % (cut, response))
        same(tags, [b's1', b's2', b's3'])
        client.close()


def test_pipelined_sign_in_split_at_every_octet(server):
    split_everywhere(server, 'plain', 1)


def test_pipelined_sign_in_split_at_every_octet_under_tls(server):
    split_everywhere(server, 'implicit', 1)
    split_everywhere(server, 'starttls', 5)


def test_orderly_end(server):
    """LOGOUT under TLS ends with close_notify, not with a cut connection."""
    target.ferry_only('Cyrus cuts the connection')
    with connect(server, 'implicit', user='alice') as client:
        client.send(b'z LOGOUT\r\n')
        same(client.response().kind, b'BYE')
        same(client.response().tag, b'z')
        client.sock.suppress_ragged_eofs = False
        same(client.sock.recv(100), b'', 'close_notify')


# where clear text is refused

def refuses_plaintext(client, what):
    capabilities = client.capabilities()
    check(b'LOGINDISABLED' in capabilities, '%s: LOGINDISABLED' % what)
    check(not [c for c in capabilities if c.startswith(b'AUTH=PLAIN')], '%s: no AUTH=PLAIN' % what)
    initial = base64.b64encode(b'\0alice\0secret').decode()
    for command in ('LOGIN alice secret', 'AUTHENTICATE PLAIN ' + initial):
        reply = client.cmd(command)
        same((reply.kind, reply.code), (b'NO', b'PRIVACYREQUIRED'), '%s: %s' % (what, command))


def test_allow_plaintext_never(server):
    target.ferry_only('a setting of Ferry')
    settings = {'listener ' + kind: {'allow-plaintext': 'never'} for kind in ('plain', 'starttls')}
    with Ferry(server.proxy.url, listeners=('plain', 'starttls'), settings=settings) as strict:
        with Imap(strict.host, strict.ports['plain']) as client:
            refuses_plaintext(client, 'tls=none')
        with Imap(strict.host, strict.ports['starttls']) as client:
            refuses_plaintext(client, 'before STARTTLS')
            client.starttls()
            check(b'LOGINDISABLED' not in client.capabilities(), 'allowed under TLS')
            client.login('alice')


def test_off_loopback(server):
    target.ferry_only('Cyrus allows clear text here')
    if OUTSIDE:
        raise Skip(OUTSIDE)
    with Ferry(server.proxy.url, listeners=('plain', 'starttls', 'implicit'),
               address=netns.ADDRESS) as outside:
        with Imap(outside.host, outside.ports['plain']) as client:
            refuses_plaintext(client, 'off loopback')
        with Imap(outside.host, outside.ports['starttls']) as client:
            refuses_plaintext(client, 'before STARTTLS')
            client.starttls()
            client.login('alice')
        with Imap(outside.host, outside.ports['implicit'], tls='implicit') as client:
            client.login('alice')
            check(client.select().ok, 'SELECT')


def test_mixed_addresses(server):
    """One listener on both: clear text is for loopback clients only."""
    target.ferry_only('a setting of Ferry')
    if OUTSIDE:
        raise Skip(OUTSIDE)
    with Ferry(server.proxy.url, address='127.0.0.1;' + netns.ADDRESS) as both:
        with Imap(netns.ADDRESS, both.ports['plain']) as client:
            refuses_plaintext(client, 'off loopback')
        with Imap('127.0.0.1', both.ports['plain'], user='alice') as client:
            check(client.select().ok, 'on loopback')


def test_unusable_certificate_is_no_start(server):
    target.ferry_only('a setting of Ferry')
    broken = Ferry(server.proxy.url, listeners=('implicit',),
                   settings={'tls': {'certificate': '/nonexistent/cert.pem'}})
    try:
        broken.start()
    except Exception as problem:
        text = str(problem)
        check('certificate' in text and '/nonexistent' in text and 'tls' in text,
              'file, group and key are named: ' + text)
        return
    finally:
        broken.__exit__(ValueError)
    check(False, 'started with a certificate that is not there')


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=280)
