# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests with real mail clients share."""

import os
import pty
import pwd
import select
import signal
import subprocess
import time

from . import corpus, procs, target
from .tap import Failure, Skip


def need(name, package):
    path = procs.program(name)
    if not path:
        raise Skip('no %s here (package %s)' % (name, package))
    return path


def need_terminal():
    try:
        for end in pty.openpty():
            os.close(end)
    except OSError as problem:
        raise Skip('no pseudo-terminals here (%s)' % problem) from problem


def environment(home, **more):
    return dict(os.environ, HOME=home, LC_ALL='C.UTF-8', XDG_CONFIG_HOME=home + '/.config', **more)


def run(command, home, timeout=120, good=(0,), **options):
    """Run a client; its CompletedProcess. Any other exit status is a failure with its output."""
    env = environment(home, **options.pop('env', {}))
    try:
        result = subprocess.run(command, capture_output=True, env=env, cwd=home,
                                timeout=timeout * procs.PATIENCE, **options)
    except subprocess.TimeoutExpired as late:
        raise Failure('%s did not end\n%s\n%s' % (' '.join(command)[:300], (late.stdout or b'')[-3000:],
                                                  (late.stderr or b'')[-3000:])) from late
    if result.returncode not in good:
        raise Failure('%s ended with %d\n%s\n%s' % (
            os.path.basename(command[0]), result.returncode,
            result.stdout.decode('utf-8', 'replace')[-3000:],
            result.stderr.decode('utf-8', 'replace')[-3000:]))
    return result


def not_root(home):
    """Options for run(): as nobody, who is given `home`, where the test itself is root."""
    if os.getuid():
        return {}
    account = pwd.getpwnam('nobody')
    for folder, _, names in os.walk(home):
        for path in [folder] + [os.path.join(folder, name) for name in names]:
            os.chown(path, account.pw_uid, account.pw_gid)
    return {'user': account.pw_uid, 'group': account.pw_gid, 'extra_groups': []}


def run_in_terminal(command, home, timeout=30):
    """Run a full-screen client in a terminal of its own; what it wrote."""
    env = dict(os.environ, HOME=home, LC_ALL='C.UTF-8', TERM='xterm', LINES='40', COLUMNS='120')
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(home)
        os.execvpe(command[0], command, env)
    deadline, output = time.monotonic() + timeout * procs.PATIENCE, b''
    try:
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Failure('%s did not end; it showed\n%r' % (command[0], output[-1500:]))
            if select.select([terminal], [], [], left)[0]:
                try:
                    data = os.read(terminal, 65536)
                except OSError:
                    data = b''
                if not data:
                    break
                output += data
    finally:
        os.close(terminal)
        _reap(pid)
    return output


def _reap(pid):
    for _ in range(100):
        if os.waitpid(pid, os.WNOHANG)[0]:
            return
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def mail(count=None):
    """Corpus messages that every client can carry (some rewrite what is not quite a message)."""
    odd = ('header-without', 'header-junk', 'header-mbox', 'header-space', 'body-bare', 'header-one',
           'header-control', 'header-long', 'body-long', 'body-without', 'header-folding')
    chosen = [m for m in corpus.messages() if not m.name.startswith(odd)]
    return chosen[:count]


def unix(octets):
    return octets.replace(b'\r\n', b'\n')


def ca_file(server):
    """The certificate that the TLS listeners of a target show; it is its own authority."""
    return (server.cyrus.dir + '/tls' if target.NATIVE else server.front.dir) + '/cert.pem'
