# SPDX-License-Identifier: LGPL-2.1-or-later
"""Messages that are ugly in their fields, addresses, dates and text; see corpus.py."""

import quopri
import random

from .corpus_parts import CASES, case, crlf, head, paragraphs, multipart, b64


# ordinary mail

@case
def _plain():
    return head('Plain text') + '\nHello Bob,\n\nsee you at the ferry.\n\nAlice\n'


@case
def _plain_utf8():
    return (head('=?utf-8?q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?=',
                  'Content-Transfer-Encoding: 8bit\n', 'text/plain; charset=utf-8')
            + '\nGrüße aus Köln – 你好\n')


@case
def _plain_latin1_quoted_printable():
    body = quopri.encodestring('Größe: 5 Fuß\n'.encode('latin-1') * 3).decode()
    return (head('=?iso-8859-1?Q?Gr=F6=DFe?=', 'Content-Transfer-Encoding: quoted-printable\n',
                  'text/plain; charset="iso-8859-1"; format=flowed; delsp=yes') + '\n' + body)


@case
def _alternative():
    return multipart('alt-1', [
        'Content-Type: text/plain; charset=utf-8\n\nplain\n',
        'Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n'
        '<p class=3D"x">html</p>\n'], 'alternative')


@case
def _attachment_small():
    return multipart('mix-1', [
        'Content-Type: text/plain\n\nsee attachment\n',
        'Content-Type: image/png; name="dot.png"\nContent-Transfer-Encoding: base64\n'
        'Content-Disposition: attachment; filename="dot.png"; size=120\nContent-ID: <dot@example.org>\n'
        'Content-Description: a dot\n\n' + b64(bytes(range(120)))])


@case
def _attachment_large():
    data = random.Random(7).randbytes(2_500_000)
    return multipart('big', [
        'Content-Type: text/plain\n\nlarge one\n',
        'Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n'
        'Content-Disposition: attachment;\n filename=large.bin\n\n' + b64(data)], subject='Large')


@case
def _related_in_alternative_in_mixed():
    related = ('Content-Type: multipart/related; boundary=rel; type="text/html"\n\n'
               '--rel\nContent-Type: text/html; charset=us-ascii\n\n<img src="cid:i">\n'
               '--rel\nContent-Type: image/gif\nContent-Transfer-Encoding: base64\n'
               'Content-ID: <i>\nContent-Location: http://example.org/i.gif\n\nR0lGODlhAQAB\n--rel--\n')
    alternative = ('Content-Type: multipart/alternative; boundary=alt\n\n--alt\n'
                   'Content-Type: text/plain\n\ntext\n--alt\n' + related + '--alt--\n')
    return multipart('top', [alternative, 'Content-Type: application/pdf; name=a.pdf\n'
                              'Content-Transfer-Encoding: base64\n\nJVBERi0=\n'])


@case
def _forwarded_message():
    inner = head('Inner one') + '\ninner text\nsecond line\n'
    return multipart('fwd', ['Content-Type: text/plain\n\nfyi\n',
                              'Content-Type: message/rfc822\nContent-Disposition: inline\n\n'
                              + inner])


@case
def _message_is_rfc822():
    return head('Wrapped', kind='message/rfc822') + '\n' + head('In the wrapping') + '\nbody\n'


@case
def _digest():
    parts = ['\n' + head('Digest part %d' % i) + '\nnumber %d\n' % i for i in range(3)]
    return multipart('dig', parts, 'digest')


@case
def _report():
    return multipart('rep', [
        'Content-Type: text/plain\n\nDelivery failed\n',
        'Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n'
        'Final-Recipient: rfc822; bob@example.net\nAction: failed\nStatus: 5.1.1\n',
        'Content-Type: text/rfc822-headers\n\n' + head('The failed one')],
        'report; report-type=delivery-status')


@case
def _signed():
    return multipart('sig', [
        'Content-Type: text/plain\n\nsigned\n',
        'Content-Type: application/pgp-signature; name="signature.asc"\n\n-----BEGIN PGP SIGNATURE-----\n'
        'abc\n-----END PGP SIGNATURE-----\n'],
        'signed; micalg=pgp-sha256; protocol="application/pgp-signature"')


@case
def _calendar():
    return multipart('cal', [
        'Content-Type: text/plain\n\ninvitation\n',
        'Content-Type: text/calendar; method=REQUEST; charset=UTF-8\nContent-Language: en, de-CH\n\n'
        'BEGIN:VCALENDAR\nEND:VCALENDAR\n'])


@case
def _mailing_list():
    extra = ''.join('List-%s: <mailto:l-%s@example.org>\n' % (n, n.lower())
                    for n in ('Post', 'Help', 'Unsubscribe', 'Subscribe', 'Owner'))
    return head('[list] hello', extra + 'List-Id: A list <list.example.org>\n'
                 'Sender: list-bounces@example.org\nReply-To: list@example.org\n'
                 'In-Reply-To: <parent@example.org>\nReferences: <root@example.org>\n <parent@example.org>\n'
                 ) + '\n' + paragraphs(3, 12)


@case
def _long_thread_references():
    return head('Re: Re: Re: deep', 'References: '
                 + '\n '.join('<ref%d@example.org>' % i for i in range(200)) + '\n') + '\nme too\n'


@case
def _text_of_100_kilobytes():
    return head('Long text') + '\n' + paragraphs(11, 1700)


# addresses

@case
def _address_groups():
    return head('Groups', 'Cc: friends: a@example.org, "B, C" <b@example.org>;, d@example.org,\n'
                 ' undisclosed-recipients:;\nBcc: empty:;\n') + '\nx\n'


@case
def _address_routes_and_comments():
    return ('From: (comment) Pete (A nice \\) chap) <pete(his account)@silly.test(his host)>\n'
            'To: <@relay.example,@b.example:joe@example.org>, Mary Smith <mary@[192.0.2.1]>\n'
            'Cc: "quoted \\"local\\" part"@example.org, jdoe@example.org (John (Q.) Doe)\n'
            'Subject: Routes\nDate: Thu, 13\n  Feb\n    1969\n  23:32\n     -0330 (Newfoundland Time)\n\nx\n')


@case
def _address_broken():
    return ('From: nobody\nTo: ,,, alice@, @example.org, <>, "unterminated <x@example.org>\n'
            'Cc: a b c <d@e>, <f@g\nReply-To: mailto:h@i\nSubject: Broken addresses\n\nx\n')


@case
def _address_without_domain():
    return 'From: root\nTo: operator, "Cron Daemon" <cron>\nSubject: cron\n\nx\n'


@case
def _address_encoded_words():
    return head('Names', 'Cc: =?utf-8?b?w4bDuMOl?= <nordic@example.org>,\n'
                 ' =?iso-8859-1?q?J=F6rg?= =?utf-8?q?_M=C3=BCller?= <jm@example.org>,\n'
                 ' "=?utf-8?q?quoted?=" <q@example.org>\n') + '\nx\n'


@case
def _address_many():
    return head('Everybody', 'Cc: ' + ',\n '.join('Person %d <p%d@example.org>' % (i, i)
                                                  for i in range(600)) + '\n') + '\nx\n'


@case
def _address_special_characters():
    return head('Specials', 'Cc: "back\\\\slash" <b@example.org>, "a \\"b\\"" <q@example.org>,\n'
                 ' dots.in.name. <d@example.org>, a@b@c, a..b@example.org, .a@example.org\n') + '\nx\n'


@case
def _address_duplicate_fields():
    return head('First', 'From: Second <second@example.org>\nSubject: Second\nTo: third@example.org\n'
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
    CASES.append(('date-' + _name, lambda value=_value: _dated(value)))


# header fields

@case
def _header_only_no_body():
    return head('No body') + '\n'


@case
def _header_without_blank_line():
    return head('No blank line')


@case
def _header_without_final_line_end():
    return crlf(head('No line end'))[:-2]


@case
def _body_without_final_line_end():
    return crlf(head('No line end in body') + '\nlast line')


@case
def _header_one_field():
    return 'Subject: alone\n\n'


@case
def _header_8bit_utf8():
    return 'From: Jörg <joerg@example.org>\nTo: bob@example.net\nSubject: Grüße ohne Kodierung ☃\n\nx\n'


@case
def _header_8bit_latin1():
    return b'From: J\xf6rg <joerg@example.org>\nSubject: Gr\xfc\xdfe\nX-Note: \xa4\xff\xfe\n\nx\xe4\n'


@case
def _header_long_line():
    return head('L' * 9000, 'X-Long: ' + 'y' * 50000 + '\n') + '\nx\n'


@case
def _header_many_fields():
    return head('Many', ''.join('X-Field-%d: value %d\n' % (i, i) for i in range(3000))) + '\nx\n'


@case
def _header_folding():
    return (head('folded\n\twith tab\n  and  spaces ', 'X-Folded:\n value on the next line\n'
                  'X-Empty:\nX-Blank: \n \n\t\nx-lower: CASE\n') + '\nx\n')


@case
def _header_space_before_colon():
    return head('Space', 'X-Space :before colon\n') + '\nx\n'


@case
def _header_junk_lines():
    return 'From: a@example.org\nSubject: junk follows\nthis line has no colon\nTo: b@example.org\n\nx\n'


@case
def _header_mbox_from_line():
    return 'From alice@example.org Mon Feb  5 10:11:12 2024\nFrom: a@example.org\nSubject: mbox\n\nx\n'


@case
def _header_subject_quotes_and_backslashes():
    return head('a "quoted" \\ back\\slash {5} %d (paren)') + '\nx\n'


@case
def _header_encoded_words_broken():
    return head('=?utf-8?q?unterminated =?x-unknown?b?AAAA?= =?utf-8?b?!!!?= =?utf-8?q?=ZZ?=') + '\nx\n'


@case
def _header_control_characters():
    return head('bell \a escape \033[31m tab\tdel \177', 'X-Bare: a\rb\n') + '\nx\n'


@case
def _header_message_id_odd():
    return ('From: a@example.org\nMessage-ID: no angle brackets at all\nIn-Reply-To: <a@b> and "words" <c@d>\n'
            'Subject: ids\n\nx\n')


@case
def _header_empty_values():
    return ('From: \nTo:\nCc: \n\t\nSubject:\nDate:\nMessage-ID:\nIn-Reply-To:\nReply-To:\nSender:\n\nx\n')


# bodies

@case
def _body_long_lines():
    return head('Lines') + '\n' + 'x' * 200_000 + '\n' + 'y' * 998 + '\n'


@case
def _body_8bit_undeclared():
    return crlf(head('8bit body') + '\n') + bytes(range(128, 256)) + b'\r\n'


@case
def _body_bare_carriage_returns():
    return crlf(head('Bare CR') + '\n') + b'a\rb\r\rc\r\n\r\r\n'


@case
def _body_only_blank_lines():
    return head('Blank') + '\n' + '\n' * 50


@case
def _body_looks_like_imap():
    return head('Tricks') + '\n)\na1 OK done\n* BYE\n{10}\n.\n--\n'


@case
def _body_of_30000_short_lines():
    return head('Short lines') + '\n' + 'x\n' * 30000
