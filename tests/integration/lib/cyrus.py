# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private Cyrus IMAP server (IMAP and JMAP) on free loopback ports, in a directory of its own.

Nothing of a system-wide Cyrus is read or written. Started by root, it runs as user `cyrus`,
otherwise as whoever runs the tests.
"""

import contextlib
import glob
import os
import pwd
import signal
import subprocess
import threading

from . import procs
from .imap import Imap
from .tap import Failure, Skip, wait_for

BIN = '/usr/lib/cyrus/bin'
PASSWORD = 'secret'
USERS = ('alice', 'bob', 'carol')

IMAPD_CONF = '''\
servername: localhost
configdirectory: {dir}/conf
proc_path: {dir}/conf/proc
mboxname_lockpath: {dir}/conf/lock
defaultpartition: default
partition-default: {dir}/data
sievedir: {dir}/sieve
hashimapspool: yes
syslog_prefix: ferrytest
umask: 077
admins: admin
virtdomains: off
unixhierarchysep: yes
altnamespace: yes
reverseacls: yes
delete_mode: immediate
expunge_mode: {expunge}
allowplaintext: yes
sasl_mech_list: PLAIN LOGIN
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {dir}/sasldb2
autocreate_quota: {quota}
autocreate_post: yes
autocreate_inbox_folders: Archive | Drafts | Junk | Sent | Trash
autocreate_subscribe_folders: Archive | Drafts | Junk | Sent | Trash
xlist-archive: Archive
xlist-drafts: Drafts
xlist-junk: Junk
xlist-sent: Sent
xlist-trash: Trash
conversations: yes
conversations_db: twoskip
httpmodules: jmap
httpallowcompress: yes
jmap_nonstandard_extensions: yes
jmap_vacation: no
search_engine: xapian
search_index_headers: yes
search_batchsize: 8192
defaultsearchtier: t1
t1searchpartition-default: {dir}/search
sync_log: yes
sync_log_channels: squatter
munge8bit: no
skiplist_unsafe: yes
duplicatesuppression: no
statuscache: yes
sendmail: /bin/false
smtp_backend: sendmail
'''

CYRUS_CONF = '''\
START {{
    recover cmd="{bin}/ctl_cyrusdb -C {dir}/imapd.conf -r"
}}
SERVICES {{
    imap cmd="{bin}/imapd -C {dir}/imapd.conf -U 100" listen="127.0.0.1:{imap}" proto="tcp4" prefork=1 maxchild=100
    http cmd="{bin}/httpd -C {dir}/imapd.conf -U 1000" listen="127.0.0.1:{http}" proto="tcp4" prefork=1 maxchild=100
    sieve cmd="{bin}/timsieved -C {dir}/imapd.conf" listen="127.0.0.1:{sieve}" proto="tcp4" prefork=0 maxchild=100
{tls}}}
EVENTS {{
    checkpoint cmd="{bin}/ctl_cyrusdb -C {dir}/imapd.conf -c" period=60
}}
DAEMON {{
    idled cmd="{bin}/idled -C {dir}/imapd.conf"
{rolling}}}
'''

TLS_CONF = '''\
    imaps cmd="{bin}/imapd -C {dir}/imapd.conf -s -U 100" listen="127.0.0.1:{imaps}" proto="tcp4" prefork=0 maxchild=100
    https cmd="{bin}/httpd -C {dir}/imapd.conf -s -U 1000" listen="127.0.0.1:{https}" proto="tcp4" prefork=0 maxchild=100
'''


def missing():
    """Why no Cyrus can be started here, or None."""
    if not all(os.access(os.path.join(BIN, name), os.X_OK) for name in ('imapd', 'httpd')):
        return 'no Cyrus here (packages cyrus-imapd and cyrus-caldav)'
    if not _master():
        return 'no Cyrus master here (package cyrus-common)'
    if not procs.program('saslpasswd2'):
        return 'no saslpasswd2 here (package sasl2-bin)'
    if not glob.glob('/usr/lib/*/sasl2/libsasldb.so*'):
        return 'no sasldb plugin here (package libsasl2-modules-db)'
    if os.getuid() == 0:
        try:
            pwd.getpwnam('cyrus')
        except KeyError:
            return 'no user cyrus here (package cyrus-common)'
    return None


def _master():
    return procs.program('cyrmaster') or (
        os.path.join(BIN, 'master') if os.access(os.path.join(BIN, 'master'), os.X_OK) else None)


class Cyrus:
    """`expunge` is 'delayed' or 'immediate'; `rolling` runs the search indexer all the time; `more`
    holds further lines of imapd.conf."""

    def __init__(self, expunge='delayed', tls=False, rolling=False, users=USERS, quota=4194304,
                 more=''):
        reason = missing()
        if reason:
            raise Skip(reason)
        self.expunge, self.tls, self.rolling = expunge, tls, rolling
        self.users, self.quota, self.more = users, quota, more
        self.dir = procs.temp_dir('cyrus')
        self.user = 'cyrus' if os.getuid() == 0 else None
        self.master = None
        self.host = '127.0.0.1'
        self.imap_port = self.http_port = self.imaps_port = self.https_port = 0
        self.sieve_port = 0

    @property
    def url(self):
        return 'http://127.0.0.1:%d' % self.http_port

    @property
    def log(self):
        return os.path.join(self.dir, 'log', 'master.log')

    # configuration

    def _environment(self):
        env = dict(os.environ, LC_ALL='C')
        account = pwd.getpwnam(self.user) if self.user else pwd.getpwuid(os.getuid())
        env['CYRUS_USER'] = account.pw_name
        env['HOME'] = self.dir
        for library in glob.glob('/usr/lib/*/libeatmydata.so'):
            env['LD_PRELOAD'] = library
        return env

    def _write(self):
        for name in ('conf/socket', 'conf/proc', 'conf/lock', 'conf/log', 'data', 'search',
                     'sieve', 'tls', 'log'):
            os.makedirs(os.path.join(self.dir, name), exist_ok=True)
        values = dict(dir=self.dir, bin=BIN, expunge=self.expunge, quota=self.quota,
                      imap=self.imap_port, http=self.http_port, imaps=self.imaps_port,
                      https=self.https_port, sieve=self.sieve_port)
        imapd = IMAPD_CONF.format(**values) + self.more
        if self.tls:
            cert, key = procs.certificate(os.path.join(self.dir, 'tls'))
            imapd += 'tls_server_cert: %s\ntls_server_key: %s\n' % (cert, key)
        values['tls'] = TLS_CONF.format(**values) if self.tls else ''
        values['rolling'] = ('    squatter cmd="%s/squatter -C %s/imapd.conf -R"\n'
                             % (BIN, self.dir)) if self.rolling else ''
        with open(os.path.join(self.dir, 'imapd.conf'), 'w') as out:
            out.write(imapd)
        with open(os.path.join(self.dir, 'cyrus.conf'), 'w') as out:
            out.write(CYRUS_CONF.format(**values))

    def _passwords(self):
        for user in ('admin',) + tuple(self.users):
            subprocess.run([procs.program('saslpasswd2'), '-p', '-c', '-f', self.dir + '/sasldb2',
                            '-u', 'localhost', user], input=PASSWORD.encode(), check=True,
                           capture_output=True)

    def _own(self):
        if self.user:
            subprocess.run(['chown', '-R', self.user, self.dir], check=True)

    # life

    def start(self):
        """Start it, for the first time or again on the ports it had."""
        fresh = not self.imap_port
        for attempt in range(4):
            if fresh:
                (self.imap_port, self.http_port, self.imaps_port, self.https_port,
                 self.sieve_port) = procs.free_ports(5)
            self._write()
            if fresh and attempt == 0:
                self._passwords()
            self._own()
            if self._launch():
                break
            self.stop()
        else:
            raise Failure('Cyrus does not start:\n' + procs.tail(self.log))
        if fresh:
            self._first_logins()
        return self

    def _launch(self):
        self.master = procs.spawn(
            [_master(), '-C', self.dir + '/imapd.conf', '-M', self.dir + '/cyrus.conf',
             '-p', self.dir + '/master.pid'],
            self.log, env=self._environment(), cwd=self.dir, user=self.user,
            death=signal.SIGTERM, group=True)
        ports = [self.imap_port, self.http_port] + ([self.imaps_port] if self.tls else [])
        try:
            wait_for(lambda: self.master.poll() is not None
                     or all(procs.port_open(port) for port in ports), 20, 'Cyrus ports')
        except Failure:
            return False
        return self.master.poll() is None

    def _first_logins(self):
        def login(user):
            with self.imap(user) as client:
                client.status('INBOX')
        threads = [threading.Thread(target=login, args=(user,)) for user in self.users]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def stop(self):
        if self.master:
            self.master.terminate()
            try:
                self.master.wait(1)
            except subprocess.TimeoutExpired:
                pass        # it waits for a child that waits for its client
            procs.end_all_naming(self.dir + '/imapd.conf')
            procs.stop(self.master)
            self.master = None

    def restart(self):
        self.stop()
        self.start()

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        self.stop()
        procs.remove_dir(self.dir)

    # use

    def imap(self, user='alice', **options):
        """A signed-in native IMAP connection."""
        return Imap(self.host, self.imap_port, user=user, password=PASSWORD, **options)

    def run(self, tool, *arguments, timeout=300):
        """Run a Cyrus tool inside the instance."""
        command = [os.path.join(BIN, tool), '-C', self.dir + '/imapd.conf'] + list(arguments)
        if self.user:
            command = ['setpriv', '--reuid', self.user, '--regid',
                       str(pwd.getpwnam(self.user).pw_gid), '--init-groups'] + command
        return subprocess.run(command, env=self._environment(), cwd=self.dir, timeout=timeout,
                              check=True, capture_output=True)

    def index(self, user=None):
        """Bring the search index up to date."""
        self.run('squatter', '-i', *(['-u', user] if user else []))


@contextlib.contextmanager
def running(**options):
    with Cyrus(**options) as cyrus:
        yield cyrus


def multiappend(client, mailbox, messages, batch=200):
    """Append many messages natively, some hundred a command; each is octets or (octets, flags)."""
    from .imap import Lit, quote
    for start in range(0, len(messages), batch):
        parts = ['APPEND ' + quote(mailbox)]
        for message in messages[start:start + batch]:
            data, flags = message if isinstance(message, tuple) else (message, ())
            parts += [' (%s) ' % ' '.join(flags), Lit(data)]
        client.ok(*parts, timeout=120)
