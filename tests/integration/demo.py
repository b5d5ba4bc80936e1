#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What ./demo runs once Ferry is built: a backend, ferryd in front, and two conversations."""

import argparse
import contextlib
import getpass
import os
import signal
import sys
import threading

from lib import procs
from lib.cyrus import Cyrus
from lib.ferry import Ferry, find
from lib.imap import Imap, Lit
from lib.sample import Sample
from lib.sieve import Sieve, plain
from lib.tap import Failure, Skip

MAIL = [
    ('Harbour Office <office@harbour.example>', 'Summer timetable', ['\\Seen'],
     'Dear Alice,\n\nfrom June the last ferry leaves at 23:10.\n\nThe harbour office\n'),
    ('Bob Baker <bob@example.net>', 'Lunch on the island?', ['\\Flagged'],
     'Hi Alice,\n\nthe bakery by the landing has opened again. Tuesday?\n\nBob\n'),
    ('Carol <carol@example.net>', 'Photos from the crossing', [],
     'The fog made them all look like paintings.\n\nCarol\n'),
]
NEW = ('From: Alice <alice@example.org>\r\nTo: Bob <bob@example.net>\r\nSubject: Re: Lunch\r\n'
       'Date: Tue, 6 Feb 2024 08:00:00 +0100\r\nMessage-ID: <demo-reply@example.org>\r\n\r\n'
       'Tuesday it is.\r\n').encode()


class Talk(Imap):
    """An IMAP connection that shows what is said."""

    def send(self, data):
        data = data.encode() if isinstance(data, str) else data
        shown = data.replace(self.secret, b'********') if self.secret else data
        show('C', shown)
        super().send(data)

    def raw_response(self, timeout=None):
        raw = super().raw_response(timeout)
        show('S', raw)
        return raw

    secret = b''


SCRIPT = (b'require "fileinto";\r\n'
          b'if header :contains "subject" "timetable" { fileinto "Archive"; }\r\n')
NAME = 'ferry-demo'


class SieveTalk(Sieve):
    """A ManageSieve connection that shows what is said."""

    def send(self, data):
        data = data.encode() if isinstance(data, str) else data
        show('C', data.replace(self.secret, b'********') if self.secret else data)
        super().send(data)

    def raw_line(self):
        raw = super().raw_line()
        show('S', raw)
        return raw

    secret = b''


def show(who, octets):
    lines = octets.decode('utf-8', 'replace').rstrip('\r\n').split('\n')
    for number, line in enumerate(lines[:14]):
        line = line.rstrip('\r')
        print('%s %s' % (who + ':' if number == 0 else '  ',
                         line if len(line) <= 150 else line[:147] + '…'), flush=True)
    if len(lines) > 14:
        print('   … (%d lines more)' % (len(lines) - 14), flush=True)


def fill_cyrus(cyrus):
    with cyrus.imap() as client:
        for number, (sender, subject, flags, text) in enumerate(MAIL):
            message = ('From: %s\nTo: Alice <alice@example.org>\nSubject: %s\n'
                       'Date: Mon, 5 Feb 2024 1%d:00:00 +0100\nMessage-ID: <demo-%d@example.org>\n\n%s'
                       % (sender, subject, number, number, text)).replace('\n', '\r\n').encode()
            client.append('INBOX', message, flags, ' 5-Feb-2024 1%d:00:00 +0100' % number)


@contextlib.contextmanager
def backend(arguments):
    """(URL, name of it, user, password, whether it may be written to)"""
    if arguments.url:
        user = os.environ.get('FERRY_DEMO_USER') or input('User name at %s: ' % arguments.url)
        password = os.environ.get('FERRY_DEMO_PASSWORD') or getpass.getpass('Password: ')
        yield arguments.url, arguments.url, user, password, False
    elif arguments.cyrus:
        with Cyrus() as cyrus:
            fill_cyrus(cyrus)
            yield cyrus.url, 'a private Cyrus at ' + cyrus.url, 'alice', 'secret', True
    else:
        with Sample('--sample', 'alice') as sample:
            yield sample.url, 'the sample JMAP server at ' + sample.url, 'alice', 'secret', True


def converse(ferry, user, password, writable):
    """The conversation; an exception if any of it fails."""
    print('\n--- an IMAP conversation with ferryd\n')
    Talk.secret = password.encode()
    with Talk(ferry.host, ferry.imap_port, timeout=120) as client:
        if password.isalnum():
            client.ok('LOGIN %s %s' % (user, password))
        else:
            client.ok('LOGIN ', Lit(user.encode()), ' ', Lit(password.encode()))
        client.ok('LIST "" "*"')
        count = client.ok('SELECT INBOX').first(b'EXISTS').number
        if count:
            first = max(1, count - 2)
            client.ok('FETCH %d:%d (UID FLAGS INTERNALDATE ENVELOPE)' % (first, count))
            client.ok('FETCH %d (BODYSTRUCTURE BODY.PEEK[TEXT])' % first)
        if writable:
            change(client)
        client.leaving = True
        client.ok('LOGOUT')


def change(client):
    client.ok('SEARCH FLAGGED')
    reply = client.ok('APPEND Sent (\\Seen) ', Lit(NEW))
    if b'APPENDUID' not in reply.codes():
        raise Failure('no APPENDUID')
    client.ok('STORE 1 +FLAGS ($ToRead)')
    sent = client.ok('SELECT Sent').first(b'EXISTS').number
    body = client.ok('FETCH %d (BODY.PEEK[])' % sent).fetched()[sent][b'BODY[]']
    if body != NEW:
        raise Failure('the message came back changed')


def edit_scripts(ferry, user, password, writable):
    """A script is put and activated through ManageSieve; an exception if any of it fails."""
    print('\n--- a ManageSieve conversation with ferryd\n')
    SieveTalk.secret = plain(user, password).encode()
    with SieveTalk(ferry.host, ferry.ports['sieve'], timeout=120) as client:
        answer = client.cmd('AUTHENTICATE "PLAIN" "%s"' % plain(user, password))
        if not answer.ok:
            if writable:
                raise Failure(answer.text)
            return          # many servers offer no scripts
        client.capability()
        client.good('LISTSCRIPTS')
        if not writable:
            return
        if client.put(NAME, b'keep;\r\nfileinot "Archive";\r\n').ok:
            raise Failure('a script that is not valid was stored')
        client.good('PUTSCRIPT', NAME.encode(), SCRIPT)
        client.good('SETACTIVE', NAME.encode())
        if client.list() != {NAME: True} or client.get(NAME) != SCRIPT:
            raise Failure('the script came back changed')


def explain(ferry, user, password, writable):
    port = ferry.imap_port
    print('''
--- point a mail client at it

  IMAP server %s, port %d, no encryption (loopback only), user name %s%s
    neomutt -f imap://%s@%s:%d/INBOX
    curl --user %s imap://%s:%d/INBOX
    Thunderbird: Account Settings > Add Mail Account > Configure manually

  Sieve editors: ManageSieve server %s, port %d, without TLS, the same name and password
    sieve-connect --server %s --port %d --clearchan --user %s --list
  configuration of this ferryd: %s
  its log:                      %s

Ctrl-C ends all of it%s.''' % (
        ferry.host, port, user, ', password ' + password if writable else '', user, ferry.host, port,
        user + (':' + password if writable else ''), ferry.host, port, ferry.host, ferry.ports['sieve'],
        ferry.host, ferry.ports['sieve'], user, ferry.config, ferry.log,
        ' and forgets what was changed' if writable else ''), flush=True)


def main():
    parser = argparse.ArgumentParser(prog='./demo', description=__doc__)
    parser.add_argument('--cyrus', action='store_true', help='a private Cyrus as the backend')
    parser.add_argument('--url', help='your own JMAP server; it is only read from')
    parser.add_argument('--once', action='store_true', help='the conversation, and exit with its success')
    arguments = parser.parse_args()
    ended = threading.Event()
    with backend(arguments) as (url, name, user, password, writable):
        settings = {'backend main': {'allow-plaintext': 'loopback'}}
        ferry = Ferry(url, ('plain', 'sieve'), user=user, password=password, settings=settings)
        if not procs.port_open(1143) and not procs.port_open(4190):
            ferry.ports = {'plain': 1143, 'sieve': 4190}
        with ferry:
            print('backend: %s\nferryd:  %s, IMAP on %s port %d, ManageSieve on port %d'
                  % (name, find('ferryd'), ferry.host, ferry.imap_port, ferry.ports['sieve']), flush=True)
            converse(ferry, user, password, writable)
            edit_scripts(ferry, user, password, writable)
            if not arguments.once:
                explain(ferry, user, password, writable)
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(number, lambda *_: ended.set())
                while not ended.wait(0.5):
                    if not ferry.alive():
                        raise Failure('ferryd has ended\n' + procs.tail(ferry.log))
    print('ended', flush=True)


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except (Skip, Failure) as problem:
        sys.exit('demo: %s' % problem)
