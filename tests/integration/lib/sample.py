# SPDX-License-Identifier: LGPL-2.1-or-later
"""Start ferry-jmap-server and steer it through its /admin/ resource."""

import base64
import json
import os
import select
import signal
import subprocess
import time
import urllib.error
import urllib.request

from . import bare, procs
from .tap import Failure, Skip


def find():
    for path in (os.environ.get('FERRY_JMAP_SERVER'),
                 os.path.join(procs.BUILD, 'tests', 'jmap-server', 'ferry-jmap-server')):
        if path and os.access(path, os.X_OK):
            return path
    return None


class Sample:
    """`options` are more command-line options; users have the password `secret`."""

    def __init__(self, *options, users=('alice', 'bob'), port=0):
        self.binary = find()
        if not self.binary:
            raise Skip('ferry-jmap-server is not built in ' + procs.BUILD)
        self.options, self.users, self.wanted_port = options, users, port
        self.dir = procs.temp_dir('sample')
        self.log = os.path.join(self.dir, 'log')
        self.process, self.url = None, None
        self.host, self.port = '127.0.0.1', 0

    def start(self):
        command = [self.binary, '--print-ready', '--admin', '--port', str(self.port or self.wanted_port)]
        for user in self.users:
            command += ['--user', user + ':secret']
        self.process = procs.spawn(command + list(self.options), self.log, cwd=self.dir,
                                   stdout=subprocess.PIPE)
        said, deadline = b'', time.monotonic() + 60 * procs.PATIENCE
        while not said.endswith(b'\n'):
            left = max(0, deadline - time.monotonic())
            ready = select.select([self.process.stdout], [], [], left)[0]
            data = os.read(self.process.stdout.fileno(), 4096) if ready else b''
            if not data:
                procs.stop(self.process, signal.SIGKILL)
                raise Failure('ferry-jmap-server is not ready: %r\n%s' % (said, procs.tail(self.log)))
            said += data
        self.url = said.decode().split()[1].rstrip('/')
        self.port = int(self.url.rsplit(':', 1)[1])
        return self

    def stop(self):
        if self.process:
            procs.stop(self.process)
            self.process = None

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        self.stop()
        procs.remove_dir(self.dir)

    # administration

    def admin(self, action, value=None):
        """GET (without a value) or POST; the JSON answered."""
        data = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request('%s/admin/%s' % (self.url, action), data,
                                         {'Content-Type': 'application/json'})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b'{}')
        except urllib.error.HTTPError as problem:
            raise Failure('admin %s: %s' % (action, problem.read().decode())) from problem

    def deliver(self, message, mailbox='role:inbox', user='alice', keywords=None, received=None):
        """New mail arrives; the id of the Email."""
        value = {'user': user, 'mailbox': mailbox, 'base64': base64.b64encode(message).decode()}
        if keywords:
            value['keywords'] = {keyword: True for keyword in keywords}
        if received:
            value['receivedAt'] = received
        return self.admin('deliver', value)['id']

    def faults(self, *faults):
        """Replace the list of faults; each is a dictionary with `on` and `do`."""
        self.admin('faults', list(faults))

    def stats(self):
        return self.admin('stats')

    def reset_stats(self):
        return self.admin('reset-stats', {})['before']

    def jmap(self, *calls, user='alice', using=()):
        """Method calls of our own; the responses."""
        return bare.jmap(self.url, *calls, user=user, using=using)
