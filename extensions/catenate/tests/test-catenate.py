#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""CATENATE: what messages are made of, octet for octet, as this program puts them together itself;
the same commands to Cyrus's own IMAP; messages that go while they are copied; memory.

The argument is the backend: cyrus or sample. FERRY_CATENATE_ROUNDS and FERRY_CATENATE_SEED repeat
or lengthen a run.
"""

import contextlib
import os
import random
import sys
import threading
import time
import urllib.parse

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 3,
                             'tests', 'integration')]

from lib import behind, corpus, target                          # noqa: E402
from lib.imap import Lit, appenduid                             # noqa: E402
from lib.procs import SANITIZED                                 # noqa: E402
from lib.tap import Skip, check, note, run, same, wait_for      # noqa: E402

BACKEND = sys.argv[1] if len(sys.argv) > 1 else 'sample'
ROUNDS = int(os.environ.get('FERRY_CATENATE_ROUNDS', '30'))
SEED = int(os.environ.get('FERRY_CATENATE_SEED', '4469'))
BOX, OTHER = 'CatSource', 'Entwürfe & mehr'
BIG = 20 << 20

# a message of which every section is known

HEAD = (b'From: Alice <alice@example.org>\r\nTo: Bob <bob@example.net>\r\nSubject: parts\r\n'
        b'Date: Mon, 5 Feb 2024 10:11:12 +0100\r\nMessage-ID: <parts@example.org>\r\n'
        b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="outer"\r\n\r\n')
MIME1, PART1 = b'Content-Type: text/plain; charset=utf-8\r\n\r\n', b'Gr\xc3\xbc\xc3\x9fe\r\n--out\r\n'
MIME2 = (b'Content-Type: application/octet-stream; name=x\r\nContent-Transfer-Encoding: base64\r\n'
         b'Content-Disposition: attachment\r\n\r\n')
PART2 = b'AAECAwQFBgcICQ==\r\n'
MIME3 = b'Content-Type: message/rfc822\r\n\r\n'
HEAD3 = b'From: Carol <carol@example.org>\r\nSubject: inside\r\nX-Folded: one\r\n two\r\n\r\n'
PART3 = b'The message inside\r\n'
TEXT = (b'Preamble\r\n--outer\r\n' + MIME1 + PART1 + b'\r\n--outer\r\n' + MIME2 + PART2
        + b'\r\n--outer\r\n' + MIME3 + HEAD3 + PART3 + b'\r\n--outer--\r\nEpilogue\r\n')
PARTS = HEAD + TEXT
PLAIN = corpus.one('catenate-plain', 9000)
SECTIONS = {
    '': PARTS, 'HEADER': HEAD, 'TEXT': TEXT, '1': PART1, '1.MIME': MIME1, '2': PART2,
    '2.MIME': MIME2, '3': HEAD3 + PART3, '3.MIME': MIME3, '3.HEADER': HEAD3, '3.TEXT': PART3,
    '3.1': PART3,
    'HEADER.FIELDS (subject to)': b'To: Bob <bob@example.net>\r\nSubject: parts\r\n\r\n',
    'HEADER.FIELDS.NOT (From To Subject Date MIME-Version Content-Type)':
        b'Message-ID: <parts@example.org>\r\n\r\n',
    '3.HEADER.FIELDS (X-Folded)': b'X-Folded: one\r\n two\r\n\r\n',
    'HEADER.FIELDS (X-None)': b'\r\n',
}
SOURCES = {BOX: (PARTS, PLAIN), OTHER: (corpus.one('catenate-other', 70000), PARTS)}


class Url:
    """A part of a message; `gone` is the message that was expunged, else `index` counts from 0."""

    def __init__(self, box=BOX, index=0, section='', partial=None, validity=None, shape='path',
                 octets=None, gone=False):
        self.box, self.index, self.section, self.partial = box, index, section, partial
        self.validity, self.shape, self.gone, self._octets = validity, shape, gone, octets

    def octets(self):
        """What it stands for; None: nothing does."""
        if self.gone or self.validity == 'wrong' or self.index >= len(SOURCES.get(self.box, ())):
            return None
        if self._octets is None:
            whole = SOURCES[self.box][self.index]
            self._octets = SECTIONS.get(self.section) if whole is PARTS or self.section else whole
        if self._octets is None or not self.partial:
            return self._octets
        start, length = self.partial
        return self._octets[start:] if length is None else self._octets[start:start + length]

    def text(self, side):
        validity, uids, gone = side.boxes.get(self.box, (1, (), 99))
        uid = gone if self.gone else uids[self.index] if self.index < len(uids) else 4000000
        url = ';UID=%d' % uid
        if self.section:
            url += '/;SECTION=' + urllib.parse.quote(self.section, safe='.()')
        if self.partial:
            url += '/;PARTIAL=%d%s' % (self.partial[0], '.%d' % self.partial[1]
                                       if self.partial[1] is not None else '')
        if self.shape == 'relative':
            return url
        if self.validity:
            validity += self.validity == 'wrong'
            url = ';UIDVALIDITY=%d/%s' % (validity, url)
        else:
            url = '/' + url
        path = '/%s%s' % (urllib.parse.quote(self.box), url)
        return 'imap://alice@localhost:%d%s' % (side.port, path) if self.shape == 'absolute' else path


class Side:
    """A client of Ferry, or of Cyrus itself, with a mailbox of its own to append to."""

    def __init__(self, server, client, name):
        self.client, self.name = client, 'Cat' + name
        self.port = client.sock.getpeername()[1]
        server.behind.make(self.name)
        self.boxes = {}
        for box in (OTHER, BOX):
            wire = behind.utf7(box)
            wait_for(lambda: client.status(wire)[b'MESSAGES'] == len(SOURCES[box]), 20, 'the sources')
            client.select(wire)
            sizes = {int(items[b'RFC822.SIZE']): int(items[b'UID'])
                     for items in client.fetch('1:*', '(UID RFC822.SIZE)').values()}
            # Ferry may see them in another order: they came within a second
            uids = [sizes[len(message)] for message in SOURCES[box]]
            self.boxes[box] = (client.status(wire)[b'UIDVALIDITY'], uids, min(uids) - 1)

    def append(self, *messages):
        """(tagged word, response code, octets of each new message); a message is octets, or a list
        of octets and Urls."""
        command = ['APPEND ' + self.name]
        for message in messages:
            command.append(' ')
            command += [Lit(message)] if isinstance(message, bytes) else self.parts(message)
        reply = self.client.cmd(*command)
        if not reply.ok:
            return reply.kind, reply.code, []
        return reply.kind, b'', self.read(appenduid(reply)[1])

    def parts(self, message):
        out, before = [], 'CATENATE ('
        for part in message:
            if isinstance(part, Url):
                out.append('%sURL "%s"' % (before, part.text(self)))
            else:
                out += [before + 'TEXT ', Lit(part)]
            before = ' '
        return out + [')']

    def read(self, uids):
        with_uids = {}
        self.client.examine(self.name)
        for uid in uids:
            items = self.client.fetch(uid, '(UID BODY.PEEK[])', uid=True)
            with_uids.update({int(one[b'UID']): one[b'BODY[]'] for one in items.values()})
        self.client.select(BOX)
        return [with_uids[uid] for uid in uids]


def wanted(*messages):
    """What Side.append() should answer."""
    made = []
    for message in messages:
        pieces = [message] if isinstance(message, bytes) else [
            part.octets() if isinstance(part, Url) else part for part in message]
        if None in pieces:
            return b'NO', b'BADURL', []
        made.append(b''.join(pieces))
    return b'OK', b'', made


def head(label):
    """No two messages are the same: some backends would hold them once."""
    return b'Subject: catenate %s\r\nX-Label: %s\r\n\r\n' % (label.encode(), label.encode())


def cases():
    """(name, messages)"""
    out = [('text', [[head('text') + b'one\r\n', b'two\r\n']]),
           ('empty text', [[head('empty'), b'', b'x\r\n', b'']]),
           ('whole', [[Url(), b'whole\r\n']]),
           ('twice', [[head('twice'), Url(index=1), b'--\r\n', Url(index=1)]]),
           ('other mailbox', [[head('other'), Url(OTHER), Url(), Url(OTHER, section='2', index=1)]]),
           ('absolute', [[head('absolute'), Url(shape='absolute')]]),
           ('relative', [[head('relative'), Url(shape='relative')]]),
           ('right', [[head('right'), Url(validity='right')]]),
           ('wrong', [[head('wrong'), Url(validity='wrong')]]),
           ('gone', [[head('gone'), Url(gone=True)]]),
           ('gone later', [[head('later'), Url(), b'x', Url(gone=True)]]),
           ('never there', [[head('never'), Url(index=7)]]),
           ('no mailbox', [[head('nowhere'), Url('CatNowhere')]]),
           ('no section', [[head('no section'), Url(section='9')]]),
           ('multi', [[head('m1'), Url()], head('m2') + b'2\r\n', [head('m3'), Url(OTHER)]]),
           ('multi fails', [head('f1') + b'1\r\n', [head('f2'), Url()], [head('f3'), Url(gone=True)]]),
           ('forwarded', [[b'Subject: Fwd\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; '
                           b'boundary=f\r\n\r\n--f\r\n\r\nSee this.\r\n--f\r\n', Url(section='2.MIME'),
                           Url(section='2'), b'\r\n--f--\r\n']]),
           ('many', [[head('many')] + [Url(index=1, partial=(i * 10, 10)) for i in range(200)]])]
    out += [('section ' + name, [[head('s' + name), Url(section=name), b'end\r\n']])
            for name in SECTIONS]
    for section, start, length in (('', 0, 100), ('', 10, None), ('', 400, 1), ('TEXT', 5, 40),
                                   ('2', 3, 5), ('', len(PARTS) - 5, 500), ('3.HEADER', 0, 9999)):
        out.append(('partial %s %d.%s' % (section, start, length),
                    [[head('p%s%d' % (section, start)), Url(section=section, partial=(start, length)),
                      b'\r\nend\r\n']]))
    return out


# where Cyrus 3.6 refuses what RFC 4469 and RFC 5092 allow, or does not say BADURL (RFC 4469 §4.1)
NATIVELY = {name: (b'NO', None, []) for name, _ in cases() if 'HEADER.FIELDS' in name}
NATIVELY['no section'] = b'NO', None, []
NATIVELY['absolute'] = b'NO', b'BADURL', []


@contextlib.contextmanager
def fixture():
    target.ferry_only('reads how much memory ferryd takes')
    with behind.server(BACKEND) as server:
        for box, messages in SOURCES.items():
            server.behind.make(box)
            server.behind.put(box, corpus.one('goes-' + box[:3]))
        with server.imap() as client:
            for box, messages in SOURCES.items():
                wait_for(lambda: client.status(behind.utf7(box))[b'MESSAGES'] == 1, 20, 'a message')
                client.select(behind.utf7(box))
                client.ok('STORE 1 +FLAGS.SILENT (\\Deleted)')
                client.ok('EXPUNGE')
                for message in messages:
                    server.behind.put(box, message)
        yield server


def test_octets(server):
    """Every kind of part gives the octets that it has to give, also behind Ferry."""
    with server.imap() as client:
        side = Side(server, client, 'Ferry')
        told = []
        for name, messages in cases():
            told.append(side.append(*messages))
            same(told[-1], wanted(*messages), name)
        flags = [items[b'FLAGS'] for items in client.fetch('1:*', '(FLAGS)').values()]
        check(not any(b'\\Seen' in each for each in flags), '\\Seen came: %r' % flags)
    if BACKEND == 'cyrus':
        with server.native() as client:
            client.examine(side.name)
            held = [items[b'BODY[]'] for _, items in sorted(client.fetch('1:*', '(BODY.PEEK[])').items())]
        same(held, [octets for _, _, made in told for octets in made], 'behind Ferry')


def test_as_native(server):
    """The same commands, answered by Cyrus's own IMAP."""
    if BACKEND != 'cyrus':
        raise Skip('needs a native server')
    with server.native() as client:
        if b'CATENATE' not in client.capabilities():
            raise Skip('this Cyrus has no CATENATE')
        side, named = Side(server, client, 'Native'), 0
        for name, messages in cases():
            got = side.append(*messages)
            if got != wanted(*messages):
                same(got, NATIVELY.get(name), name)
                named += 1
    note('%d of %d as native' % (len(cases()) - named, len(cases())))


def cuts_line_end(octets):
    """Cyrus takes no message with half a CRLF."""
    return octets.startswith(b'\n') or octets.endswith(b'\r')


def random_message(rng, label):
    message = [head(label)]
    for _ in range(rng.randrange(1, 12)):
        box, index = rng.choice(((BOX, 0), (BOX, 1), (OTHER, 0), (OTHER, 1)))
        parts = SOURCES[box][index] is PARTS
        section = rng.choice(sorted(SECTIONS)) if parts else ''
        partial = (rng.randrange(120), rng.choice((None, 1, 17, 4000))) if rng.random() < .5 else None
        shape = rng.choice(('path', 'relative', 'absolute')) if box == BOX else 'path'
        validity = 'right' if shape != 'relative' and rng.random() < .5 else None
        url = Url(box, index, section, partial, validity, shape)
        if cuts_line_end(url.octets()):
            url.partial = None
        message.append(url)
        message.append(b'\r\n%d\r\n' % rng.randrange(1000))
    if rng.random() < .1:
        message.insert(rng.randrange(len(message)), Url(gone=True))
    return message


def test_random(server):
    """Parts in any order, one message or several."""
    rng, refused = random.Random(SEED), 0
    with server.imap() as client:
        side = Side(server, client, 'Random')
        for number in range(ROUNDS):
            messages = [random_message(rng, 'r%d-%d' % (number, i)) for i in range(rng.randrange(1, 4))]
            want = wanted(*messages)
            same(side.append(*messages), want, 'round %d of seed %d' % (number, SEED))
            refused += want[0] == b'NO'
    check(0 < refused < ROUNDS, '%d of %d refused' % (refused, ROUNDS))


def test_goes_meanwhile(server):
    """Others expunge the source while it is copied: all of it is in the message, or there is none."""
    rng, made, refused = random.Random(SEED), 0, 0
    server.behind.make('CatMade')
    with server.imap() as client, server.imap() as other:
        for number in range(max(4, ROUNDS // 3)):
            message = corpus.one('meanwhile-%d' % number, 600000)
            uid = appenduid(client.append(BOX, message))[1][0]
            client.select(BOX)
            other.select(BOX)
            first = head('meanwhile-made-%d' % number)
            thread = threading.Thread(target=expunge, args=(other, uid, rng.uniform(0, .04)))
            thread.start()
            url = ' URL "/%s/;UID=%d"' % (BOX, uid)
            reply = client.cmd('APPEND CatMade CATENATE (TEXT ', Lit(first), url * 3 + ')')
            thread.join(60)
            if reply.ok:
                made += 1
                client.examine('CatMade')
                got = client.fetch(appenduid(reply)[1][0], '(BODY.PEEK[])', uid=True)
                same(next(iter(got.values()))[b'BODY[]'], first + message * 3, 'octets')
            else:
                refused += 1
                same(reply.code, b'BADURL', repr(reply.line))
        client.examine('CatMade')
        same(len(client.uids()) if made else 0, made, 'nothing else was appended')
    note('%d made, %d refused' % (made, refused))


def expunge(client, uid, pause):
    time.sleep(pause)
    client.ok('UID STORE %d +FLAGS.SILENT (\\Deleted)' % uid)
    client.ok('UID EXPUNGE %d' % uid)


def test_memory(server):
    """Ten parts of a message of 20 MB leave memory as it was, also the first time, when it has to be
    got from the backend."""
    if SANITIZED:
        raise Skip('the sanitizers keep what was freed')
    big = corpus.one('catenate-big', BIG)
    server.behind.make('CatBig')
    server.behind.put('CatBig', big)
    with server.imap(timeout=120) as client:
        wait_for(lambda: client.status('CatBig')[b'MESSAGES'] == 1, 60, 'the large message')
        client.select('CatBig')
        uid = client.uids()[0]
        text = big.index(b'\r\n\r\n') + 4
        for number in range(3):
            first, urls, want = head('big-%d' % number), '', b''
            for part in range(10):
                begin, section = part * (BIG // 11), ('', 'TEXT', '1')[part % 3]
                urls += ' URL "/CatBig/;UID=%d%s/;PARTIAL=%d.%d"' % (
                    uid, section and '/;SECTION=' + section, begin, BIG // 10)
                begin += text if section else 0
                want += big[begin:begin + BIG // 10]
            server.front.forget_peak()
            before = server.front.peak()
            reply = client.ok('APPEND CatBig CATENATE (TEXT ', Lit(first), urls + ')', timeout=120)
            grown = (server.front.peak() - before) >> 10
            note('%s: high-water mark grew by %d KiB' % (('backend', 'cache', 'again')[number], grown))
            got = client.fetch(appenduid(reply)[1][0], '(BODY.PEEK[])', uid=True)
            check(next(iter(got.values()))[b'BODY[]'] == first + want, 'the octets are others')
            check(grown < 8000, 'the high-water mark grew by %d KiB' % grown)


run([test_octets, test_as_native, test_random, test_goes_meanwhile, test_memory], fixture, timeout=280)
