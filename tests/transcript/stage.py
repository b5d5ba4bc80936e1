# SPDX-License-Identifier: LGPL-2.1-or-later
"""The servers that transcripts are played on.

Stage: ferryd before the sample JMAP server. NativeStage: a private Cyrus that answers IMAP itself,
which proves that a transcript expects what another server also does.
"""

import json
import re
import time

from lib import procs
from lib.cyrus import Cyrus
from lib.ferry import Ferry
from lib.imap import Imap, Lit, quote
from lib.sample import Sample
from lib.tap import Failure

COUNTED = ('requests', 'uploads', 'downloads', 'sessions')
LISTENERS = {('imap', 'none'): 'plain', ('imap', 'starttls'): 'starttls',
             ('managesieve', 'none'): 'sieve', ('managesieve', 'starttls'): 'sieve-starttls'}
SYSTEM_FLAGS = {'$seen': '\\Seen', '$answered': '\\Answered', '$flagged': '\\Flagged',
                '$draft': '\\Draft'}


def everybody(scripts, users):
    """The user of each script, and the other ones that it names."""
    found = [users[script] for script in scripts]
    return found + ['%s-%s' % (users[script], other)
                    for script in scripts for other in script.others]


class Stage:
    native = False

    def __init__(self, scripts, users):
        first = scripts[0]
        options = list(first.server)
        for script in scripts:
            for mailbox, count, seed in script.generated:
                options += ['--generate', '%s:%s:%d:%d' % (users[script], mailbox, count, seed)]
        settings = {}
        for group, key, value in first.config:
            settings.setdefault(group, {})[key] = value
        self.sample = Sample(*options, users=everybody(scripts, users))
        self.settings, self.ferry = settings, None
        self.listener = LISTENERS[first.protocol, first.tls]

    def __enter__(self):
        self.sample.__enter__()
        try:
            self.ferry = Ferry(self.sample.url, [self.listener], self.settings)
            self.ferry.__enter__()
        except BaseException:
            self.sample.__exit__()
            raise
        return self

    def __exit__(self, *problem):
        try:
            self.ferry.__exit__(*problem)
        finally:
            self.sample.__exit__()

    @property
    def host(self):
        return self.ferry.host

    @property
    def port(self):
        return self.ferry.ports[self.listener]

    def check(self):
        if not self.ferry.alive():
            raise Failure('ferryd ended with %s\n%s' % (self.ferry.process.returncode,
                                                        procs.tail(self.ferry.log)))
        trouble = self.ferry.trouble()
        if trouble:
            raise Failure('ferryd complains:\n' + trouble)

    def revive(self, hangs):
        """After a crash, or where it hangs, the next transcript deserves a server."""
        if hangs:
            self.ferry.kill()
        if not self.ferry.alive():
            self.ferry.start()

    def restart(self):
        self.ferry.restart()

    def kill(self):
        self.ferry.kill()
        self.ferry.start()

    def begin(self):
        self.start_counting()

    def deliver(self, user, mailbox, message, keywords, received):
        return self.sample.deliver(message, mailbox, user, keywords, received)

    def make_mailbox(self, user, mailbox):
        self.sample.admin('mailbox', {'user': user, 'mailbox': mailbox})

    def admin(self, action, values):
        return self.sample.admin(action, values)

    def set_faults(self, faults):
        self.sample.faults(*faults)

    # what was asked

    def start_counting(self):
        self.sample.reset_stats()

    def activity(self, user):
        """What was asked for the user; the accounts of earlier transcripts are still there."""
        stats = self.sample.stats()['users'].get(user, {})
        return {name: stats.get(name, 0) for name in COUNTED}

    def account(self, user):
        """What ferryd says of the account: its silence alone may mean that it has no processor."""
        status = json.loads(self.ferry.command('--json', 'status').stdout)
        return next((one for one in status['accounts'] if one['username'] == user), None)

    def is_at_rest(self, user):
        account = self.account(user)
        return account is None or not account['busy']

    def wait_for_push(self, user, seconds):
        deadline = time.monotonic() + seconds
        while not (self.account(user) or {}).get('push'):
            if time.monotonic() > deadline:
                raise Failure('no event source was opened')
            time.sleep(0.02)

    def calls(self, user):
        """(method, arguments) of every call since counting started; transfers come last."""
        found, account = [], 'A-' + user
        for body in self.sample.admin('log'):
            try:
                calls = json.loads(body).get('methodCalls', [])
            except ValueError:
                # the log keeps only the first 64 KiB
                calls = [(name, {}, '') for name in re.findall(r'\["(\w+/\w+)",', body)]
            for name, arguments, _ in calls:
                asked = arguments.get('accountId', account)
                if asked == account or asked.startswith(account + '-'):
                    found.append((name, arguments))
        asked = self.activity(user)
        for name in ('upload', 'download'):
            found += [(name, {})] * asked[name + 's']
        return found


class PatientCyrus(Cyrus):
    """Hundreds of users do not sign in at once."""

    def _first_logins(self):
        pass


class NativeStage:
    native = True

    def __init__(self, scripts, users):
        self.protocol = scripts[0].protocol
        # timsieved lets nobody in who has no INBOX yet
        kind = Cyrus if self.protocol == 'managesieve' else PatientCyrus
        self.cyrus = kind(users=everybody(scripts, users), expunge='immediate')
        self.sample = None

    def __enter__(self):
        self.cyrus.__enter__()
        return self

    def __exit__(self, *problem):
        self.cyrus.__exit__()

    host = '127.0.0.1'

    @property
    def port(self):
        return (self.cyrus.sieve_port if self.protocol == 'managesieve'
                else self.cyrus.imap_port)

    def _as(self, user):
        return Imap(self.host, self.port, user=user)

    def deliver(self, user, mailbox, message, keywords, received):
        date = None
        if received:
            parsed = time.strptime(received, '%Y-%m-%dT%H:%M:%SZ')
            date = time.strftime('%d-%b-%Y %H:%M:%S +0000', parsed)
        flags = [SYSTEM_FLAGS.get(keyword, keyword) for keyword in keywords]
        with self._as(user) as client:
            parts = ['APPEND %s ' % quote(mailbox)]
            if flags:
                parts.append('(%s) ' % ' '.join(flags))
            if date:
                parts.append('"%s" ' % date)
            client.ok(*parts, Lit(message))
        return 'unknown'

    def make_mailbox(self, user, mailbox):
        if mailbox.upper() != 'INBOX':
            with self._as(user) as client:
                client.cmd('CREATE ' + quote(mailbox))

    def activity(self, user):
        return {}

    def is_at_rest(self, user):
        return True

    def nothing(self, *_):
        pass

    check = revive = begin = start_counting = set_faults = wait_for_push = nothing
