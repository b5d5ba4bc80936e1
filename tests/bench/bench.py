#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ferry against a native IMAP server, in one run, alternating. See README.md."""

import argparse
import json
import os
import shutil
import statistics
import sys
import time

import operations as ops
import scripts
from fast import BareJmap, FastImap

from lib import corpus, procs                               # noqa: E402 (operations sets the path)
from lib.cyrus import Cyrus, multiappend
from lib.ferry import Ferry
from lib.proxy import Proxy
from lib.sample import Sample
from lib.tap import Failure, Skip

LIMITS = {'connections': 20000, 'connections-per-user': 20000, 'connections-per-address': 20000}


class Side:
    """One of what is compared: a client, and for a ferryd its backend's bare JMAP."""

    made_sides = 0

    def __init__(self, name, host, port, ferry=None, url=None):
        Side.made_sides += 1
        self.number = Side.made_sides
        self.name, self.host, self.port, self.ferry, self.url = name, host, port, ferry, url
        self.client, self.second, self.bare, self.ids, self.page = None, None, None, [], 1000
        self.asks = False       # no push: a new client's first command asks the backend

    def connect(self):
        if self.client:
            self.client.close()
        self.client = FastImap(self.host, self.port)
        return self.client

    def another(self, *commands):
        """One more client, which has said these; it lives until the next one."""
        if self.second:
            self.second.close()
        self.second = FastImap(self.host, self.port)
        for command in commands:
            self.second.command(command)
        return self.second

    def learn(self):
        self.bare = BareJmap(self.url)
        self.ids = self.bare.ids(self.bare.mailbox(ops.BOX))


class Table:
    def __init__(self):
        self.rows = []

    def row(self, name, **values):
        self.rows.append(dict(values, name=name))

    def write(self, columns, out):
        width = max(len(row['name']) for row in self.rows) + 2
        print('%-*s%s' % (width, '', ''.join('%16s' % c for c in columns)), file=out)
        for row in self.rows:
            print('%-*s%s' % (width, row['name'],
                              ''.join('%16s' % row.get(c, '') for c in columns)), file=out, flush=True)


def say(text):
    print('%s %s' % (time.strftime('%H:%M:%S'), text), file=sys.stderr, flush=True)


def milliseconds(seconds):
    return '-' if seconds is None else '%.1f' % (seconds * 1000)


def ratio(a, b):
    return '-' if a is None or not b else '%.2f' % (a / b)


# preparation

def messages(count):
    return corpus.small(count, seed=1, size=1700)


def fill_cyrus(cyrus, count):
    with cyrus.imap(timeout=600) as client:
        for box in (ops.BOX, ops.TARGET):
            client.cmd('CREATE ' + box)
        for start in range(0, count, 2000):
            batch = corpus.small(min(2000, count - start), seed=1, size=1700, first=start)
            multiappend(client, ops.BOX, batch)
    cyrus.index('alice')


def write_maildir(folder, count):
    """The same mail for the sample server."""
    box = os.path.join(folder, '.' + ops.BOX)
    for path in (folder, box, os.path.join(folder, '.' + ops.TARGET)):
        for sub in ('cur', 'new', 'tmp'):
            os.makedirs(os.path.join(path, sub))
    stamp = int(time.time()) - count
    for number, message in enumerate(messages(count)):
        path = '%s/cur/%d.%06d.bench:2,' % (box, stamp + number, number)
        with open(path, 'wb') as out:
            out.write(message)
        os.utime(path, (stamp + number, stamp + number))


def median_of(rounds, sides, operation):
    """Each side in turn, `rounds` times: side → median seconds."""
    return take_turns(rounds, {side: lambda side=side: operation(side) for side in sides})


def take_turns(rounds, operations):
    """Each operation in turn, `rounds` times: its name → median seconds."""
    times = {name: [] for name in operations}
    for number in range(rounds + 1):
        for name, operation in operations.items():
            seconds = operation()
            if seconds is not None and number > 0:       # the first time warms up
                times[name].append(seconds)
    return {name: statistics.median(t) if t else None for name, t in times.items()}


# the parts of the table

def measure_reading(table, arguments, native, ferries):
    for name, operation, goal in ops.READING:
        if arguments.rows not in name:
            continue
        say(name)
        found = median_of(arguments.rounds, [native] + ferries, operation)
        values = {'native ms': milliseconds(found[native]), 'target': '%.1f' % goal}
        for side in ferries:
            seconds = found[side]
            values[side.name + ' ms'] = milliseconds(seconds)
            if seconds and name in ops.ASKING and side.asks:
                trip = median_of(arguments.rounds, [side], ops.sync_bare)[side]
                values[side.name + ' bare'] = milliseconds(trip)
                seconds = max(0, seconds - trip)
            values[side.name + ' x'] = ratio(seconds, found[native])
        table.row(name, **values)


def measure_changing(table, arguments, native, ferries):
    for name, operation, bare, goal in ops.CHANGING:
        say(name)
        turns = {'native': lambda: operation(native)}
        for side in ferries:
            side.learn()
            turns[side.name] = lambda side=side: operation(side)
            turns[side.name + ' bare'] = lambda side=side: ops.rested(bare, side)
        found = take_turns(max(1, arguments.rounds // 2), turns)
        values = {'native ms': milliseconds(found['native'])}
        for side in ferries:
            cost = found[side.name + ' bare']
            values[side.name + ' ms'] = milliseconds(found[side.name])
            values[side.name + ' bare'] = milliseconds(cost)
            values[side.name + ' x'] = ratio(found[side.name], cost)
        table.row(name, target='%.1f' % goal, **values)


def forget(ferry, state):
    """Stop ferryd, forget the cache (and the state), start it again."""
    ferry.stop()
    for folder in [ferry.cache] + ([ferry.state] if state else []):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder, 0o700)
    ferry.start()


def measure_cold(table, arguments, ferries):
    cold = [('cold: first SELECT (sync)', 'SELECT ' + ops.BOX, ops.listing_bare, True),
            ('cold: FETCH 1:* ENVELOPE', 'FETCH 1:* (ENVELOPE)', ops.envelope_bare, False),
            ('cold: FETCH 1:* BODYSTRUCTURE', 'FETCH 1:* (BODYSTRUCTURE)', ops.structure_bare, False)]
    for name, command, bare, whole in cold:
        values = {'target': '1.3'}
        for side in ferries:
            say('%s, %s' % (name, side.name))
            times, costs = [], []
            for _ in range(arguments.cold_rounds):
                forget(side.ferry, whole)
                client = side.connect()
                if not whole:
                    client.command('SELECT ' + ops.BOX)
                times.append(client.timed(command))
                costs.append(bare(side))
            cost = statistics.median(costs) if None not in costs else None
            values[side.name + ' ms'] = milliseconds(statistics.median(times))
            values[side.name + ' bare'] = milliseconds(cost)
            values[side.name + ' x'] = ratio(statistics.median(times), cost)
        table.row(name, **values)


def high_water(ferry):
    with open('/proc/%d/status' % ferry.pid) as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith('VmHWM:'))


def measure_memory(table, arguments, ferries):
    rows = {name: {} for name in (
        'RSS after start, KiB', 'RSS after SELECT, KiB', 'octets a mailbox row (RSS)',
        'peak growth, FETCH 1:* ENVELOPE, KiB', 'peak growth, FETCH 1:* BODY.PEEK[], KiB',
        'one idle connection, KiB', 'one idle TLS connection, KiB')}
    for side in ferries:
        say('memory, ' + side.name)
        ferry = side.ferry
        ferry.stop()
        ferry.start()
        client = side.connect()
        values = []
        start = ferry.memory()
        client.command('SELECT ' + ops.BOX)
        selected = ferry.memory()
        values += [start // 1024, selected // 1024, '%.0f' % ((selected - start) / arguments.count)]
        for command in ('FETCH 1:* (ENVELOPE)', 'FETCH 1:* (BODY.PEEK[])'):
            client.command('FETCH 1 (ENVELOPE)')
            before = max(high_water(ferry), ferry.memory())
            client.command(command, keep=False)
            values.append((high_water(ferry) - before) // 1024)
        for port, tls in ((side.port, False), (ferry.ports['implicit'], True)):
            values.append(idle_cost(side, port, tls, arguments.idle))
        for name, value in zip(rows, values):
            rows[name][side.name + ' ms'] = str(value)
    goals = {'one idle connection, KiB': '32', 'one idle TLS connection, KiB': '80',
             'octets a mailbox row (RSS)': '64+id'}
    for name, values in rows.items():
        table.row(name, target=goals.get(name, ''), **values)


def idle_cost(side, port, tls, count):
    """KiB of one signed-in connection that does nothing."""
    clients = [FastImap(side.host, port, tls=tls) for _ in range(20)]
    before = side.ferry.memory()
    try:
        clients += [FastImap(side.host, port, tls=tls) for _ in range(count)]
        return '%.1f' % ((side.ferry.memory() - before) / count / 1024)
    finally:
        for client in clients:
            client.close()


def measure_requests(table, url, side):
    """HTTP requests of each operation, warm: one pass through a counting proxy."""
    host, port = url.split('//')[1].split(':')
    with Proxy(host, int(port)) as proxy:
        with Ferry(proxy.url, settings={'limits': LIMITS}) as ferry:
            counted = Side(side.name, ferry.host, ferry.imap_port, ferry, url)
            client = counted.connect()
            client.command('SELECT ' + ops.BOX)
            for name, operation, *_ in ops.READING + [(n, o) for n, o, _, _ in ops.CHANGING]:
                if operation(counted) is None:
                    continue
                time.sleep(1.2)     # older than `freshness`
                mark = proxy.mark()
                operation(counted)
                requests = [r for r in proxy.since(mark) if 'eventsource' not in r.path.lower()]
                for row in table.rows:
                    if row['name'] == name:
                        row[side.name + ' req'] = str(len(requests))


def measure_push(table, sample, side):
    """From the arrival at the backend to the untagged answer in IDLE."""
    from lib.imap import Imap
    times = []
    with Imap(side.host, side.port, user='alice', timeout=30) as client:
        client.select('INBOX')
        client.idle()
        for number in range(20):
            started = time.perf_counter()
            sample.deliver(corpus.one('push-%d' % number))
            client.wait_untagged(lambda r: r.kind == b'EXISTS', 30)
            times.append(time.perf_counter() - started)
        client.done()
    table.row('push: arrival to EXISTS in IDLE', **{
        side.name + ' ms': milliseconds(statistics.median(times)), 'target': 'push + 20 ms'})


def notify_latency(side, rounds=20):
    """From the change by JMAP to the STATUS of a mailbox that is not selected, and what the change
    itself takes. None: no NOTIFY."""
    from lib.imap import Imap
    times, costs = [], []
    with Imap(side.host, side.port, user='alice', timeout=30) as client:
        if b'NOTIFY' not in client.ok('CAPABILITY').first(b'CAPABILITY').line.split():
            return None, None
        client.select('INBOX')
        client.ok('NOTIFY SET (mailboxes %s (MessageNew MessageExpunge FlagChange))' % ops.BOX)
        for number in range(rounds + 1):
            body = side.bare.encode(('Email/set', {'update': {
                side.ids[number // 2]: {'keywords/$seen': None if number % 2 else True}}}))
            started = time.perf_counter()
            side.bare.raw(body)
            changed = time.perf_counter()
            client.wait_untagged(lambda r: r.kind == b'STATUS', 30)
            if number > 0:                               # the first time warms up
                times.append(time.perf_counter() - started)
                costs.append(changed - started)
    return statistics.median(times), statistics.median(costs)


def measure_notify(table, native, cyrus, sample):
    """NOTIFY of the native server, and of Ferry where it is pushed to."""
    values = {'target': 'push + 20 ms'}
    native.url = cyrus.url
    for side in [native] + ([sample] if sample else []):
        say('NOTIFY, ' + side.name)
        side.learn()
        whole, change = notify_latency(side)
        values[side.name + ' ms'] = milliseconds(whole)
        if side is not native:
            values[side.name + ' bare'] = milliseconds(change)
    table.row('push: change to STATUS by NOTIFY', **values)


# the run

def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--count', type=int, default=20000, help='messages in the mailbox')
    parser.add_argument('--rounds', type=int, default=7, help='times each operation is measured')
    parser.add_argument('--cold-rounds', type=int, default=3)
    parser.add_argument('--idle', type=int, default=1000, help='idle connections opened')
    parser.add_argument('--backend', choices=('both', 'cyrus', 'sample'), default='both')
    parser.add_argument('--only', default='reading,changing,cold,memory,requests,push,notify,sieve')
    parser.add_argument('--commands', type=int, default=100, help='ManageSieve commands in a round')
    parser.add_argument('--rows', default='', help='reading: the rows whose names have this in them')
    parser.add_argument('--json', help='write the figures there too')
    return parser.parse_args()


def make_ferry(url, name):
    ferry = Ferry(url, listeners=('plain', 'implicit'), settings={'limits': LIMITS})
    ferry.start()
    side = Side(name, ferry.host, ferry.imap_port, ferry, url)
    side.connect().command('SELECT ' + ops.BOX)
    side.learn()
    return side


def compare(arguments, cyrus, sample):
    table, parts = Table(), arguments.only.split(',')
    native = Side('native', cyrus.host, cyrus.imap_port)
    native.connect()
    ferries = []
    try:
        if arguments.backend != 'sample':
            ferries.append(make_ferry(cyrus.url, 'cyrus'))
            ferries[-1].asks = True
        if sample:
            ferries.append(make_ferry(sample.url, 'sample'))
        if 'reading' in parts:
            measure_reading(table, arguments, native, ferries)
        if 'changing' in parts:
            measure_changing(table, arguments, native, ferries)
        if 'cold' in parts:
            measure_cold(table, arguments, ferries)
        if 'memory' in parts:
            measure_memory(table, arguments, ferries)
        if 'push' in parts and sample:
            measure_push(table, sample, ferries[-1])
        if 'notify' in parts:
            measure_notify(table, native, cyrus, ferries[-1] if sample else None)
        if 'requests' in parts:
            for side in ferries:
                say('requests, ' + side.name)
                measure_requests(table, side.url, side)
    finally:
        for side in ferries:
            side.ferry.__exit__(None)
    return table, ferries


def measure_scripts(arguments):
    table = Table()
    scripts.measure(arguments, table, say)
    print('ManageSieve, commands per second, medians of %d rounds of %d; x: seconds of Ferry before Cyrus'
          '\nfor each of timsieved; req: HTTP requests of a command\n' % (arguments.rounds, arguments.commands))
    table.write(['native /s', 'cyrus /s', 'cyrus x', 'cyrus req', 'sample /s'], sys.stdout)
    return table.rows


def main():
    arguments = options()
    rest = [part for part in arguments.only.split(',') if part != 'sieve']
    try:
        rows = measure_scripts(arguments) if 'sieve' in arguments.only.split(',') else []
    except (Skip, Failure) as problem:
        sys.exit('bench: %s' % problem)
    if rest:
        measure_mail(arguments, rows)
    elif arguments.json:
        write_json(arguments, rows)


def write_json(arguments, rows):
    with open(arguments.json, 'w') as out:
        json.dump(rows, out, indent=1)


def measure_mail(arguments, rows):
    folder = procs.temp_dir('bench')
    try:
        with Cyrus() as cyrus:
            say('filling Cyrus with %d messages' % arguments.count)
            fill_cyrus(cyrus, arguments.count)
            if arguments.backend == 'cyrus':
                table, ferries = compare(arguments, cyrus, None)
            else:
                write_maildir(folder, arguments.count)
                with Sample('--maildir', 'alice:' + folder) as sample:
                    table, ferries = compare(arguments, cyrus, sample)
        columns = ['native ms']
        for side in ferries:
            columns += [side.name + ' ' + what for what in ('ms', 'bare', 'x', 'req')]
        print('%d messages, %d rounds, medians; cyrus, sample: Ferry before that backend; x: against '
              'native\n(reading) or the bare JMAP calls (changing, cold); req: HTTP requests, warm\n'
              % (arguments.count, arguments.rounds))
        table.write(columns + ['target'], sys.stdout)
        if arguments.json:
            write_json(arguments, rows + table.rows)
    except (Skip, Failure) as problem:
        sys.exit('bench: %s' % problem)
    finally:
        procs.remove_dir(folder)


main()
