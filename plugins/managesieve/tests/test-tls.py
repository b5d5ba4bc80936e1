#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""ManageSieve under TLS: STARTTLS, implicit, and no password in clear text where it must not be."""

import contextlib
import os
import socket
import ssl
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 3,
                             'tests', 'integration')]

from lib import netns, target                                   # noqa: E402
from lib.ferry import Ferry                                     # noqa: E402
from lib.sieve import Sieve, SieveError, plain                  # noqa: E402
from lib.tap import Skip, check, run, same                      # noqa: E402

OUTSIDE = netns.enter()         # a reason, or None
KINDS = {'sieve-starttls': 'starttls', 'sieve-implicit': 'implicit'}
SCRIPT = b'#' * 60000 + b'\r\nkeep;\r\n'


@contextlib.contextmanager
def fixture():
    with target.on_sample(listeners=('sieve', *KINDS)) as server:
        yield server


def connect(server, kind, **options):
    return Sieve(server.host, server.ferry.ports[kind], tls=KINDS.get(kind), **options)


def test_scripts_under_tls(server):
    for kind in KINDS:
        with connect(server, kind, user='alice') as client:
            same(client.sock.version()[:5], 'TLSv1', 'version')
            same(client.put('a', SCRIPT).outcome, ('OK', None))
            check(client.get('a') == SCRIPT, 'the octets come back')
            client.clear()


def test_the_capabilities_are_told_again(server):
    """RFC 5804 §2.2: with an OK behind them, without STARTTLS."""
    client = Sieve(server.host, server.ferry.ports['sieve-starttls'])
    check('STARTTLS' in client.capabilities, 'offered')
    before = dict(client.capabilities)
    again = client.starttls()
    same(again.kind, 'OK')
    check('STARTTLS' not in client.capabilities, 'not offered twice')
    same({**client.capabilities, 'STARTTLS': None}, before, 'all others')
    same(client.capability().kind, 'OK')
    check('STARTTLS' not in client.capabilities, 'not in CAPABILITY either')
    same(client.cmd('STARTTLS').outcome, ('NO', None), 'STARTTLS again')
    client.login('alice')
    check('STARTTLS' not in client.capabilities, 'nor after the login')
    same(client.cmd('UNAUTHENTICATE').kind, 'OK')
    same(client.cmd('STARTTLS').outcome, ('NO', None), 'nor after UNAUTHENTICATE')
    client.login('alice')
    client.close()


def test_not_offered_where_it_cannot_be(server):
    for kind in ('sieve', 'sieve-implicit'):
        with connect(server, kind) as client:
            check('STARTTLS' not in client.capabilities, kind)
            same(client.cmd('STARTTLS').outcome, ('NO', None), kind)
            check(client.cmd('NOOP').ok, 'the next command')


def test_starttls_injection(server):
    """What came in clear text before the handshake is not obeyed after it."""
    client = Sieve(server.host, server.ferry.ports['sieve-starttls'])
    client.send(b'STARTTLS\r\nNOOP "injected"\r\nAUTHENTICATE "PLAIN" "%s"\r\nLISTSCRIPTS\r\n'
                % plain('alice', 'secret').encode())
    same(client.answer().kind, 'OK')
    same(client.buffer, b'', 'answers in clear text')
    try:
        client.sock = client.context.wrap_socket(client.sock)
        client.answer()
    except (SieveError, OSError):
        return          # refusing altogether is just as good
    client.send(b'NOOP "mine"\r\n')
    same(client.answer().value, b'mine', 'the first answer')
    same(client.cmd('LISTSCRIPTS').kind, 'NO', 'not signed in')
    client.close()


def test_clear_text_after_starttls(server):
    client = Sieve(server.host, server.ferry.ports['sieve-starttls'])
    client.good('STARTTLS')
    client.send(b'LISTSCRIPTS\r\nLISTSCRIPTS\r\n')
    client.sock.settimeout(15)
    said = b''
    with contextlib.suppress(ConnectionResetError):
        while data := client.sock.recv(4096):
            said += data            # an alert, perhaps
    check(b'NO' not in said and b'OK' not in said, 'no handshake, no conversation: %r' % said)
    client.close()


def test_gone_in_the_handshake(server):
    for _ in range(20):
        client = Sieve(server.host, server.ferry.ports['sieve-starttls'])
        client.good('STARTTLS')
        client.close()
    raw = [socket.create_connection((server.host, server.ferry.ports['sieve-implicit']), 10) for _ in range(20)]
    with connect(server, 'sieve-implicit', user='alice') as client:
        check(client.cmd('NOOP').ok, 'others go on')
    for one in raw:
        one.close()


def test_the_certificate_is_the_configured_one(server):
    context = ssl.create_default_context(cafile=server.ferry.dir + '/cert.pem')
    for kind in KINDS:
        client = Sieve.__new__(Sieve)
        client.context, client.buffer, client.capabilities = context, b'', {}
        client.sock = socket.create_connection((server.host, server.ferry.ports[kind]), 10)
        if kind == 'sieve-starttls':
            same(client.answer().kind, 'OK')
            client.good('STARTTLS')
        client.sock = context.wrap_socket(client.sock, server_hostname='localhost')
        same(client.answer().kind, 'OK', 'the greeting')
        client.close()


# passwords in clear text

def outside(server, kind):
    """A ferryd on an address that is not loopback."""
    if OUTSIDE:
        raise Skip(OUTSIDE)
    return Ferry(server.sample.url, listeners=(kind,), address=netns.ADDRESS)


def test_no_password_in_clear_text_off_loopback(server):
    with outside(server, 'sieve-starttls') as front:
        client = Sieve(front.host, front.ports['sieve-starttls'])
        same(client.capabilities['SASL'], '', 'no mechanism, and STARTTLS (RFC 5804 §1.7)')
        check('STARTTLS' in client.capabilities, 'STARTTLS')
        for command in ('AUTHENTICATE "PLAIN" "%s"' % plain('alice', 'secret'), 'AUTHENTICATE "PLAIN"'):
            same(client.cmd(command).outcome, ('NO', 'ENCRYPT-NEEDED'), command[:20])
        same(client.cmd('LISTSCRIPTS').kind, 'NO')
        client.starttls()
        same(client.capabilities['SASL'].split()[0], 'PLAIN')
        client.login('alice')
        same(client.list(), {})
        client.close()


def test_no_password_where_there_is_no_tls(server):
    with outside(server, 'sieve') as front:
        client = Sieve(front.host, front.ports['sieve'])
        check('STARTTLS' not in client.capabilities and 'SASL' not in client.capabilities,
              'RFC 5804 §1.7: SASL is empty only where STARTTLS is offered')
        same(client.cmd('AUTHENTICATE "PLAIN" "%s"' % plain('alice', 'secret')).outcome,
             ('NO', 'AUTH-TOO-WEAK'))
        same(client.cmd('LISTSCRIPTS').kind, 'NO')
        client.close()


def test_implicit_tls_off_loopback(server):
    with outside(server, 'sieve-implicit') as front:
        with Sieve(front.host, front.ports['sieve-implicit'], tls='implicit', user='alice') as client:
            same(client.list(), {})


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=110)
