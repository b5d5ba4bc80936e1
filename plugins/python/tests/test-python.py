#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Extensions in Python in a running ferryd, before the sample server and before Cyrus: the example
answers over a socket; one that fails everywhere fails alone."""

import contextlib
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.environ['FERRY_SRCDIR'], 'tests', 'integration'))

from lib import procs, target                               # noqa: E402
from lib.ferry import Ferry, module_folders                 # noqa: E402
from lib.sample import Sample                               # noqa: E402
from lib.tap import check, run, same, wait_for              # noqa: E402

HERE = os.path.join(os.environ['FERRY_SRCDIR'], 'plugins', 'python')


def attached(name, kind, octets):
    return '\r\n'.join(('--frontier', 'Content-Type: ' + kind, 'Content-Transfer-Encoding: 7bit',
                        'Content-Disposition: attachment; filename="%s"' % name, '', octets, ''))


def mail(subject, *parts):
    head = ['From: ann@a.example', 'To: bob@b.example', 'Subject: ' + subject,
            'Message-ID: <%s@a.example>' % subject, 'Date: Mon, 01 Jan 2024 10:00:00 +0000',
            'MIME-Version: 1.0']
    if not parts:
        return '\r\n'.join(head + ['', 'hello', '']).encode()
    head += ['Content-Type: multipart/mixed; boundary=frontier', '']
    text = '--frontier\r\nContent-Type: text/plain\r\n\r\nhello\r\n'
    return ('\r\n'.join(head) + '\r\n' + text + ''.join(parts) + '--frontier--\r\n').encode()


MAIL = [mail('plain'),
        mail('one', attached('offer "7".pdf'.replace('"', '\\"'), 'application/pdf', 'x' * 37)),
        mail('two', attached('a.txt', 'text/plain', 'x'), attached('b.csv', 'text/csv', 'y' * 200))]
WANT = [[], [[b'offer "7".pdf', b'application/pdf', b'37']],
        [[b'a.txt', b'text/plain', b'1'], [b'b.csv', b'text/csv', b'200']]]


def settings(*names):
    return {'ferry': {'extensions': ';'.join(('*', 'python') + names),
                      'plugin-dir': ';'.join(module_folders() + [HERE + '/examples', HERE + '/tests'])}}


@contextlib.contextmanager
def on_sample(*names):
    with Sample() as sample:
        for day, message in enumerate(MAIL, 1):
            sample.deliver(message, received='2024-01-0%dT10:00:00Z' % day)
        with Ferry(sample.url, settings=settings(*names)) as ferry:
            yield ferry


def compare_attachments(client):
    check(b'XATTACHMENTS' in client.capabilities(), 'it is advertised')
    client.select()
    for reply in (client.ok('FETCH 1:* (FLAGS XATTACHMENTS)'), client.ok('UID FETCH 1:* XATTACHMENTS')):
        got = [dict(reply.fetched())[number][b'XATTACHMENTS'] for number in (1, 2, 3)]
        same(got, WANT)
    check(client.cmd('FETCH 1 XATTACHMENTS[]').kind == b'BAD', 'it takes no section')


def test_example_on_sample():
    with on_sample('attachments') as ferry, ferry.imap() as client:
        compare_attachments(client)


def test_example_on_cyrus():
    if target.NATIVE:
        return

    def fill(cyrus):
        with cyrus.imap('alice') as client:
            for day, message in enumerate(MAIL, 1):
                client.append('INBOX', message, date='0%d-Jan-2024 10:00:00 +0000' % day)

    with target.on_cyrus(settings=settings('attachments'), before=fill) as it, it.imap() as client:
        compare_attachments(client)


def log_of(ferry):
    with open(ferry.log, errors='replace') as log:
        return log.read()


def check_commands(client):
    for name, status, word in (('XRAISE', b'NO', b'SERVERBUG'), ('XEXIT', b'NO', b'SERVERBUG'),
                               ('XREFUSE', b'NO', b'INUSE'), ('XHALF', b'NO', b'SERVERBUG'),
                               ('XENDED', b'OK', b''), ('XLATER', b'NO', b'SERVERBUG'),
                               ('CHECK', b'NO', b'SERVERBUG')):
        reply = client.cmd(name)
        same(reply.kind, status, '%s: %s' % (name, reply))
        check(word in (reply.code or b''), '%s: %s' % (name, reply))
        same(reply.all(b'XHALF'), [], name)
    reply = client.cmd('XTWO')
    same((reply.kind, len(reply.all(b'XTWO'))), (b'NO', 0), str(reply))
    reply = client.ok('XTHREAD')
    check(b'main' in reply.all(b'XTHREAD')[0].line, str(reply))


def check_refusals(client):
    for word, status, code in (('RAISE', b'NO', b'SERVERBUG'), ('REFUSE', b'NO', b'INUSE'),
                               ('SAYNO', b'BAD', b'')):
        for command in ('FETCH 1 FLAGS (X%s)', 'SEARCH XPREPARE%s', 'FETCH 1 XPREPARE%s',
                        'EXAMINE INBOX (X%s)'):
            reply = client.cmd(command % word)
            same(reply.kind, status, '%s: %s' % (command % word, reply))
            check(code in (reply.code or b''), str(reply))
        client.select()


def check_parts(client):
    reply = client.cmd('FETCH 1:3 (UID XHALF FLAGS)')
    same(reply.kind, b'NO', str(reply))
    fetched = dict(reply.fetched())
    same(sorted(fetched), [1, 2, 3], 'the other items are told')
    same([b'XHALF' in fetched[number] for number in (1, 2, 3)], [True, False, False])
    check(all(b'UID' in items and b'FLAGS' in items for items in fetched.values()), str(reply))
    for command in ('SEARCH XRAISE', 'SEARCH NOT XRAISE', 'SEARCH RETURN (ALL) OR XRAISE ALL',
                    'UID SEARCH NOT XRAISE'):
        reply = client.cmd(command)
        same(reply.kind, b'NO', command)
        same((reply.all(b'SEARCH'), reply.all(b'ESEARCH')), ([], []), command)
    if b'SORT' in client.capabilities():
        reply = client.cmd('SORT (XRAISE) UTF-8 ALL')
        same((reply.kind, reply.all(b'SORT')), (b'NO', []))
    reply = client.cmd('SEARCH RETURN (XHALF COUNT) ALL')
    same(reply.kind, b'NO')
    check(b'XHALF' not in reply.all(b'ESEARCH')[0].line, str(reply))
    reply = client.cmd('STATUS INBOX (MESSAGES XHALF UNSEEN)')
    same(reply.kind, b'NO')
    check(b'(MESSAGES 3 UNSEEN' in reply.all(b'STATUS')[0].line, str(reply))
    reply = client.cmd('LIST "" * RETURN (XHALF)')
    same((reply.kind, reply.all(b'XLIST')), (b'NO', []))
    check(reply.all(b'LIST'), str(reply))
    same(client.cmd('LIST (XRAISE) "" *').kind, b'NO')
    for word, code in (('XRAISE', b'SERVERBUG'), ('XWAIT', b'SERVERBUG'), ('XENDED', b'CANNOT')):
        reply = client.cmd('APPEND INBOX %s x' % word)
        same((reply.kind, reply.code), (b'NO', code), str(reply))


def check_quiet(ferry, client):
    """What has no command to answer for it is left out, and everything else is told."""
    check(not {b'XFAULTY', b'XNUMBER'} & set(client.capabilities()), 'no capability')
    same(client.ok('NOOP').code, None)
    with ferry.imap() as other:
        check(b'XFAULTY' not in other.ok('ENABLE XFAULTY').first(b'ENABLED').line, 'not enabled')
        other.select()
        other.ok('STORE 1 +FLAGS (\\Flagged)')
    reply = wait_for(lambda: (lambda reply: reply.fetched() and reply)(client.ok('NOOP')), 20,
                     'the change is told')
    check(b'\\Flagged' in dict(reply.fetched())[1][b'FLAGS'], str(reply))


def test_faults_stay_where_they_are():
    with on_sample('faults', 'attachments') as ferry:
        with ferry.imap() as client:
            client.select()
            check_commands(client)
            check_refusals(client)
            check_parts(client)
            check_quiet(ferry, client)
            compare_attachments(client)
        text = log_of(ferry)
        for line in ('extension faults, command XRAISE: faults.py, line ', 'Full: the moon is full',
                     'extension faults, fetch item XHALF: ', 'extension faults, search key XRAISE: ',
                     'extension faults, command XEXIT: faults.py, line ',
                     'extension faults, command XLATER: faults.py, line ',
                     'extension faults, append data: faults.py, line ',
                     'extension faults, update writer XFAULTY: ',
                     'extension faults, capability XNUMBER: TypeError'):
            check(line in text, '%r is in the log' % line)
        check('Traceback' not in text, 'tracebacks only where debugging')


def test_signals_are_ferryds():
    """SIGINT and SIGTERM end it in order, with an interpreter in it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        with on_sample('attachments') as ferry:
            with ferry.imap() as client:
                client.select()
                client.ok('FETCH 1:* XATTACHMENTS')
            ferry.process.send_signal(number)
            same(ferry.process.wait(20 * procs.PATIENCE), 0, 'ends well with %s' % number.name)
            check('KeyboardInterrupt' not in log_of(ferry), 'Python hears nothing of it')


def test_reload():
    """SIGHUP with extensions in Python: who is there goes on, who comes is served."""
    with on_sample('attachments') as ferry, ferry.imap() as client:
        client.select()
        for _ in range(3):
            ferry.process.send_signal(signal.SIGHUP)
            client.ok('NOOP')
            with ferry.imap() as other:
                compare_attachments(other)
        compare_attachments(client)


if __name__ == '__main__':
    run([test_example_on_sample, test_example_on_cyrus, test_faults_stay_where_they_are,
         test_signals_are_ferryds, test_reload], timeout=280)
