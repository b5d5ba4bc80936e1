#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""https to the backend: whom to trust, HTTP/2, and connections that the backend ends.

nginx stands before the sample server; one case talks to Cyrus directly.
"""

import threading

from lib import corpus, procs, target
from lib.cyrus import Cyrus
from lib.ferry import Ferry
from lib.imap import Imap
from lib.nginx import Nginx
from lib.sample import Sample
from lib.tap import Skip, check, note, run, same, skip_all


def trusting(server, url=None, **settings):
    values = {'ca-certificates': server.cert, 'poll': 1, **settings}
    return Ferry(url or server.url, settings={'backend main': values})


def refused(ferry, reason):
    """Three sign-ins that say what is wrong; one line in the log."""
    for _ in range(3):
        with Imap(ferry.host, ferry.imap_port, timeout=60) as client:
            reply = client.cmd('LOGIN alice secret')
            same((reply.kind, reply.code), (b'NO', b'UNAVAILABLE'), repr(reply))
            check('certificate' in repr(reply) and reason in repr(reply), repr(reply))
    with open(ferry.log) as log:
        same(sum(reason in line for line in log), 1, 'lines in the log')


def test_unknown_authority():
    with Sample('--relative-urls') as sample, Nginx(sample.url) as server:
        with Ferry(server.url) as ferry:
            refused(ferry, 'nobody who is trusted')


def test_another_name():
    with Sample('--relative-urls') as sample, Nginx(sample.url) as server:
        with trusting(server, 'https://127.0.0.2:%d' % server.port) as ferry:
            refused(ferry, 'for another name')


def test_bad_authority_file():
    """No start with a file that holds no certificate."""
    ferry = Ferry('https://localhost:1',
                  settings={'backend main': {'ca-certificates': '/dev/null'}})
    try:
        ferry.ports = {'plain': 1143}
        ferry.write_config()
        done = ferry.command('config', 'check')
        check(done.returncode != 0 and 'ca-certificates' in done.stderr, repr(done))
    finally:
        procs.remove_dir(ferry.dir)


def work(client, label, count):
    """Reads and writes; every one must be done, once."""
    client.select('INBOX')
    for number in range(count):
        client.append('INBOX', corpus.one('%s-%d' % (label, number)))
        client.ok('NOOP')
        client.ok('STORE * +FLAGS (%s-%d)' % (label, number))
        client.ok('CREATE %s-%d' % (label, number))


def rollover(http2, requests):
    with Sample('--relative-urls') as sample, Nginx(sample.url, http2, requests) as server:
        with trusting(server) as ferry:
            clients = [ferry.imap() for _ in range(4)]
            failures = []

            def one(index):
                try:
                    work(clients[index], 'roll%d' % index, 15)
                except Exception as problem:
                    failures.append(problem)
            threads = [threading.Thread(target=one, args=(i,)) for i in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            same(failures, [], 'failures')
            client = clients[0]
            same(client.status('INBOX', 'MESSAGES')[b'MESSAGES'], 60, 'each message once')
            client.ok('NOOP')
            flags = [flag for items in client.fetch('1:*', 'FLAGS').values()
                     for flag in items[b'FLAGS'] if flag.startswith(b'roll')]
            same(sorted(set(flags)), sorted(b'roll%d-%d' % (i, n) for i in range(4)
                                            for n in range(15)), 'keywords')
            for other in clients:
                other.close()
            seen = server.requests_seen()
            note('requests: %r' % seen)
            check(seen.get('HTTP/2.0' if http2 else 'HTTP/1.1', 0) > 100, repr(seen))


def test_http2():
    rollover(True, 10000)


def test_http2_connections_end():
    """GOAWAY after each ten requests."""
    rollover(True, 10)


def test_http1_connections_end():
    rollover(False, 10)


def test_cyrus():
    with Cyrus(tls=True) as cyrus:
        settings = {'backend main': {'ca-certificates': cyrus.dir + '/tls/cert.pem'}}
        with Ferry('https://localhost:%d' % cyrus.https_port, settings=settings) as ferry:
            with ferry.imap() as client:
                work(client, 'cyrus', 5)
                same(client.status('INBOX', 'MESSAGES')[b'MESSAGES'], 5, 'each message once')


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
try:
    target.ferry_only('TLS to the backend')
    target.need_ferry()
except Skip as reason:
    skip_all(reason)
run(CASES, timeout=280)
