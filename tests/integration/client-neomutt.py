#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""neomutt, driven by key pushes in a terminal of its own (in batch mode it keeps no copy in IMAP)."""

import contextlib
import mailbox
import os

from lib import clients, corpus, procs, target
from lib.tap import check, run, same

CONFIG = '''\
set realname="Alice" from="alice@example.org" use_from=yes
set imap_user=alice imap_pass=secret
set folder="{url}"
set spoolfile="{url}INBOX" record="{url}Sent" postponed="{url}Drafts"
set ssl_starttls={starttls} ssl_force_tls={force} ssl_verify_host=no ssl_verify_dates=no
set certificate_file={home}/certs
set sendmail="/bin/true" copy=yes
set header_cache={home}/hcache
set confirmappend=no confirmcreate=no delete=yes move=no quit=yes mark_old=no wait_key=no
set imap_check_subscribed=no mail_check=60 sleep_time=0
set editor="{home}/editor" abort_unmodified=no edit_headers=no abort_nosubject=no beep=no fast_reply=yes
unset help
'''


class Neomutt:
    def __init__(self, server, home, kind='plain'):
        self.home, self.program = home, clients.need('neomutt', 'neomutt')
        scheme = 'imaps' if kind == 'implicit' else 'imap'
        self.url = '%s://%s:%d/' % (scheme, 'localhost' if kind != 'plain' else server.host,
                                    server.front.ports[kind])
        os.makedirs(home + '/hcache', exist_ok=True)
        with open(home + '/editor', 'w') as out:
            out.write('#!/bin/sh\necho "Hello from neomutt" >>"$1"\n')
        os.chmod(home + '/editor', 0o700)
        if kind != 'plain':
            folder = server.cyrus.dir + '/tls' if target.NATIVE else server.front.dir
            with open(folder + '/cert.pem') as cert, open(home + '/certs', 'w') as out:
                out.write(cert.read())
        with open(home + '/muttrc', 'w') as out:
            out.write(CONFIG.format(url=self.url, home=home, starttls='yes' if kind == 'starttls' else 'no',
                                    force='no' if kind == 'plain' else 'yes'))

    def keys(self, box, keys):
        """Open a mailbox and type."""
        return clients.run_in_terminal(
            [self.program, '-n', '-F', self.home + '/muttrc', '-f', self.url + box,
             '-e', "push '%s'" % keys], self.home)

    def send(self, subject, to, attachment):
        self.keys('INBOX', '<mail>%s<enter>%s<enter><attach-file>%s<enter><send-message><exit>'
                  % (to, subject, attachment))


@contextlib.contextmanager
def fixture():
    clients.need('neomutt', 'neomutt')
    clients.need_terminal()
    with target.on_cyrus(listeners=('plain', 'starttls', 'implicit')) as server:
        home = procs.temp_dir('neomutt')
        try:
            server.home, server.mutt = home, Neomutt(server, home)
            yield server
        finally:
            procs.remove_dir(home)


def fill(server, name, count):
    server.fresh(name)
    with server.native() as native:
        for number in range(count):
            native.append(name, corpus.one('%s-%d' % (name, number)))
    return name


def flags(server, name):
    """Label → flags, as the server under test tells it."""
    with server.imap() as client:
        if not client.examine(name).first(b'EXISTS').number:
            return {}
        out = {}
        for items in client.fetch('1:*', '(FLAGS BODY.PEEK[HEADER.FIELDS (X-Label)])').values():
            octets = next(v for k, v in items.items() if k.startswith(b'BODY['))
            out[octets.split(b':')[1].strip().decode()] = set(items[b'FLAGS'])
        return out


def test_read_all_and_copy_to_a_local_mailbox(server):
    server.fresh('MuttAll')
    with server.native() as native:
        for message in clients.mail():
            native.append('MuttAll', message.data)
    path = server.home + '/all.mbox'
    server.mutt.keys('MuttAll', '<tag-pattern>~A<enter><tag-prefix><copy-message>%s<enter><exit>' % path)
    box = mailbox.mbox(path)
    same(len(box), len(clients.mail()), 'messages')
    with open(path, 'rb') as handle:
        text = handle.read()
    for message in clients.mail():
        body = clients.unix(message.data).split(b'\n\n', 1)[-1].strip(b'\n')
        if body and b'\nFrom ' not in body:
            check(body in text, 'the body of ' + message.name)


def test_flag_delete_and_save(server):
    fill(server, 'MuttWork', 5)
    server.fresh('MuttSaved')
    server.mutt.keys('MuttWork', '<tag-pattern>MuttWork-1<enter><tag-prefix><flag-message>'
                     '<untag-pattern>~A<enter>'
                     '<delete-pattern>MuttWork-2<enter>'
                     '<tag-pattern>MuttWork-3<enter><tag-prefix><save-message>=MuttSaved<enter>'
                     '<sync-mailbox><exit>')
    left = flags(server, 'MuttWork')
    same(sorted(left), ['MuttWork-0', 'MuttWork-1', 'MuttWork-4'])
    check(b'\\Flagged' in left['MuttWork-1'] and b'\\Flagged' not in left['MuttWork-0'], 'flagged: %r' % left)
    same(sorted(flags(server, 'MuttSaved')), ['MuttWork-3'])
    with server.native() as native:
        same(native.status('MuttWork', 'MESSAGES')[b'MESSAGES'], 3, 'natively')


def test_sent_copy(server):
    attachment = server.home + '/attachment.bin'
    with open(attachment, 'wb') as out:
        out.write(bytes(range(256)) * 200)
    with server.imap() as client:
        before = client.status('Sent', 'MESSAGES')[b'MESSAGES']
    server.mutt.send('Sent by a script', 'bob@example.net', attachment)
    with server.imap() as client:
        client.examine('Sent')
        same(client.status('Sent', 'MESSAGES')[b'MESSAGES'], before + 1, 'in Sent')
        items = client.ok('FETCH * (FLAGS ENVELOPE BODY.PEEK[2])').fetched()[before + 1]
        same(items[b'ENVELOPE'][1], b'Sent by a script', 'subject')
        check(b'\\Seen' in items[b'FLAGS'], 'seen')
        import base64
        same(base64.b64decode(items[b'BODY[2]']) == bytes(range(256)) * 200, True, 'attachment')


def test_header_cache_survives_a_restart(server):
    fill(server, 'MuttCache', 20)
    server.mutt.keys('MuttCache', '<exit>')
    server.front.restart()
    if not target.NATIVE:
        mark = server.proxy.mark()
    server.mutt.keys('MuttCache', '<exit>')
    if not target.NATIVE:
        downloads = [r for r in server.proxy.since(mark) if '/download' in r.path]
        same(downloads, [], 'downloads')


def over_tls(server, kind):
    fill(server, 'MuttTls', 3)
    home = procs.temp_dir('neomutt')
    try:
        Neomutt(server, home, kind).keys('MuttTls', '<tag-pattern>~A<enter><tag-prefix><copy-message>'
                                         '%s/out<enter><exit>' % home)
        same(len(mailbox.mbox(home + '/out')), 3, 'messages')
    finally:
        procs.remove_dir(home)


def test_over_starttls(server):
    over_tls(server, 'starttls')


def test_over_implicit_tls(server):
    over_tls(server, 'implicit')


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=280)
