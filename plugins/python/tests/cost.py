#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What extensions in Python cost: memory of ferryd, and FETCH with an item in Python and in C.

    FERRY_BUILDDIR=build FERRY_SRCDIR=. plugins/python/tests/cost.py [MESSAGES]

The same ferryd has both items; they take turns, and the best of several runs counts. Processor time
is the main thread's, which is the worker's.
"""

import os
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.environ['FERRY_SRCDIR'], 'tests', 'integration'))
from lib import procs  # noqa: E402
from lib.ferry import Ferry, module_folders  # noqa: E402
from lib.sample import Sample  # noqa: E402

HERE = os.path.join(os.environ['FERRY_SRCDIR'], 'plugins', 'python')
ROUNDS = 7
PLAIN = '''
from gi.repository import Ferry
def write(fetch, message, arguments, writer, data):
    writer.write_atom('XPLAIN')
    writer.write_number(message.get_uid())
def register(registry):
    registry.add_fetch_item('XPLAIN', None, Ferry.Needs.NOTHING, None, write)
'''


def settings(folder, *names):
    return {'ferry': {'extensions': ';'.join(('*',) + names),
                      'plugin-dir': ';'.join(module_folders() + [HERE + '/examples', folder])}}


def make_modules(folder):
    shutil.copy(os.path.join(procs.BUILD, 'plugins', 'python', 'twin.so'), folder + '/twin.so')
    with open(folder + '/plain.py', 'w') as out:
        out.write(PLAIN)
    for name, more in (('twin', ''), ('plain', 'Loader=python\n')):
        with open('%s/%s.plugin' % (folder, name), 'w') as out:
            out.write('[Plugin]\nName=%s\nModule=%s\nABI=1\nDefault=false\n%s' % (name, name, more))


def private_memory(ferry):
    """Octets that nobody shares with it."""
    with open('/proc/%d/smaps_rollup' % ferry.pid) as rollup:
        return 1024 * sum(int(line.split()[1]) for line in rollup if line.startswith('Private_'))


def processor(ferry):
    """Nanoseconds that the main thread ran."""
    with open('/proc/%d/task/%d/schedstat' % (ferry.pid, ferry.pid)) as stat:
        return int(stat.read().split()[0])


def show_memory(sample, folder):
    for names in ((), ('python',), ('python', 'attachments'), ('python', 'attachments', 'plain')):
        with Ferry(sample.url, settings=settings(folder, *names)) as ferry:
            with ferry.imap() as client:
                client.select()
            print('%-28s resident %6.1f MiB  private %6.1f MiB'
                  % (' '.join(('*',) + names), ferry.memory() / 2 ** 20,
                     private_memory(ferry) / 2 ** 20), flush=True)


def measure(ferry, client, item):
    begun, used = time.monotonic(), processor(ferry)
    client.ok('UID FETCH 1:* (%s)' % item, timeout=300)
    return time.monotonic() - begun, (processor(ferry) - used) / 1e9


def show_time(sample, folder, count):
    items = ('UID', 'XPLAINTWIN', 'XPLAIN', 'XTWIN', 'XATTACHMENTS')
    names = ('python', 'attachments', 'plain', 'twin')
    with Ferry(sample.url, settings=settings(folder, *names)) as ferry, ferry.imap() as client:
        client.timeout = 300
        client.select()
        runs = {item: [] for item in items}
        for _ in range(ROUNDS):
            for item in items:
                runs[item].append(measure(ferry, client, item))
        for item in items:
            wall, used = (min(numbers) for numbers in zip(*runs[item]))
            print('UID FETCH 1:* %-14s wall %7.1f ms  processor %7.1f ms  %6.2f µs a message'
                  % (item, wall * 1e3, used * 1e3, used / count * 1e6), flush=True)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
    folder = procs.temp_dir('cost')
    try:
        make_modules(folder)
        with Sample() as sample:
            show_memory(sample, folder)
        with Sample('--generate', 'alice:INBOX:%d' % count) as sample:
            show_time(sample, folder, count)
    finally:
        procs.remove_dir(folder)


if __name__ == '__main__':
    main()
