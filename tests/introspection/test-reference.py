#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The reference of the library: gi-docgen makes it without a warning, and hardly anything that is
public is without words.

A function counts as documented when it, or what it returns, is described, and every parameter that
its type does not explain. Whoever adds to the public interface finds what is missing in the notes.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

SOURCE, BUILD = os.environ['FERRY_SRCDIR'], os.environ['FERRY_BUILDDIR']
sys.path.insert(0, os.path.join(SOURCE, 'tests', 'integration', 'lib'))
import tap  # noqa: E402

GIR = os.path.join(BUILD, 'core', 'Ferry-1.0.gir')
CORE = '{http://www.gtk.org/introspection/core/1.0}'
C = '{http://www.gtk.org/introspection/c/1.0}'
GLIB = '{http://www.gtk.org/introspection/glib/1.0}'

TYPES = {CORE + kind for kind in ('class', 'interface', 'record', 'union', 'enumeration', 'bitfield',
                                  'constant')}
CALLS = {CORE + kind for kind in ('function', 'method', 'constructor', 'callback')}
# what these are is the same everywhere
SAME_EVERYWHERE = {'self', 'error', 'user_data', 'cancellable', 'callback', 'destroy', 'result', '...'}
# of a hundred
LEAST = 90


def has_words(node):
    return node is not None and node.find(CORE + 'doc') is not None


def missing_of_call(call):
    """What nobody has described: '' for the call itself, else names of parameters."""
    missing = [] if has_words(call) or has_words(call.find(CORE + 'return-value')) else ['']
    return missing + [parameter.get('name') for parameter in call.iter(CORE + 'parameter')
                      if parameter.get('name') not in SAME_EVERYWHERE and not has_words(parameter)]


def public_symbols(root):
    """(C name, what is missing) of everything public."""
    for holder in root.iter():
        if holder.get(GLIB + 'is-gtype-struct-for') or holder.tag == CORE + 'field':
            continue
        for node in holder:
            name = node.get(C + 'identifier') or node.get(C + 'type') or node.get('name')
            if node.tag in TYPES and not node.get(GLIB + 'is-gtype-struct-for'):
                yield name, [] if has_words(node) else ['']
            elif node.tag in CALLS and name:
                yield name, missing_of_call(node)


def test_documented():
    found = dict(public_symbols(ElementTree.parse(GIR).getroot()))
    missing = {name: words for name, words in found.items() if words}
    for name, words in sorted(missing.items()):
        tap.note('%s: %s' % (name, ', '.join(word and '@' + word or 'what it is' for word in words)))
    percent = 100 * (len(found) - len(missing)) / len(found)
    tap.note('%d of %d symbols are documented: %.1f %%' % (
        len(found) - len(missing), len(found), percent))
    tap.check(len(found) > 1000, 'only %d symbols' % len(found))
    tap.check(percent >= LEAST, '%.1f %% of the public symbols are documented' % percent)


def test_measure():
    """The measure itself: what has no words is found."""
    root = ElementTree.fromstring(
        '<repository xmlns="%s" xmlns:c="%s"><namespace>'
        '<function name="a" c:identifier="ferry_a"><return-value/></function>'
        '<function name="b" c:identifier="ferry_b"><return-value><doc>it</doc></return-value>'
        '<parameters><parameter name="x"/><parameter name="error"/></parameters></function>'
        '<record name="R" c:type="FerryR"><doc>one</doc></record><constant name="K" c:type="K"/>'
        '</namespace></repository>' % (CORE[1:-1], C[1:-1]))
    tap.same(dict(public_symbols(root)), {'ferry_a': [''], 'ferry_b': ['x'], 'FerryR': [], 'K': ['']})


def test_made_without_a_warning():
    program = shutil.which('gi-docgen')
    if not program:
        raise tap.Skip('gi-docgen is not installed')
    with tempfile.TemporaryDirectory(prefix='ferry-reference-') as folder:
        done = subprocess.run(
            [program, 'generate', '--quiet', '--fatal-warnings', '--no-namespace-dir',
             '-C', os.path.join(SOURCE, 'doc', 'reference', 'ferry.toml'),
             '--output-dir', folder, GIR], capture_output=True, text=True, timeout=240)
        said = re.sub('\x1b\\[[0-9;]*m', '', done.stdout + done.stderr)
        if done.returncode != 0 or 'WARNING' in said:
            tap.note(said[-3000:])
        tap.same((done.returncode, 'WARNING' in said), (0, False), 'gi-docgen')
        tap.check(os.path.exists(os.path.join(folder, 'method.Registry.add_capability.html')),
                  'the pages are there')


if __name__ == '__main__':
    tap.run([test_measure, test_documented, test_made_without_a_warning], timeout=280)
