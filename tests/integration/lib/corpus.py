# SPDX-License-Identifier: LGPL-2.1-or-later
"""A deterministic corpus of ordinary and ugly messages.

Lines end in CRLF and there is no NUL: Cyrus refuses anything else. Everything else that has been
seen in mailboxes may occur.
"""

import collections
import random

from . import corpus_mime, corpus_odd, corpus_plain        # noqa: F401 (they fill CASES)
from .corpus_parts import CASES, crlf, head, hash_of, words, paragraphs

Message = collections.namedtuple('Message', 'name data flags date')

FLAGS = [(), ('\\Seen',), ('\\Flagged', '\\Seen'), ('\\Answered',), ('\\Draft',),
         ('\\Seen', 'project-x'), ('$forwarded', '\\Seen')]


def messages():
    """All messages, each with flags and a date for INTERNALDATE."""
    out = []
    for index, (name, build) in enumerate(CASES):
        zone = ('+0000', '+0100', '-0330', '+0545')[index % 4]
        date = '%2d-%s-20%02d %02d:%02d:%02d %s' % (
            index % 28 + 1, ('Jan', 'Jun', 'Dec')[index % 3], index % 24, index % 24, index % 60,
            (index * 7) % 60, zone)
        out.append(Message(name, _crlf_once(build()), FLAGS[index % len(FLAGS)], date))
    return out


def _crlf_once(data):
    if isinstance(data, bytes) and b'\r\n' in data:
        return data
    return crlf(data)


def small(count, seed=1, size=1700, first=0):
    """`count` distinct ordinary messages of about `size` octets, for filling mailboxes."""
    out = []
    for index in range(first, first + count):
        rng = random.Random(seed * 1_000_003 + index)
        length = max(200, int(rng.gauss(size, size / 5))) - 165
        kind = index % 5
        head = ('Received: from mx%d.example.org by mail.example.net; Mon, 5 Feb 2024 10:11:12 +0100\n'
                'From: Person %d <p%d@example.org>\nTo: Alice <alice@example.net>\n'
                'Subject: Message %d about %s\nDate: %s, %02d %s 2023 %02d:%02d:00 +0000\n'
                'Message-ID: <m%d.%d@example.org>\nMIME-Version: 1.0\n'
                % (index % 7, index % 97, index % 97, index, words(index, 3),
                   'Mon', index % 28 + 1, ('Jan', 'Feb', 'Mar', 'Apr')[index // 28 % 4], index % 24,
                   index % 60, seed, index))
        text = paragraphs(index, max(1, length // 75))
        if kind == 0:
            body = ('Content-Type: multipart/alternative; boundary="b%d"\n\n--b%d\n'
                    'Content-Type: text/plain; charset=utf-8\n\n%s\n--b%d\n'
                    'Content-Type: text/html; charset=utf-8\n\n<p>%d</p>\n--b%d--\n'
                    % (index, index, text, index, index, index))
        else:
            body = 'Content-Type: text/plain; charset=utf-8\n\n' + text
        out.append(crlf(head + body))
    return out


def one(label, size=0):
    """One ordinary message that no other call makes: its Message-ID holds `label`."""
    text = head('Message %s' % label, 'X-Label: %s\n' % label) + '\nThis is %s.\n' % label
    if size > len(text):
        text += paragraphs(hash_of(str(label)) % 1000, (size - len(text)) // 70 + 1)
    return crlf(text)
