#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Signing in with bearer tokens: Cyrus with JSON Web Tokens, several backends, real clients."""

import base64
import contextlib
import hashlib
import hmac
import imaplib
import json
import mailbox
import os
import time

from lib import clients, corpus, cyrus as backend, procs, target
from lib.ferry import Ferry
from lib.imap import Imap, ImapError
from lib.sample import Sample
from lib.sieve import Sieve
from lib.tap import Skip, check, note, run, same

KEY = b'a key that only these tests know of'
REFUSED = base64.b64encode(b'{"status":"invalid_token"}')


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=')


def jwt(user, issued=None):
    """A token that Cyrus takes: it has `sub`, and `iat` where tokens end."""
    claims = {'sub': user} if issued is None else {'sub': user, 'iat': issued}
    text = b'.'.join(base64url(json.dumps(part).encode())
                     for part in ({'alg': 'HS256', 'typ': 'JWT'}, claims))
    return (text + b'.' + base64url(hmac.new(KEY, text, hashlib.sha256).digest())).decode()


def message(token, name=None):
    who = 'a=' + name.replace('=', '=3D').replace(',', '=2C') if name else ''
    return 'n,%s,\1host=localhost\1port=143\1auth=Bearer %s\1\1' % (who, token)


def encoded(text):
    return base64.b64encode(text.encode()).decode()


@contextlib.contextmanager
def connected(server, token, name=None, kind='plain'):
    """A client that has sent the token, and the status of the answer."""
    tls = None if kind == 'plain' else kind
    with Imap(server.host, server.front.ports[kind], tls=tls) as client:
        client.send('x AUTHENTICATE OAUTHBEARER %s\r\n' % encoded(message(token, name)))
        line = client.raw_line()
        if line.startswith(b'+'):
            same(line.split()[1], REFUSED, 'why')
            client.send('AQ==\r\n')
            line = client.raw_line()
        check(line.startswith(b'x '), line)
        yield client, line.split(b' ', 3)[1:3]


def good(status):
    return status[0] == b'OK'


class Beside:
    """Several backends behind one ferryd, as connected() wants them."""

    def __init__(self, ferry):
        self.front, self.host = ferry, ferry.host


@contextlib.contextmanager
def fixture():
    if target.NATIVE:
        raise Skip('Cyrus has no OAUTHBEARER of its own')
    if backend.missing():
        yield None
        return

    def keys(cyrus):
        cyrus.stop()
        cyrus.more = 'http_jwt_key_dir: %s/jwt\nhttp_jwt_max_age: 3600s\n' % cyrus.dir
        os.makedirs(cyrus.dir + '/jwt')
        with open(cyrus.dir + '/jwt/key', 'wb') as out:
            out.write(b'-----BEGIN HMAC KEY-----\n%s\n-----END HMAC KEY-----\n'
                      % base64.b64encode(KEY))
        cyrus.start()
    with target.on_cyrus(listeners=('plain', 'implicit', 'sieve'), before=keys) as server:
        server.home = procs.temp_dir('bearer')
        try:
            for user in ('alice', 'bob'):
                with server.native(user) as native:
                    native.append('INBOX', corpus.one('of-' + user, 3000))
            yield server
        finally:
            procs.remove_dir(server.home)


def token_of(user):
    return jwt(user, int(time.time()) - 1)


def label(client):
    client.select()
    found = client.fetch('1', 'BODY.PEEK[HEADER.FIELDS (X-Label)]')
    return next(iter(found.values()))[b'BODY[HEADER.FIELDS (X-LABEL)]'].split()[1]


def test_whose_the_token_is(server):
    """The token decides, not the name."""
    for user in ('alice', 'bob'):
        for name in (None, user):
            with connected(server, token_of(user), name) as (client, status):
                check(good(status), '%s as %s: %r' % (user, name, status))
                same(label(client), b'of-' + user.encode())
    with connected(server, token_of('bob'), 'alice') as (client, status):
        same(status, [b'NO', b'[AUTHENTICATIONFAILED]'], "alice with bob's token")
        same(client.cmd('SELECT INBOX').kind, b'BAD', 'not signed in')


def test_bad_tokens(server):
    good_one = token_of('alice')
    for token in (good_one[:-4] + 'AAAA', jwt('alice', int(time.time()) - 7200),
                  jwt('alice'), 'x', 'a' * 4000):
        with connected(server, token, 'alice') as (_, status):
            same(status, [b'NO', b'[AUTHENTICATIONFAILED]'], token[:40])


def test_managesieve(server):
    for user in ('alice', 'bob'):
        with Sieve(server.host, server.front.ports['sieve']) as client:
            check(client.cmd('AUTHENTICATE "OAUTHBEARER" "%s"'
                             % encoded(message(token_of(user)))).ok, user)
            client.capability()
            same(client.capabilities['OWNER'], user)


def test_imaplib(server):
    with imaplib.IMAP4(server.host, server.front.ports['plain']) as client:
        same(client.authenticate('OAUTHBEARER', lambda _: message(token_of('alice')).encode())[0],
             'OK')
        same(client.select('INBOX')[0], 'OK')
        client.logout()
    with imaplib.IMAP4(server.host, server.front.ports['plain']) as client:
        told = []

        def answer(challenge):
            told.append(challenge)
            return b'user=alice\1auth=Bearer wrong\1\1' if len(told) == 1 else b'\1'
        try:
            client.authenticate('XOAUTH2', answer)
        except imaplib.IMAP4.error as problem:
            check('AUTHENTICATIONFAILED' in str(problem), problem)
        same(told, [b'', b'{"status":"400","schemes":"bearer"}'])


def curl(server, token, mechanism, kind='implicit', status=(0,)):
    command = [clients.need('curl', 'curl'), '-sS', '--max-time', '60', '--user', 'alice:',
               '--oauth2-bearer', token, '--login-options', 'AUTH=' + mechanism]
    if kind == 'implicit':
        command += ['--cacert', clients.ca_file(server), '--ipv4']
    url = '%s://%s:%d/INBOX;UID=1;SECTION=HEADER' % (
        'imaps' if kind == 'implicit' else 'imap',
        'localhost' if kind == 'implicit' else server.host, server.front.ports[kind])
    return clients.run(command + [url], server.home, good=status).stdout


def test_curl(server):
    for mechanism in ('OAUTHBEARER', 'XOAUTH2'):
        for kind in ('plain', 'implicit'):
            check(b'X-Label: of-alice' in curl(server, token_of('alice'), mechanism, kind),
                  '%s %s' % (mechanism, kind))
        curl(server, token_of('bob'), mechanism, status=(67,))
        curl(server, 'wrong', mechanism, status=(67,))


MUTTRC = '''\
set imap_user=alice imap_authenticators={mechanism} folder="{url}" spoolfile="{url}INBOX"
set imap_oauth_refresh_command="echo {token}"
set ssl_force_tls=yes ssl_verify_host=no ssl_verify_dates=no certificate_file={cert}
set confirmappend=no confirmcreate=no delete=yes move=no quit=yes wait_key=no sleep_time=0 beep=no
'''


def test_neomutt(server):
    program = clients.need('neomutt', 'neomutt')
    clients.need_terminal()
    for mechanism in ('oauthbearer', 'xoauth2'):
        url = 'imaps://localhost:%d/' % server.front.ports['implicit']
        path = '%s/%s' % (server.home, mechanism)
        with open(path + '.rc', 'w') as out:
            out.write(MUTTRC.format(mechanism=mechanism, url=url, token=token_of('alice'),
                                    cert=clients.ca_file(server)))
        clients.run_in_terminal(
            [program, '-n', '-F', path + '.rc', '-f', url + 'INBOX', '-e',
             "push '<copy-message>%s<enter><exit>'" % path], server.home)
        same([one['X-Label'] for one in mailbox.mbox(path)], ['of-alice'], mechanism)


def test_two_backends(_):
    """Users of one name on two backends have nothing to do with each other."""
    with Sample('--token=alice:one', '--token=eve:eves', users=('alice', 'eve')) as first, \
            Sample('--token=alice:two', users=('alice',)) as second:
        second.deliver(b'Subject: of the second\r\n\r\n\r\n')
        settings = {'backend main': {'domains': 'one.example'},
                    'backend other': {'url': second.url, 'domains': 'two.example'},
                    'limits': {'connections-per-user': '2'}}
        with Ferry(first.url, ['plain'], settings) as ferry, contextlib.ExitStack() as stack:
            server = Beside(ferry)

            def connect(token, name=None):
                return stack.enter_context(connected(server, token, name))
            refused = [b'NO', b'[AUTHENTICATIONFAILED]']
            # eve takes none of alice's places, whatever she says
            for name in ('alice', 'alice@one.example', 'alice@two.example'):
                for _ in range(3):
                    same(connect('eves', name)[1], refused, name)
            same(connect('two')[1], refused, 'without a name it goes to the listener\'s backend')
            same(connect('two', 'alice@one.example')[1], refused, 'by its domain to the first')
            one, status = connect('one')
            check(good(status), status)
            check(good(connect('one', 'alice@one.example')[1]), 'a second one')
            same(connect('one')[1], [b'NO', b'[LIMIT]'], 'a third one')
            two, status = connect('two', 'alice@two.example')
            check(good(status), status)
            for client, count in ((one, 0), (two, 1)):
                same(client.status('INBOX', 'MESSAGES')[b'MESSAGES'], count)
            accounts = json.loads(ferry.command('--json', 'status').stdout)['accounts']
            same(sorted((one['backend'], one['username'], one['sessions']) for one in accounts),
                 [('main', 'alice', 2), ('other', 'alice', 1)])
            with open(ferry.log) as log:
                text = log.read()
            for secret in ('eves', encoded(message('one'))):
                check(secret not in text, 'a token in the log')


def test_one_check_for_a_token(_):
    """A token is one session of the backend, whatever names come with it."""
    with target.on_sample('--token=alice:tok') as server, contextlib.ExitStack() as stack:
        for name in ('alice', None, 'bob', 'Alice', 'carol'):
            stack.enter_context(connected(server, 'tok', name))
        same(server.sample.stats()['users']['alice']['sessions'], 1)


def test_expired_while_idle(_):
    """Who idles hears of it without asking, and a new token gets in at once."""
    settings = {'backend main': {'poll': '1'}}
    with target.on_sample('--token=alice:old', '--no-push', settings=settings) as server, \
            connected(server, 'old') as (client, status):
        check(good(status), status)
        client.select()
        client.idle()
        server.sample.admin('secret', {'user': 'alice', 'token': 'new'})
        try:
            client.wait_untagged(lambda response: False, 30)
        except ImapError as problem:
            check('[EXPIRED]' in str(problem) or 'closed' in str(problem), problem)
        with connected(server, 'old') as (_, status):
            same(status, [b'NO', b'[AUTHENTICATIONFAILED]'])
        with connected(server, 'new') as (other, status):
            check(good(status), status)
            check(other.select().ok, 'SELECT')


ANYWHERE = (test_two_backends, test_one_check_for_a_token, test_expired_while_idle)
CASES = [value for name, value in list(globals().items())
         if name.startswith('test_') and (value in ANYWHERE or not backend.missing())]
if backend.missing():
    note(backend.missing())
run(CASES, fixture, timeout=190)
