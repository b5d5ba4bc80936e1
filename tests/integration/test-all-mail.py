#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""all-mail=yes: every message of the account is in All Mail, once, under one UID.

On Cyrus, where mail is changed through its own IMAP, and on the sample server, where a mailbox can
have the role and the daemon can be killed at any time.
"""

import contextlib
import copy
import random

from lib import corpus, target
from lib.imap import copyuid
from lib.tap import Skip, check, run, same, wait_for

SETTINGS = {'backend main': {'all-mail': 'yes', 'poll': '1'}}
ALL = 'All Mail'


@contextlib.contextmanager
def fixture():
    with target.on_cyrus(settings=SETTINGS) as server:
        target.ferry_only('Cyrus has no All Mail')
        with server.imap() as client:
            if b'OBJECTID' not in client.capabilities():
                raise Skip('needs the module objectid, to tell messages')
        yield server


def ids(client, numbers='1:*'):
    """UID → EMAILID of the selected mailbox."""
    return {int(items[b'UID']): items[b'EMAILID'][0]
            for items in client.fetch(numbers, '(UID EMAILID)', uid=True).values()}


def all_ids(client):
    client.select(ALL)
    return ids(client)


def gather(client, names):
    """The EMAILIDs of these mailboxes."""
    found = set()
    for name in names:
        if client.select(name).first(b'EXISTS').number:
            found |= set(ids(client).values())
    return found


def settled(client, wanted, what):
    """NOOP until the UIDs satisfy `wanted`; UID → EMAILID then."""
    state = {}

    def probe():
        client.ok('NOOP')
        state.clear()
        state.update(ids(client))
        return wanted(state)
    wait_for(probe, 20, what, 0.1)
    return state


def test_natively_copied_is_once(server):
    server.fresh('AllA')
    server.fresh('AllB')
    with server.imap() as client:
        client.append('AllA', corpus.one('all-once'))
        before = all_ids(client)
        with server.native() as native:
            native.select('AllA')
            native.ok('COPY 1 AllB')
        with server.imap() as other:
            wait_for(lambda: other.status('AllB')[b'MESSAGES'] == 1, 20, 'the copy')
            other.select('AllA')
            one = ids(other)
            other.select('AllB')
            same(sorted(ids(other).values()), sorted(one.values()), 'the same Email')
        client.ok('NOOP')
        same(ids(client), before, 'All Mail')


def test_native_arrival_and_expunge(server):
    server.fresh('AllC')
    with server.imap() as client, server.native() as native:
        before = all_ids(client)
        native.append('AllC', corpus.one('all-native'))
        after = settled(client, lambda now: len(now) == len(before) + 1, 'the arrival')
        fresh = max(after)
        check(fresh > max(before, default=0), 'a new UID')
        check(b'all-native' in client.fetch(str(fresh), 'BODY.PEEK[]', uid=True).popitem()[1][b'BODY[]'],
              'its octets')
        native.select('AllC')
        native.ok('STORE 1 +FLAGS.SILENT (\\Flagged)')
        wait_for(lambda: client.ok('NOOP') and
                 client.ok('UID SEARCH FLAGGED UID %d' % fresh).first(b'SEARCH') is not None and
                 b'\\Flagged' in client.fetch(str(fresh), 'FLAGS', uid=True).popitem()[1][b'FLAGS'],
                 20, 'the flag', 0.1)
        native.ok('STORE 1 +FLAGS.SILENT (\\Deleted)')
        native.ok('EXPUNGE')
        same(settled(client, lambda now: fresh not in now, 'EXPUNGE'), before, 'what is left')


def test_natively_moved_stays(server):
    server.fresh('AllD')
    server.fresh('AllE')
    with server.imap() as client, server.native() as native:
        client.append('AllD', corpus.one('all-moved'))
        before = all_ids(client)
        native.select('AllD')
        native.ok('MOVE 1 AllE')
        with server.imap() as other:
            wait_for(lambda: other.status('AllE')[b'MESSAGES'] == 1, 20, 'the move')
        client.ok('NOOP')
        same(ids(client), before, 'All Mail')


def test_idle_tells(server):
    server.fresh('AllF')
    with server.imap() as client, server.native() as native:
        count = len(all_ids(client))
        client.idle()
        native.append('AllF', corpus.one('all-idle'))
        client.wait_untagged(lambda r: r.kind == b'EXISTS' and r.number == count + 1, 20)
        client.done()


def test_copies_out_of_it(server):
    server.fresh('AllG')
    server.fresh('AllH')
    with server.imap() as client:
        client.append('AllG', corpus.one('all-out'))
        before = all_ids(client)
        last = max(before)
        pairs = copyuid(client.ok('UID COPY %d AllH' % last))
        same(pairs[1:], ([last], [1]), 'COPYUID')
        same(all_ids(client), before, 'still once')
        client.select('AllG')
        client.ok('STORE 1 +FLAGS.SILENT (\\Deleted)')
        client.ok('EXPUNGE')
        same(all_ids(client), before, 'it is in AllH')
        client.select('AllH')
        client.ok('STORE 1 +FLAGS.SILENT (\\Deleted)')
        client.ok('EXPUNGE')
        check(last not in all_ids(client), 'now it is nowhere')


def test_deleted_mailboxes(server):
    """Their messages go with them, whoever deletes; what is elsewhere too stays."""
    for number in range(2):
        name = 'AllDel%d' % number
        server.fresh(name)
        with server.imap() as client, server.native() as native:
            before = all_ids(client)
            client.append(name, corpus.one('all-gone-%d' % number))
            client.append(name, corpus.one('all-kept-%d' % number))
            client.select(name)
            client.ok('COPY 2 Archive')
            if number:
                native.ok('DELETE ' + name)
            else:
                client.ok('DELETE ' + name)
        with server.imap() as client:
            client.select(ALL)
            left = settled(client, lambda now: len(now) == len(before) + 1,
                           'the end of %s, number %d' % (name, number))
            check(b'all-kept' in client.fetch(str(max(left)), 'BODY.PEEK[]', uid=True)
                  .popitem()[1][b'BODY[]'], 'what is in Archive')


def test_filled_before(server):
    """The first listing, in pages, of mail that overlaps."""
    names = ['AllI%d' % i for i in range(3)]
    with server.native(user='bob') as native:
        for name in names:
            native.ok('CREATE ' + name)
        for i in range(60):
            native.append(names[i % 3], corpus.one('all-first-%d' % i))
        native.select(names[0])
        native.ok('COPY 1:10 ' + names[1])
    with server.imap(user='bob') as client:
        found = all_ids(client)
        same(len(found), 60, 'messages')
        same(len(set(found.values())), 60, 'Emails')
        same(set(found.values()), gather(client, names), 'the same as in the mailboxes')


def random_step(server, session, chance, number):
    """One change of mail, through Ferry or behind its back."""
    name = 'Rnd%d' % chance.randrange(4)
    what = chance.choice(['append', 'append', 'deliver', 'copy', 'move', 'expunge', 'native-move',
                          'native-expunge', 'flag'])
    sample = server.sample
    if what == 'append':
        session.append(name, corpus.one('rnd-%d' % number))
        return
    if what == 'deliver':
        sample.deliver(corpus.one('rnd-%d' % number), mailbox=name)
        return
    count = session.select(name).first(b'EXISTS').number
    if not count:
        return
    one = chance.randint(1, count)
    target_name = 'Rnd%d' % chance.randrange(4)
    if what == 'copy':
        session.ok('COPY %d %s' % (one, target_name))
    elif what == 'move':
        session.ok('MOVE %d %s' % (one, target_name))
    elif what == 'flag':
        session.ok('STORE %d +FLAGS.SILENT (\\Flagged)' % one)
    elif what == 'expunge':
        session.ok('STORE %d +FLAGS.SILENT (\\Deleted)' % one)
        session.ok('EXPUNGE')
    else:
        email = session.fetch(str(one), 'EMAILID').popitem()[1][b'EMAILID'][0].decode()
        if what == 'native-expunge':
            sample.admin('expunge', {'user': 'alice', 'ids': [email]})
        elif target_name != name:
            sample.admin('move', {'user': 'alice', 'ids': [email], 'from': name, 'to': target_name})


def truth(sample):
    """The ids of all Emails that the backend has."""
    return {i.encode() for i in sample.jmap(('Email/query', {'limit': 10000}))[0]['ids']}


def test_random_changes_and_kills(_):
    seed = random.randrange(1 << 30)
    print('# seed %d' % seed)
    chance = random.Random(seed)
    known = {}
    with target.on_sample(settings=SETTINGS) as server:
        for i in range(4):
            server.sample.admin('mailbox', {'user': 'alice', 'mailbox': 'Rnd%d' % i})
        for turn in range(4):
            with server.imap() as session, server.imap() as watcher:
                validity = watcher.select(ALL).codes()[b'UIDVALIDITY']
                same(known.setdefault(0, validity), validity, 'UIDVALIDITY')
                for step in range(25):
                    random_step(server, session, chance, turn * 100 + step)
                now = settled(watcher, lambda n: set(n.values()) == truth(server.sample),
                              'All Mail is what the backend has')
                same(len(set(now.values())), len(now), 'each Email once')
                for uid, email in now.items():
                    same(known.setdefault(uid, email), email, 'UID %d' % uid)
            if turn % 2:
                server.ferry.kill()
                server.ferry.start()
            else:
                server.ferry.restart()


def test_role_all_of_the_backend(_):
    with target.on_sample(settings=SETTINGS) as server:
        sample = server.sample
        box = sample.admin('mailbox', {'user': 'alice', 'mailbox': 'Everything'})['id']
        sample.deliver(corpus.one('role'))
        with server.imap() as client, server.imap() as other:
            validity = client.select(ALL).codes()[b'UIDVALIDITY']
            sample.jmap(('Mailbox/set', {'update': {box: {'role': 'all'}}}))
            wait_for(lambda: listed(other) == [b'Everything'], 20, 'the mailbox of the backend')
        with server.imap() as client:
            same(client.cmd('SELECT "%s"' % ALL).kind, b'NO', 'All Mail is gone')
            sample.jmap(('Mailbox/set', {'update': {box: {'role': None}}}))
            wait_for(lambda: listed(client) == [b'All Mail'], 20, 'All Mail is back')
            check(client.select(ALL).codes()[b'UIDVALIDITY'] > validity, 'under another UIDVALIDITY')
            same(len(ids(client)), 1, 'its message')


def test_backend_restored_from_backup(_):
    """Told by the count of another mailbox that somebody looks at."""
    with target.on_sample(settings=SETTINGS) as server:
        sample = server.sample
        sample.deliver(corpus.one('backup-1'))
        with server.imap() as client, server.imap() as inbox:
            inbox.select('INBOX')
            before = all_ids(client)
            sample.admin('snapshot', {'name': 'then'})
            sample.deliver(corpus.one('backup-2'))
            gone = max(settled(client, lambda now: len(now) == 2, 'the arrival'))
            sample.admin('restore', {'name': 'then', 'newStates': True})
            same(settled(client, lambda now: len(now) == 1, 'what the backup holds'), before)
            sample.deliver(corpus.one('backup-3'))
            check(max(settled(client, lambda now: len(now) == 2, 'an arrival')) > gone, 'a new UID')


def listed(client):
    """The names with \\All."""
    reply = client.cmd('LIST (SPECIAL-USE) "" *')
    return [bytes(r.tokens[-1]) for r in reply.all(b'LIST') if b'\\All' in r.tokens[0]]


def test_switched_off_and_on(_):
    with target.on_sample(settings=copy.deepcopy(SETTINGS)) as server:
        server.sample.deliver(corpus.one('off'))
        with server.imap() as client:
            validity = client.select(ALL).codes()[b'UIDVALIDITY']
            client.select('INBOX')
            before = ids(client)
        for value in ('no', 'yes'):
            server.ferry.settings['backend main']['all-mail'] = value
            server.ferry.stop()
            server.ferry.start()
            with server.imap() as client:
                wait_for(lambda: bool(listed(client)) == (value == 'yes'), 20, 'all-mail=' + value)
                client.select('INBOX')
                same(ids(client), before, 'INBOX is what it was')
        with server.imap() as client:
            check(client.select(ALL).codes()[b'UIDVALIDITY'] > validity, 'another UIDVALIDITY')
            same(len(ids(client)), 1, 'its message')


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=280)
