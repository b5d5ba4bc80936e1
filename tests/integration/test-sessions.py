#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several sessions on one mailbox: each is told what changed, and only when IMAP allows it."""

import contextlib
import time

from lib import corpus, target
from lib.imap import ImapError, appenduid
from lib.tap import check, run, same, wait_for


@contextlib.contextmanager
def fixture():
    with target.on_cyrus() as server:
        yield server


def filled(server, name, count):
    """A mailbox with `count` messages; its UIDs."""
    server.fresh(name)
    with server.imap() as client:
        return [appenduid(client.append(name, corpus.one('%s-%d' % (name, i))))[1][0]
                for i in range(count)]


def until(client, wanted, what, seconds=20):
    """NOOP until the untagged responses so far satisfy `wanted`; all of them."""
    seen = []

    def probe():
        seen.extend(client.ok('NOOP').untagged)
        return wanted(seen)
    wait_for(probe, seconds, what, 0.1)
    return seen


def kinds(responses):
    return [(r.kind, r.number) for r in responses if r.number is not None]


def test_arrival_is_told_to_all(server):
    filled(server, 'SesA', 1)
    with server.imap() as one, server.imap() as two:
        one.select('SesA')
        two.select('SesA')
        with server.imap() as other:
            other.append('SesA', corpus.one('SesA-new'))
        for client in (one, two):
            until(client, lambda seen: (b'EXISTS', 2) in kinds(seen), 'EXISTS 2')
            same(len(client.fetch('2', 'UID')), 1)


def test_flags_are_told_and_silent_is_silent(server):
    filled(server, 'SesB', 3)
    with server.imap() as one, server.imap() as two:
        one.select('SesB')
        two.select('SesB')
        reply = one.ok('STORE 1 +FLAGS (\\Flagged)')
        check(b'\\Flagged' in reply.fetched()[1][b'FLAGS'], 'STORE answers with the flags')
        reply = one.ok('STORE 2 +FLAGS.SILENT (\\Answered)')
        if not target.NATIVE:        # Cyrus tells the flags it has just changed all the same
            same(reply.fetched(), {}, 'SILENT')
        seen = until(two, lambda s: {n for k, n in kinds(s) if k == b'FETCH'} >= {1, 2},
                     'both changes')
        flags = {r.number: r.items().get(b'FLAGS') for r in seen if r.kind == b'FETCH'}
        check(b'\\Flagged' in flags[1] and b'\\Answered' in flags[2], 'flags: %r' % flags)


def test_expunge_is_told_in_order(server):
    filled(server, 'SesC', 6)
    with server.imap() as one, server.imap() as two:
        one.select('SesC')
        two.select('SesC')
        one.ok('STORE 2,3,6 +FLAGS.SILENT (\\Deleted)')
        told = [r.number for r in one.ok('EXPUNGE').all(b'EXPUNGE')]
        same(left_after(told, 6), [1, 4, 5], 'the own session')
        seen = until(two, lambda s: len([r for r in s if r.kind == b'EXPUNGE']) == 3, 'three EXPUNGE')
        same(left_after([r.number for r in seen if r.kind == b'EXPUNGE'], 6), [1, 4, 5])


def left_after(told, count):
    """What is left of 1…count after these EXPUNGE numbers."""
    left = list(range(1, count + 1))
    for number in told:
        check(1 <= number <= len(left), 'EXPUNGE %d of %d' % (number, len(left)))
        del left[number - 1]
    return left


def test_no_expunge_during_fetch_store_search(server):
    filled(server, 'SesD', 4)
    with server.imap() as one, server.imap() as two:
        one.select('SesD')
        two.select('SesD')
        two.ok('STORE 2 +FLAGS.SILENT (\\Deleted)')
        two.ok('EXPUNGE')
        time.sleep(1.2)
        for command in ('FETCH 1,3:4 FLAGS', 'STORE 1 +FLAGS (\\Seen)', 'SEARCH ALL',
                        'STORE 1 -FLAGS.SILENT (\\Seen)'):
            reply = one.cmd(command)
            same([r for r in reply.untagged if r.kind in (b'EXPUNGE', b'VANISHED')], [], command)
        with server.imap() as other:
            other.append('SesD', corpus.one('SesD-late'))
        reply = one.cmd('FETCH 4 (UID)')
        same(len(reply.fetched()), 1, 'old sequence numbers hold until EXPUNGE is told')
        seen = until(one, lambda s: (b'EXPUNGE', 2) in kinds(s), 'EXPUNGE 2')
        check((b'EXPUNGE', 2) in kinds(seen), 'told by NOOP')


def test_fetch_of_an_expunged_message(server):
    """By number: told so in the tagged answer or served; by UID: skipped. Never another message."""
    uids = filled(server, 'SesE', 3)
    with server.imap() as one, server.imap() as two:
        one.select('SesE')
        two.select('SesE')
        two.ok('STORE 2 +FLAGS.SILENT (\\Deleted)')
        two.ok('EXPUNGE')
        reply = one.cmd('FETCH 1:3 (UID BODY.PEEK[])')
        for number, items in reply.fetched().items():
            same(int(items[b'UID']), uids[number - 1], 'UID of %d' % number)
            if items.get(b'BODY[]'):
                check(b'SesE-%d' % (number - 1) in items[b'BODY[]'], 'octets of %d' % number)
        one.ok('NOOP')
        reply = one.ok('UID FETCH %d (FLAGS)' % uids[1])
        same(reply.fetched(), {}, 'UID FETCH of what is gone')


def test_store_flags_every_way(server):
    filled(server, 'SesF', 1)
    with server.imap() as client:
        client.select('SesF')
        steps = [('FLAGS (\\Seen $Label1)', {b'\\seen', b'$label1'}),
                 ('+FLAGS (\\Flagged)', {b'\\seen', b'$label1', b'\\flagged'}),
                 ('-FLAGS ($label1 \\Draft)', {b'\\seen', b'\\flagged'}),
                 ('+FLAGS \\Deleted', {b'\\seen', b'\\flagged', b'\\deleted'}),
                 ('FLAGS ()', set())]
        for command, want in steps:
            flags = client.ok('STORE 1 ' + command).fetched()[1][b'FLAGS']
            same({bytes(f).lower() for f in flags} - {b'\\recent'}, want, command)


def test_body_sets_seen_and_tells(server):
    filled(server, 'SesG', 2)
    with server.imap() as one, server.imap() as two:
        one.select('SesG')
        one.ok('STORE 1:2 -FLAGS.SILENT (\\Seen)')
        two.select('SesG')
        one.ok('FETCH 1 (BODY.PEEK[])')
        check(b'\\Seen' not in one.fetch('1', 'FLAGS')[1][b'FLAGS'], 'PEEK leaves \\Seen alone')
        fetched = one.ok('FETCH 1 (BODY[TEXT])').fetched()
        check(b'\\Seen' in fetched.get(1, {}).get(b'FLAGS', ()), 'the new flag comes along')
        until(two, lambda s: (b'FETCH', 1) in kinds(s), 'the other session is told')
        two.examine('SesG')
        two.ok('FETCH 2 (BODY[TEXT])')
        check(b'\\Seen' not in one.fetch('2', 'FLAGS')[2][b'FLAGS'], 'EXAMINE sets nothing')


def test_idle_tells_arrivals_flags_and_expunge(server):
    filled(server, 'SesH', 2)
    with server.imap() as idler, server.native() as native:
        idler.select('SesH')
        native.select('SesH')
        idler.idle()
        native.append('SesH', corpus.one('SesH-new'))
        idler.wait_untagged(lambda r: (r.kind, r.number) == (b'EXISTS', 3), 25)
        native.ok('STORE 1 +FLAGS (\\Flagged)')
        idler.wait_untagged(lambda r: (r.kind, r.number) == (b'FETCH', 1), 25)
        native.ok('STORE 2 +FLAGS (\\Deleted)')
        native.ok('EXPUNGE')
        idler.wait_untagged(lambda r: (r.kind, r.number) == (b'EXPUNGE', 2), 25)
        check(idler.done().ok, 'DONE')
        same(len(idler.uids()), 2)


def test_idle_tells_other_sessions_at_once(server):
    """What another session of the same account does needs no poll."""
    filled(server, 'SesI', 1)
    with server.imap() as idler, server.imap() as other:
        idler.select('SesI')
        idler.idle()
        started = time.monotonic()
        other.append('SesI', corpus.one('SesI-new'))
        idler.wait_untagged(lambda r: (r.kind, r.number) == (b'EXISTS', 2), 25)
        if not target.NATIVE:
            check(time.monotonic() - started < 5, 'within seconds, took %.1f'
                  % (time.monotonic() - started))
        idler.done()


def test_recent_is_told_once(server):
    filled(server, 'SesJ', 1)
    with server.imap() as one:
        first = one.select('SesJ').first(b'RECENT')
        with server.imap() as two:
            second = two.examine('SesJ').first(b'RECENT')
            check(first is not None and second is not None, 'RECENT in IMAP4rev1')
            same(second.number, 0, 'RECENT for the second session')


def test_mailbox_deleted_under_a_session(server):
    target.ferry_only('Cyrus ends the connection')
    filled(server, 'SesK', 1)
    with server.imap() as one, server.imap() as two:
        one.select('SesK')
        two.ok('DELETE SesK')
        try:
            reply = one.cmd('NOOP')
            check(reply.kind in (b'OK', b'NO'), repr(reply))
            reply = one.cmd('FETCH 1 (FLAGS)')
            check(reply.kind in (b'OK', b'NO', b'BAD'), repr(reply))
        except ImapError as ended:
            check('BYE' in str(ended), str(ended))


def test_mailbox_deleted_and_made_anew(server):
    """Cyrus tells of the new mailbox only; its messages have the ids of those that are gone."""
    for number in range(1, 5):
        server.fresh('SesN')
        with server.native() as native:
            for i in range(number):
                native.append('SesN', corpus.one('SesN-%d' % i))
        with server.imap() as client:
            same(client.select('SesN').first(b'EXISTS').number, number, 'EXISTS')


def test_pipelined_commands(server):
    filled(server, 'SesL', 5)
    with server.imap() as client:
        client.send(b'p1 SELECT SesL\r\np2 FETCH 1:* (UID)\r\np3 STORE 1 +FLAGS (\\Seen)\r\n'
                    b'p4 FETCH 1 (FLAGS)\r\np5 UID SEARCH SEEN\r\np6 NOOP\r\n')
        tags, found, flags = [], None, None
        while b'p6' not in tags:
            response = client.response()
            if response.kind == b'SEARCH':
                found = response.tokens
            if response.kind == b'FETCH' and b'FLAGS' in response.items():
                flags = response.items()[b'FLAGS']
            if response.tag not in (b'*', b'+'):
                same(response.kind, b'OK', repr(response))
                tags.append(response.tag)
        same(tags, [b'p1', b'p2', b'p3', b'p4', b'p5', b'p6'])
        same(len(found), 1)
        check(b'\\Seen' in flags, 'the STORE came first')


def test_fifty_sessions(server):
    filled(server, 'SesM', 1)
    clients = []
    try:
        for _ in range(50):
            clients.append(server.imap())
            clients[-1].select('SesM')
        clients[0].ok('STORE 1 +FLAGS.SILENT (\\Answered)')
        for client in clients[1:]:
            until(client, lambda s: (b'FETCH', 1) in kinds(s), 'the change')
    finally:
        for client in clients:
            client.close()


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=280)
