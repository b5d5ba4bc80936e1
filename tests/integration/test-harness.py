#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The harness itself: the response parser, the corpus, and a private Cyrus that comes and goes."""

from lib import corpus, cyrus, imap, procs
from lib.tap import check, run, same

RESPONSES = [
    (b'* 12 FETCH (FLAGS (\\Seen) UID 7)\r\n', b'FETCH', 12, [[b'FLAGS', [b'\\Seen'], b'UID', b'7']]),
    (b'* 1 FETCH (BODY[HEADER.FIELDS (To "X]")]<0> {4}\r\na)\r\n)\r\n', b'FETCH', 1,
     [[b'BODY[HEADER.FIELDS (To "X]")]<0>', b'a)\r\n']]),
    (b'* LIST (\\HasNoChildren) "/" "a \\"b\\""\r\n', b'LIST', None, [[b'\\HasNoChildren'], b'/', b'a "b"']),
    (b'* 3 FETCH (ENVELOPE (NIL "NIL" ((NIL NIL "a" "b"))))\r\n', b'FETCH', 3,
     [[b'ENVELOPE', [None, b'NIL', [[None, None, b'a', b'b']]]]]),
    (b'* SEARCH\r\n', b'SEARCH', None, []),
    (b'* 2 FETCH (BODY[] ~{3}\r\n\x00()\r\n)\r\n', b'FETCH', 2, [[b'BODY[]', b'\x00()\r\n'[:3]]]),
]


def test_parse_responses():
    for index, (line, kind, number, tokens) in enumerate(RESPONSES[:5]):
        response = imap.Response(line)
        same((response.kind, response.number, response.tokens), (kind, number, tokens),
             'response %d' % index)


def test_parse_status_responses():
    response = imap.Response(b'* OK [PERMANENTFLAGS (\\Seen \\*)] Limited\r\n')
    same((response.kind, response.code, response.code_value, response.text),
         (b'OK', b'PERMANENTFLAGS', b'(\\Seen \\*)', b'Limited'))
    reply = imap.Reply(b'a1 OK [COPYUID 9 1:2,5 7:9] done\r\n')
    same(imap.copyuid(reply), (9, [1, 2, 5], [7, 8, 9]))
    same(imap.Response(b'+ \r\n').tag, b'+')


def test_corpus_is_deterministic_and_large_enough():
    first, second = corpus.messages(), corpus.messages()
    same([m.data for m in first], [m.data for m in second])
    check(len(first) >= 60, 'at least 60 messages, have %d' % len(first))
    same(len({m.name for m in first}), len(first), 'names are unique')
    for message in first:
        check(b'\0' not in message.data, message.name + ' has a NUL')
        check(b'\n' not in message.data.replace(b'\r\n', b''), message.name + ' has a bare LF')


def test_private_cyrus():
    with cyrus.running(tls=True) as server:
        path = server.dir + '/imapd.conf'
        with server.imap() as client:
            client.append('INBOX', b'Subject: x\r\n\r\nhello\r\n', ['\\Seen'])
            same(client.status('INBOX', 'MESSAGES UNSEEN'), {b'MESSAGES': 1, b'UNSEEN': 0})
        server.restart()
        with imap.Imap(server.host, server.imap_port, tls='starttls', user='alice') as client:
            same(client.select().first(b'EXISTS').number, 1)
    same(procs.processes_naming(path), [], 'processes left')


run([test_parse_responses, test_parse_status_responses,
     test_corpus_is_deterministic_and_large_enough, test_private_cyrus], timeout=60)
