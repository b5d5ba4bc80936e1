# SPDX-License-Identifier: LGPL-2.1-or-later
"""Start, kill and ask a ferryd with a configuration and directories of its own."""

import os
import re
import select
import signal
import subprocess
import time

from . import procs
from .imap import Imap
from .tap import Failure, Skip, note

TROUBLE = re.compile(r'ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|-CRITICAL \*\*|'
                     r'Segmentation fault')


# name: protocol, tls
LISTENERS = {'plain': ('imap', 'none'), 'starttls': ('imap', 'starttls'),
             'implicit': ('imap', 'implicit'), 'sieve': ('managesieve', 'none'),
             'sieve-starttls': ('managesieve', 'starttls'),
             'sieve-implicit': ('managesieve', 'implicit')}


def find(name):
    """A program of the build tree; None if it is not built."""
    override = os.environ.get(name.upper())
    folders = [os.path.join(procs.BUILD, 'core', 'daemon'), os.path.join(procs.BUILD, 'core', 'cli'),
               procs.BUILD, os.path.join(procs.BUILD, 'bin')]
    for path in [override] + [os.path.join(folder, name) for folder in folders]:
        if path and os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    return None


def module_folders():
    """Folders of the build tree that hold modules (a key file beside a shared object), or the one
    of an extension that is built elsewhere."""
    if os.environ.get('FERRY_PLUGIN_DIR'):
        return [os.environ['FERRY_PLUGIN_DIR']]
    found = set()
    for top in ('extensions', 'plugins'):
        for folder, _, names in os.walk(os.path.join(procs.BUILD, top)):
            if any(name.endswith('.plugin') for name in names):
                found.add(folder)
    return sorted(found)


class Ferry:
    """One ferryd before the JMAP server at `url`.

    `listeners` names what it offers, of LISTENERS. `settings` adds to the
    configuration: {group: {key: value}}. `state` and `cache` may be shared with another one.
    """

    def __init__(self, url, listeners=('plain',), settings=None, state=None, cache=None,
                 user='alice', password='secret', env=None, address='127.0.0.1', wrapper=()):
        self.binary = find('ferryd')
        if not self.binary:
            raise Skip('ferryd is not built in ' + procs.BUILD)
        self.url, self.settings, self.listeners = url, settings or {}, tuple(listeners)
        self.user, self.password = user, password
        self.host, self.address, self.wrapper = address, address, list(wrapper)
        self.dir = procs.temp_dir('ferryd')
        self.state = state or os.path.join(self.dir, 'state')
        self.cache = cache or os.path.join(self.dir, 'cache')
        self.config = os.path.join(self.dir, 'ferry.conf')
        self.log = os.path.join(self.dir, 'ferryd.log')
        self.process, self.ports, self.extra_env = None, {}, env or {}
        for folder in (self.state, self.cache, os.path.join(self.dir, 'run'), self.dir + '/home'):
            os.makedirs(folder, exist_ok=True)
            os.chmod(folder, 0o700)

    # configuration

    @property
    def imap_port(self):
        return self.ports.get('plain') or self.ports.get('starttls')

    @property
    def imaps_port(self):
        return self.ports.get('implicit')

    def environment(self):
        env = dict(os.environ, XDG_RUNTIME_DIR=self.dir + '/run', HOME=self.dir + '/home',
                   XDG_CONFIG_HOME=self.dir + '/home', LC_ALL='C.UTF-8')
        env.setdefault('G_DEBUG', 'gc-friendly')
        for name in ('STATE_DIRECTORY', 'CACHE_DIRECTORY', 'RUNTIME_DIRECTORY', 'NOTIFY_SOCKET',
                     'LISTEN_FDS', 'LD_PRELOAD'):
            env.pop(name, None)
        env.update(self.extra_env)
        return env

    def groups(self):
        groups = {'ferry': {'workers': '1', 'state-dir': self.state, 'cache-dir': self.cache,
                            'log-level': os.environ.get('FERRY_TEST_LOG_LEVEL', 'info'),
                            'plugin-dir': ';'.join(module_folders())}}
        for kind in self.listeners:
            protocol, tls = LISTENERS[kind]
            groups['listener ' + kind] = {
                'protocol': protocol, 'address': self.address, 'port': str(self.ports[kind]),
                'tls': tls, 'backend': 'main'}
        if any(LISTENERS[kind][1] != 'none' for kind in self.listeners):
            cert, key = procs.certificate(self.dir)
            groups['tls'] = {'certificate': cert, 'private-key': key}
        groups['backend main'] = {'url': self.url, 'login': 'passthrough',
                                  'allow-plaintext': 'loopback'}
        for group, values in self.settings.items():
            groups.setdefault(group, {}).update({k: str(v) for k, v in values.items()})
        return groups

    def write_config(self):
        with open(self.config, 'w') as out:
            for group, values in self.groups().items():
                out.write('[%s]\n' % group)
                out.writelines('%s=%s\n' % (k, v) for k, v in values.items() if v is not None)
                out.write('\n')

    # life

    def start(self):
        for _ in range(3):
            if not self.ports:
                self.ports = dict(zip(self.listeners, procs.free_ports(len(self.listeners))))
            self.write_config()
            try:
                return self._launch()
            except Failure as problem:
                if 'ddress already in use' not in str(problem):
                    raise
                self.ports = {}
        raise Failure('no free port for ferryd')

    def _launch(self):
        self.process = procs.spawn(
            self.wrapper + [self.binary, '--config', self.config, '--print-ready'], self.log,
            env=self.environment(), cwd=self.dir, stdout=subprocess.PIPE)
        out = self.process.stdout
        deadline = time.monotonic() + 20 * procs.PATIENCE
        said = b''
        while b'ready\n' not in said:
            left = deadline - time.monotonic()
            ready = left > 0 and select.select([out], [], [], left)[0]
            data = os.read(out.fileno(), 4096) if ready else b''
            if not data:
                procs.stop(self.process, signal.SIGKILL)
                raise Failure('ferryd is not ready (%s): %r\n%s'
                              % (self.process.returncode, said, procs.tail(self.log)))
            said += data
        return self

    @property
    def pid(self):
        return self.process.pid

    def kill(self):
        """kill -9, as a power cut would."""
        procs.stop(self.process, signal.SIGKILL)

    def stop(self):
        """SIGTERM; it has to end by itself, cleanly and in time."""
        if not self.process or self.process.poll() is not None:
            return
        code = procs.stop(self.process, signal.SIGTERM, 20)
        if code != 0:
            raise Failure('ferryd ended with %s\n%s' % (code, procs.tail(self.log)))

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def restart(self):
        self.stop()
        return self.start()

    def trouble(self):
        """What the log holds of sanitizer reports and criticals."""
        try:
            with open(self.log, errors='replace') as log:
                text = log.read()
        except OSError:
            return ''
        found = TROUBLE.search(text)
        return text[max(0, found.start() - 500):found.start() + 4000] if found else ''

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            procs.remove_dir(self.dir)
            raise

    def __exit__(self, kind, *_):
        problem = ''
        try:
            if self.process and self.process.poll() not in (None, 0, -signal.SIGKILL):
                problem = 'ferryd ended by itself with %s' % self.process.returncode
            self.stop()
        except Failure as failure:
            problem = str(failure)
        problem = self.trouble() or problem
        if problem or kind:
            note(procs.tail(self.log, 40))
        procs.remove_dir(self.dir)
        if problem and not kind:
            raise Failure(problem)

    # use

    def imap(self, user=None, **options):
        """A signed-in connection, over TLS where there is no plain listener."""
        options.setdefault('timeout', 60)
        tls = options.pop('tls', None)
        if tls is None:
            tls = next((None if kind == 'plain' else kind for kind in self.listeners))
        port = self.ports['plain' if tls is None else tls]
        return Imap(self.host, port, tls=tls, user=user or self.user, password=self.password,
                    **options)

    def command(self, *arguments, timeout=20):
        """Run `ferry` against this one."""
        binary = find('ferry')
        if not binary:
            raise Skip('ferry is not built')
        return subprocess.run([binary, '--config', self.config, *arguments], capture_output=True,
                              text=True, env=self.environment(), timeout=timeout * procs.PATIENCE)

    def status(self):
        return self.command('status')

    def memory(self):
        """Resident memory in bytes."""
        return self._status_bytes('VmRSS:')

    def peak(self):
        """The most that memory() was, since the start or forget_peak()."""
        return self._status_bytes('VmHWM:')

    def forget_peak(self):
        with open('/proc/%d/clear_refs' % self.pid, 'w') as out:
            out.write('5')

    def _status_bytes(self, field):
        with open('/proc/%d/status' % self.pid) as status:
            for line in status:
                if line.startswith(field):
                    return int(line.split()[1]) * 1024
        return 0

    def cpu(self):
        """Processor time used, in seconds."""
        with open('/proc/%d/stat' % self.pid) as stat:
            fields = stat.read().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')
