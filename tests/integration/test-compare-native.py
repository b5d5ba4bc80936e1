#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every corpus message, read through Ferry and through Cyrus's native IMAP: the same answers.

KNOWN holds the deliberate differences, each with its reason.
"""

import contextlib

from lib import corpus, target
from lib.imap import Lit
from lib.tap import Failure, check, run, same, short

# message name → how the items begin that may differ → why
SHOWN_AS_TEXT = 'a multipart without a boundary line is shown as the text it is, and loses nothing'
NO_DOMAIN = 'an address without a domain has the host MISSING_DOMAIN; what Cyrus says is its own'
KNOWN = {
    'mime-deep-50': {'BODY': 'parts nest no deeper than 32; what is deeper is text'},
    'mime-no-boundary-parameter': {'BODY': SHOWN_AS_TEXT},
    'mime-boundary-never-occurs': {'BODY': SHOWN_AS_TEXT},
    'mime-empty-multipart': {'BODY': SHOWN_AS_TEXT},
    'boundary-only-close': {'BODY': SHOWN_AS_TEXT},
    'boundary-preamble-only': {'BODY': SHOWN_AS_TEXT},
    'mime-boundary-missing-inner-close': {
        'BODY': 'the outer boundary ends the inner multipart too (RFC 2046 §5.1.2)'},
    'mime-same-boundary-twice': {
        'BODY': 'the inner multipart ends at its closing line, and the outer goes on'},
    'mime-content-type-broken': {'BODY': 'a type without a name is text/plain (RFC 2045 §5.2)'},
    'mime-disposition-broken': {'BODYSTRUCTURE': 'a disposition without a name is attachment'},
    'mime-rfc822-in-base64': {
        'BODY[1.HEADER.FIELDS.NOT': 'a message without a blank line is all header'},
    'mime-rfc822-empty': {'BODY[2.HEADER.FIELDS': 'an empty header has no fields, and is not NIL'},
    'address-broken': {'ENVELOPE': NO_DOMAIN},
    'address-without-domain': {'ENVELOPE': NO_DOMAIN},
    'address-duplicate-fields': {'ENVELOPE': 'the first of repeated fields counts, not the last'},
    'header-many-fields': {'BODY[HEADER.FIELDS.NOT': 'Cyrus looks at the first 1,000 fields only'},
}

# Cyrus refuses these ("invalid header"): they cannot be in the backend
REFUSED = {'header-without-final-line-end', 'header-junk-lines', 'header-space-before-colon'}

WHOLE = ('UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY BODYSTRUCTURE BODY.PEEK[] '
         'BODY.PEEK[HEADER] BODY.PEEK[TEXT] RFC822.HEADER '
         'BODY.PEEK[HEADER.FIELDS (Subject "From" DATE X-Nothing)] '
         'BODY.PEEK[HEADER.FIELDS.NOT (Subject Received)] BODY.PEEK[1] BODY.PEEK[1.MIME] '
         'BODY.PEEK[2] BODY.PEEK[7] BODY.PEEK[1.1] BODY.PEEK[1.HEADER]')


class Pair:
    """The same mailbox twice: uids by content on both sides."""

    def __init__(self, front, native):
        self.front, self.native = front, native
        self.messages = [m for m in corpus.messages() if m.name not in REFUSED]
        self.front_uids = self.by_content(front)
        self.native_uids = self.by_content(native)

    @staticmethod
    def by_content(client):
        client.examine('INBOX')
        found = {}
        for uid in client.uids():
            octets = client.fetch(uid, 'BODY.PEEK[]', uid=True)
            found[next(iter(octets.values()))[b'BODY[]']] = uid
        return found

    def both(self, message, items):
        answers = []
        for client, uids in ((self.front, self.front_uids), (self.native, self.native_uids)):
            if message.data not in uids:
                raise Failure('no message with these octets')
            reply = client.cmd('UID FETCH %d (%s)' % (uids[message.data], items))
            merged = {}
            for values in reply.fetched().values():
                merged.update(values)
            answers.append((reply, merged))
        return answers


@contextlib.contextmanager
def fixture():
    def fill(cyrus):
        with cyrus.imap(timeout=120) as client:
            for message in corpus.messages():
                reply = client.cmd('APPEND INBOX (%s) "%s" ' % (' '.join(message.flags),
                                                              message.date), Lit(message.data))
                if reply.ok != (message.name not in REFUSED):
                    raise Failure('APPEND of %s: %r' % (message.name, reply))

    with target.on_cyrus(before=fill) as server:
        with server.imap(timeout=120) as front, server.native(timeout=120) as native:
            yield Pair(front, native)


def known(message, item):
    return any(item.startswith(begin) for begin in KNOWN.get(message.name, ()))


def normal(item, value):
    if value == 'missing':
        return value
    if item == b'FLAGS':
        return sorted({bytes(flag).lower() for flag in value} - {b'\\recent'})
    if item in (b'BODY', b'BODYSTRUCTURE'):
        return fold_structure(value)
    return value


def fold_structure(value):
    """Media types, encodings and parameter names have no case."""
    if isinstance(value, list):
        return [fold_structure(entry) for entry in value]
    if isinstance(value, bytes):
        return value.lower()
    return value


def compare(message, items, answers):
    (front_reply, front), (native_reply, native) = answers
    wrong = []
    if front_reply.ok != native_reply.ok:
        wrong.append('%s: tagged %r, natively %r' % (items[:80], front_reply, native_reply))
    for item in sorted(set(front) | set(native)):
        if item == b'UID' or known(message, item.decode()):
            continue
        got = normal(item, front.get(item, 'missing'))
        want = normal(item, native.get(item, 'missing'))
        if got != want:
            wrong.append('%s\n   ferry  %s\n   native %s' % (item.decode(), *first_difference(got, want)))
    return wrong


def first_difference(got, want):
    if isinstance(got, bytes) and isinstance(want, bytes) and len(got) + len(want) > 400:
        at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
        start = max(0, at - 20)
        return ['%d octets, at %d %r' % (len(side), at, side[start:at + 60]) for side in (got, want)]
    return short(got, 1500), short(want, 1500)


def sections(structure, prefix=''):
    """All section numbers of a BODYSTRUCTURE, with what can be asked of each."""
    if isinstance(structure[0], list):
        found = []
        for number, part in enumerate([p for p in structure if isinstance(p, list)], 1):
            if not is_part(part):
                break
            found += part_sections(part, '%s%d' % (prefix, number))
        return found
    return part_sections(structure, prefix + '1')


def is_part(value):
    return bool(value) and (isinstance(value[0], list) or len(value) >= 7)


def part_sections(part, number):
    found = [number, number + '.MIME']
    if isinstance(part[0], list):
        return found + sections(part, number + '.')
    if len(part) > 8 and [bytes(p or b'').upper() for p in part[:2]] == [b'MESSAGE', b'RFC822']:
        found += [number + '.HEADER', number + '.TEXT',
                  number + '.HEADER.FIELDS (Subject To)', number + '.HEADER.FIELDS.NOT (Subject)']
        if isinstance(part[8], list):
            found += sections(part[8], number + '.')
    return found


def test_message(pair, message):
    answers = pair.both(message, WHOLE)
    wrong = compare(message, WHOLE, answers)
    structure = answers[1][1].get(b'BODYSTRUCTURE')
    # Cyrus cuts section names off after about 90 octets
    wanted = [s for s in sections(structure) if len(s) < 70] if structure else []
    for start in range(0, len(wanted), 100):
        items = ' '.join('BODY.PEEK[%s]' % s for s in wanted[start:start + 100])
        wrong += compare(message, items, pair.both(message, items))
    size = len(message.data)
    ranges = ['0.1', '0.10', '3.7', '%d.10' % max(0, size - 4), '%d.10' % size, '1000000000.5',
              '0.%d' % (size + 1), '%d.1' % (size - 1)]
    items = ' '.join('BODY.PEEK[]<%s> BODY.PEEK[TEXT]<%s> BODY.PEEK[HEADER]<%s> BODY.PEEK[1]<%s>'
                     % (r, r, r, r) for r in ranges[:5])
    wrong += compare(message, items, pair.both(message, items))
    for piece in ranges[5:]:
        items = 'BODY.PEEK[]<%s>' % piece
        wrong += compare(message, items, pair.both(message, items))
    if wrong:
        raise Failure('%d differences:\n%s' % (len(wrong), '\n'.join(wrong[:12])))


def test_same_messages(pair):
    same(len(pair.front_uids), len(pair.native_uids), 'messages')
    same(set(pair.front_uids) - set(pair.native_uids), set(), 'octets that natively nobody has')


def test_uids_follow_the_date_of_arrival(pair):
    """A first listing gives UIDs by receivedAt (natively they follow the order of the APPENDs)."""
    target.ferry_only()
    pair.front.examine('INBOX')
    fetched = pair.front.fetch('1:*', '(UID INTERNALDATE)')
    stamps = [_seconds(fetched[n][b'INTERNALDATE']) for n in sorted(fetched)]
    same(stamps, sorted(stamps), 'INTERNALDATE by UID')


def _seconds(stamp):
    import email.utils
    import time
    parsed = email.utils.parsedate_tz(stamp.decode().replace('-', ' ', 2))
    check(parsed, 'date %r' % stamp)
    return time.mktime(parsed[:9]) if parsed[9] is None else email.utils.mktime_tz(parsed)


def test_part_zero(pair):
    """There is no part 0 (RFC 9051 §9, section-part); natively it is the header of a multipart."""
    target.ferry_only()
    same(pair.front.cmd('FETCH 1 BODY.PEEK[0]').kind, b'BAD', 'BODY[0]')


def test_fetch_macros(pair):
    for macro in ('ALL', 'FAST', 'FULL'):
        for client, uids in ((pair.front, pair.front_uids), (pair.native, pair.native_uids)):
            reply = client.ok('FETCH 1 ' + macro)
            names = set(next(iter(reply.fetched().values())))
            want = {b'FLAGS', b'INTERNALDATE', b'RFC822.SIZE'}
            want |= {b'ENVELOPE'} if macro != 'FAST' else set()
            want |= {b'BODY'} if macro == 'FULL' else set()
            same(names, want, macro)


def cases():
    yield 'same messages', test_same_messages
    yield 'uids follow the date of arrival', test_uids_follow_the_date_of_arrival
    yield 'fetch macros', test_fetch_macros
    yield 'part zero', test_part_zero
    for message in corpus.messages():
        if message.name not in REFUSED:
            yield 'message ' + message.name, lambda pair, m=message: test_message(pair, m)


run(list(cases()), fixture, timeout=280)
