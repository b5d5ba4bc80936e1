# SPDX-License-Identifier: LGPL-2.1-or-later
"""A deterministic corpus of ordinary and ugly messages.

Lines end in CRLF and there is no NUL: Cyrus refuses anything else. Everything else that has been
seen in mailboxes may occur.
"""

import base64
import collections
import quopri
import random

Message = collections.namedtuple('Message', 'name data flags date')

_cases = []
FLAGS = [(), ('\\Seen',), ('\\Flagged', '\\Seen'), ('\\Answered',), ('\\Draft',),
         ('\\Seen', 'project-x'), ('$forwarded', '\\Seen')]


def _case(function):
    _cases.append((function.__name__.strip('_').replace('_', '-'), function))
    return function


def _crlf(text):
    data = text if isinstance(text, bytes) else text.encode()
    return data.replace(b'\r\n', b'\n').replace(b'\n', b'\r\n')


def _head(subject='A message', extra='', kind=None):
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


def _words(seed, count):
    rng = random.Random(seed)
    vocabulary = ('ferry harbour river crossing ticket captain morning fog rope anchor deck '
                  'passenger bicycle island timetable winter bridge coffee lamp signal').split()
    return ' '.join(rng.choice(vocabulary) for _ in range(count))


def _paragraphs(seed, lines):
    return ''.join(_words(seed * 1000 + i, 9) + '\n' for i in range(lines))


def _multipart(boundary, parts, subtype='mixed', subject='Parts', preamble='', epilogue='',
               extra=''):
    text = _head(subject, extra, 'multipart/%s; boundary="%s"' % (subtype, boundary)) + '\n'
    text += preamble
    for part in parts:
        text += '--%s\n%s\n' % (boundary, part)
    return text + '--%s--\n' % boundary + epilogue


def _b64(data, width=76):
    text = base64.b64encode(data).decode()
    return '\n'.join(text[i:i + width] for i in range(0, len(text), width)) + '\n'


# ordinary mail

@_case
def _plain():
    return _head('Plain text') + '\nHello Bob,\n\nsee you at the ferry.\n\nAlice\n'


@_case
def _plain_utf8():
    return (_head('=?utf-8?q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?=',
                  'Content-Transfer-Encoding: 8bit\n', 'text/plain; charset=utf-8')
            + '\nGrüße aus Köln – 你好\n')


@_case
def _plain_latin1_quoted_printable():
    body = quopri.encodestring('Größe: 5 Fuß\n'.encode('latin-1') * 3).decode()
    return (_head('=?iso-8859-1?Q?Gr=F6=DFe?=', 'Content-Transfer-Encoding: quoted-printable\n',
                  'text/plain; charset="iso-8859-1"; format=flowed; delsp=yes') + '\n' + body)


@_case
def _alternative():
    return _multipart('alt-1', [
        'Content-Type: text/plain; charset=utf-8\n\nplain\n',
        'Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n'
        '<p class=3D"x">html</p>\n'], 'alternative')


@_case
def _attachment_small():
    return _multipart('mix-1', [
        'Content-Type: text/plain\n\nsee attachment\n',
        'Content-Type: image/png; name="dot.png"\nContent-Transfer-Encoding: base64\n'
        'Content-Disposition: attachment; filename="dot.png"; size=120\nContent-ID: <dot@example.org>\n'
        'Content-Description: a dot\n\n' + _b64(bytes(range(120)))])


@_case
def _attachment_large():
    data = random.Random(7).randbytes(2_500_000)
    return _multipart('big', [
        'Content-Type: text/plain\n\nlarge one\n',
        'Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n'
        'Content-Disposition: attachment;\n filename=large.bin\n\n' + _b64(data)], subject='Large')


@_case
def _related_in_alternative_in_mixed():
    related = ('Content-Type: multipart/related; boundary=rel; type="text/html"\n\n'
               '--rel\nContent-Type: text/html; charset=us-ascii\n\n<img src="cid:i">\n'
               '--rel\nContent-Type: image/gif\nContent-Transfer-Encoding: base64\n'
               'Content-ID: <i>\nContent-Location: http://example.org/i.gif\n\nR0lGODlhAQAB\n--rel--\n')
    alternative = ('Content-Type: multipart/alternative; boundary=alt\n\n--alt\n'
                   'Content-Type: text/plain\n\ntext\n--alt\n' + related + '--alt--\n')
    return _multipart('top', [alternative, 'Content-Type: application/pdf; name=a.pdf\n'
                              'Content-Transfer-Encoding: base64\n\nJVBERi0=\n'])


@_case
def _forwarded_message():
    inner = _head('Inner one') + '\ninner text\nsecond line\n'
    return _multipart('fwd', ['Content-Type: text/plain\n\nfyi\n',
                              'Content-Type: message/rfc822\nContent-Disposition: inline\n\n'
                              + inner])


@_case
def _message_is_rfc822():
    return _head('Wrapped', kind='message/rfc822') + '\n' + _head('In the wrapping') + '\nbody\n'


@_case
def _digest():
    parts = ['\n' + _head('Digest part %d' % i) + '\nnumber %d\n' % i for i in range(3)]
    return _multipart('dig', parts, 'digest')


@_case
def _report():
    return _multipart('rep', [
        'Content-Type: text/plain\n\nDelivery failed\n',
        'Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n'
        'Final-Recipient: rfc822; bob@example.net\nAction: failed\nStatus: 5.1.1\n',
        'Content-Type: text/rfc822-headers\n\n' + _head('The failed one')],
        'report; report-type=delivery-status')


@_case
def _signed():
    return _multipart('sig', [
        'Content-Type: text/plain\n\nsigned\n',
        'Content-Type: application/pgp-signature; name="signature.asc"\n\n-----BEGIN PGP SIGNATURE-----\n'
        'abc\n-----END PGP SIGNATURE-----\n'],
        'signed; micalg=pgp-sha256; protocol="application/pgp-signature"')


@_case
def _calendar():
    return _multipart('cal', [
        'Content-Type: text/plain\n\ninvitation\n',
        'Content-Type: text/calendar; method=REQUEST; charset=UTF-8\nContent-Language: en, de-CH\n\n'
        'BEGIN:VCALENDAR\nEND:VCALENDAR\n'])


@_case
def _mailing_list():
    extra = ''.join('List-%s: <mailto:l-%s@example.org>\n' % (n, n.lower())
                    for n in ('Post', 'Help', 'Unsubscribe', 'Subscribe', 'Owner'))
    return _head('[list] hello', extra + 'List-Id: A list <list.example.org>\n'
                 'Sender: list-bounces@example.org\nReply-To: list@example.org\n'
                 'In-Reply-To: <parent@example.org>\nReferences: <root@example.org>\n <parent@example.org>\n'
                 ) + '\n' + _paragraphs(3, 12)


@_case
def _long_thread_references():
    return _head('Re: Re: Re: deep', 'References: '
                 + '\n '.join('<ref%d@example.org>' % i for i in range(200)) + '\n') + '\nme too\n'


@_case
def _text_of_100_kilobytes():
    return _head('Long text') + '\n' + _paragraphs(11, 1700)


# addresses

@_case
def _address_groups():
    return _head('Groups', 'Cc: friends: a@example.org, "B, C" <b@example.org>;, d@example.org,\n'
                 ' undisclosed-recipients:;\nBcc: empty:;\n') + '\nx\n'


@_case
def _address_routes_and_comments():
    return ('From: (comment) Pete (A nice \\) chap) <pete(his account)@silly.test(his host)>\n'
            'To: <@relay.example,@b.example:joe@example.org>, Mary Smith <mary@[192.0.2.1]>\n'
            'Cc: "quoted \\"local\\" part"@example.org, jdoe@example.org (John (Q.) Doe)\n'
            'Subject: Routes\nDate: Thu, 13\n  Feb\n    1969\n  23:32\n     -0330 (Newfoundland Time)\n\nx\n')


@_case
def _address_broken():
    return ('From: nobody\nTo: ,,, alice@, @example.org, <>, "unterminated <x@example.org>\n'
            'Cc: a b c <d@e>, <f@g\nReply-To: mailto:h@i\nSubject: Broken addresses\n\nx\n')


@_case
def _address_without_domain():
    return 'From: root\nTo: operator, "Cron Daemon" <cron>\nSubject: cron\n\nx\n'


@_case
def _address_encoded_words():
    return _head('Names', 'Cc: =?utf-8?b?w4bDuMOl?= <nordic@example.org>,\n'
                 ' =?iso-8859-1?q?J=F6rg?= =?utf-8?q?_M=C3=BCller?= <jm@example.org>,\n'
                 ' "=?utf-8?q?quoted?=" <q@example.org>\n') + '\nx\n'


@_case
def _address_many():
    return _head('Everybody', 'Cc: ' + ',\n '.join('Person %d <p%d@example.org>' % (i, i)
                                                  for i in range(600)) + '\n') + '\nx\n'


@_case
def _address_special_characters():
    return _head('Specials', 'Cc: "back\\\\slash" <b@example.org>, "a \\"b\\"" <q@example.org>,\n'
                 ' dots.in.name. <d@example.org>, a@b@c, a..b@example.org, .a@example.org\n') + '\nx\n'


@_case
def _address_duplicate_fields():
    return _head('First', 'From: Second <second@example.org>\nSubject: Second\nTo: third@example.org\n'
                 'Date: Tue, 6 Feb 2024 10:11:12 +0100\nMessage-ID: <second@example.org>\n') + '\nx\n'


# dates

def _dated(value):
    return 'From: a@example.org\nTo: b@example.org\nSubject: Dates\nDate: %s\n\n%s\n' % (value, value)


DATES = {
    'obsolete-zone': 'Sun, 6 Nov 94 08:49:37 GMT',
    'military-zone': 'Fri, 21 Nov 1997 09:55:06 Z',
    'no-seconds': '21 Nov 1997 09:55 -0600',
    'with-comment': 'Mon, 5 Feb 2024 10:11:12 +0100 (CET)',
    'nonsense': 'yesterday, around noon',
    'empty': '',
    'impossible': 'Mon, 32 Foo 2024 25:61:61 +9999',
    'future': 'Fri, 31 Dec 2100 23:59:60 +0000',
    'before-1970': 'Wed, 1 Jan 1969 00:00:00 +0000',
    'folded': 'Mon,\n 5 Feb 2024\n 10:11:12\n +0100',
}
for _name, _value in DATES.items():
    _cases.append(('date-' + _name, lambda value=_value: _dated(value)))


# header fields

@_case
def _header_only_no_body():
    return _head('No body') + '\n'


@_case
def _header_without_blank_line():
    return _head('No blank line')


@_case
def _header_without_final_line_end():
    return _crlf(_head('No line end'))[:-2]


@_case
def _body_without_final_line_end():
    return _crlf(_head('No line end in body') + '\nlast line')


@_case
def _header_one_field():
    return 'Subject: alone\n\n'


@_case
def _header_8bit_utf8():
    return 'From: Jörg <joerg@example.org>\nTo: bob@example.net\nSubject: Grüße ohne Kodierung ☃\n\nx\n'


@_case
def _header_8bit_latin1():
    return b'From: J\xf6rg <joerg@example.org>\nSubject: Gr\xfc\xdfe\nX-Note: \xa4\xff\xfe\n\nx\xe4\n'


@_case
def _header_long_line():
    return _head('L' * 9000, 'X-Long: ' + 'y' * 50000 + '\n') + '\nx\n'


@_case
def _header_many_fields():
    return _head('Many', ''.join('X-Field-%d: value %d\n' % (i, i) for i in range(3000))) + '\nx\n'


@_case
def _header_folding():
    return (_head('folded\n\twith tab\n  and  spaces ', 'X-Folded:\n value on the next line\n'
                  'X-Empty:\nX-Blank: \n \n\t\nx-lower: CASE\n') + '\nx\n')


@_case
def _header_space_before_colon():
    return _head('Space', 'X-Space :before colon\n') + '\nx\n'


@_case
def _header_junk_lines():
    return 'From: a@example.org\nSubject: junk follows\nthis line has no colon\nTo: b@example.org\n\nx\n'


@_case
def _header_mbox_from_line():
    return 'From alice@example.org Mon Feb  5 10:11:12 2024\nFrom: a@example.org\nSubject: mbox\n\nx\n'


@_case
def _header_subject_quotes_and_backslashes():
    return _head('a "quoted" \\ back\\slash {5} %d (paren)') + '\nx\n'


@_case
def _header_encoded_words_broken():
    return _head('=?utf-8?q?unterminated =?x-unknown?b?AAAA?= =?utf-8?b?!!!?= =?utf-8?q?=ZZ?=') + '\nx\n'


@_case
def _header_control_characters():
    return _head('bell \a escape \033[31m tab\tdel \177', 'X-Bare: a\rb\n') + '\nx\n'


@_case
def _header_message_id_odd():
    return ('From: a@example.org\nMessage-ID: no angle brackets at all\nIn-Reply-To: <a@b> and "words" <c@d>\n'
            'Subject: ids\n\nx\n')


@_case
def _header_empty_values():
    return ('From: \nTo:\nCc: \n\t\nSubject:\nDate:\nMessage-ID:\nIn-Reply-To:\nReply-To:\nSender:\n\nx\n')


# MIME structure

@_case
def _mime_deep_50():
    text = 'Content-Type: text/plain\n\nbottom\n'
    for level in range(50):
        text = ('Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n%s--b%d--\n'
                % (level, level, text, level))
    return _head('Deep', 'MIME-Version: 1.0\n') + text


@_case
def _mime_deep_rfc822_20():
    text = _head('Bottom') + '\nthe bottom\n'
    for level in range(20):
        text = _head('Level %d' % level, kind='message/rfc822') + '\n' + text
    return text


@_case
def _mime_wide_300():
    return _multipart('wide', ['Content-Type: text/plain; name=p%d\n\npart %d\n' % (i, i)
                               for i in range(300)], subject='Wide')


@_case
def _mime_no_boundary_parameter():
    return _head('No boundary', kind='multipart/mixed') + '\n--x\n\npart\n--x--\n'


@_case
def _mime_boundary_never_occurs():
    return _head('Absent', kind='multipart/mixed; boundary=nowhere') + '\njust text\nmore text\n'


@_case
def _mime_no_closing_boundary():
    return (_head('Open end', kind='multipart/mixed; boundary=open')
            + '\n--open\nContent-Type: text/plain\n\none\n--open\nContent-Type: text/html\n\n<b>two</b>\n')


@_case
def _mime_empty_multipart():
    return _head('Empty', kind='multipart/mixed; boundary=e') + '\n--e--\n'


@_case
def _mime_empty_parts():
    return _multipart('ep', ['', '\n', 'Content-Type: text/plain\n', 'Content-Type: text/plain\n\n',
                             'Content-Type: text/html\n\nlast\n'], subject='Empty parts')


@_case
def _mime_part_without_headers():
    return _multipart('nh', ['\nimplied plain text\n', '\nand once more\n'], subject='Part headers')


@_case
def _mime_preamble_epilogue():
    return _multipart('pe', ['Content-Type: text/plain\n\nmiddle\n'], subject='Around',
                      preamble='This is a preamble.\n--not the boundary\n\n',
                      epilogue='epilogue\n--pe\nnot a part any more\n')


@_case
def _mime_boundary_prefix_of_another():
    inner = ('Content-Type: multipart/alternative; boundary="outer-inner"\n\n--outer-inner\n'
             'Content-Type: text/plain\n\na\n--outer-inner\nContent-Type: text/html\n\nb\n--outer-inner--\n')
    return _multipart('outer', [inner, 'Content-Type: text/plain\n\nafter\n'], subject='Prefix')


@_case
def _mime_boundary_missing_inner_close():
    inner = ('Content-Type: multipart/mixed; boundary=in\n\n--in\nContent-Type: text/plain\n\na\n')
    return _multipart('out', [inner, 'Content-Type: text/plain\n\nb\n'], subject='Inner open')


@_case
def _mime_boundary_trailing_space():
    return (_head('Spaces', kind='multipart/mixed; boundary="sp ace"')
            + '\n--sp ace  \nContent-Type: text/plain\n\none\n--sp ace\t\n\ntwo\n--sp ace--  \n')


@_case
def _mime_boundary_quoted_and_odd():
    return _multipart("=_?:=/'()+,-.gc0pJq0M08jU534c0p", ['Content-Type: text/plain\n\nodd boundary\n'],
                      subject='Odd')


@_case
def _mime_same_boundary_twice():
    inner = 'Content-Type: multipart/mixed; boundary=same\n\n--same\n\ninner\n--same--\n'
    return _multipart('same', [inner, '\nouter\n'], subject='Same')


@_case
def _mime_rfc2231_parameters():
    return _multipart('p', [
        "Content-Type: text/plain; name*=utf-8''gr%C3%BC%C3%9Fe.txt\n"
        "Content-Disposition: attachment; filename*0*=utf-8''gr%C3%BC;\n filename*1*=%C3%9Fe;\n"
        ' filename*2=".txt"\n\nx\n',
        'Content-Type: text/plain; charset=us-ascii; x="a;b=c\\"d"; empty=""; y=\n\nx\n',
        'Content-Type: text/plain; title*0="first "; title*1="second"\n\nx\n'], subject='Parameters')


@_case
def _mime_content_type_broken():
    kinds = ['text', '/', 'text/', '/plain', 'text/plain; charset', 'text/plain;;; charset=utf-8',
             'text/plain charset=utf-8', '"text"/plain', 'text / plain ; charset = "utf-8"', '',
             'text/plain; charset=utf-8 (comment)', 'TEXT/HTML; CHARSET=UTF-8', 'x-a/y-b; z="unclosed']
    return _multipart('ct', ['Content-Type: %s\n\npart %d\n' % (kind, i)
                             for i, kind in enumerate(kinds)], subject='Types')


@_case
def _mime_transfer_encodings():
    kinds = ['7bit', '8BIT', 'binary', 'Quoted-Printable', 'BASE64', 'x-uuencode', 'nonsense', '',
             '"base64"', 'base64 (comment)', '7-bit']
    return _multipart('te', ['Content-Type: text/plain\nContent-Transfer-Encoding: %s\n\nQUJD\n' % k
                             for k in kinds], subject='Encodings')


@_case
def _mime_base64_broken():
    return (_head('Broken base64', 'Content-Transfer-Encoding: base64\n', 'text/plain')
            + '\nSGVsbG8=\n!!!! not base64 ====\nSGVsbG8\n\n=\n')


@_case
def _mime_quoted_printable_broken():
    return (_head('Broken qp', 'Content-Transfer-Encoding: quoted-printable\n', 'text/plain')
            + '\n=ZZ =4 =\n=\nend=')


@_case
def _mime_multipart_with_encoding():
    return (_head('Encoded multipart', 'Content-Transfer-Encoding: base64\n',
                  'multipart/mixed; boundary=m')
            + '\n--m\nContent-Type: text/plain\n\nstill parsed\n--m--\n')


@_case
def _mime_rfc822_in_base64():
    inner = _crlf(_head('Encoded inner') + '\nhidden\n')
    return _multipart('r', ['Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n'
                            + _b64(inner)], subject='Encoded message')


@_case
def _mime_rfc822_empty():
    return _multipart('r', ['Content-Type: message/rfc822\n\n', 'Content-Type: message/rfc822\n'],
                      subject='Empty messages')


@_case
def _mime_rfc822_of_multipart():
    inner = _multipart('inner', ['Content-Type: text/plain\n\na\n', 'Content-Type: image/gif\n'
                                 'Content-Transfer-Encoding: base64\n\nR0lG\n'], subject='Inner multipart')
    return _multipart('o', ['Content-Type: text/plain\n\nt\n', 'Content-Type: message/rfc822\n\n' + inner],
                      subject='Message of parts')


@_case
def _mime_message_partial_and_external():
    return _multipart('x', [
        'Content-Type: message/partial; id="a@b"; number=1; total=3\n\nSubject: part\n\nx\n',
        'Content-Type: message/external-body; access-type=URL;\n URL="ftp://example.org/x"\n\n'
        'Content-Type: text/plain\n\n'], subject='Old kinds')


@_case
def _mime_no_version():
    return _head('No version', 'Content-Type: multipart/mixed; boundary=v\n') + (
        '\n--v\nContent-Type: text/plain\n\na\n--v--\n')


@_case
def _mime_charsets():
    parts = []
    for charset, text in (('koi8-r', 'Привет'), ('iso-2022-jp', 'こんにちは'), ('gb18030', '你好'),
                          ('windows-1252', '“quotes”'), ('utf-7', 'ö'), ('shift_jis', 'テスト')):
        parts.append('Content-Type: text/plain; charset=%s\nContent-Transfer-Encoding: base64\n\n%s'
                     % (charset, _b64(text.encode(charset))))
    parts.append('Content-Type: text/plain; charset=x-nobody-knows\n\nabc\n')
    return _multipart('cs', parts, subject='Charsets')


@_case
def _mime_headers_8bit_in_part():
    return _crlf(_multipart('h', ['Content-Type: text/plain; name="NAME"\n'
                                  'Content-Disposition: attachment; filename=NAME\n'
                                  'Content-Description: NAME\n\nx\n'],
                            subject='8bit')).replace(b'NAME', b'gr\xfc\xdfe.txt')


@_case
def _mime_content_fields_all():
    return (_head('Fields', 'Content-Transfer-Encoding: 7bit\nContent-ID: <id@example.org>\n'
                  'Content-Description: described\n folded\nContent-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\n'
                  'Content-Disposition: INLINE; FileName="x.txt"; handling=optional\n'
                  'Content-Language: en-GB\nContent-Location: http://example.org/a b\n',
                  'text/plain; charset=us-ascii') + '\nx\n')


@_case
def _mime_disposition_broken():
    kinds = ['', ';', 'attachment;', 'attachment; filename', 'attachment; filename=a b.txt',
             'filename=x', '=?utf-8?q?attachment?=', 'attachment; filename="=?utf-8?q?x?="']
    return _multipart('cd', ['Content-Type: text/plain\nContent-Disposition: %s\n\nx\n' % k
                             for k in kinds], subject='Dispositions')


@_case
def _mime_dashes():
    return _multipart('--', ['Content-Type: text/plain\n\n-- \nsignature\n---\n----x\n'],
                      subject='Dashes')


# bodies

@_case
def _body_long_lines():
    return _head('Lines') + '\n' + 'x' * 200_000 + '\n' + 'y' * 998 + '\n'


@_case
def _body_8bit_undeclared():
    return _crlf(_head('8bit body') + '\n') + bytes(range(128, 256)) + b'\r\n'


@_case
def _body_bare_carriage_returns():
    return _crlf(_head('Bare CR') + '\n') + b'a\rb\r\rc\r\n\r\r\n'


@_case
def _body_only_blank_lines():
    return _head('Blank') + '\n' + '\n' * 50


@_case
def _body_looks_like_imap():
    return _head('Tricks') + '\n)\na1 OK done\n* BYE\n{10}\n.\n--\n'


@_case
def _body_of_30000_short_lines():
    return _head('Short lines') + '\n' + 'x\n' * 30000


def messages():
    """All messages, each with flags and a date for INTERNALDATE."""
    out = []
    for index, (name, build) in enumerate(_cases):
        zone = ('+0000', '+0100', '-0330', '+0545')[index % 4]
        date = '%2d-%s-20%02d %02d:%02d:%02d %s' % (
            index % 28 + 1, ('Jan', 'Jun', 'Dec')[index % 3], index % 24, index % 24, index % 60,
            (index * 7) % 60, zone)
        out.append(Message(name, _crlf_once(build()), FLAGS[index % len(FLAGS)], date))
    return out


def _crlf_once(data):
    if isinstance(data, bytes) and b'\r\n' in data:
        return data
    return _crlf(data)


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
                % (index % 7, index % 97, index % 97, index, _words(index, 3),
                   'Mon', index % 28 + 1, ('Jan', 'Feb', 'Mar', 'Apr')[index // 28 % 4], index % 24,
                   index % 60, seed, index))
        text = _paragraphs(index, max(1, length // 75))
        if kind == 0:
            body = ('Content-Type: multipart/alternative; boundary="b%d"\n\n--b%d\n'
                    'Content-Type: text/plain; charset=utf-8\n\n%s\n--b%d\n'
                    'Content-Type: text/html; charset=utf-8\n\n<p>%d</p>\n--b%d--\n'
                    % (index, index, text, index, index, index))
        else:
            body = 'Content-Type: text/plain; charset=utf-8\n\n' + text
        out.append(_crlf(head + body))
    return out


def one(label, size=0):
    """One ordinary message that no other call makes: its Message-ID holds `label`."""
    text = _head('Message %s' % label, 'X-Label: %s\n' % label) + '\nThis is %s.\n' % label
    if size > len(text):
        text += _paragraphs(hash_of(str(label)) % 1000, (size - len(text)) // 70 + 1)
    return _crlf(text)
