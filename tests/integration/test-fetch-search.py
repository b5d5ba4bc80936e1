#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""FETCH and SEARCH before the sample server: what is gone, what cannot be had, who leaves, who is slow."""

import contextlib
import time

from lib import corpus, target
from lib.tap import check, run, same, wait_for

# no push and no sync by itself: what happens behind Ferry's back stays there until somebody asks
BLIND = {'backend main': {'freshness': 60, 'poll': 60}}
NO_PUSH = {'on': 'eventsource', 'do': 'status', 'status': 503, 'times': 0}
NO_BLOBS = [{'on': 'download', 'do': 'status', 'status': 500, 'times': 0},
            {'on': 'method', 'method': 'Blob/get', 'do': 'method-error', 'times': 0}]


@contextlib.contextmanager
def fixture():
    with target.on_sample('--generate', 'alice:Big:3000') as server:
        yield server


@contextlib.contextmanager
def blind():
    with target.on_sample(settings=BLIND) as server:
        server.sample.faults(NO_PUSH)
        yield server


def flags(client, uid):
    return {bytes(f).lower() for f in client.fetch(uid, 'FLAGS', uid=True)[uid_number(client, uid)][b'FLAGS']}


def uid_number(client, uid):
    return next(iter(client.fetch(uid, 'UID', uid=True)))


def arrival(server, client, message):
    """Deliver; the number of the message in INBOX, which is selected."""
    number = client.select('INBOX').first(b'EXISTS').number + 1
    server.sample.deliver(message)
    wait_for(lambda: client.ok('NOOP') and len(client.uids()) == number, 10, 'the arrival')
    return number


def test_what_was_not_sent_stays_unseen(server):
    with blind() as server, server.imap(timeout=70) as client:
        server.sample.deliver(corpus.one('unsent'))
        client.select('INBOX')
        uid = client.uids()[-1]
        server.sample.faults(NO_PUSH, *NO_BLOBS)
        reply = client.cmd('UID FETCH %d (BODY[])' % uid)
        same((reply.kind, reply.fetched()), (b'NO', {}), repr(reply))
        server.sample.faults(NO_PUSH)
        check(b'\\seen' not in flags(client, uid), 'not seen')
        reply = client.ok('UID FETCH %d (BODY[])' % uid)
        check(b'\\Seen' in next(iter(reply.fetched().values()))[b'FLAGS'], 'the answer tells')
        check(b'\\seen' in flags(client, uid), 'seen')


def test_examine_marks_nothing(server):
    with server.imap() as client:
        arrival(server, client, corpus.one('examined'))
        client.examine('INBOX')
        uid = client.uids()[-1]
        client.ok('UID FETCH %d (BODY[] RFC822.TEXT)' % uid)
        check(b'\\seen' not in flags(client, uid), 'not seen')


def test_fetch_of_what_was_just_deleted(server):
    with blind() as server, server.imap(timeout=70) as client:
        ids = [server.sample.deliver(corpus.one('gone-%d' % n)) for n in range(4)]
        client.select('INBOX')
        uids = client.uids()
        server.sample.admin('expunge', {'user': 'alice', 'ids': ids[2:3]})
        reply = client.ok('UID FETCH %d (BODY.PEEK[])' % uids[-2])
        same((reply.code, reply.fetched()), (None, {}), repr(reply))
        server.sample.admin('expunge', {'user': 'alice', 'ids': ids[1:2]})
        number = len(uids) - 2
        reply = client.ok('FETCH %d:%d (BODY.PEEK[])' % (number - 1, number))
        same(reply.code, b'EXPUNGEISSUED', repr(reply))
        same(list(reply.fetched()), [number - 1], 'the others are told')
        reply = client.ok('NOOP')
        same([r.number for r in reply.all(b'EXPUNGE')], [number], 'EXPUNGE')


def test_search_of_what_was_just_deleted(server):
    with blind() as server, server.imap(timeout=70) as client:
        ids = [server.sample.deliver(corpus.one('lost-%d' % n)) for n in range(3)]
        client.select('INBOX')
        uids = client.uids()
        server.sample.admin('expunge', {'user': 'alice', 'ids': ids[:1]})
        reply = client.ok('SEARCH TEXT lost-')
        same(reply.code, b'EXPUNGEISSUED', repr(reply))
        same([int(n) for n in reply.first(b'SEARCH').tokens], [len(uids) - 1, len(uids)], 'the rest')


def contents(client):
    """Number → (From line, whole message) of the selected mailbox, lower case."""
    found = {}
    for number, items in client.fetch('1:*', '(BODY.PEEK[HEADER.FIELDS (From)] BODY.PEEK[])').items():
        found[number] = tuple(next(v for k, v in items.items() if (k == b'BODY[]') == whole).lower()
                              for whole in (False, True))
    return found


def found(client, program):
    return {int(n) for n in client.ok('SEARCH ' + program, timeout=120).first(b'SEARCH').tokens}


def test_search_finds_what_fetch_shows(server):
    with server.imap(timeout=120) as client:
        client.examine('Big')
        mail = contents(client)
        word = mail[1][0].split(b'@')[0].split(b'<')[-1].split()[-1].decode()
        with_word = {n for n, (sender, _) in mail.items() if word.encode() in sender}
        same(found(client, 'FROM ' + word), with_word, 'FROM ' + word)
        same(found(client, 'NOT FROM ' + word.upper()), set(mail) - with_word, 'NOT FROM')
        half = len(mail) // 2
        same(found(client, 'OR 1:%d FROM %s' % (half, word)),
             with_word | set(range(1, half + 1)), 'OR')
        same(found(client, 'TEXT nowhere-at-all-7'), set(), 'TEXT')
        same(found(client, 'NOT TEXT nowhere-at-all-7 1:50'), set(range(1, 51)), 'NOT TEXT')


def esearch(reply):
    tokens = [bytes(t) if not isinstance(t, list) else t for t in reply.first(b'ESEARCH').tokens]
    tokens = [t for t in tokens if not isinstance(t, list) and t != b'UID']
    return dict(zip(tokens[::2], tokens[1::2]))


def test_saved_results(server):
    with server.imap() as client:
        client.select('Big')
        reply = client.ok('SEARCH RETURN (MIN MAX COUNT ALL ALL) 10:20')
        same(esearch(reply), {b'MIN': b'10', b'MAX': b'20', b'COUNT': b'11', b'ALL': b'10:20'}, 'all')
        reply = client.ok('SEARCH RETURN (SAVE) 10:20')
        check(reply.first(b'ESEARCH') is None, 'SAVE alone tells nothing')
        same(sorted(client.fetch('$', 'UID')), list(range(10, 21)), '$')
        same(found(client, '$ 15:30'), set(range(15, 21)), '$ as a key')
        client.ok('SEARCH RETURN (SAVE MIN) 12:20')
        same(sorted(client.fetch('$', 'UID')), [12], 'MIN is saved alone')
        same(client.cmd('SEARCH RETURN (SAVE) 999999').kind, b'BAD', 'no such number')
        same(sorted(client.fetch('$', 'UID')), [12], 'BAD leaves the variable')
        reply = client.cmd('SEARCH RETURN (SAVE) CHARSET X-NONE ALL')
        same((reply.kind, reply.code), (b'NO', b'BADCHARSET'), repr(reply))
        same(client.fetch('$', 'UID'), {}, 'NO empties it')


def test_expunge_between_pipelined_uid_fetches(server):
    """A UID command may be told of EXPUNGE: the numbers behind it are the new ones."""
    with server.imap() as one, server.imap() as two:
        for n in range(6):
            server.sample.deliver(corpus.one('pipe-%d' % n))
        one.select('INBOX')
        two.select('INBOX')
        known = dict(enumerate(one.uids(), 1))
        two.ok('STORE %d +FLAGS.SILENT (\\Deleted)' % (len(known) - 3))
        tags = [one.start('UID FETCH 1:* (UID ENVELOPE)') for _ in range(20)]
        two.ok('EXPUNGE')
        for tag in tags:
            for response in one.finish(tag).untagged:
                if response.kind == b'EXPUNGE':
                    uids = [known[n] for n in sorted(known) if n != response.number]
                    known = dict(enumerate(uids, 1))
                elif response.kind == b'FETCH':
                    items = response.items()
                    if b'UID' in items:
                        same(int(items[b'UID']), known[response.number], 'UID of the number')


def test_pipelined_answers_keep_their_order(server):
    """They may be mixed (RFC 9051 §5.5), but few clients sort them: the first command is the slowest."""
    with server.imap(timeout=60) as client:
        client.select('Big')
        items = ['1:* (BODY.PEEK[])', '1 (BODY.PEEK[])', '9999999 FLAGS', '1:200 (ENVELOPE)', '1 NONSENSE',
                 '2 FLAGS', '3 (BODYSTRUCTURE)', '4 BODY[]', '5 FLAGS'] * 3
        client.send(b''.join(b'p%d FETCH %s\r\n' % (n, item.encode()) for n, item in enumerate(items)))
        kinds = []
        while len(kinds) < len(items):
            response = client.response()
            if response.tag != b'*':
                same(response.tag, b'p%d' % len(kinds), 'the next tag')
                kinds.append(response.kind)
        same(kinds, [b'OK', b'OK', b'BAD', b'OK', b'BAD', b'OK', b'OK', b'OK', b'OK'] * 3, 'answers')


def test_leaving_in_the_middle(server):
    """A client that goes away while its command runs takes nobody with it."""
    commands = ['FETCH 1:* (BODY[])', 'FETCH 1:* (ENVELOPE PREVIEW)', 'SEARCH NOT TEXT x NOT BODY y',
                'UID FETCH 1:* (FLAGS)', 'SEARCH FROM a OR TEXT b BODY c', 'FETCH 1:* (BINARY.PEEK[1])']
    for turn, command in enumerate(commands * 3):
        client = server.imap()
        client.select('Big')
        client.start(command)
        time.sleep(0.03 * (turn // len(commands)))
        client.close()
    with server.imap() as client:
        client.ok('NOOP')


def test_slow_reader_stops_nobody(server):
    with server.imap(timeout=60) as slow, server.imap() as other:
        slow.select('Big')
        other.select('INBOX')
        slow.start('FETCH 1:* (BODY.PEEK[])')
        slowest = 0
        for _ in range(40):
            started = time.monotonic()
            other.ok('NOOP')
            slowest = max(slowest, time.monotonic() - started)
        check(slowest < 2, 'NOOP took %.2f s beside a FETCH' % slowest)
        tag = other.start('SEARCH NOT TEXT nothing-of-the-kind')
        same(other.finish(tag, 60).kind, b'OK', 'SEARCH')


def test_binary(server):
    mail = (b'From: a@example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n'
            b'--b\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\nZ m9v\r\n'
            b'--b\r\nContent-Transfer-Encoding: x-none\r\n\r\nx\r\n--b--\r\n')
    with server.imap() as client:
        number = arrival(server, client, mail)
        items = client.fetch(number, '(BINARY.SIZE[1] BINARY.PEEK[1] BINARY.PEEK[1]<3.2>)')[number]
        same((int(items[b'BINARY.SIZE[1]']), items[b'BINARY[1]'], items[b'BINARY[1]<3>']),
             (6, b'\0\1\2foo', b'fo'), 'BINARY')
        reply = client.cmd('FETCH %d BINARY[2]' % number)
        same((reply.kind, reply.code), (b'NO', b'UNKNOWN-CTE'), repr(reply))


def cases():
    yield 'what was not sent stays unseen', test_what_was_not_sent_stays_unseen
    yield 'examine marks nothing', test_examine_marks_nothing
    yield 'fetch of what was just deleted', test_fetch_of_what_was_just_deleted
    yield 'search of what was just deleted', test_search_of_what_was_just_deleted
    yield 'search finds what fetch shows', test_search_finds_what_fetch_shows
    yield 'saved results', test_saved_results
    yield 'expunge between pipelined uid fetches', test_expunge_between_pipelined_uid_fetches
    yield 'pipelined answers keep their order', test_pipelined_answers_keep_their_order
    yield 'leaving in the middle', test_leaving_in_the_middle
    yield 'slow reader stops nobody', test_slow_reader_stops_nobody
    yield 'binary', test_binary


run(list(cases()), fixture, timeout=280)
