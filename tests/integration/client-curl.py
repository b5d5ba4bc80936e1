#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""curl: list, read, append, search and change over imap:// and imaps://."""

import contextlib
import os

from lib import clients, corpus, procs, target
from lib.tap import check, run, same


@contextlib.contextmanager
def fixture():
    clients.need('curl', 'curl')
    with target.on_cyrus(listeners=('plain', 'starttls', 'implicit')) as server:
        home = procs.temp_dir('curl')
        try:
            server.home = home
            server.fresh('CurlBox')
            with server.native() as native:
                for number in range(5):
                    native.append('CurlBox', corpus.one('curl-%d' % number, 5000 * number),
                                  date='05-Feb-2024 10:11:%02d +0100' % number)
            yield server
        finally:
            procs.remove_dir(home)


def curl(server, path, *options, kind='plain', good=(0,)):
    scheme = 'imaps' if kind == 'implicit' else 'imap'
    host = server.host if kind == 'plain' else 'localhost'
    command = [clients.need('curl', 'curl'), '-sS', '--max-time', '60', '--user', 'alice:secret']
    if kind == 'starttls':
        command.append('--ssl-reqd')
    if kind != 'plain':
        folder = server.cyrus.dir + '/tls' if target.NATIVE else server.front.dir
        command += ['--cacert', folder + '/cert.pem', '--ipv4']
    url = '%s://%s:%d/%s' % (scheme, host, server.front.ports[kind], path)
    return clients.run(command + list(options) + [url], server.home, good=good).stdout


def test_list(server):
    lines = curl(server, '').splitlines()
    check(any(b'CurlBox' in line for line in lines), 'LIST: %r' % lines)
    check(any(line.upper().endswith(b'INBOX') for line in lines), 'INBOX: %r' % lines)


def test_fetch_by_uid(server):
    for number in (0, 4):
        same(curl(server, 'CurlBox;UID=%d' % (number + 1)), corpus.one('curl-%d' % number, 5000 * number),
             'message %d' % number)


def test_fetch_a_section(server):
    header = curl(server, 'CurlBox;UID=2;SECTION=HEADER')
    check(b'X-Label: curl-1\r\n' in header and b'This is' not in header, repr(header))
    same(curl(server, 'CurlBox;MAILINDEX=3;SECTION=TEXT'),
         corpus.one('curl-2', 10000).split(b'\r\n\r\n', 1)[1])


def test_missing_message(server):
    out = curl(server, 'CurlBox;UID=999999', good=(0, 78, 19, 8, 56))
    same(out, b'')


def test_uidvalidity_is_checked(server):
    curl(server, 'CurlBox;UIDVALIDITY=1/;UID=1', good=(78,))


def test_append(server):
    path = os.path.join(server.home, 'message')
    with open(path, 'wb') as out:
        out.write(corpus.one('curl-append', 30000))
    curl(server, 'CurlBox', '-T', path)
    found = curl(server, 'CurlBox?HEADER%20X-Label%20curl-append')
    check(found.strip().split()[-1].isdigit(), repr(found))
    with server.native() as native:
        same(native.status('CurlBox', 'MESSAGES')[b'MESSAGES'], 6, 'natively')


def test_search(server):
    found = curl(server, 'CurlBox?SUBJECT%20curl-3')
    same(found.strip(), b'* SEARCH 4')


def test_custom_requests(server):
    out = curl(server, 'CurlBox', '-X', 'STORE 1 +FLAGS (\\Flagged)')
    check(b'\\Flagged' in out, repr(out))
    out = curl(server, 'CurlBox', '-X', 'FETCH 1:2 (UID FLAGS)')
    same(len(out.splitlines()), 2, repr(out))
    out = curl(server, '', '-X', 'STATUS CurlBox (MESSAGES)')
    check(b'MESSAGES 6' in out, repr(out))


def test_wrong_password(server):
    curl(server, '', '--user', 'alice:wrong', good=(67,))


def test_over_tls(server):
    for kind in ('starttls', 'implicit'):
        same(curl(server, 'CurlBox;UID=5', kind=kind), corpus.one('curl-4', 20000), kind)


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=200)
