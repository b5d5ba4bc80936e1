#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Large messages: octet for octet whatever the backend does on the way, without taking memory, one
download for all who ask, no half of one after kill -9, and disks that are full.

The argument is the backend: cyrus or sample.
"""

import contextlib
import glob
import os
import shutil
import sys
import threading
import time

from lib import behind, corpus, target
from lib.ferry import Ferry
from lib.procs import SANITIZED
from lib.tap import Failure, Skip, check, note, run, same, wait_for

BACKEND = sys.argv[1] if len(sys.argv) > 1 else 'sample'
MIB = 1 << 20
BIG = 50 * MIB
MIDDLE = 3 * MIB
FEW = 6


@contextlib.contextmanager
def fixture():
    target.ferry_only('reads how much memory ferryd takes')
    with behind.server(BACKEND) as server:
        yield server


def sample_only():
    if BACKEND != 'sample':
        raise Skip('needs the faults of the sample server')


def large(label, size):
    """A message of about so many octets; corpus.one() takes its time."""
    text, line = corpus.one(label), b'%s goes on and on, line after line, until it is large.\r\n' % label.encode()
    return text + line * (size // len(line))


def put(server, box, *messages):
    server.behind.make(box)
    for message in messages:
        server.behind.put(box, message)
    with server.imap() as client:
        wait_for(lambda: client.status(box)[b'MESSAGES'] == len(messages), 90, 'the messages')


def body(client, number=1, item='BODY.PEEK[]', timeout=120):
    reply = client.cmd('FETCH %d (%s)' % (number, item), timeout=timeout)
    if not reply.ok:
        return reply
    return next(value for items in reply.fetched().values() for key, value in items.items()
                if key.startswith(b'BODY['))


def read(server, box, number=1):
    with server.imap(timeout=120) as client:
        client.examine(box)
        return body(client, number)


def cached(server):
    """Names and sizes of what the cache holds."""
    sizes = {}
    for name in glob.glob(os.path.join(server.ferry.cache, 'raw', '??', '*')):
        # one that goes meanwhile is not there
        with contextlib.suppress(FileNotFoundError):
            sizes[os.path.basename(name)] = os.path.getsize(name)
    return sizes


def test_memory(server):
    """A message of 50 MB, and many of 3 MB, are fetched, searched and copied within a few MB."""
    if SANITIZED:
        raise Skip('the sanitizers keep what was freed')
    big = large('large-big', BIG)
    many = [large('large-%d' % i, MIDDLE) for i in range(FEW)]
    put(server, 'LargeBig', big)
    put(server, 'LargeMany', *many)
    with server.imap(timeout=240) as client:
        def grows(what, limit, func):
            server.front.forget_peak()
            before = server.front.peak()
            func()
            grown = (server.front.peak() - before) >> 10
            note('%s: the high-water mark grew by %d KiB' % (what, grown))
            check(grown < limit << 10, '%s: the high-water mark grew by %d KiB' % (what, grown))

        client.examine('LargeBig')
        grows('first read', 24, lambda: same(body(client), big, 'the octets'))
        grows('from the cache', 24, lambda: same(body(client), big, 'the octets'))
        grows('search', 24, lambda: same(
            client.ok('SEARCH NOT TEXT nowhere-in-it', timeout=120).all(b'SEARCH')[0].line.strip(),
            b'* SEARCH 1', 'what NOT TEXT finds'))
        client.examine('LargeMany')
        grows('first reads', 16, lambda: same(
            {items[b'BODY[]'] for items in client.fetch('1:*', '(BODY.PEEK[])').values()}, set(many),
            'the octets'))


def test_faults(server):
    """Whatever the backend does on the way: the octets, or NO; half a message never."""
    sample_only()
    cases = [('cut in the middle', [{'do': 'cut-middle'}], True),
             ('cut before', [{'do': 'cut-before'}], True),
             ('503', [{'do': 'status', 'status': 503}], True),
             ('500', [{'do': 'status', 'status': 500}], True),
             ('several', [{'do': 'cut-middle'}, {'do': 'status'}, {'do': 'cut-middle'}], True),
             ('gone', [{'do': 'status', 'status': 404, 'times': 0}], False),
             ('for ever', [{'do': 'cut-middle', 'times': 0}], False)]
    for number, (name, faults, comes) in enumerate(cases):
        message = large('large-fault-%d' % number, MIDDLE + 1000 * number)
        put(server, 'LargeFault', message)
        server.sample.faults(*[dict(fault, on='download') for fault in faults])
        got = read(server, 'LargeFault')
        server.sample.faults()
        if comes:
            check(got == message, '%s: the octets are others' % name)
        else:
            check(not isinstance(got, bytes) and got.kind == b'NO', '%s: %r' % (name, got))
            check(len(message) not in cached(server).values(), '%s: it was cached' % name)
        check(read(server, 'LargeFault') == message, '%s: the octets are others afterwards' % name)


def test_one_download(server):
    """Many sessions that ask at once are one download, and one that leaves takes it from nobody."""
    sample_only()
    message, got = large('large-shared', 8 * MIB), []
    put(server, 'LargeShared', message)
    clients = [server.imap(timeout=120) for _ in range(5)]
    try:
        for client in clients:
            client.examine('LargeShared')
        server.sample.reset_stats()
        server.sample.faults({'on': 'download', 'do': 'delay', 'delay': 1500})
        leaver = clients.pop()
        leaver.start('FETCH 1 (BODY.PEEK[])')
        threads = [threading.Thread(target=lambda client=client: got.append(body(client)))
                   for client in clients]
        for thread in threads:
            thread.start()
        time.sleep(.3)
        leaver.close()
        for thread in threads:
            thread.join(120)
        same([each == message for each in got], [True] * 4, 'octets')
        same(server.sample.stats()['downloads'], 1, 'downloads')
    finally:
        server.sample.faults()
        for client in clients:
            client.close()


def test_killed(server):
    """kill -9 within downloads leaves nothing; files of a process that died are removed."""
    sample_only()
    left = os.path.join(server.ferry.cache, 'raw', 'ab')
    for number in range(4):
        message = large('large-killed-%d' % number, 24 * MIB + 1000 * number)
        put(server, 'LargeKilled', message)
        before = cached(server)
        client = server.imap(timeout=60)
        client.examine('LargeKilled')
        client.start('FETCH 1 (BODY.PEEK[])')
        time.sleep(.03 * number)
        server.ferry.kill()
        with contextlib.suppress(OSError):
            client.close()
        whole = {name: size for name, size in cached(server).items() if name not in before}
        check(all(size == len(message) for size in whole.values()), 'half a file: %r' % whole)
        os.makedirs(left, exist_ok=True)
        with open(os.path.join(left, 'c' * 62 + '.abcdef'), 'wb') as out:
            out.write(message[:1000])
        server.ferry.start()
        wait_for(lambda: not any('.' in name for name in cached(server)), 20, 'leftovers to go')
        check(read(server, 'LargeKilled') == message, 'the octets are others')
        wait_for(lambda: len(message) in cached(server).values(), 20, 'the cache file')


@contextlib.contextmanager
def another(server, wrapper):
    """A ferryd of its own on the same backend; `wrapper` makes what it is run by of its cache."""
    ferry = Ferry(server.sample.url, settings=None)
    ferry.wrapper = wrapper(ferry.cache)
    try:
        with ferry:
            yield ferry
    except Failure as problem:
        if 'unshare: ' in str(problem) or 'mount: ' in str(problem):
            raise Skip('no mounts here')
        raise


def small_disk(temporary):
    """The cache on a file system of 2 MiB, /tmp on one of `temporary`."""
    def wrapper(cache):
        if not shutil.which('unshare') or not shutil.which('mount'):
            raise Skip('needs unshare and mount')
        # in a changed root only what is a mount point can be kept to ourselves
        script = ('mount --make-private "$(stat -c %%m "$0")" && '
                  'mount -t tmpfs -o size=2m none "$0" && '
                  'mkdir "$0/tmp" && mount -t tmpfs -o size=%s none "$0/tmp" && '
                  'export TMPDIR="$0/tmp" && exec "$@"' % temporary)
        kind = ['-rm'] if os.getuid() else ['-m', '--propagation', 'unchanged']
        return ['unshare', *kind, 'sh', '-c', script, cache]
    return wrapper


def test_full_disk(server):
    """A cache whose disk is full: the message comes by another; where that is full too, NO."""
    sample_only()
    message, little = large('large-full', MIDDLE), corpus.one('large-little', 9000)
    put(server, 'LargeFull', message, little)
    for temporary, comes in (('64m', True), ('1m', False)):
        with another(server, small_disk(temporary)) as ferry, ferry.imap(timeout=60) as client:
            client.examine('LargeFull')
            sizes = client.fetch('1:2', '(RFC822.SIZE)')
            number = next(each for each in sizes if int(sizes[each][b'RFC822.SIZE']) == len(message))
            for _ in range(2):
                got = body(client, number)
                if comes:
                    check(got == message, 'the octets are others')
                else:
                    check(not isinstance(got, bytes) and got.code == b'LIMIT', repr(got))
            check(body(client, 3 - number) == little, 'the small one')


def test_file_limit(server):
    """A limit on the size of files does not end ferryd."""
    sample_only()
    if not shutil.which('prlimit'):
        raise Skip('needs prlimit')
    message = large('large-limit', MIDDLE)
    put(server, 'LargeLimit', message)
    with another(server, lambda cache: ['prlimit', '--fsize=2000000']) as ferry, \
            ferry.imap(timeout=60) as client:
        client.examine('LargeLimit')
        same(body(client).code, b'LIMIT', 'answer')
        client.ok('NOOP')
        check(ferry.alive(), 'ferryd is gone')


if __name__ == '__main__':
    run([test_memory, test_faults, test_one_download, test_killed, test_full_disk,
         test_file_limit], fixture, timeout=280)
