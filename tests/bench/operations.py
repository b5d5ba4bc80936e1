# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is measured. Every operation is a function (side) → seconds."""

import json
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'integration'))

from lib import corpus  # noqa: E402

BOX, TARGET = 'Bench', 'BenchTarget'
MANY = 1000


def select(side):
    side.client.command('SELECT INBOX')
    return side.client.timed('SELECT ' + BOX)


def status(side):
    side.client.command('SELECT INBOX')
    return side.client.timed('STATUS %s (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)' % BOX)


def reading(command, needs=None):
    def operation(side):
        if needs and not side.client.offers(needs):
            return None
        side.client.command('SELECT ' + BOX)
        return side.client.timed(command)
    return operation


def noops(side):
    side.client.command('SELECT ' + BOX)
    return sum(side.client.timed('NOOP') for _ in range(100))


def remember(side):
    """What a client kept, before a hundred messages changed: UIDVALIDITY, HIGHESTMODSEQ."""
    if getattr(side, 'kept', None) is None:
        reply = side.client.command('SELECT ' + BOX)
        validity = re.search(rb'UIDVALIDITY (\d+)', reply)[1].decode()
        side.kept = validity, re.search(rb'HIGHESTMODSEQ (\d+)', reply)[1].decode()
        count = int(re.search(rb'\* (\d+) EXISTS', reply)[1])
        # a keyword of its own: the sides share a Cyrus
        side.client.command('STORE %s +FLAGS.SILENT (changed%d)' % (','.join(
            str(number) for number in range(1, count + 1, max(1, count // 100))[:100]), side.number))
    return side.kept


def since(command):
    """A command with what is kept put in, with CONDSTORE and QRESYNC enabled."""
    def operation(side):
        if not side.client.offers('QRESYNC'):
            return None
        kept = remember(side)
        client = side.another('ENABLE QRESYNC')
        if not command.startswith('SELECT'):
            client.command('SELECT ' + BOX)
        return client.timed(command % dict(zip(('validity', 'modseq'), kept)))
    return operation


READING = [
    ('SELECT', select, 0.5),
    ('STATUS', status, 0.5),
    ('NOOP x 100', noops, 0.5),
    ('FETCH 1:* FLAGS', reading('FETCH 1:* (FLAGS)'), 0.5),
    ('FETCH 1:* UID FLAGS INTERNALDATE SIZE', reading('FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)'), 0.5),
    ('FETCH 1:* ENVELOPE', reading('FETCH 1:* (ENVELOPE)'), 0.5),
    ('FETCH 1:* BODYSTRUCTURE', reading('FETCH 1:* (BODYSTRUCTURE)'), 0.5),
    ('FETCH 1:1000 BODY.PEEK[]', reading('FETCH 1:1000 (BODY.PEEK[])'), 0.5),
    ('SEARCH UNSEEN', reading('SEARCH UNSEEN'), 0.5),
    ('SEARCH LARGER 2000 SINCE', reading('SEARCH LARGER 2000 SINCE 1-Jan-2020'), 0.5),
    ('SEARCH SUBJECT harbour', reading('SEARCH SUBJECT harbour'), 0.5),
    ('SORT (DATE)', reading('SORT (DATE) UTF-8 ALL', 'SORT'), 0.5),
    ('SORT (REVERSE DATE)', reading('SORT (REVERSE DATE) UTF-8 ALL', 'SORT'), 0.5),
    ('SORT (SUBJECT)', reading('SORT (SUBJECT) UTF-8 ALL', 'SORT'), 0.5),
    ('SEARCH MODSEQ, 100 changed', since('SEARCH MODSEQ %(modseq)s'), 0.5),
    ('SEARCH MODSEQ, all', since('SEARCH MODSEQ 1'), 0.5),
    ('SELECT (QRESYNC), 100 changed', since('SELECT ' + BOX + ' (QRESYNC (%(validity)s %(modseq)s))'), 0.5),
    ('FETCH CHANGEDSINCE, 100 changed', since('FETCH 1:* (FLAGS) (CHANGEDSINCE %(modseq)s)'), 0.5),
    ('THREAD REFERENCES', reading('THREAD REFERENCES UTF-8 ALL', 'THREAD=REFERENCES'), 0.5),
]


# rows of a client that has just signed in: without push each asks the backend what happened before
ASKING = ('SELECT (QRESYNC), 100 changed',)


def sync_bare(side):
    """One round trip: what a JMAP client asks in one request to learn what changed."""
    states = side.bare.call(('Mailbox/get', {'ids': []}), ('Email/get', {'ids': []}))
    calls = []
    for kind, state in zip(('Mailbox', 'Email'), states):
        number = len(calls)
        calls.append((kind + '/changes', {'sinceState': state['state']}))
        for which in ('created', 'updated'):
            reference = {'resultOf': str(number), 'name': kind + '/changes', 'path': '/' + which}
            calls.append((kind + '/get', dict({'#ids': reference},
                                              **({'properties': METADATA} if kind == 'Email' else {}))))
    return side.bare.timed([side.bare.encode(*calls)])


# changes: through IMAP, and what the bare JMAP calls for the same take

FRESH = 1.1     # seconds: what Ferry knows of its backend is older than that


def settle(side, box):
    """Selects the mailbox once the side knows what the others changed there: that is no part of what
    is measured."""
    if side.ferry:
        time.sleep(FRESH)
    side.client.command('SELECT ' + box)
    side.client.command('NOOP')


def rested(bare, side):
    """The bare calls, after the pause that Ferry gets: caches and processors cool down for both."""
    time.sleep(FRESH)
    return bare(side)


def store(side):
    settle(side, BOX)
    side.flip = not getattr(side, 'flip', False)
    return side.client.timed('STORE 1:%d %sFLAGS.SILENT (bench)' % (MANY, '+' if side.flip else '-'))


def store_bare(side):
    side.flip = not getattr(side, 'flip', False)
    update = {i: {'keywords/barebench': True if side.flip else None} for i in side.ids[:MANY]}
    return side.bare.timed([side.bare.encode(('Email/set', {'update': update}))])


def clear(side, box):
    """Empty a mailbox between two rounds."""
    count = side.client.command('SELECT ' + box)
    if b'\r\n* 0 EXISTS' not in b'\r\n' + count:
        side.client.command('STORE 1:* +FLAGS.SILENT (\\Deleted)')
        side.client.command('EXPUNGE')
    side.client.command('SELECT INBOX')


def copy(side):
    clear(side, TARGET)
    settle(side, BOX)
    seconds = side.client.timed('COPY 1:%d %s' % (MANY, TARGET))
    clear(side, TARGET)
    return seconds


def copy_bare(side):
    target, ids = side.bare.mailbox(TARGET), side.ids[:MANY]
    there = side.bare.encode(('Email/set', {'update': {i: {'mailboxIds/' + target: True} for i in ids}}))
    back = side.bare.encode(('Email/set', {'update': {i: {'mailboxIds/' + target: None} for i in ids}}))
    seconds = side.bare.timed([there])
    side.bare.raw(back)
    return seconds


def move(side):
    """There and back again."""
    settle(side, BOX)
    there = side.client.timed('MOVE 1:%d %s' % (MANY, TARGET))
    side.client.command('SELECT ' + TARGET)
    back = side.client.timed('MOVE 1:%d %s' % (MANY, BOX))
    return (there + back) / 2


def move_bare(side):
    box, target, ids = side.bare.mailbox(BOX), side.bare.mailbox(TARGET), side.ids[:MANY]

    def body(away, to):
        change = {'mailboxIds/' + away: None, 'mailboxIds/' + to: True}
        return side.bare.encode(('Email/set', {'update': {i: change for i in ids}}))
    return (side.bare.timed([body(box, target)]) + side.bare.timed([body(target, box)])) / 2


def fresh_messages(side, count):
    side.made = getattr(side, 'made', 0) + count
    return corpus.small(count, seed=1000 + side.number, size=1700, first=side.made)


def append(side):
    """200 messages, one command each, not waiting in between (LITERAL+)."""
    clear(side, TARGET)
    settle(side, TARGET)
    seconds = 0.0
    for message in fresh_messages(side, 200):
        seconds += side.client.timed(None, b'APPEND %s {%d+}\r\n%s' % (TARGET.encode(), len(message), message))
    clear(side, TARGET)
    return seconds


def multiappend(side):
    if not side.client.offers('MULTIAPPEND'):
        return None
    clear(side, TARGET)
    settle(side, TARGET)
    data = b'APPEND ' + TARGET.encode() + b''.join(
        b' {%d+}\r\n%s' % (len(m), m) for m in fresh_messages(side, 200))
    seconds = side.client.timed(None, data)
    clear(side, TARGET)
    return seconds


def append_bare(side, batch=1):
    target = side.bare.mailbox(TARGET)
    upload = side.bare.path(side.bare.session['uploadUrl']).replace('{accountId}', side.bare.account)
    messages, made = fresh_messages(side, 200), []
    started = time.perf_counter()
    for start in range(0, len(messages), batch):
        blobs = [json.loads(side.bare.request('POST', upload, message, {'Content-Type': 'message/rfc822'}))
                 for message in messages[start:start + batch]]
        emails = {str(n): {'blobId': blob['blobId'], 'mailboxIds': {target: True}}
                  for n, blob in enumerate(blobs)}
        made.append(side.bare.call(('Email/import', {'emails': emails}))[0])
    seconds = time.perf_counter() - started
    ids = [e['id'] for reply in made for e in (reply.get('created') or {}).values()]
    side.bare.call(('Email/set', {'destroy': ids}))
    return seconds


CHANGING = [
    ('STORE 1:1000', store, store_bare, 1.1),
    ('COPY 1:1000', copy, copy_bare, 1.1),
    ('MOVE 1:1000', move, move_bare, 1.1),
    ('APPEND x 200', append, append_bare, 1.1),
    ('MULTIAPPEND of 200', multiappend, lambda side: append_bare(side, 200), 1.1),
]

# cold: the cheapest bare JMAP calls that bring the same

METADATA = ['id', 'blobId', 'threadId', 'mailboxIds', 'keywords', 'size', 'receivedAt', 'sentAt']
ENVELOPE = ['header:%s:asRaw' % name for name in (
    'Date', 'Subject', 'From', 'Sender', 'Reply-To', 'To', 'Cc', 'Bcc', 'In-Reply-To', 'Message-ID')]


def pages(items, size):
    return [items[i:i + size] for i in range(0, len(items), size)]


def listing_bare(side):
    mailbox = side.bare.mailbox(BOX)
    query = side.bare.encode(('Email/query', {
        'filter': {'inMailbox': mailbox}, 'limit': 20000,
        'sort': [{'property': 'receivedAt', 'isAscending': True}]}))
    gets = [side.bare.encode(('Email/get', {'ids': page, 'properties': METADATA}))
            for page in pages(side.ids, side.page)]
    return side.bare.timed([query] + gets)


def envelope_bare(side):
    return side.bare.timed([side.bare.encode(('Email/get', {'ids': page, 'properties': ENVELOPE}))
                            for page in pages(side.ids, side.page)])


def structure_bare(side):
    """Structure with encoded sizes and lines needs the octets: Blob/get where there is one."""
    if not side.bare.blob:
        return None
    blobs = []
    for page in pages(side.ids, side.page):
        got = side.bare.call(('Email/get', {'ids': page, 'properties': ['blobId']}))[0]
        blobs += [email['blobId'] for email in got['list']]
    return side.bare.timed([side.bare.encode(
        ('Blob/get', {'ids': page, 'properties': ['data:asText']}), using=[side.bare.blob])
        for page in pages(blobs, 200)])
