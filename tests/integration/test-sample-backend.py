#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Before the sample server: push, no needless requests, and what only it can be made to do wrong."""

import contextlib
import threading
import time

from lib import corpus, proxy, target
from lib.imap import Lit, appenduid, copyuid
from lib.tap import check, run, same, short, wait_for


@contextlib.contextmanager
def fixture():
    with target.on_sample('--generate', 'alice:Big:300') as server:
        yield server


@contextlib.contextmanager
def special(*options, **more):
    with target.on_sample(*options, **more) as server:
        yield server


def labels(client, box):
    """UID → label (or Message-ID) of every message."""
    reply = client.examine(box)
    found = {}
    if reply.first(b'EXISTS').number:
        for items in client.fetch('1:*', '(UID BODY.PEEK[HEADER.FIELDS (X-Label Message-ID)])').values():
            octets = next(v for k, v in items.items() if k.startswith(b'BODY['))
            fields = dict(line.split(b': ', 1) for line in octets.split(b'\r\n') if b': ' in line)
            found[int(items[b'UID'])] = fields.get(b'X-Label', fields.get(b'Message-ID', b'')).decode()
    return found


def make(client, box):
    client.cmd('DELETE ' + box)
    client.ok('CREATE ' + box)
    return box


def add(client, box, *names):
    return [appenduid(client.append(box, corpus.one(name)))[1][0] for name in names]


def requests(server, mark):
    return [r for r in server.proxy.since(mark) if 'event' not in r.path.lower()]


# push

def test_push_announces_in_idle(server):
    with server.imap() as client:
        count = client.select('INBOX').first(b'EXISTS').number
        client.idle()
        for number in range(1, 4):
            started = time.monotonic()
            server.sample.deliver(corpus.one('idle-%d' % number))
            client.wait_untagged(lambda r, n=count + number: (r.kind, r.number) == (b'EXISTS', n), 10)
            check(time.monotonic() - started < 3, 'at once, took %.1f s' % (time.monotonic() - started))
        check(client.done().ok, 'DONE')


def test_push_flags_and_expunge(server):
    with server.imap() as client:
        box = make(client, 'PushBox')
        ids = [server.sample.deliver(corpus.one('push-%d' % n), box) for n in range(3)]
        wait_for(lambda: client.status(box, 'MESSAGES')[b'MESSAGES'] == 3, 10, 'three messages')
        client.select(box)
        client.idle()
        server.sample.admin('keywords', {'user': 'alice', 'ids': ids[:1], 'add': ['$flagged']})
        seen = client.wait_untagged(lambda r: r.kind == b'FETCH', 10)
        check(b'\\Flagged' in seen[-1].items()[b'FLAGS'], repr(seen))
        server.sample.admin('expunge', {'user': 'alice', 'ids': ids[1:2]})
        client.wait_untagged(lambda r: (r.kind, r.number) == (b'EXPUNGE', 2), 10)
        client.done()


def test_warm_commands_need_no_request(server):
    with server.imap() as client:
        client.select('Big')
        client.ok('FETCH 1:* (UID FLAGS)')
        client.ok('SELECT INBOX')
        time.sleep(1.5)
        mark = server.proxy.mark()
        for command in ('SELECT Big', 'NOOP', 'FETCH 1:* (FLAGS)', 'SEARCH UNSEEN', 'CHECK',
                        'STATUS Archive (MESSAGES UNSEEN UIDNEXT)', 'UID SEARCH 1:*', 'EXAMINE Big'):
            client.ok(command)
            same(requests(server, mark), [], 'requests of ' + command)


def test_no_request_per_message(server):
    with server.imap() as client:
        make(client, 'BigCopy')
        client.select('Big')
        for command in ('FETCH 1:* (ENVELOPE)', 'FETCH 1:* (BODYSTRUCTURE)', 'STORE 1:* +FLAGS.SILENT (bulk)',
                        'COPY 1:* BigCopy', 'SEARCH BODY ferry', 'FETCH 1:* (RFC822.SIZE INTERNALDATE)'):
            mark = server.proxy.mark()
            client.ok(command, timeout=60)
            made = requests(server, mark)
            check(len(made) < 60, '%d requests of %s: %s' % (len(made), command, short(made)))


def test_own_changes_are_not_asked_for_again(server):
    """What push tells of a change of our own is known already; what others do is not."""
    with server.imap() as client:
        box, target = make(client, 'OwnBox'), make(client, 'OwnTarget')
        add(client, box, 'own-1', 'own-2', 'own-3')
        client.status(target, 'MESSAGES')
        client.select(box)
        time.sleep(1.5)
        for command, calls in (('STORE 1:3 +FLAGS.SILENT (own)', 1), ('STORE 1:2 +FLAGS (\\Seen)', 1),
                               ('COPY 1:3 ' + target, 1), ('MOVE 3 ' + target, 1),
                               ('STORE 1:2 +FLAGS.SILENT (\\Deleted)', 0), ('EXPUNGE', 2)):
            mark = server.proxy.mark()
            client.ok(command)
            time.sleep(1.5)
            made = requests(server, mark)
            same(len(made), calls, 'requests of %s: %s' % (command, short(made)))
            check(not any(b'"destroy":[]' in r.body or b'"update":{}' in r.body for r in made),
                  'an empty set: %s' % short(made))
        server.sample.deliver(corpus.one('own-not'), box)
        wait_for(lambda: client.status(target, 'MESSAGES')[b'MESSAGES'] == 3 and
                 client.status(box, 'MESSAGES')[b'MESSAGES'] == 1, 10, 'both changes')


def test_push_stream_cut_is_made_good(server):
    """What happened while there was no stream is told once it is back."""
    with server.imap() as client:
        count = client.select('INBOX').first(b'EXISTS').number
        client.idle()
        server.sample.admin('drop-push', {})
        server.sample.deliver(corpus.one('cut-push'))
        client.wait_untagged(lambda r: (r.kind, r.number) == (b'EXISTS', count + 1), 40)
        client.done()


# faults

def test_multiappend_third_refused(server):
    with server.imap() as client:
        box = make(client, 'MultiFault')
        if b'MULTIAPPEND' not in client.capabilities():
            return
        server.sample.faults({'on': 'method', 'method': 'Email/import', 'do': 'set-error', 'object': 3,
                              'type': 'invalidEmail', 'times': 10})
        reply = client.cmd('APPEND %s ' % box, Lit(corpus.one('mf-1')), ' ', Lit(corpus.one('mf-2')), ' ',
                           Lit(corpus.one('mf-3')))
        server.sample.faults()
        same(reply.kind, b'NO', repr(reply))
        same(labels(client, box), {}, 'left behind')
        found = server.sample.jmap(('Email/query', {'filter': {'header': ['X-Label', 'mf-1']}}))[0]
        same(found['ids'], [], 'Emails left behind')


def test_copy_one_of_three_refused(server):
    with server.imap() as client:
        box, to = make(client, 'CopyFault'), make(client, 'CopyFaultTo')
        uids = add(client, box, 'cf-1', 'cf-2', 'cf-3')
        client.select(box)
        server.sample.faults({'on': 'method', 'method': 'Email/set', 'do': 'set-error', 'object': 2,
                              'type': 'forbidden', 'times': 1})
        reply = client.cmd('UID COPY %d:%d %s' % (uids[0], uids[2], to))
        server.sample.faults()
        same(reply.kind, b'NO', repr(reply))
        same(labels(client, to), {}, 'copied all the same')
        same(sorted(labels(client, box).values()), ['cf-1', 'cf-2', 'cf-3'])


def lost_import(server, label):
    """Email/import is done and its answer lost: exactly one message, an OK, and the UID told."""
    with server.imap() as client:
        box = make(client, 'Lost' + label)
        server.sample.faults({'on': 'method', 'method': 'Email/import', 'do': 'cut-after'})
        reply = client.cmd('APPEND %s ' % box, Lit(corpus.one('lost-' + label)), timeout=60)
        server.sample.faults()
        check(reply.ok, repr(reply))
        same(labels(client, box), {appenduid(reply)[1][0]: 'lost-' + label})
        boxes = server.sample.jmap(('Mailbox/get', {'properties': ['name', 'totalEmails']}))[0]['list']
        same([b['totalEmails'] for b in boxes if b['name'] == box], [1], 'at the backend')


def test_lost_answer_to_an_import(server):
    lost_import(server, 'Plain')


def test_lost_answer_where_content_is_unique(_):
    with special('--one-email-per-content') as server:
        lost_import(server, 'Unique')


def test_copy_move_append_where_content_is_unique(_):
    """One Email per content, as on Cyrus: the last copy is never lost."""
    with special('--one-email-per-content') as server, server.imap() as client:
        box = make(client, 'Unique')
        octets = corpus.one('unique')
        first = appenduid(client.append(box, octets))[1][0]
        second = appenduid(client.append(box, octets))[1][0]
        client.select(box)
        client.cmd('UID STORE %d +FLAGS (\\Deleted)' % first)
        client.ok('EXPUNGE')
        same(labels(client, box), {second: 'unique'})
        client.select(box)
        third = copyuid(client.ok('UID COPY %d %s' % (second, box)))[2][0]
        client.cmd('UID STORE %d +FLAGS (\\Deleted)' % second)
        client.ok('EXPUNGE')
        same(labels(client, box), {third: 'unique'})


def test_rate_limit_is_waited_for(server):
    with server.imap(timeout=60) as client:
        client.select('Big')
        server.sample.faults({'on': 'api', 'do': 'status', 'status': 429, 'retryAfter': 2, 'times': 1})
        started = time.monotonic()
        reply = client.cmd('STORE 1 +FLAGS (limited)')
        server.sample.faults()
        check(reply.ok and time.monotonic() - started >= 1.5, '%r after %.1f s'
              % (reply, time.monotonic() - started))


SET_ERRORS = [('overQuota', b'OVERQUOTA'), ('forbidden', b'NOPERM'), ('accountReadOnly', b'NOPERM'),
              ('invalidProperties', b'CANNOT')]


def test_set_errors_have_their_codes(server):
    with server.imap(timeout=70) as client:
        client.select('Big')
        for kind, code in SET_ERRORS:
            server.sample.faults({'on': 'method', 'method': 'Email/set', 'do': 'set-error', 'type': kind,
                                  'times': 20})
            reply = client.cmd('STORE 1 +FLAGS (err-%s)' % kind.lower())
            server.sample.faults()
            same((reply.kind, reply.code), (b'NO', code), kind + ': ' + repr(reply))


# states

def test_changes_cannot_be_calculated(_):
    with special('--change-log', '3', '--generate', 'alice:Log:60') as server:
        with server.imap() as client:
            before, validity = labels(client, 'Log'), client.status('Log')[b'UIDVALIDITY']
        server.proxy.down()
        time.sleep(0.2)
        for number in range(30):
            server.sample.deliver(corpus.one('log-%d' % number), 'Log')

        server.proxy.up()
        with server.imap(timeout=120) as client:
            wait_for(lambda: client.cmd('NOOP').ok
                     and client.status('Log', 'MESSAGES')[b'MESSAGES'] == 90, 60, '90 messages')
            after = labels(client, 'Log')
            same({uid: after.get(uid) for uid in before}, before, 'the UIDs that were there')
            same(client.status('Log')[b'UIDVALIDITY'], validity, 'UIDVALIDITY')


def test_backend_restored_from_backup(server):
    """States that the backend never gave: told by the count, listed again, UIDs of the rest kept."""
    with server.imap() as client:
        box = make(client, 'Backup')
        add(client, box, 'backup-1', 'backup-2')
        kept = labels(client, box)
        server.sample.admin('snapshot', {'name': 'then'})
        add(client, box, 'backup-3')
    server.sample.admin('restore', {'name': 'then', 'newStates': True})
    with server.imap() as client:
        wait_for(lambda: labels(client, box) == kept, 60, 'what the backup holds', 0.5)
        new = add(client, box, 'backup-4')[0]
        check(new > max(kept) + 1, 'UID %d is not that of the message that is gone' % new)


def test_small_limits(_):
    with special('--limit', 'maxObjectsInGet=7', '--limit', 'maxObjectsInSet=5',
                 '--limit', 'maxCallsInRequest=3', '--limit', 'maxConcurrentRequests=1',
                 '--generate', 'alice:Small:50') as server:
        with server.imap(timeout=120) as client:
            make(client, 'SmallTo')
            same(client.select('Small').first(b'EXISTS').number, 50)
            same(len(client.fetch('1:*', '(UID FLAGS ENVELOPE BODYSTRUCTURE)')), 50)
            client.ok('STORE 1:* +FLAGS.SILENT (small)')
            client.ok('COPY 1:* SmallTo')
            same(client.status('SmallTo', 'MESSAGES')[b'MESSAGES'], 50)
            client.ok('MOVE 1:* Archive')
            same(client.status('Archive', 'MESSAGES')[b'MESSAGES'], 50)


def test_upload_limit(_):
    with special('--limit', 'maxSizeUpload=5000') as server, server.imap() as client:
        reply = client.cmd('APPEND INBOX ', Lit(corpus.one('too-big', 8000), sync=True))
        same((reply.kind, reply.code), (b'NO', b'TOOBIG'), repr(reply))
        check(client.append('INBOX', corpus.one('fits')).ok, 'a smaller one')


def test_first_sync_with_mail_arriving(_):
    """Mail that arrives while a mailbox is listed for the first time is there exactly once."""
    with special('--generate', 'alice:Race:2000') as server:
        arrived, lock = [], threading.Lock()

        def arrive(_):
            with lock:      # requests come side by side, and each message is another one
                if len(arrived) < 20:
                    arrived.append(server.sample.deliver(corpus.one('race-%d' % len(arrived)), 'Race'))
        server.proxy.rule('Email/get', proxy.call(arrive), 1000)
        with server.imap(timeout=120) as client:
            client.select('Race')
            server.proxy.clear()
            want = 2000 + len(arrived)
            wait_for(lambda: client.status('Race', 'MESSAGES')[b'MESSAGES'] == want, 30, 'all messages')
            found = labels(client, 'Race')
            same(len(found), want)
            same(len(set(found.values())), want, 'each once')
        check(arrived, 'mail arrived meanwhile')


def names(client, *more):
    """What LIST shows, and how long it takes."""
    started = time.monotonic()
    listed = client.ok('LIST "" *', *more).all(b'LIST')
    return {bytes(line.tokens[-1]).decode() for line in listed}, time.monotonic() - started


def test_hanging_shared_account(_):
    """One of others that hangs holds up neither LOGIN nor the other accounts, known or not."""
    hangs = {'on': 'method', 'account': 'A-bob', 'do': 'delay', 'delay': 60000, 'times': 0}
    settings = {'backend main': {'request-timeout': 3}}
    with special('--user', 'carol:secret', '--generate', 'bob:Team:5', '--generate', 'carol:Team:5',
                 '--share', 'bob:Team:alice:all', '--share', 'carol:Team:alice:all', '--no-push',
                 settings=settings) as server:
        bob, carol = 'Shared Folders/bob/Team', 'Shared Folders/carol/Team'
        server.sample.faults(hangs)
        started = time.monotonic()
        with server.imap() as client:
            check(time.monotonic() - started < 1.5, 'LOGIN is prompt')
            found, took = names(client)
            check(carol in found and 'INBOX' in found, repr(found))
            check(bob not in found and took < 4, 'LIST took %.1f s' % took)
            for box in ('INBOX', carol):
                started = time.monotonic()
                client.select(box)
                check(time.monotonic() - started < 1.5, 'SELECT %s is prompt' % box)
            _, took = names(client)
            check(took < 1.5, 'the next LIST took %.1f s' % took)
            same(client.cmd('SELECT "%s"' % bob).code, b'UNAVAILABLE', 'not known is not gone')
            server.sample.faults()
            wait_for(lambda: bob in names(client)[0], 15, 'it is there once it answers', 0.5)
            same(client.status(bob, 'MESSAGES')[b'MESSAGES'], 5)
            server.sample.faults(hangs)
            time.sleep(1.1)     # freshness
            found, took = names(client, ' RETURN (STATUS (MESSAGES))')
            check(bob in found and took < 4, 'LIST of what is known took %.1f s' % took)
            started = time.monotonic()
            client.select(bob)
            check(time.monotonic() - started < 1.5, 'what is known is served')
            server.sample.faults()


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=580)
