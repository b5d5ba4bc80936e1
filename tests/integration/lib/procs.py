# SPDX-License-Identifier: LGPL-2.1-or-later
"""Temporary directories, free ports and child processes that never outlive the test."""

import ctypes
import glob
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))
BUILD = os.environ.get('FERRY_BUILDDIR') or os.path.join(SOURCE, 'build', 'check')
SANITIZED = os.environ.get('FERRY_SANITIZED') == '1'
# Everything waits longer where every instruction is checked.
PATIENCE = 4 if SANITIZED else 1

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


def temp_dir(label):
    """A private directory, in memory where possible; short, as Unix sockets go into it."""
    for base in (os.environ.get('FERRY_TEST_TMP'), '/dev/shm', '/tmp'):
        if base and os.access(base, os.W_OK) and room(base) > 256 << 20:
            path = tempfile.mkdtemp(prefix='ferry-%s-' % label, dir=base)
            os.chmod(path, 0o755)
            return path
    return tempfile.mkdtemp(prefix='ferry-%s-' % label)


def room(path):
    stat = os.statvfs(path)
    return stat.f_bavail * stat.f_frsize


def remove_dir(path):
    if os.environ.get('FERRY_TEST_KEEP'):
        print('# kept ' + path, flush=True)
        return
    shutil.rmtree(path, ignore_errors=True)


def free_port(host='127.0.0.1', avoid=()):
    """A port that is free now. Below the ephemeral range, so that no outgoing connection takes it."""
    chooser = random.SystemRandom()
    for _ in range(200):
        port = chooser.randrange(20000, 32000)
        if port in avoid:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise OSError('no free port')


def free_ports(count):
    ports = []
    while len(ports) < count:
        ports.append(free_port(avoid=ports))
    return ports


def port_open(port, host='127.0.0.1'):
    try:
        socket.create_connection((host, port), timeout=2).close()
        return True
    except OSError:
        return False


def spawn(command, log, env=None, cwd=None, user=None, death=signal.SIGKILL, stdout=None,
          group=False):
    """Start a child that gets `death` when this program dies, however it dies."""
    account = pwd.getpwnam(user) if user else None

    def prepare():
        if account:
            os.initgroups(account.pw_name, account.pw_gid)
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
        _libc.prctl(_PR_SET_PDEATHSIG, int(death), 0, 0, 0)
        os.umask(0o077)

    out = open(log, 'ab')
    try:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout or out, stderr=out,
                                env=env, cwd=cwd, preexec_fn=prepare, start_new_session=group)
    finally:
        out.close()


def stop(process, number=signal.SIGTERM, seconds=10):
    """End one of our own children; its return code."""
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return process.returncode


def processes_naming(text):
    """Processes with `text` as one whole word of their command line."""
    found = []
    wanted = text.encode()
    for path in glob.glob('/proc/[0-9]*/cmdline'):
        try:
            with open(path, 'rb') as handle:
                words = handle.read().split(b'\0')
        except OSError:
            continue
        pid = int(path.split('/')[2])
        if wanted in words and pid != os.getpid():
            found.append(pid)
    return found


def end_all_naming(text, seconds=5):
    """End every process that has `text`, a path of our own, as a word of its command line."""
    deadline = time.monotonic() + seconds
    polite = time.monotonic() + 1
    while time.monotonic() < deadline:
        left = processes_naming(text)
        if not left:
            return True
        for pid in left:
            try:
                os.kill(pid, signal.SIGTERM if time.monotonic() < polite else signal.SIGKILL)
            except OSError:
                pass
        time.sleep(0.05)
    return not processes_naming(text)


def tail(path, lines=30):
    try:
        with open(path, 'rb') as handle:
            handle.seek(0, 2)
            handle.seek(max(0, handle.tell() - 20000))
            text = handle.read().decode('utf-8', 'replace')
    except OSError:
        return ''
    return '\n'.join(text.splitlines()[-lines:])


def program(name):
    """An installed program, sbin included; None if it is missing."""
    path = os.environ.get('PATH', '') + ':/usr/sbin:/sbin'
    return shutil.which(name, path=path)


def certificate(folder):
    """A self-signed certificate for localhost: (certificate, key)."""
    cert, key = os.path.join(folder, 'cert.pem'), os.path.join(folder, 'key.pem')
    if not os.path.exists(cert):
        subprocess.run(
            ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
             '-nodes', '-days', '30', '-subj', '/CN=localhost',
             '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
             '-keyout', key, '-out', cert], check=True, capture_output=True)
    return cert, key
