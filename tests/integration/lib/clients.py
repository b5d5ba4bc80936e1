# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests with real mail clients share."""

import os
import pty
import select
import signal
import subprocess
import time

from . import corpus, procs
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


def run(command, home, timeout=120, good=(0,), **options):
    """Run a client; its CompletedProcess. Any other exit status is a failure with its output."""
    env = dict(os.environ, HOME=home, LC_ALL='C.UTF-8', XDG_CONFIG_HOME=home + '/.config')
    env.update(options.pop('env', {}))
    result = subprocess.run(command, capture_output=True, env=env, cwd=home,
                            timeout=timeout * procs.PATIENCE, **options)
    if result.returncode not in good:
        raise Failure('%s ended with %d\n%s\n%s' % (
            os.path.basename(command[0]), result.returncode,
            result.stdout.decode('utf-8', 'replace')[-3000:],
            result.stderr.decode('utf-8', 'replace')[-3000:]))
    return result


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
