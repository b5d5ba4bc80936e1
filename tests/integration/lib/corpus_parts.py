# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the messages of the corpus are made of; see corpus.py."""

import base64
import random

CASES = []


def case(function):
    CASES.append((function.__name__.strip('_').replace('_', '-'), function))
    return function


def crlf(text):
    data = text if isinstance(text, bytes) else text.encode()
    return data.replace(b'\r\n', b'\n').replace(b'\n', b'\r\n')


def head(subject='A message', extra='', kind=None):
    fields = ('From: Alice Example <alice@example.org>\nTo: Bob <bob@example.net>\n'
              'Date: Mon, 5 Feb 2024 10:11:12 +0100\nMessage-ID: <%s@example.org>\n'
              'Subject: %s\n' % (abs(hash_of(subject + extra)), subject))
    if kind:
        fields += 'MIME-Version: 1.0\nContent-Type: %s\n' % kind
    return fields + extra


def hash_of(text):
    """A hash that is the same in every run, unlike hash()."""
    value = 5381
    for octet in text.encode():
        value = (value * 33 + octet) & 0xffffffffffff
    return value


def words(seed, count):
    rng = random.Random(seed)
    vocabulary = ('ferry harbour river crossing ticket captain morning fog rope anchor deck '
                  'passenger bicycle island timetable winter bridge coffee lamp signal').split()
    return ' '.join(rng.choice(vocabulary) for _ in range(count))


def paragraphs(seed, lines):
    return ''.join(words(seed * 1000 + i, 9) + '\n' for i in range(lines))


def multipart(boundary, parts, subtype='mixed', subject='Parts', preamble='', epilogue='',
              extra=''):
    text = head(subject, extra, 'multipart/%s; boundary="%s"' % (subtype, boundary)) + '\n'
    text += preamble
    for part in parts:
        text += '--%s\n%s\n' % (boundary, part)
    return text + '--%s--\n' % boundary + epilogue


def b64(data, width=76):
    text = base64.b64encode(data).decode()
    return '\n'.join(text[i:i + width] for i in range(0, len(text), width)) + '\n'
