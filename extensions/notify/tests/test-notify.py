#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients that only listen, while other sessions and others past Ferry change mail and mailboxes.

The argument is the backend: cyrus (polled) or sample (pushes). FERRY_NOTIFY_ROUNDS and
FERRY_NOTIFY_SEED repeat or lengthen the random run.
"""

import contextlib
import os
import random
import sys
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 3,
                             'tests', 'integration')]

from lib import behind, corpus, target                          # noqa: E402
from lib.imap import ImapError, quote                           # noqa: E402
from lib.tap import check, note, run, same, wait_for            # noqa: E402

BACKEND = sys.argv[1] if len(sys.argv) > 1 else 'sample'
ROUNDS = int(os.environ.get('FERRY_NOTIFY_ROUNDS', '80'))
SEED = int(os.environ.get('FERRY_NOTIFY_SEED', '5465'))
MESSAGES = '(MessageNew MessageExpunge FlagChange)'
POLL = 1
PATIENCE = 75


@contextlib.contextmanager
def fixture():
    target.ferry_only('changes past Ferry')
    with behind.server(BACKEND, settings={'backend main': {'poll': POLL, 'freshness': 0}}) as server:
        yield server


class Listener:
    """A client that says NOTIFY and then only reads."""

    def __init__(self, server, groups, select=None, before=()):
        self.client = server.imap(timeout=60)
        for command in before:
            self.client.ok(command)
        if select:
            self.client.select(select)
        listed = self.client.ok('LIST "" *').all(b'LIST')
        self.names = {bytes(line.tokens[2]).decode() for line in listed
                      if b'\\NonExistent' not in line.tokens[0]}
        self.numbers, self.lists, self.other = {}, [], []
        for response in self.client.ok('NOTIFY SET STATUS ' + groups).untagged:
            self.take(response)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()

    def take(self, response):
        if response.kind == b'STATUS':
            name, values = bytes(response.tokens[0]).decode(), response.tokens[1]
            pairs = {bytes(values[i]).decode().upper(): int(values[i + 1]) for i in range(0, len(values), 2)}
            self.numbers.setdefault(name, {}).update(pairs)
        elif response.kind == b'LIST':
            self.lists.append(response)
            name = bytes(response.tokens[2]).decode()
            if len(response.tokens) > 3:
                self.rename(bytes(response.tokens[3][1][0]).decode(), name)
            if b'\\NonExistent' in response.tokens[0]:
                self.names.discard(name)
            else:
                self.names.add(name)
        else:
            self.other.append(response)

    def rename(self, old, new):
        for names in (self.names, self.numbers):
            for name in [n for n in names if n == old or n.startswith(old + '/')]:
                moved = new + name[len(old):]
                if names is self.names:
                    names.remove(name)
                    names.add(moved)
                else:
                    names[moved] = names.pop(name)

    def listen(self, wanted, what, seconds=PATIENCE):
        """Reads until `wanted()`, and sends nothing."""
        deadline = time.monotonic() + seconds
        while not wanted():
            try:
                self.take(self.client.response(max(0.01, deadline - time.monotonic())))
            except (ImapError, OSError) as problem:
                check(False, '%s was not told: %s; %r %r' % (what, problem, self.numbers, self.lists[-3:]))

    def is_told(self, box, **numbers):
        known = self.numbers.get(box, {})
        return all(known.get(name) == number for name, number in numbers.items())

    def wait(self, box, **numbers):
        self.listen(lambda: self.is_told(box, **numbers), '%s %r' % (box, numbers))


def fill(server, box, *labels, **options):
    """As behind.fill(), and Ferry knows it."""
    server.behind.fill(box, *labels, **options)

    def known():
        with server.imap() as client:
            client.ok('LIST "" *')
            reply = client.cmd('STATUS %s (MESSAGES)' % box)
            return reply.ok and int(reply.first(b'STATUS').tokens[1][1]) == len(labels)
    wait_for(known, 20, 'what %s holds' % box, 0.1)


def test_messages_elsewhere(server):
    """Mail comes, is read, and goes in a mailbox that is not selected: past Ferry and through it."""
    fill(server, 'News', 'one', 'two')
    fill(server, 'Quiet', 'one')
    with Listener(server, '(mailboxes News %s)' % MESSAGES) as listener:
        same(sorted(listener.numbers), ['News'], 'told at first')
        check(listener.is_told('News', MESSAGES=2, UIDNEXT=3), repr(listener.numbers))
        server.behind.put('Quiet', corpus.one('unheard'))
        server.behind.put('News', corpus.one('three'))
        listener.wait('News', MESSAGES=3, UIDNEXT=4)
        with server.imap() as other:
            other.select('News')
            other.ok('STORE 1 +FLAGS (\\Seen)')
            listener.wait('News', UNSEEN=2)
            other.ok('STORE 2 +FLAGS (\\Deleted)')
            other.ok('EXPUNGE')
            listener.wait('News', MESSAGES=2, UIDNEXT=4)
        same(sorted(listener.numbers), ['News'], 'told in the end')


def test_selected(server):
    """Arrivals of the selected mailbox come with what was asked for; between commands, and in IDLE."""
    fill(server, 'News', 'one', 'two')
    items = '(UID FLAGS BODY.PEEK[HEADER.FIELDS (X-Label)])'
    with Listener(server, '(selected (MessageNew %s MessageExpunge FlagChange))' % items, 'News') as listener:
        def label(uid):
            for response in listener.other:
                if response.kind == b'FETCH' and response.items().get(b'UID') == b'%d' % uid:
                    return next((bytes(v).partition(b':')[2].strip() for k, v in response.items().items()
                                 if k.startswith(b'BODY[')), None)
            return None
        server.behind.put('News', corpus.one('three'))
        listener.listen(lambda: label(3) == b'three', 'the third message')
        listener.client.idle()
        server.behind.put('News', corpus.one('four'))
        listener.listen(lambda: label(4) == b'four', 'the fourth message, in IDLE')
        listener.client.done()
        with server.imap() as other:
            other.select('News')
            other.ok('STORE 2 +FLAGS (\\Deleted)')
            other.ok('EXPUNGE')
        listener.listen(lambda: any(r.kind == b'EXPUNGE' and r.number == 2 for r in listener.other), 'EXPUNGE')
        same(listener.client.uids(), [1, 3, 4])


def test_qresync(server):
    """With QRESYNC: VANISHED, and HIGHESTMODSEQ of other mailboxes."""
    fill(server, 'News', 'one', 'two')
    fill(server, 'Other', 'one', 'two')
    with server.imap() as asked:
        if b'QRESYNC' not in bytes(asked.ok('CAPABILITY').first(b'CAPABILITY').line):
            note('no QRESYNC here')
            return
    with Listener(server, '(selected %s) (personal %s)' % (MESSAGES, MESSAGES), 'News',
                  ['ENABLE QRESYNC']) as listener, server.imap() as other:
        before = listener.numbers['Other']['HIGHESTMODSEQ']
        other.select('News')
        other.ok('STORE 1 +FLAGS (\\Deleted)')
        other.ok('EXPUNGE')
        listener.listen(lambda: any(r.kind == b'VANISHED' for r in listener.other), 'VANISHED')
        other.select('Other')
        other.ok('STORE 1 +FLAGS (\\Flagged)')
        listener.listen(lambda: listener.numbers['Other']['HIGHESTMODSEQ'] > before, 'HIGHESTMODSEQ')
        same(listener.numbers['Other']['HIGHESTMODSEQ'],
             other.status('Other', 'HIGHESTMODSEQ')[b'HIGHESTMODSEQ'])


def test_names(server):
    """Mailboxes that come and go past Ferry, and through another session; subscriptions."""
    for name in ('Made', 'Moved'):
        with server.imap() as other:
            other.cmd('DELETE ' + name)
    with Listener(server, '(personal (MailboxName SubscriptionChange))') as listener, server.imap() as other:
        server.behind.make('Made')
        listener.listen(lambda: 'Made' in listener.names, 'the new mailbox')
        other.ok('CREATE Made/Below')
        listener.listen(lambda: 'Made/Below' in listener.names, 'the mailbox below')
        other.ok('RENAME Made Moved')
        listener.listen(lambda: {'Moved', 'Moved/Below'} <= listener.names, 'the new name')
        check('Made' not in listener.names, repr(listener.names))
        other.ok('UNSUBSCRIBE Moved')

        def is_subscribed():
            last = [r for r in listener.lists if r.tokens[2] == b'Moved'][-1]
            return b'\\Subscribed' in last.tokens[0]
        listener.listen(lambda: not is_subscribed(), 'that it is not subscribed')
        if BACKEND == 'cyrus':
            with server.native() as native:
                native.ok('SUBSCRIBE Moved')
        else:
            other.ok('SUBSCRIBE Moved')
        listener.listen(is_subscribed, 'that it is subscribed')
        other.ok('DELETE Moved/Below')
        other.ok('DELETE Moved')
        listener.listen(lambda: not {'Moved', 'Moved/Below'} & listener.names, 'that they are gone')


def test_requests(server):
    """What is asked of the backend for one change does not depend on how many mailboxes are watched."""
    boxes = ['Many/%02d' % number for number in range(40)]
    with server.imap() as other:
        for box in boxes:
            other.cmd('CREATE ' + box)
    fill(server, 'One', 'first')
    counts = []
    for groups in ('(mailboxes One %s)' % MESSAGES, '(personal %s)' % MESSAGES):
        with Listener(server, groups) as listener:
            wait_for(lambda: quiet(server), 20, 'that nothing is asked any more')
            mark = server.proxy.mark()
            seen = listener.numbers['One']['MESSAGES']
            # Cyrus shows equal messages as one Email
            server.behind.put('One', corpus.one('next-%d' % seen))
            listener.wait('One', MESSAGES=seen + 1)
            counts.append(len([r for r in server.proxy.since(mark) if 'event' not in r.path.lower()]))
    note('requests: one mailbox %d, %d mailboxes %d' % (counts[0], len(boxes), counts[1]))
    # where it is polled, a poll or two more may fall between
    check(counts[1] <= counts[0] + (0 if BACKEND == 'sample' else 3), '%r' % counts)


def quiet(server):
    mark = server.proxy.mark()
    time.sleep(0.5)
    return BACKEND == 'cyrus' or not server.proxy.since(mark)


def change(rand, server, client, boxes):
    """Something happens: through another session, or past Ferry."""
    box = rand.choice(sorted(boxes))
    action = rand.choice(['append', 'deliver', 'flag', 'delete', 'move', 'create', 'rename', 'remove'])
    if action == 'append':
        client.append(box, corpus.one('r%d' % rand.randrange(10 ** 6)))
    elif action == 'deliver':
        server.behind.put(box, corpus.one('d%d' % rand.randrange(10 ** 6)))
    elif action == 'create':
        name = 'R%d' % rand.randrange(10 ** 6)
        client.ok('CREATE ' + quote(name))
        boxes.add(name)
    elif action in ('rename', 'remove') and len(boxes) > 4 and not box.startswith('Keep'):
        client.ok('UNSELECT') if client.selected else None
        client.selected = None
        boxes.remove(box)
        if action == 'remove':
            client.ok('DELETE ' + quote(box))
        else:
            client.ok('RENAME %s %s' % (quote(box), quote(box + 'x')))
            boxes.add(box + 'x')
    elif action in ('flag', 'delete', 'move'):
        client.select(box)
        client.selected = box
        uids = client.uids()
        if uids and action == 'flag':
            client.ok('UID STORE %d %sFLAGS (\\Seen)' % (rand.choice(uids), rand.choice('+-')))
        elif uids and action == 'delete':
            client.ok('UID STORE %d +FLAGS (\\Deleted)' % rand.choice(uids))
            client.ok('EXPUNGE')
        elif uids:
            client.ok('UID MOVE %d %s' % (rand.choice(uids), quote(rand.choice(sorted(boxes)))))


def real_numbers(server, boxes):
    with server.imap() as fresh:
        return {box: {key.decode(): value for key, value in
                      fresh.status(box, 'MESSAGES UIDNEXT UNSEEN').items()} for box in boxes}


def test_random(server):
    """However much happens, who only listens knows in the end what there is."""
    rand = random.Random(SEED)
    for number in range(3):
        fill(server, 'Keep%d' % number, *['m%d' % n for n in range(4)])
    boxes = {'Keep0', 'Keep1', 'Keep2'}
    with Listener(server, '(personal (MessageNew MessageExpunge FlagChange MailboxName))') as listener, \
            server.imap(timeout=60) as client:
        client.selected = None
        for _ in range(ROUNDS):
            change(rand, server, client, boxes)
        want = real_numbers(server, boxes)

        def knows_all():
            return boxes <= listener.names and all(
                listener.is_told(box, **want[box]) or (box not in listener.numbers and not want[box]['MESSAGES'])
                or only_unseen(listener, box, want[box]) for box in boxes)
        listener.listen(knows_all, 'the state in the end: %r' % want)
        with server.imap() as fresh:
            listed = {bytes(line.tokens[2]).decode() for line in fresh.ok('LIST "" *').all(b'LIST')}
        listener.listen(lambda: listener.names == listed, 'which mailboxes there are')


def only_unseen(listener, box, want):
    """A mailbox that came with its messages: UNSEEN is told when it changes."""
    known = listener.numbers.get(box, {})
    return 'UNSEEN' not in known and known.get('MESSAGES') == want['MESSAGES'] and known['UIDNEXT'] == want['UIDNEXT']


def test_overflow(server):
    """More mailboxes than anybody is told of change at once: NOTIFICATIONOVERFLOW, and nothing more."""
    if BACKEND != 'sample':
        note('with the sample server only')
        return
    names = ['b%d' % number for number in range(1100)]
    ids = []
    for start in range(0, len(names), 110):
        made = server.sample.jmap(('Mailbox/set', {'create': {
            name: {'name': name} for name in names[start:start + 110]}}), user='bob')[0]['created']
        ids += [box['id'] for box in made.values()]
    server.sample.deliver(corpus.one('everywhere'), user='bob')
    email = server.sample.jmap(('Email/query', {}), user='bob')[0]['ids'][0]
    with server.imap('bob', timeout=120) as client:
        client.ok('NOTIFY SET STATUS (personal %s)' % MESSAGES, timeout=120)
        done = server.sample.jmap(('Email/set', {'update': {
            email: {'mailboxIds/' + i: True for i in ids}}}), user='bob')[0]
        check(done['updated'], repr(done)[:300])
        seen = client.wait_untagged(lambda r: r.code == b'NOTIFICATIONOVERFLOW', 60)
        check(not any(r.kind == b'STATUS' for r in seen), 'nothing is told of it')
        server.sample.deliver(corpus.one('unheard'), user='bob')
        reply = client.ok('NOOP')
        same(reply.untagged, [], 'after the overflow')
        client.ok('NOTIFY SET (mailboxes INBOX %s)' % MESSAGES)
        server.sample.deliver(corpus.one('heard'), user='bob')
        client.wait_untagged(lambda r: r.kind == b'STATUS' and r.tokens[0] == b'INBOX', 30)


def test_client_that_does_not_read(server):
    """It is told nothing until it reads, and then what is there; others do not wait for it."""
    fill(server, 'Big', *['b%d' % n for n in range(12)], size=400000)
    fill(server, 'News', 'one')
    with server.imap(timeout=60) as slow, server.imap(timeout=60) as other:
        slow.select('Big')
        slow.ok('NOTIFY SET (selected NONE) (mailboxes News %s)' % MESSAGES)
        tag = slow.start('FETCH 1:* (BODY.PEEK[] BODY.PEEK[TEXT])')
        before = server.front.memory()
        for number in range(60):
            other.append('News', corpus.one('n%d' % number))
        grown = (server.front.memory() - before) // 1024
        note('grown by %d KiB' % grown)
        reply = slow.finish(tag, 60)
        told = reply.all(b'STATUS')
        if not told:
            told = [slow.wait_untagged(lambda r: r.kind == b'STATUS', 30)[-1]]
        check(len(told) < 60, 'told %d times' % len(told))
        last = told[-1].tokens[1]
        if int(last[1]) != 61:
            slow.wait_untagged(lambda r: r.kind == b'STATUS' and int(r.tokens[1][1]) == 61, 30)


run([test_messages_elsewhere, test_selected, test_qresync, test_names, test_requests, test_random,
     test_overflow, test_client_that_does_not_read], fixture)
