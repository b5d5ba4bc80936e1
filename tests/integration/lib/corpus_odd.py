# SPDX-License-Identifier: LGPL-2.1-or-later
"""Messages that try boundaries, nesting, parameters, dates, addresses and sizes; see corpus.py.

Many are made from tables: a row is a case of its own.
"""

import random

from .corpus_parts import CASES, b64, head, multipart, paragraphs

PART = 'Content-Type: text/plain\n\n%s\n'


def rows(prefix, table, build):
    """A case for each row (name, arguments…)."""
    for name, *arguments in table:
        CASES.append(('%s-%s' % (prefix, name), lambda a=tuple(arguments): build(*a)))


def raw_multipart(content_type, body, subject='Boundary'):
    return head(subject, '', content_type) + '\n' + body


# boundaries: Content-Type, body

LONGEST = 'b' * 70
rows('boundary', [
    ('of-70-octets', 'multipart/mixed; boundary=' + LONGEST,
     '--%s\n%s--%s--\n' % (LONGEST, PART % 'a', LONGEST)),
    ('with-spaces-inside', 'multipart/mixed; boundary="a b  c"', '--a b  c\n%s--a b  c--\n' % (PART % 'a')),
    ('of-one-octet', 'multipart/mixed; boundary=x', '--x\n%s--x\n%s--x--\n' % (PART % 'a', PART % 'b')),
    ('of-digits', 'multipart/mixed; boundary=0', '--0\n%s--0--\n' % (PART % 'a')),
    ('in-single-quotes', "multipart/mixed; boundary='q'", "--'q'\n%s--'q'--\n" % (PART % 'a')),
    ('escaped-in-quotes', 'multipart/mixed; boundary="a\\b"', '--ab\n%s--ab--\n' % (PART % 'a')),
    ('in-another-case', 'multipart/mixed; boundary=CaSe', '--case\n%s--CaSe\n%s--CaSe--\n' % (PART % 'a', PART % 'b')),
    ('named-in-capitals', 'MULTIPART/MIXED; BOUNDARY=x', '--x\n%s--x--\n' % (PART % 'a')),
    ('after-other-parameters', 'multipart/mixed; charset=utf-8; boundary=x; x=y',
     '--x\n%s--x--\n' % (PART % 'a')),
    ('folded', 'multipart/mixed;\n\tboundary=\n "x"', '--x\n%s--x--\n' % (PART % 'a')),
    ('only-close', 'multipart/mixed; boundary=x', 'before\n--x--\nafter\n'),
    ('twice-closed', 'multipart/mixed; boundary=x', '--x\n%s--x--\n--x--\n' % (PART % 'a')),
    ('opened-after-close', 'multipart/mixed; boundary=x',
     '--x\n%s--x--\nepilogue\n--x\n%s' % (PART % 'a', PART % 'b')),
    ('in-the-middle-of-a-line', 'multipart/mixed; boundary=x', '--x\n%stext --x text\n--x--\n' % (PART % 'a')),
    ('with-text-behind', 'multipart/mixed; boundary=x', '--x\n%s--xyz\n--x--\n' % (PART % 'a')),
    ('indented', 'multipart/mixed; boundary=x', '--x\n%s --x\n--x--\n' % (PART % 'a')),
    ('with-tabs-behind', 'multipart/mixed; boundary=x', '--x\t \n%s--x--\t\n' % (PART % 'a')),
    ('with-one-dash-behind', 'multipart/mixed; boundary=x', '--x\n%s--x-\n%s--x--\n' % (PART % 'a', PART % 'b')),
    ('without-last-line-end', 'multipart/mixed; boundary=x', '--x\n%s--x--' % (PART % 'a')),
    ('at-once', 'multipart/mixed; boundary=x', '--x\n\n--x\n\n--x--\n'),
    ('preamble-only', 'multipart/mixed; boundary=x', 'text\n\nmore text\n\n'),
    ('long-preamble', 'multipart/mixed; boundary=x', paragraphs(3, 500) + '--x\n%s--x--\n' % (PART % 'a')),
], raw_multipart)

# nesting


def nested(subtypes, leaf=PART % 'leaf'):
    """Multiparts in each other, the outermost first."""
    text = leaf
    for depth, subtype in reversed(list(enumerate(subtypes))):
        inner = 'Content-Type: multipart/%s; boundary=n%d\n\n--n%d\n%s--n%d--\n' % (
            subtype, depth, depth, text, depth)
        text = inner
    return head('Nested') + 'MIME-Version: 1.0\n' + text


rows('nesting', [
    ('of-two', ('mixed', 'alternative')), ('of-five', ('mixed', 'related', 'alternative', 'mixed', 'digest')),
    ('of-ten', ('mixed',) * 10), ('of-twenty', ('mixed', 'alternative') * 10),
    ('of-thirty', ('mixed',) * 30),
    ('of-unknown-subtypes', ('x-one', 'x-two')), ('of-parallel', ('parallel', 'parallel')),
    ('ends-in-a-message', ('mixed', 'mixed'), 'Content-Type: message/rfc822\n\nSubject: in\n\nbody\n'),
    ('ends-in-nothing', ('mixed', 'mixed'), '\n'),
], nested)


def enclosed(content, fields='', subject='Enclosing'):
    return multipart('o', ['Content-Type: message/rfc822\n%s\n%s' % (fields, content), PART % 'after'],
                     subject=subject)


rows('enclosed', [
    ('one-field', 'Subject: x\n\n'), ('body-only', '\nbody\n'),
    ('header-only', 'Subject: x\nTo: a@example.org\n\n'),
    ('text-type', 'Content-Type: text/html\nSubject: h\n\n<p>x</p>\n'),
    ('no-subject', 'From: a@example.org\n\nx\n'),
    ('described', 'Subject: x\n\nx\n', 'Content-Description: the original\nContent-ID: <o@example.org>\n'),
    ('disposed', 'Subject: x\n\nx\n', 'Content-Disposition: attachment; filename="x.eml"\n'),
    ('in-itself', 'Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nSubject: 3\n\nx\n'),
    ('long', 'Subject: long\n\n' + paragraphs(5, 2000)),
], enclosed)


def digest(parts, subject='Digest'):
    return multipart('d', parts, 'digest', subject)


rows('digest', [
    ('of-one', ['\nSubject: one\n\n1\n']), ('of-three', ['\nSubject: %d\n\nx\n' % i for i in range(3)]),
    ('with-a-type', ['Content-Type: text/plain\n\nplain in a digest\n']),
    ('with-fields', ['Content-Description: first\n\nSubject: one\n\n1\n', '\nSubject: two\n\n2\n']),
], digest)

# parameters of a leaf


def typed(field, body='x\n'):
    return head('Parameters', field + '\n') + 'MIME-Version: 1.0\n\n' + body


rows('parameter', [
    ('empty', 'Content-Type: text/plain; name=""'),
    ('with-specials', 'Content-Type: text/plain; name="a;b=c\\"d\\\\e"'),
    ('twice', 'Content-Type: text/plain; name=a; name=b'),
    ('without-space', 'Content-Type: text/plain;charset=utf-8;name=x'),
    ('with-spaces', 'Content-Type: text/plain ; charset = utf-8 ; name = x'),
    ('with-comment', 'Content-Type: text/plain (comment); charset=utf-8 (another (nested))'),
    ('extended', "Content-Type: text/plain; name*=utf-8'en'gr%C3%BC%C3%9Fe"),
    ('continued', 'Content-Type: text/plain; name*0=a; name*1=b; name*2=c'),
    ('continued-in-disorder', 'Content-Type: text/plain; name*1=b; name*0=a'),
    ('continued-extended', "Content-Type: text/plain; name*0*=utf-8''a%20; name*1=b"),
    ('in-disposition', "Content-Disposition: attachment; filename*=iso-8859-1''%E4.txt"),
    ('encoded-word', 'Content-Type: text/plain; name="=?utf-8?b?w6Q=?="'),
    ('long', 'Content-Type: text/plain; name=' + 'n' * 900),
    ('many', 'Content-Type: text/plain' + ''.join('; p%d=v%d' % (i, i) for i in range(40))),
    ('trailing-semicolon', 'Content-Type: text/plain; charset=utf-8;'),
    ('id-and-md5', 'Content-Type: text/plain\nContent-MD5: x==\nContent-ID: no-angle'),
    ('languages', 'Content-Type: text/plain\nContent-Language: en, de , fr'),
    ('location', 'Content-Type: text/plain\nContent-Location: http://example.org/\n a/b'),
], typed)

# sizes


def sized(octets):
    data = random.Random(octets).randbytes(octets * 3 // 4)
    return multipart('s', [PART % 'large', 'Content-Type: application/octet-stream\n'
                           'Content-Transfer-Encoding: base64\n\n' + b64(data)], subject='Sizes')


rows('size', [('of-1-mb', 1 << 20), ('of-5-mb', 5 << 20)], sized)
LARGEST = ('size-of-50-mb', lambda: sized(50 << 20))
