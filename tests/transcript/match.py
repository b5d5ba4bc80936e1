# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compare what came with what a transcript expects: IMAP responses and JMAP calls."""

import base64
import json
import re

from script import BadScript, unescape

TOKEN = re.compile(r'\{\{(?P<string>.*?)\}\}|(?P<star>\\\*)|(?P<wild>\*)|~\((?P<list>[^()]*)\)|'
                   r'~<(?P<words>[^<>]*)>|\$\$(?P<dollar>)|\$\((?P<base64>[^()]*)\)|'
                   r'\$(?:(?P<name>[a-z]\w*)|\{(?P<sum>[a-z]\w*(?:[+-]\d+)?)\})')
VALUE = rb'([^ ()\[\]"\r\n]+)'
ANY_STRING = rb'(?:\{\d+\}\r\n.*?|"(?:[^"\\]|\\.)*")'


def lookup(variables, expression):
    """The value of `name`, `name+1` or `name-1`; None if the name is not bound."""
    name, sign, number = re.match(r'(\w+?)(?:([+-])(\d+))?$', expression).groups()
    value = variables.get(name)
    if value is None or not sign:
        return value
    return b'%d' % (int(value) + int(sign + number))


def expand(text, variables):
    """Octets of a text with its `$name`s replaced; `$$` is a dollar, `$(…)` base64."""
    out, at = b'', 0
    for found in re.finditer(r'\$(?:\$|([a-z]\w*)|\{([^}]*)\}|\(([^()]*)\))', text):
        out += text[at:found.start()].encode()
        at = found.end()
        if found.group(3) is not None:
            out += encoded(found.group(3), variables)
            continue
        expression = found.group(1) or found.group(2)
        value = b'$' if found.group() == '$$' else lookup(variables, expression)
        if value is None:
            raise BadScript('$%s has no value' % expression)
        out += value
    return out + text[at:].encode()


def encoded(text, variables):
    """Base64 of a text with names and escapes."""
    return base64.b64encode(unescape(expand(text, variables).decode()))


def fold(word):
    """Flags, attributes and capabilities have no case (RFC 9051 §2.3.2)."""
    return word.lower()


def literal_text(text, documents, variables):
    """What stands between {{ and }}: a here-document, `$name` alone, or text with escapes."""
    if text.startswith('<<'):
        return documents.pop(0)
    if re.fullmatch(r'\$[a-z]\w*', text):
        return expand(text, variables)
    return unescape(text)


def pattern(text, documents, variables):
    """One expected response; `a && b` is what both a and b match."""
    parts = [Pattern(part, documents, variables) for part in text.split(' && ')]
    return lambda line: all(part.match(line) for part in parts)


class Pattern:
    """One part of an expected response, as a regular expression and sets of words."""

    def __init__(self, text, documents, variables):
        # an empty invitation ends with its space (RFC 9051 §7.6)
        text = '+ ' if text == '+' else text
        self.variables = variables
        self.sets, self.names = [], []
        self.documents = list(documents)
        head = text[:2] if text.startswith('* ') else ''
        regex, at = re.escape(head).encode(), len(head)
        for found in TOKEN.finditer(text, at):
            regex += re.escape(text[at:found.start()].encode()) + self._token(found)
            at = found.end()
        self.regex = re.compile(regex + re.escape(text[at:].encode()), re.DOTALL)

    def _token(self, found):
        if found.group('string') is not None:
            return self._string(found.group('string'))
        if found.group('star'):
            return rb'\\\*'
        if found.group('wild'):
            return rb'.*?'
        if found.group('list') is not None:
            return rb'\(' + self._set(found.group('list'), rb'[^()]*') + rb'\)'
        if found.group('words') is not None:
            return self._set(found.group('words'), rb'.*')
        if found.group('dollar') is not None:
            return rb'\$'
        if found.group('base64') is not None:
            return re.escape(encoded(found.group('base64'), self.variables))
        return self._variable(found.group('name') or found.group('sum'))

    def _string(self, text):
        if text == '*':
            return ANY_STRING
        data = literal_text(text, self.documents, self.variables)
        as_literal = rb'\{%d\}\r\n' % len(data) + re.escape(data)
        if re.search(rb'[\r\n\0\x80-\xff]', data):
            return as_literal
        quoted = b'"' + data.replace(b'\\', b'\\\\').replace(b'"', b'\\"') + b'"'
        return b'(?:' + as_literal + b'|' + re.escape(quoted) + b')'

    def _set(self, text, inside):
        self.sets.append(text.split())
        return b'(?P<s%d>' % (len(self.sets) - 1) + inside + b')'

    def _variable(self, expression):
        value = lookup(self.variables, expression)
        if value is not None:
            return re.escape(value)
        self.names.append(expression)
        if self.names.count(expression) > 1:
            return b'(?P=v_%s)' % expression.encode()
        return b'(?P<v_%s>' % expression.encode() + VALUE[1:]

    def match(self, line):
        """Whether the response is the expected one; names are bound if it is."""
        found = self.regex.fullmatch(line)
        if not found:
            return False
        for number, wanted in enumerate(self.sets):
            if not self._same_set(wanted, found.group('s%d' % number).split()):
                return False
        for name in self.names:
            self.variables[name] = found.group('v_' + name)
        return True

    def _same_set(self, wanted, got):
        more = '*' in wanted
        # only IMAP4rev1 has \Recent, and who is told of it first is chance
        named = '\\Recent' in wanted or '!\\Recent' in wanted
        got = [fold(word) for word in got if named or fold(word) != b'\\recent']
        for word in wanted:
            if word == '*':
                continue
            unwanted = word.startswith('!')
            octets = fold(expand(word.lstrip('!'), self.variables))
            if (octets in got) == unwanted:
                return False
            if not unwanted:
                got.remove(octets)
        return more or not got


def json_matches(want, got, variables):
    """Whether `got` holds what `want` names: objects may hold more, arrays not."""
    if isinstance(want, dict):
        return isinstance(got, dict) and all(_member(key, value, got, variables)
                                             for key, value in want.items())
    if isinstance(want, list):
        return (isinstance(got, list) and len(want) == len(got)
                and all(json_matches(a, b, variables) for a, b in zip(want, got)))
    if want == '*':
        return True
    if isinstance(want, str):
        return isinstance(got, str) and _text(want, got, variables)
    return type(want) is type(got) and want == got


def _member(key, want, got, variables):
    if key.startswith('!'):
        return not any(_text(key[1:], name, variables) and value for name, value in got.items())
    return any(_text(key, name, variables) and json_matches(want, value, variables)
               for name, value in got.items())


def _text(want, got, variables):
    if re.fullmatch(r'\$[a-z]\w*', want) and want[1:] not in variables:
        variables[want[1:]] = got.encode()
        return True
    parts = [re.escape(expand(part, variables).decode()) for part in want.split('*')]
    return re.fullmatch('.*'.join(parts), got, re.DOTALL) is not None


def parse_call(text):
    """`Email/set {…}` → (name, arguments)"""
    name, _, rest = text.partition(' ')
    try:
        return name, json.loads(rest) if rest.strip() else {}
    except ValueError as problem:
        raise BadScript('arguments of %s: %s' % (name, problem)) from None
