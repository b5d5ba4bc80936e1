# SPDX-License-Identifier: LGPL-2.1-or-later
"""ManageSieve: commands per second of Ferry and of timsieved, and what an idle connection costs."""

import base64
import os
import socket
import statistics
import time

import operations                                           # noqa: F401 (sets the path)

from fast import BareJmap

from lib import procs                                       # noqa: E402
from lib.cyrus import Cyrus
from lib.ferry import Ferry
from lib.proxy import Proxy
from lib.sample import Sample

LIMITS = {'connections': 20000, 'connections-per-user': 20000, 'connections-per-address': 20000}
MORE = 'sieve_maxscripts: 50\nsieve_maxscriptsize: 2048\n'
NATIVE_IDLE = 20            # timsieved is a process for each


def script(number, size=4096):
    """A valid script of about `size` octets, another one for each number."""
    rule = b'if header :contains "subject" "word 01" { discard; stop; }\r\n'
    return b'# %d\r\n' % number + rule * (size // len(rule))


def literal(octets):
    return b'{%d+}\r\n%s' % (len(octets), octets)


class FastSieve:
    def __init__(self, host, port, user='alice'):
        self.sock = socket.create_connection((host, port), timeout=120)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.read()
        self.command(b'AUTHENTICATE "PLAIN" "%s"'
                     % base64.b64encode(('\0%s\0secret' % user).encode()))

    def read(self):
        data = b''
        while not (data.endswith(b'\r\n') and data[data.rfind(b'\r\n', 0, -2) + 2 if b'\r\n' in data[:-2]
                                               else 0:].startswith((b'OK', b'NO', b'BYE'))):
            # or a server that sends a small last segment waits 40 ms for our acknowledgement
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            piece = self.sock.recv(1 << 20)
            if not piece:
                raise ConnectionError('closed: %r' % data[-200:])
            data += piece
        return data

    def command(self, octets):
        self.sock.sendall(octets + b'\r\n')
        data = self.read()
        last = data[:-2].rsplit(b'\r\n', 1)[-1]
        if not last.startswith(b'OK'):
            raise RuntimeError('%r: %r' % (octets[:60], last))
        return data

    def close(self):
        self.sock.close()


# name, commands of the nth time
OPERATIONS = (
    ('NOOP', lambda n: [b'NOOP']),
    ('CAPABILITY', lambda n: [b'CAPABILITY']),
    ('LISTSCRIPTS, 10 scripts', lambda n: [b'LISTSCRIPTS']),
    ('HAVESPACE', lambda n: [b'HAVESPACE "script 3" 5000']),
    ('GETSCRIPT, 4 KB', lambda n: [b'GETSCRIPT "script %d"' % (n % 10)]),
    ('CHECKSCRIPT, 4 KB', lambda n: [b'CHECKSCRIPT ' + literal(script(n))]),
    ('PUTSCRIPT, 4 KB, replacing', lambda n: [b'PUTSCRIPT "script 3" ' + literal(script(n))]),
    ('SETACTIVE', lambda n: [b'SETACTIVE "script %d"' % (n % 2)]),
    ('RENAMESCRIPT', lambda n: [b'RENAMESCRIPT "script %d" "script %d"' % ((8, 88) if n % 2 == 0 else (88, 8))]),
)


class Side:
    def __init__(self, name, host, port, user='alice'):
        self.name, self.host, self.port, self.user, self.count = name, host, port, user, 0
        self.client = FastSieve(host, port, user)
        for number in range(10):
            self.client.command(b'PUTSCRIPT "script %d" ' % number + literal(script(1000000 + number)))

    def rate(self, make, count):
        """Commands per second."""
        commands = [command for n in range(count) for command in make(self.count + n)]
        self.count += count
        started = time.perf_counter()
        for command in commands:
            self.client.command(command)
        return len(commands) / (time.perf_counter() - started)

    def sign_ins(self, count):
        started = time.perf_counter()
        for _ in range(count):
            client = FastSieve(self.host, self.port, self.user)
            client.command(b'LOGOUT')
            client.close()
        return count / (time.perf_counter() - started)


def requests(url, make):
    """HTTP requests of one command, warm."""
    host, port = url.split('//')[1].split(':')
    with Proxy(host, int(port)) as proxy, Ferry(proxy.url, listeners=('sieve',)) as ferry:
        client = FastSieve(ferry.host, ferry.ports['sieve'])
        found = []
        for number in range(4):
            mark = proxy.mark()
            for command in make(number + 500000):
                client.command(command)
            found.append(len(proxy.since(mark)))
        client.close()
        return found[-1]


def bare_rate(url, capability, count, rounds):
    """SieveScript/get, whose answers nobody looks at, per second: what Ferry cannot be faster than."""
    jmap = BareJmap(url)
    body = jmap.encode(('SieveScript/get', {'ids': None}), using=(capability,))
    jmap.raw(body)
    return '%.0f' % statistics.median(count / jmap.timed([body] * count) for _ in range(rounds))


def resident(pids, field):
    total = 0
    for pid in pids:
        with open('/proc/%d/smaps_rollup' % pid) as rollup:
            total += next(int(line.split()[1]) for line in rollup if line.startswith(field + ':'))
    return total


def idle(ferry, count):
    """KiB of one signed-in connection that does nothing."""
    clients = [FastSieve(ferry.host, ferry.ports['sieve']) for _ in range(20)]
    before = ferry.memory()
    clients += [FastSieve(ferry.host, ferry.ports['sieve']) for _ in range(count)]
    found = (ferry.memory() - before) / count / 1024
    for client in clients:
        client.close()
    return found


def idle_native(cyrus):
    """(RSS, PSS) of the process of one, in KiB."""
    clients = [FastSieve(cyrus.host, cyrus.sieve_port) for _ in range(NATIVE_IDLE)]
    pids = []
    for pid in procs.processes_naming(cyrus.dir + '/imapd.conf'):
        if os.path.basename(os.readlink('/proc/%d/exe' % pid)) == 'timsieved':
            pids.append(pid)
    found = resident(pids, 'Rss') / len(pids), resident(pids, 'Pss') / len(pids)
    for client in clients:
        client.close()
    return found


def measure(arguments, table, say):
    """Fill `table` with commands per second; the sides take turns."""
    with Cyrus(more=MORE) as cyrus, Sample('--limit=maxNumberScripts=50') as sample:
        with Ferry(cyrus.url, listeners=('sieve',), settings={'limits': LIMITS}) as before_cyrus, \
                Ferry(sample.url, listeners=('sieve',), settings={'limits': LIMITS}) as before_sample:
            sides = [Side('cyrus', before_cyrus.host, before_cyrus.ports['sieve']),
                     Side('sample', before_sample.host, before_sample.ports['sieve']),
                     # a user of its own: a session of timsieved keeps locked what it has changed
                     Side('native', cyrus.host, cyrus.sieve_port, 'bob')]
            for name, make in OPERATIONS:
                say(name)
                add_row(table, name, sides, lambda side, make=make: side.rate(make, arguments.commands),
                        arguments.rounds)
                table.rows[-1]['cyrus req'] = requests(cyrus.url, make) if 'RENAME' not in name else ''
            table.row('JMAP alone: SieveScript/get', **{
                side + ' /s': bare_rate(server.url, capability, arguments.commands, arguments.rounds)
                for side, server, capability in (('cyrus', cyrus, 'https://cyrusimap.org/ns/jmap/sieve'),
                                                 ('sample', sample, 'urn:ietf:params:jmap:sieve'))})
            say('sign-ins')
            add_row(table, 'connect, AUTHENTICATE, LOGOUT', sides,
                    lambda side: side.sign_ins(max(5, arguments.commands // 4)), arguments.rounds)
            say('idle connections')
            for side in sides:
                side.client.close()
            rss, pss = idle_native(cyrus)
            table.row('one idle connection, KiB', **{
                'native /s': '%.0f (PSS %.0f)' % (rss, pss), 'cyrus /s': '%.1f' % idle(before_cyrus, arguments.idle),
                'sample /s': '%.1f' % idle(before_sample, arguments.idle)})


def add_row(table, name, sides, rate, rounds):
    found = {side.name: [] for side in sides}
    for number in range(rounds + 1):
        for side in sides:
            value = rate(side)
            if number > 0:          # the first time warms up
                found[side.name].append(value)
    middle = {side: statistics.median(values) for side, values in found.items()}
    table.row(name, **{side + ' /s': '%.0f' % value for side, value in middle.items()},
              **{'cyrus x': '%.2f' % (middle['native'] / middle['cyrus'])})
