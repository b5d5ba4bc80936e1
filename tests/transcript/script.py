# SPDX-License-Identifier: LGPL-2.1-or-later
"""Read a *.transcript file: what it needs, and its steps. README.md describes the format."""

import re
import shlex

HEREDOC = re.compile(r'<<([A-Z]+)')
CLIENT = re.compile(r'C(\d*)(!?):(?: (.*))?$')
SERVER = re.compile(r'S(\d*)([?~]?):(?: (.*))?$')
WAIT = re.compile(r'W(\d*)(?:\((.*?)\))?: (.*)$')
GENERATED = re.compile(r'mailbox (.+): (\d+) generated(?: seed (\d+))?$')
SIMPLE = re.compile(r'mailbox (.+?)(?:: (\d+) messages?)?$')
MESSAGE = re.compile(r'(?:message|deliver) (\S+|"[^"]*")(?: as ([a-z]\w*))?(?: keywords (\S+))?'
                     r'(?: received (\S+))? <<([A-Z]+)$')
ESCAPE = re.compile(r'\\(x[0-9a-fA-F]{2}|.)')
ESCAPES = {'r': '\r', 'n': '\n', 't': '\t', '0': '\0', '\\': '\\'}
# steps that may come before the first connection is made
SILENT = ('message', 'mailbox', 'fault', 'admin')
PROTOCOLS = ('imap', 'managesieve')
BEGINNINGS = ('nothing', 'connected', 'login', 'select', 'examine')


class BadScript(Exception):
    """The file itself is wrong."""


class Step:
    """One line, or one block, of a transcript; `what` names the method of Player that plays it."""

    def __init__(self, what, number, text='', **values):
        self.what, self.number, self.text = what, number, text
        self.__dict__.update(values)


def unescape(text):
    """Octets of a text with \\r, \\n, \\t, \\0, \\\\ and \\xHH."""
    out, at = b'', 0
    for found in ESCAPE.finditer(text):
        out += text[at:found.start()].encode()
        name = found.group(1)
        if len(name) == 3:
            out += bytes([int(name[1:], 16)])
        elif name in ESCAPES:
            out += ESCAPES[name].encode()
        else:
            raise BadScript('unknown escape \\' + name)
        at = found.end()
    return out + text[at:].encode()


class Script:
    """`server` and `config` decide which pair of servers a file can share with others."""

    def __init__(self, path, name):
        self.path, self.name, self.title = path, name, ''
        self.server, self.config, self.generated, self.needs = [], [], [], []
        self.others = []
        self.begin, self.steps, self.protocol, self.tls = None, [], 'imap', 'none'
        with open(path, encoding='utf-8') as source:
            self.lines = source.read().split('\n')
        self.at = 0
        try:
            while self.at < len(self.lines):
                self._line()
        except BadScript as problem:
            raise BadScript('%s:%d: %s' % (path, self.at, problem)) from None
        if self.begin is None:
            self.begin = ['login']

    def group(self):
        return self.protocol, self.tls, tuple(self.server), tuple(self.config)

    def _next(self):
        self.at += 1
        return self.lines[self.at - 1]

    def _line(self):
        line = self._next().rstrip()
        if not line:
            return
        if line.startswith('#'):
            text = line.lstrip('# ')
            if not self.title and not text.startswith('SPDX'):
                self.title = text
            return
        for read in (self._client, self._server, self._wait, self._jmap, self._header,
                     self._other):
            if read(line):
                return
        raise BadScript('what is %r?' % line)

    def _documents(self, line):
        """The here-documents that the line announces; their lines end with CRLF."""
        return [self._document(word) for word in HEREDOC.findall(line)]

    def _document(self, word):
        content = []
        while True:
            if self.at >= len(self.lines):
                raise BadScript('<<%s has no end' % word)
            line = self._next()
            if line == word:
                return ''.join(part + '\r\n' for part in content).encode()
            content.append(line)

    def _client(self, line):
        found = CLIENT.match(line)
        if found:
            number = self.at
            self.steps.append(Step('client', number, found.group(3) or '', raw=bool(found.group(2)),
                                   who=int(found.group(1) or 1),
                                   documents=self._documents(line)))
        return found

    def _server(self, line):
        """A run of S~ and S? lines is one step: their order is free."""
        found = SERVER.match(line)
        if not found:
            return False
        who, kind, text = int(found.group(1) or 1), found.group(2), found.group(3) or ''
        wanted = Step('wanted', self.at, text, optional=kind == '?',
                      documents=self._documents(line))
        last = self.steps[-1] if self.steps else None
        if kind and last and last.what == 'server' and last.free and last.who == who:
            last.lines.append(wanted)
        else:
            self.steps.append(Step('server', self.at, text, who=who, free=bool(kind),
                                   lines=[wanted]))
        return True

    def _wait(self, line):
        found = WAIT.match(line)
        if found:
            self.steps.append(Step('wait', self.at, found.group(3), who=int(found.group(1) or 1),
                                   command=found.group(2) or 'NOOP'))
        return found

    def _jmap(self, line):
        if not line.startswith('J: '):
            return False
        text, number = line[3:], self.at
        # arguments may go on in indented lines
        while self.at < len(self.lines) and self.lines[self.at].startswith('  '):
            text += ' ' + self._next().strip()
        last = self.steps[-1] if self.steps else None
        if last and last.what == 'jmap':
            last.lines.append((number, text))
        else:
            self.steps.append(Step('jmap', number, text, lines=[(number, text)]))
        return True

    def _header(self, line):
        word, _, rest = line.partition(' ')
        if word == 'needs':
            self.needs += rest.split()
        elif word == 'user' and re.fullmatch(r'[a-z]+', rest):
            self.others.append(rest)
        elif word == 'server':
            self.server += shlex.split(rest)
        elif word == 'config':
            found = re.match(r'\[(.+)\] ([\w-]+)=(.*)$', rest)
            if not found:
                raise BadScript('config [group] key=value')
            self.config.append(found.groups())
        elif word == 'protocol':
            if rest not in PROTOCOLS:
                raise BadScript('expected one of ' + ', '.join(PROTOCOLS))
            self.protocol = rest
        elif word == 'tls':
            if rest not in ('none', 'starttls'):
                raise BadScript('expected none or starttls')
            self.tls = rest
        elif word == 'begin':
            self.begin = shlex.split(rest)
            check_beginning(self.begin)
        elif GENERATED.match(line):
            mailbox, count, seed = GENERATED.match(line).groups()
            self.generated.append((mailbox, int(count), int(seed or 1)))
        else:
            return False
        if word != 'mailbox' and any(step.what not in SILENT for step in self.steps):
            raise BadScript('%s stands before the first step' % word)
        return True

    def _other(self, line):
        word, _, rest = line.partition(' ')
        found = MESSAGE.match(line)
        if found:
            mailbox, name, keywords, received, end = found.groups()
            self.steps.append(Step(word, self.at, mailbox=mailbox.strip('"'), name=name,
                                   keywords=(keywords or '').split(',') if keywords else [],
                                   received=received, document=self._document(end)))
        elif word == 'mailbox' and SIMPLE.match(line):
            mailbox, count = SIMPLE.match(line).groups()
            self.steps.append(Step('mailbox', self.at, mailbox=mailbox, count=int(count or 0)))
        elif word == 'connect':
            who, *how = shlex.split(rest)
            check_beginning(how)
            self.steps.append(Step('connect', self.at, who=int(who), how=how))
        elif word in ('fault', 'admin', 'let', 'push', 'restart', 'kill', 'handshake'):
            self.steps.append(Step(word, self.at, rest))
        else:
            return False
        return True


def check_beginning(words):
    if not words or words[0] not in BEGINNINGS:
        raise BadScript('expected one of ' + ', '.join(BEGINNINGS))
