# SPDX-License-Identifier: LGPL-2.1-or-later
"""Messages that are ugly in their MIME structure; see corpus.py."""

from .corpus_parts import case, crlf, head, multipart, b64


# MIME structure

@case
def _mime_deep_50():
    text = 'Content-Type: text/plain\n\nbottom\n'
    for level in range(50):
        text = ('Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n%s--b%d--\n'
                % (level, level, text, level))
    return head('Deep', 'MIME-Version: 1.0\n') + text


@case
def _mime_deep_rfc822_20():
    text = head('Bottom') + '\nthe bottom\n'
    for level in range(20):
        text = head('Level %d' % level, kind='message/rfc822') + '\n' + text
    return text


@case
def _mime_wide_300():
    return multipart('wide', ['Content-Type: text/plain; name=p%d\n\npart %d\n' % (i, i)
                               for i in range(300)], subject='Wide')


@case
def _mime_no_boundary_parameter():
    return head('No boundary', kind='multipart/mixed') + '\n--x\n\npart\n--x--\n'


@case
def _mime_boundary_never_occurs():
    return head('Absent', kind='multipart/mixed; boundary=nowhere') + '\njust text\nmore text\n'


@case
def _mime_no_closing_boundary():
    return (head('Open end', kind='multipart/mixed; boundary=open')
            + '\n--open\nContent-Type: text/plain\n\none\n--open\nContent-Type: text/html\n\n<b>two</b>\n')


@case
def _mime_empty_multipart():
    return head('Empty', kind='multipart/mixed; boundary=e') + '\n--e--\n'


@case
def _mime_empty_parts():
    return multipart('ep', ['', '\n', 'Content-Type: text/plain\n', 'Content-Type: text/plain\n\n',
                             'Content-Type: text/html\n\nlast\n'], subject='Empty parts')


@case
def _mime_part_without_headers():
    return multipart('nh', ['\nimplied plain text\n', '\nand once more\n'], subject='Part headers')


@case
def _mime_preamble_epilogue():
    return multipart('pe', ['Content-Type: text/plain\n\nmiddle\n'], subject='Around',
                      preamble='This is a preamble.\n--not the boundary\n\n',
                      epilogue='epilogue\n--pe\nnot a part any more\n')


@case
def _mime_boundary_prefix_of_another():
    inner = ('Content-Type: multipart/alternative; boundary="outer-inner"\n\n--outer-inner\n'
             'Content-Type: text/plain\n\na\n--outer-inner\nContent-Type: text/html\n\nb\n--outer-inner--\n')
    return multipart('outer', [inner, 'Content-Type: text/plain\n\nafter\n'], subject='Prefix')


@case
def _mime_boundary_missing_inner_close():
    inner = ('Content-Type: multipart/mixed; boundary=in\n\n--in\nContent-Type: text/plain\n\na\n')
    return multipart('out', [inner, 'Content-Type: text/plain\n\nb\n'], subject='Inner open')


@case
def _mime_boundary_trailing_space():
    return (head('Spaces', kind='multipart/mixed; boundary="sp ace"')
            + '\n--sp ace  \nContent-Type: text/plain\n\none\n--sp ace\t\n\ntwo\n--sp ace--  \n')


@case
def _mime_boundary_quoted_and_odd():
    return multipart("=_?:=/'()+,-.gc0pJq0M08jU534c0p", ['Content-Type: text/plain\n\nodd boundary\n'],
                      subject='Odd')


@case
def _mime_same_boundary_twice():
    inner = 'Content-Type: multipart/mixed; boundary=same\n\n--same\n\ninner\n--same--\n'
    return multipart('same', [inner, '\nouter\n'], subject='Same')


@case
def _mime_rfc2231_parameters():
    return multipart('p', [
        "Content-Type: text/plain; name*=utf-8''gr%C3%BC%C3%9Fe.txt\n"
        "Content-Disposition: attachment; filename*0*=utf-8''gr%C3%BC;\n filename*1*=%C3%9Fe;\n"
        ' filename*2=".txt"\n\nx\n',
        'Content-Type: text/plain; charset=us-ascii; x="a;b=c\\"d"; empty=""; y=\n\nx\n',
        'Content-Type: text/plain; title*0="first "; title*1="second"\n\nx\n'], subject='Parameters')


@case
def _mime_content_type_broken():
    kinds = ['text', '/', 'text/', '/plain', 'text/plain; charset', 'text/plain;;; charset=utf-8',
             'text/plain charset=utf-8', '"text"/plain', 'text / plain ; charset = "utf-8"', '',
             'text/plain; charset=utf-8 (comment)', 'TEXT/HTML; CHARSET=UTF-8', 'x-a/y-b; z="unclosed']
    return multipart('ct', ['Content-Type: %s\n\npart %d\n' % (kind, i)
                             for i, kind in enumerate(kinds)], subject='Types')


@case
def _mime_transfer_encodings():
    kinds = ['7bit', '8BIT', 'binary', 'Quoted-Printable', 'BASE64', 'x-uuencode', 'nonsense', '',
             '"base64"', 'base64 (comment)', '7-bit']
    return multipart('te', ['Content-Type: text/plain\nContent-Transfer-Encoding: %s\n\nQUJD\n' % k
                             for k in kinds], subject='Encodings')


@case
def _mime_base64_broken():
    return (head('Broken base64', 'Content-Transfer-Encoding: base64\n', 'text/plain')
            + '\nSGVsbG8=\n!!!! not base64 ====\nSGVsbG8\n\n=\n')


@case
def _mime_quoted_printable_broken():
    return (head('Broken qp', 'Content-Transfer-Encoding: quoted-printable\n', 'text/plain')
            + '\n=ZZ =4 =\n=\nend=')


@case
def _mime_multipart_with_encoding():
    return (head('Encoded multipart', 'Content-Transfer-Encoding: base64\n',
                  'multipart/mixed; boundary=m')
            + '\n--m\nContent-Type: text/plain\n\nstill parsed\n--m--\n')


@case
def _mime_rfc822_in_base64():
    inner = crlf(head('Encoded inner') + '\nhidden\n')
    return multipart('r', ['Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n'
                            + b64(inner)], subject='Encoded message')


@case
def _mime_rfc822_empty():
    return multipart('r', ['Content-Type: message/rfc822\n\n', 'Content-Type: message/rfc822\n'],
                      subject='Empty messages')


@case
def _mime_rfc822_of_multipart():
    inner = multipart('inner', ['Content-Type: text/plain\n\na\n', 'Content-Type: image/gif\n'
                                 'Content-Transfer-Encoding: base64\n\nR0lG\n'], subject='Inner multipart')
    return multipart('o', ['Content-Type: text/plain\n\nt\n', 'Content-Type: message/rfc822\n\n' + inner],
                      subject='Message of parts')


@case
def _mime_message_partial_and_external():
    return multipart('x', [
        'Content-Type: message/partial; id="a@b"; number=1; total=3\n\nSubject: part\n\nx\n',
        'Content-Type: message/external-body; access-type=URL;\n URL="ftp://example.org/x"\n\n'
        'Content-Type: text/plain\n\n'], subject='Old kinds')


@case
def _mime_no_version():
    return head('No version', 'Content-Type: multipart/mixed; boundary=v\n') + (
        '\n--v\nContent-Type: text/plain\n\na\n--v--\n')


@case
def _mime_charsets():
    parts = []
    for charset, text in (('koi8-r', 'Привет'), ('iso-2022-jp', 'こんにちは'), ('gb18030', '你好'),
                          ('windows-1252', '“quotes”'), ('utf-7', 'ö'), ('shift_jis', 'テスト')):
        parts.append('Content-Type: text/plain; charset=%s\nContent-Transfer-Encoding: base64\n\n%s'
                     % (charset, b64(text.encode(charset))))
    parts.append('Content-Type: text/plain; charset=x-nobody-knows\n\nabc\n')
    return multipart('cs', parts, subject='Charsets')


@case
def _mime_headers_8bit_in_part():
    return crlf(multipart('h', ['Content-Type: text/plain; name="NAME"\n'
                                  'Content-Disposition: attachment; filename=NAME\n'
                                  'Content-Description: NAME\n\nx\n'],
                            subject='8bit')).replace(b'NAME', b'gr\xfc\xdfe.txt')


@case
def _mime_content_fields_all():
    return (head('Fields', 'Content-Transfer-Encoding: 7bit\nContent-ID: <id@example.org>\n'
                  'Content-Description: described\n folded\nContent-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\n'
                  'Content-Disposition: INLINE; FileName="x.txt"; handling=optional\n'
                  'Content-Language: en-GB\nContent-Location: http://example.org/a b\n',
                  'text/plain; charset=us-ascii') + '\nx\n')


@case
def _mime_disposition_broken():
    kinds = ['', ';', 'attachment;', 'attachment; filename', 'attachment; filename=a b.txt',
             'filename=x', '=?utf-8?q?attachment?=', 'attachment; filename="=?utf-8?q?x?="']
    return multipart('cd', ['Content-Type: text/plain\nContent-Disposition: %s\n\nx\n' % k
                             for k in kinds], subject='Dispositions')


@case
def _mime_dashes():
    return multipart('--', ['Content-Type: text/plain\n\n-- \nsignature\n---\n----x\n'],
                      subject='Dashes')
