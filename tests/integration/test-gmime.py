#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The structure of every corpus message, as GMime sees it: a second opinion beside Cyrus.

Compared are the media types of all parts and how they nest. KNOWN says who is right where they
differ, and why.
"""

import contextlib

from lib import corpus, corpus_odd, target
from lib.imap import Lit
from lib.tap import Failure, Skip, check, run, same, short

NO_PARTS = 'a multipart has one part at least (RFC 2046 §5.1.1); without, it is shown as text'
KNOWN = {
    'mime-deep-50': 'parts nest no deeper than 32 here; what is deeper is text',
    'mime-no-boundary-parameter': NO_PARTS,
    'mime-boundary-never-occurs': NO_PARTS,
    'mime-empty-multipart': NO_PARTS,
    'boundary-only-close': NO_PARTS,
    'boundary-preamble-only': NO_PARTS,
    'mime-content-type-broken': 'a field that cannot be read is text/plain (RFC 2045 §5.2)',
    'mime-rfc822-in-base64': 'body-type-msg always has an envelope and a body (RFC 9051 §9)',
    'mime-rfc822-empty': 'body-type-msg always has an envelope and a body (RFC 9051 §9)',
}


def gmime():
    try:
        import gi
        gi.require_version('GMime', '3.0')
        from gi.repository import GMime
    except (ImportError, ValueError) as reason:
        raise Skip('no GMime here (package gir1.2-gmime-3.0): %s' % reason) from reason
    GMime.init()
    return GMime


def opinion(library, data):
    stream = library.StreamMem.new_with_buffer(data)
    message = library.Parser.new_with_stream(stream).construct_message(None)
    if message is None:
        raise Failure('GMime reads no message')
    return shape_of(library, message.get_mime_part())


def shape_of(library, part):
    """(media type, parts): a multipart's, or what a message encloses."""
    if part is None:
        return ('text/plain', [])
    kind = part.get_content_type().get_mime_type().lower()
    if isinstance(part, library.Multipart):
        return (kind, [shape_of(library, part.get_part(i)) for i in range(part.get_count())])
    if isinstance(part, library.MessagePart) and part.get_message() is not None:
        return (kind, [shape_of(library, part.get_message().get_mime_part())])
    return (kind, [])


def shape(structure):
    """The same of a BODYSTRUCTURE."""
    if isinstance(structure[0], list):
        parts = [p for p in structure[:next((i for i, p in enumerate(structure)
                                             if not isinstance(p, list)), len(structure))]]
        kind = bytes(structure[len(parts)])
        return ('multipart/' + kind.decode('latin-1').lower(), [shape(p) for p in parts])
    kind = '/'.join(bytes(p).decode('latin-1').lower() for p in structure[:2])
    enclosed = kind == 'message/rfc822' and len(structure) > 8 and isinstance(structure[8], list)
    return (kind, [shape(structure[8])] if enclosed else [])


@contextlib.contextmanager
def fixture():
    library = gmime()
    with target.on_sample() as server, server.imap(timeout=120) as client:
        client.ok('CREATE Corpus')
        for message in corpus.messages():
            server.sample.deliver(message.data, 'Corpus')
        client.select('Corpus')
        found = {}
        for number in range(1, len(corpus.messages()) + 1):
            items = client.fetch(number, '(BODYSTRUCTURE BODY.PEEK[])')[number]
            found[items[b'BODY[]']] = items[b'BODYSTRUCTURE']
        yield library, client, found


def test_message(thing, message):
    library, _, found = thing
    got, want = shape(found[message.data]), opinion(library, message.data)
    if message.name in KNOWN:
        check(got != want, '%s: GMime agrees now' % message.name)
        return
    same(got, want, short(message.name))


def test_largest(thing):
    """50 MB: kept, and read in pieces, octet by octet the same."""
    _, client, _ = thing
    data = corpus.crlf(corpus_odd.LARGEST[1]())
    client.ok('APPEND Corpus ', Lit(data, sync=True), timeout=120)
    number = client.select('Corpus').first(b'EXISTS').number
    items = client.fetch(number, '(RFC822.SIZE BODYSTRUCTURE)')[number]
    same(int(items[b'RFC822.SIZE']), len(data))
    same(shape(items[b'BODYSTRUCTURE'])[0], 'multipart/mixed')
    for start in (0, 1 << 20, len(data) // 2, len(data) - 1000):
        piece = client.fetch(number, 'BODY.PEEK[]<%d.70000>' % start)[number]
        same(piece[b'BODY[]<%d>' % start], data[start:start + 70000], 'octets from %d' % start)
    whole = client.ok('FETCH %d BODY.PEEK[]' % number, timeout=120).fetched()[number][b'BODY[]']
    check(whole == data, 'all octets')


def cases():
    for message in corpus.messages():
        yield 'message ' + message.name, lambda thing, m=message: test_message(thing, m)
    yield 'message of 50 MB', test_largest


run(list(cases()), fixture, timeout=280)
