#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nothing that modules were built against disappears or changes under the same ABI number."""

import glob
import os
import re
import sys

SOURCE, BUILD = os.environ['FERRY_SRCDIR'], os.environ['FERRY_BUILDDIR']
sys.path[:0] = [os.path.join(SOURCE, 'tests', 'integration', 'lib'),
                os.path.dirname(os.path.abspath(__file__))]
import api  # noqa: E402
import tap  # noqa: E402

GIR = os.path.join(BUILD, 'core', 'Ferry-1.0.gir')
# a line of the list, what became of it, whether modules can live with that
CHANGES = [
    ('void (int)', 'void (int)', True),
    ('void (int)', 'void (gint64)', False),
    ('void (int)', 'gboolean (int)', False),
    ('void (int)', 'void (int, GError**)', False),
    ('char* /full/ (void)', 'char* (void)', False),
    ('enum A=0 B=1', 'enum A=0 B=1 C=2', True),
    ('enum A=0 B=1', 'enum A=0 C=1 B=2', False),
    ('enum A=0 B=1', 'enum A=0', False),
    ('struct int a; int b;', 'struct int a; int b; int c;', True),
    ('struct int a; int b;', 'struct int a; int c; int b;', False),
    ('struct int a; int b;', 'struct int a; int bb;', False),
    ('struct int a; int b;', 'type', False),
    ('type', 'struct int a;', True),
    ('constant 1', 'constant 2', False),
]


def test_what_breaks():
    for index, (old, new, good) in enumerate(CHANGES):
        tap.same(api.still_good(old, new), good, 'row %d' % index)
    tap.same(api.breaks({'a': 'type', 'b': 'void (int)'}, {'b': 'void (int)', 'c': 'type'}),
             ['a is gone'])


def test_interface_is_kept():
    new = api.interface_of(GIR)
    abi, old = api.read_list()
    tap.check(len(old) > 1000 and len(new) > 1000, '%d symbols, %d listed' % (len(new), len(old)))
    tap.note('%d symbols, %d of them not in the list' % (len(new), len(set(new) - set(old))))
    for line in api.breaks(old, new):
        tap.note(line)
    if abi != api.abi_of_source():
        raise tap.Failure('the list is of ABI %d, the source has %d: renew it with %s'
                          % (abi, api.abi_of_source(), api.RENEW))
    tap.same(len(api.breaks(old, new)), 0, 'symbols that modules were built against. Keep them; or '
             'raise FERRY_PLUGIN_ABI, which is not needed before the first release, and renew the '
             'list with ' + api.RENEW)


def test_list_is_sorted():
    with open(api.LIST, encoding='utf-8') as file:
        names = [line.split(': ')[0] for line in file if ': ' in line and line[0] != '#']
    tap.same(names, sorted(set(names)), 'one line for each symbol, in order')


def test_key_files_have_the_abi():
    """What the tree's own modules say, and what is written for new ones."""
    paths = glob.glob(SOURCE + '/extensions/*/*.plugin') + glob.glob(SOURCE + '/plugins/*/*.plugin')
    paths += glob.glob(SOURCE + '/core/cli/templates/*.plugin.in')
    for path in paths:
        with open(path) as file:
            found = re.search(r'^ABI=(\d+)$', file.read(), re.M)
        tap.same(found and int(found[1]), api.abi_of_source(), path)


if __name__ == '__main__':
    tap.run([test_what_breaks, test_interface_is_kept, test_list_is_sorted,
             test_key_files_have_the_abi], timeout=50)
