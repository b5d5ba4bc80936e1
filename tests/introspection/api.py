#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The public interface of libferry-1 as lines of text, and what became of the lines of api.txt.

    tests/introspection/api.py BUILD            what is broken, changed and new since api.txt
    tests/introspection/api.py BUILD --renew    writes api.txt anew

api.txt is what modules may rely on, one symbol a line, made from Ferry-1.0.gir. New symbols, new
members of an enumeration and new fields at the end of a struct break nobody, and need not be in the
list. Everything else does: then FERRY_PLUGIN_ABI (core/registry/plugin.h, and ABI= in each key file)
has to rise, and the list is renewed. Before the first release, which NEWS knows of, there are no
modules elsewhere, and the list may be renewed as it is.
"""

import os
import re
import sys
import xml.etree.ElementTree as ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get('FERRY_SRCDIR') or os.path.dirname(os.path.dirname(HERE))
LIST = os.path.join(SOURCE, 'tests', 'introspection', 'api.txt')
RENEW = 'tests/introspection/api.py BUILD --renew'
HEAD = '''# SPDX-License-Identifier: LGPL-2.1-or-later
# What modules may rely on; see api.py, which writes this file: %s
''' % RENEW

CORE = '{http://www.gtk.org/introspection/core/1.0}'
C = '{http://www.gtk.org/introspection/c/1.0}'
GLIB = '{http://www.gtk.org/introspection/glib/1.0}'
CALLS = {CORE + kind for kind in ('function', 'method', 'constructor')}
# they grow with the enumeration
COUNTS = re.compile(r'(^|_)N_')


def c_type(node):
    """The C type of a parameter, field or return value, and who owns it."""
    for kind in ('type', 'array'):
        inner = node.find(CORE + kind)
        if inner is not None:
            name = inner.get(C + 'type') or inner.get('name') or kind
            if kind == 'array' and inner.get('fixed-size'):
                name += '[%s]' % inner.get('fixed-size')
            break
    else:
        name = '...' if node.find(CORE + 'varargs') is not None else 'callback'
    owner = node.get('transfer-ownership')
    return name + (' /%s/' % owner if owner in ('full', 'container') else '')


def signature(call):
    """`TYPE (TYPE, TYPE)`, for functions and callbacks."""
    parameters = [c_type(node) for node in call.find(CORE + 'parameters') or ()]
    if call.get('throws') == '1':
        parameters.append('GError**')
    return '%s (%s)' % (c_type(call.find(CORE + 'return-value')), ', '.join(parameters) or 'void')


def describe(node):
    """(name, text) of one node of the GIR, or None where it is none of ours."""
    name = node.get(C + 'identifier') or node.get(C + 'type') or node.get('name')
    if node.get(GLIB + 'is-gtype-struct-for'):
        return None
    if node.tag in CALLS:
        return name, signature(node)
    if node.tag == CORE + 'callback':
        return name, 'callback ' + signature(node)
    if node.tag == CORE + 'constant' and not COUNTS.search(node.get('name')):
        return name, 'constant ' + node.get('value')
    if node.tag in (CORE + 'enumeration', CORE + 'bitfield'):
        members = ('%s=%s' % (member.get(C + 'identifier'), member.get('value'))
                   for member in node.findall(CORE + 'member')
                   if not COUNTS.search(member.get('name').upper()))
        return name, 'enum ' + ' '.join(members)
    if node.tag == CORE + 'record' and node.findall(CORE + 'field'):
        fields = ('%s %s;' % (c_type(field), field.get('name'))
                  for field in node.findall(CORE + 'field'))
        return name, 'struct ' + ' '.join(fields)
    if node.tag in (CORE + 'record', CORE + 'class', CORE + 'interface'):
        return name, 'type'
    return None


def interface_of(gir):
    """{name: text} of everything public."""
    found = {}
    for holder in ElementTree.parse(gir).getroot().iter():
        if holder.get(GLIB + 'is-gtype-struct-for') or holder.tag == CORE + 'field':
            continue
        for node in holder:
            described = describe(node)
            if described:
                found[described[0]] = described[1]
    # the list has a line for it
    found.pop('FERRY_PLUGIN_ABI', None)
    return found


def abi_of_source():
    with open(os.path.join(SOURCE, 'core', 'registry', 'plugin.h')) as file:
        return int(re.search(r'^#define FERRY_PLUGIN_ABI (\d+)', file.read(), re.M)[1])


def read_list(path=LIST):
    """The ABI number and {name: text} of api.txt."""
    abi, found = 0, {}
    with open(path, encoding='utf-8') as file:
        for line in file:
            if line.startswith('ABI '):
                abi = int(line.split()[1])
            elif not line.startswith('#') and ': ' in line:
                name, text = line.rstrip('\n').split(': ', 1)
                found[name] = text
    return abi, found


def still_good(old, new):
    """Whether who was built against the one can live with the other."""
    if old == new or old == 'type' and new.startswith('struct '):
        return True
    for kind in ('enum ', 'struct '):
        if old.startswith(kind) and new.startswith(kind):
            if kind == 'enum ':
                return set(old.split()) <= set(new.split())
            return new.startswith(old + ' ')
    return False


def breaks(old, new):
    """Lines that say what who was built against `old` misses in `new`."""
    said = []
    for name, text in sorted(old.items()):
        if name not in new:
            said.append('%s is gone' % name)
        elif not still_good(text, new[name]):
            said.append('%s was\n  %s, is\n  %s' % (name, text, new[name]))
    return said


def is_released():
    with open(os.path.join(SOURCE, 'NEWS'), encoding='utf-8') as file:
        return bool(re.search(r'^Ferry \S+ \((?!unreleased)', file.read(), re.M))


def write_list(abi, interface):
    with open(LIST, 'w', encoding='utf-8') as file:
        file.write(HEAD + 'ABI %d\n' % abi)
        file.writelines('%s: %s\n' % pair for pair in sorted(interface.items()))


def main(arguments):
    if not arguments:
        sys.exit(__doc__)
    new = interface_of(os.path.join(arguments[0], 'core', 'Ferry-1.0.gir'))
    abi, old = read_list() if os.path.exists(LIST) else (0, {})
    broken = breaks(old, new)
    print('\n'.join(broken + ['%s is new' % name for name in sorted(set(new) - set(old))]))
    if '--renew' in arguments:
        if broken and abi == abi_of_source() and is_released():
            sys.exit('this breaks modules: FERRY_PLUGIN_ABI has to rise first')
        write_list(abi_of_source(), new)
    elif broken and abi == abi_of_source():
        sys.exit(1)


if __name__ == '__main__':
    main(sys.argv[1:])
