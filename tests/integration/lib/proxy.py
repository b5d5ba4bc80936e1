# SPDX-License-Identifier: LGPL-2.1-or-later
"""An HTTP/1.1 proxy before the JMAP server that can be told to misbehave.

    proxy.rule('Email/import', drop_answer, times=1)

does `drop_answer` to the first request whose body (or path) contains the word. Actions are
functions (exchange) → None that answer, or leave that to the rest by not answering.
"""

import http.client
import json
import select
import socket
import threading
import time

from .tap import note


class Request:
    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body
        self.when = time.monotonic()

    def calls(self):
        """Names of the JMAP methods called."""
        try:
            return [call[0] for call in json.loads(self.body)['methodCalls']]
        except (ValueError, KeyError, TypeError, IndexError):
            return []

    def __repr__(self):
        return '%s %s %s' % (self.method, self.path, self.calls() or '%d octets' % len(self.body))


class Exchange:
    """One request on its way; `forward()` asks the backend, `answer()` the client."""

    def __init__(self, proxy, request, client, backend):
        self.proxy, self.request, self.client, self.backend = proxy, request, client, backend
        self.status = self.reply = self.headers = None
        self.answered = False

    def forward(self):
        if self.status is None:
            self.status, self.headers, self.reply = self.backend.ask(self.request, self.client)
        return self.reply

    def answer(self):
        """Give the client what the backend said (asked now if it has not been yet)."""
        self.forward()
        if self.reply is not None:      # None: it was a stream and has been relayed
            self.say(self.status, self.reply, self.headers)
        self.answered = True

    def say(self, status, body=b'', headers=()):
        head = 'HTTP/1.1 %d %s\r\n' % (status, http.client.responses.get(status, 'Status'))
        for name, value in headers:
            if name.lower() not in ('transfer-encoding', 'content-length', 'connection',
                                    'keep-alive', 'upgrade'):
                head += '%s: %s\r\n' % (name, value)
        head += 'Content-Length: %d\r\n\r\n' % len(body)
        self.client.sendall(head.encode('latin-1') + (b'' if self.request.method == 'HEAD' else body))
        self.answered = True

    def close(self):
        self.answered = True
        raise ConnectionError('cut')


# actions

def drop_answer(exchange):
    """The backend does it, and the client never learns."""
    exchange.forward()
    exchange.close()


def drop_request(exchange):
    """The request never arrives."""
    exchange.close()


def cut_answer(octets):
    def action(exchange):
        exchange.forward()
        head = 'HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n' % (
            exchange.status, len(exchange.reply))
        exchange.client.sendall(head.encode() + exchange.reply[:octets])
        exchange.close()
    return action


def delay(seconds):
    def action(exchange):
        exchange.proxy.closing.wait(seconds)
    return action


def hang(exchange):
    """No answer until the proxy is told `release()`."""
    exchange.proxy.released.wait(300)


def status(code, body=b'', headers=(('Content-Type', 'text/plain'),)):
    def action(exchange):
        exchange.say(code, body, headers)
    return action


def call(function):
    """Do something of our own first, such as a change by another client."""
    def action(exchange):
        function(exchange.request)
    return action


def after(function):
    """Do something once the backend has answered and before the client knows."""
    def action(exchange):
        exchange.forward()
        function(exchange.request)
    return action


def change_json(function):
    """`function(document)` edits the backend's JSON answer."""
    def action(exchange):
        document = json.loads(exchange.forward())
        document = function(document) or document
        exchange.reply = json.dumps(document).encode()
    return action


def replace(body, kind='application/json'):
    def action(exchange):
        exchange.forward()
        exchange.say(200, body, (('Content-Type', kind),))
    return action


class Backend:
    """The connection to the real server that belongs to one client connection."""

    def __init__(self, host, port):
        self.connection = http.client.HTTPConnection(host, port, timeout=120)

    def ask(self, request, client):
        # never asked twice: what the backend did before it cut the connection is done
        sock = self.connection.sock
        if sock is not None and select.select([sock], [], [], 0)[0]:
            self.connection.close()         # a kept connection that the server has closed
        self.connection.request(request.method, request.path, request.body or None,
                                request.headers)
        response = self.connection.getresponse()
        headers = response.getheaders()
        if 'event-stream' in (response.getheader('Content-Type') or ''):
            self._relay(response, headers, client)
            return response.status, headers, None
        return response.status, headers, response.read()

    @staticmethod
    def _relay(response, headers, client):
        head = 'HTTP/1.1 %d OK\r\n' % response.status
        head += ''.join('%s: %s\r\n' % pair for pair in headers
                        if pair[0].lower() not in ('transfer-encoding', 'content-length', 'connection'))
        client.sendall(head.encode('latin-1') + b'Connection: close\r\n\r\n')
        while True:
            data = response.read1(65536)
            if not data:
                raise ConnectionError('stream ended')
            client.sendall(data)


class Proxy:
    def __init__(self, host, port):
        self.backend = (host, port)
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.lock, self.rules, self.requests = threading.Lock(), [], []
        self.closing, self.released = threading.Event(), threading.Event()
        self.clients = set()
        self._start_accepting()

    @property
    def url(self):
        return 'http://127.0.0.1:%d' % self.port

    # control

    def rule(self, word, action, times=1):
        """Do `action` to the next `times` requests that contain `word` ('' is any)."""
        entry = {'word': word.encode(), 'action': action, 'left': times, 'done': 0}
        with self.lock:
            self.rules.append(entry)
        return entry

    def clear(self):
        with self.lock:
            self.rules.clear()
        self.released.set()
        self.released = threading.Event()

    def release(self):
        self.released.set()

    def mark(self):
        """A place in the list of requests; see `since`."""
        return len(self.requests)

    def since(self, mark):
        return self.requests[mark:]

    def down(self):
        """As if the backend had been switched off: connections are refused."""
        _shut(self.listener)
        self.listener.close()
        # bound, so that nobody else gets the port, but not listening
        self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(('127.0.0.1', self.port))
        with self.lock:
            clients = list(self.clients)
        for client in clients:
            _shut(client)

    def up(self):
        self.listener.listen(128)
        self._start_accepting()

    def close(self):
        self.closing.set()
        self.released.set()
        self.down()
        self.listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # the work

    def _start_accepting(self):
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def _accept(self, listener):
        while not self.closing.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.clients.add(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        backend = Backend(*self.backend)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            stream = client.makefile('rb')
            while True:
                request = _read_request(stream, client)
                if request is None:
                    return
                self.requests.append(request)
                self._exchange(Exchange(self, request, client, backend))
        except (OSError, http.client.HTTPException, ValueError):
            pass
        except Exception as problem:        # a mistake in a test's own action
            note('proxy: %r' % problem)
        finally:
            backend.connection.close()
            with self.lock:
                self.clients.discard(client)
            _shut(client)
            client.close()

    def _exchange(self, exchange):
        for entry in self._take(exchange.request):
            entry['done'] += 1          # before: what cuts the connection does not return
            entry['action'](exchange)
            if exchange.answered:
                return
        exchange.answer()

    def _take(self, request):
        taken = []
        with self.lock:
            for entry in self.rules:
                if entry['left'] > 0 and (entry['word'] in request.body
                                          or entry['word'] in request.path.encode()):
                    entry['left'] -= 1
                    taken.append(entry)
        return taken


def _shut(sock):
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def _read_request(stream, client):
    line = stream.readline(65536)
    if not line:
        return None
    method, path, _ = line.decode('latin-1').split(' ', 2)
    headers = {}
    while True:
        line = stream.readline(65536).strip()
        if not line:
            break
        name, _, value = line.decode('latin-1').partition(':')
        headers[name.strip()] = value.strip()
    lower = {name.lower(): value for name, value in headers.items()}
    if lower.get('expect', '').lower() == '100-continue':
        client.sendall(b'HTTP/1.1 100 Continue\r\n\r\n')
    if lower.get('transfer-encoding', '').lower() == 'chunked':
        body = _read_chunks(stream)
    else:
        body = stream.read(int(lower.get('content-length', 0)))
    for name in list(headers):
        if name.lower() in ('accept-encoding', 'connection', 'transfer-encoding', 'content-length',
                            'expect', 'upgrade', 'http2-settings'):
            del headers[name]
    if body or method in ('POST', 'PUT'):
        headers['Content-Length'] = str(len(body))
    return Request(method, path, headers, body)


def _read_chunks(stream):
    parts = []
    while True:
        size = int(stream.readline().split(b';')[0], 16)
        if size == 0:
            while stream.readline().strip():
                pass
            return b''.join(parts)
        parts.append(stream.read(size))
        stream.readline()
