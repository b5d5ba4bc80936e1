#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""SORT through Ferry and natively: the same order of 5,000 generated messages; and before the
sample server against a model.

What the RFC leaves free, or Cyrus does otherwise, is not generated: see README.md.
"""

import calendar
import contextlib
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.environ['FERRY_SRCDIR'], 'tests', 'integration'))

from lib import target                                      # noqa: E402
from lib.imap import Lit, expand                                    # noqa: E402
from lib.tap import check, run, same                        # noqa: E402

COUNT = 5000
MONTHS = ('Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec')
WORDS = ('harbour', 'Anchor', 'boat', 'MAST', 'rope', 'sail', 'Tide', 'zebra crossing', 'x', '7 seas')
MARKS = ('%s', '%s', 'Re: %s', 'RE: %s', 'Fwd: %s', 'fw : %s', '[list] %s', 'Re: [list] %s', '%s (fwd)',
         '[Fwd: %s]', 'Re[2]: %s', '[a] [b] Re: %s', '%s again', ' %s now ', 'Re: Re: %s (fwd) (fwd)')
NAMES = ('ann', 'Bob', 'carol', 'DAVE', 'eve', 'frank.o', 'zoe')
HOSTS = ('x.example', 'Y.example', 'a.example')
KEYS = ('ARRIVAL', 'CC', 'DATE', 'FROM', 'SIZE', 'SUBJECT', 'TO', 'DISPLAYFROM', 'DISPLAYTO')


def address(rng):
    name, host = rng.choice(NAMES), rng.choice(HOSTS)
    shown = rng.choice(('', '', 'Zed %s' % name, '"%s, A"' % name, '=?utf-8?q?%s_Q?=' % name))
    return '%s <%s@%s>' % (shown, name, host) if shown else '%s@%s' % (name, host)


def addresses(rng):
    return ', '.join(address(rng) for _ in range(rng.choice((1, 1, 2, 3))))


def sent_date(rng):
    zone = rng.choice(('+0000', '-0800', '+0530', '+0100', '-0330', 'GMT', 'EST'))
    return '%d %s %d %02d:%02d:%02d %s' % (
        rng.randint(1, 28), rng.choice(MONTHS), rng.choice((1999, 2023, 2024)), rng.randint(0, 23),
        rng.randint(0, 59), rng.randint(0, 59), zone)


def message(number):
    """Octets and INTERNALDATE. Every message comes a second after the last, so that both servers
    have the same order of the mailbox."""
    rng = random.Random(5256 * 100003 + number)
    head = []
    if rng.random() < .95:
        head.append('Date: ' + sent_date(rng))
    if rng.random() < .97:
        head.append('From: ' + addresses(rng))
    if rng.random() < .9:
        head.append('To: ' + addresses(rng))
    if rng.random() < .3:
        head.append('Cc: ' + addresses(rng))
    if rng.random() < .97:
        words = ' '.join(rng.choice(WORDS) for _ in range(rng.randint(1, 2)))
        head.append('Subject: ' + rng.choice(MARKS) % words)
    head += ['Message-ID: <m%d@sort.example>' % number, 'X-Number: %d' % number]
    rng.shuffle(head)
    body = 'x' * rng.randint(1, 40)
    seconds = calendar.timegm((2023, 6, 1, 0, 0, 0)) + number
    return ('\r\n'.join(head + ['', body, '']).encode(), internal_date(seconds))


def internal_date(seconds):
    t = time.gmtime(seconds)
    return '%02d-%s-%d %02d:%02d:%02d +0000' % (t.tm_mday, MONTHS[t.tm_mon - 1], t.tm_year,
                                                t.tm_hour, t.tm_min, t.tm_sec)


def fill(client, count):
    for start in range(0, count, 200):
        parts = ['APPEND INBOX']
        for number in range(start, min(start + 200, count)):
            data, date = message(number)
            parts += [' %s"%s" ' % ('(\\Flagged) ' if number % 3 == 0 else '', date), Lit(data)]
        client.ok(*parts, timeout=120)


def numbers(reply):
    check(reply.ok, 'SORT: %r' % reply)
    return [int(n) for n in reply.first(b'SORT').tokens]


@contextlib.contextmanager
def fixture():
    def before(cyrus):
        with cyrus.imap(timeout=120) as client:
            fill(client, COUNT)

    with target.on_cyrus(before=before) as server:
        with server.imap(timeout=120) as front, server.native(timeout=120) as native:
            front.select('INBOX')
            native.select('INBOX')
            yield front, native


def compare(pair, criteria, program='ALL', prefix=''):
    answers = [numbers(client.cmd('%sSORT (%s) UTF-8 %s' % (prefix, criteria, program)))
               for client in pair]
    if answers[0] == answers[1]:
        return
    at = next(i for i, (a, b) in enumerate(zip(*answers)) if a != b)
    shown = [[message(n - 1)[0].split(b'\r\n\r\n')[0] for n in answer[at:at + 2]]
             for answer in answers]
    same(shown[0], shown[1], '(%s) %s differs at place %d' % (criteria, program, at))


def test_same_mailbox(pair):
    front, native = pair
    for client in pair:
        check(client.cmd('NOOP').ok, 'NOOP')
    same(front.uids(), native.uids(), 'UIDs')
    same(len(front.uids()), COUNT, 'messages')


def one_key(key):
    def case(pair):
        compare(pair, key)
        compare(pair, 'REVERSE ' + key)
        compare(pair, key, 'FLAGGED', 'UID ')
    case.__name__ = 'test_' + key.lower()
    return case


def test_pairs_of_keys(pair):
    rng = random.Random(1)
    for _ in range(25):
        chosen = rng.sample(KEYS, rng.randint(2, 4))
        compare(pair, ' '.join(rng.choice(('', 'REVERSE ')) + key for key in chosen),
                rng.choice(('ALL', 'FLAGGED', '1:2000', 'SUBJECT boat', 'NOT FROM zoe')))


def returned(client, options, criteria):
    reply = client.cmd('UID SORT RETURN (%s) (%s) UTF-8 FLAGGED' % (options, criteria))
    tokens = reply.first(b'ESEARCH').tokens
    check(tokens[1] == b'UID', 'no UID in %r' % reply)
    return {bytes(name): bytes(value) for name, value in zip(tokens[2::2], tokens[3::2])}


def test_return_options(pair):
    """Against the native order; natively MIN and MAX are those of the numbers, which RFC 5267 §3.1
    does not mean."""
    front, native = pair
    for criteria in ('REVERSE DATE', 'SUBJECT FROM', 'DISPLAYTO REVERSE SIZE'):
        order = numbers(native.cmd('UID SORT (%s) UTF-8 FLAGGED' % criteria))
        same(returned(front, 'MIN MAX COUNT', criteria),
             {b'MIN': b'%d' % order[0], b'MAX': b'%d' % order[-1], b'COUNT': b'%d' % len(order)},
             criteria)
        same(returned(front, 'COUNT', criteria), returned(native, 'COUNT', criteria), criteria)
        same(expand(returned(front, '', criteria)[b'ALL']), order, criteria)


# before the sample server

def test_against_a_model(_):
    """What view rows decide, by the definition; after arrivals and removals too."""
    with target.on_sample() as server, server.imap(timeout=120) as client:
        fill(client, 600)
        client.select('INBOX')
        order = numbers(client.cmd('SORT (SIZE REVERSE ARRIVAL) UTF-8 ALL'))
        sizes = [len(message(n)[0]) for n in range(600)]
        same(order, sorted(range(1, 601), key=lambda n: (sizes[n - 1], -n)), 'order by size')
        client.ok('STORE 1:100 +FLAGS.SILENT (\\Deleted)')
        client.ok('EXPUNGE')
        server.sample.deliver(b'Subject: Re: aaa\r\nFrom: aa@x\r\n\r\nx\r\n',
                              received='2024-01-01T00:00:00Z')
        order = numbers(client.cmd('UID SORT (SIZE REVERSE ARRIVAL) UTF-8 UID 101:600'))
        same(order, sorted(range(101, 601), key=lambda n: (sizes[n - 1], -n)), 'order by size')


def sort_subjects(server):
    """The order by subject, and the requests for headers that it took."""
    with server.imap(timeout=120) as client:
        client.select('INBOX')
        mark = server.proxy.mark()
        order = numbers(client.cmd('SORT (SUBJECT FROM) UTF-8 ALL'))
        return order, [r for r in server.proxy.since(mark) if b'header:Subject' in (r.body or b'')]


def test_restart_keeps_headers(_):
    """What an earlier SORT read is not asked for again, also not after a restart."""
    with target.on_sample() as server:
        with server.imap(timeout=120) as client:
            fill(client, 600)
        before, asked = sort_subjects(server)
        # they are kept behind the answer, which takes a busy machine its time
        for pause in (0, 1, 2, 4, 8):
            time.sleep(pause)
            server.ferry.restart()
            order, asked = sort_subjects(server)
            same(order, before, 'order')
            if not asked:
                break
        same(asked, [], 'requests for headers')


run([test_same_mailbox] + [one_key(key) for key in KEYS] +
    [test_pairs_of_keys, test_return_options, test_against_a_model, test_restart_keeps_headers],
    fixture=fixture, timeout=280)
