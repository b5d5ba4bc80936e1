# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients that cost next to nothing, so that what is measured is the server.

FastImap reads octets until the tagged line and looks at nothing else; BareJmap sends ready-made
JSON over one kept connection and reads the answer.
"""

import base64
import http.client
import json
import socket
import ssl
import time


class FastImap:
    def __init__(self, host, port, user='alice', password='secret', tls=False):
        self.sock = socket.create_connection((host, port), timeout=600)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.sock = context.wrap_socket(self.sock)
        self.buffer = bytearray(1 << 20)
        self.greeting = self._until(b'* ')
        self.number = 0
        self.capability = self.command('LOGIN %s %s' % (user, password)) + self.command('CAPABILITY')

    def _until(self, start, keep=True):
        """Read to the line that begins with `start`; what was read (its end at least)."""
        tail, parts = b'', []
        view = memoryview(self.buffer)
        while True:
            # or a server that sends a small last segment waits 40 ms for our acknowledgement
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            count = self.sock.recv_into(self.buffer)
            if count == 0:
                raise ConnectionError('closed: %r' % tail[-200:])
            data = bytes(view[:count]) if keep else bytes(view[max(0, count - 4096):count])
            if keep:
                parts.append(data)
            tail = (tail + data)[-4096:]
            if tail.endswith(b'\r\n'):
                line = tail[tail.rfind(b'\r\n', 0, -2) + 2:] if tail.count(b'\r\n') > 1 else tail
                if line.startswith(start):
                    if not keep:
                        parts = [line]
                    return b''.join(parts)

    def command(self, text, keep=True, data=None):
        """Send one command (`data` instead of text: ready-made octets after the tag)."""
        self.number += 1
        tag = b'b%d ' % self.number
        self.sock.sendall(tag + (data if data is not None else text.encode()) + b'\r\n')
        out = self._until(tag, keep)
        last = out[out.rfind(b'\r\n', 0, -2) + 2:] if out.count(b'\r\n') > 1 else out
        if not last.startswith(tag + b'OK'):
            raise RuntimeError('%s: %r' % (text[:80] if text else '', last[:200]))
        return out

    def timed(self, text, data=None):
        started = time.perf_counter()
        self.command(text, keep=False, data=data)
        return time.perf_counter() - started

    def offers(self, name):
        return name.encode() in self.capability.upper()

    def close(self):
        self.sock.close()


class BareJmap:
    """The calls that any JMAP client would have to make, and nothing else."""

    MAIL = ['urn:ietf:params:jmap:core', 'urn:ietf:params:jmap:mail']

    def __init__(self, url, user='alice', password='secret'):
        self.host = url.split('//', 1)[1].split('/', 1)[0]
        token = base64.b64encode(('%s:%s' % (user, password)).encode()).decode()
        self.headers = {'Authorization': 'Basic ' + token, 'Content-Type': 'application/json'}
        self.connection = http.client.HTTPConnection(self.host, timeout=600)
        self.session = json.loads(self.request('GET', '/.well-known/jmap'))
        self.account = self.session['primaryAccounts'][self.MAIL[1]]
        self.api = self.path(self.session['apiUrl'])
        self.blob = next((c for c in ('urn:ietf:params:jmap:blob', 'https://cyrusimap.org/ns/jmap/blob')
                          if c in self.session['capabilities']), None)

    @staticmethod
    def path(url):
        return '/' + url.split('//', 1)[1].split('/', 1)[1] if '//' in url else url

    def request(self, method, path, body=None, headers=None):
        for _ in range(4):
            self.connection.request(method, path, body, dict(self.headers, **(headers or {})))
            if self.connection.sock:
                # an answer over 4 KB waits 40 ms for a delayed acknowledgement otherwise
                self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            answer = self.connection.getresponse()
            data = answer.read()
            if answer.status not in (301, 302, 307, 308):
                break
            path = self.path(answer.getheader('Location'))
        if answer.status not in (200, 201):
            raise RuntimeError('%s %s: %d %r' % (method, path, answer.status, data[:200]))
        return data

    def encode(self, *calls, using=()):
        body = {'using': self.MAIL + list(using),
                'methodCalls': [[name, dict(args, accountId=self.account), str(i)]
                                for i, (name, args) in enumerate(calls)]}
        return json.dumps(body).encode()

    def call(self, *calls, using=()):
        return [r[1] for r in json.loads(self.raw(self.encode(*calls, using=using)))['methodResponses']]

    def raw(self, body):
        return self.request('POST', self.api, body)

    def timed(self, bodies):
        """Seconds for sending these ready-made requests one after the other."""
        started = time.perf_counter()
        for body in bodies:
            self.raw(body)
        return time.perf_counter() - started

    def mailbox(self, name):
        boxes = self.call(('Mailbox/get', {'properties': ['name', 'parentId']}))[0]['list']
        return next(box['id'] for box in boxes if box['name'].lower() == name.lower())

    def ids(self, mailbox):
        """All Email ids of a mailbox, by receivedAt."""
        found = []
        while True:
            page = self.call(('Email/query', {'filter': {'inMailbox': mailbox}, 'limit': 20000,
                                              'position': len(found),
                                              'sort': [{'property': 'receivedAt', 'isAscending': True}]}))[0]
            if not page['ids']:
                return found
            found += page['ids']
