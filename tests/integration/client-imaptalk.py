#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Perl's Mail::IMAPTalk (client-imaptalk.pl has the cases); its TAP is passed on."""

import os
import subprocess
import sys

from lib import clients, procs, target
from lib.tap import Skip, skip_all


def main():
    perl = clients.need('perl', 'perl')
    if subprocess.run([perl, '-MMail::IMAPTalk', '-e', '1'], capture_output=True).returncode:
        raise Skip('no Mail::IMAPTalk here (package libmail-imaptalk-perl)')
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'client-imaptalk.pl')
    with target.on_cyrus() as server:
        box = server.fresh('TalkBox')
        return subprocess.run([perl, script, server.host, str(server.front.imap_port), box],
                              timeout=60 * procs.PATIENCE).returncode


try:
    sys.exit(main())
except Skip as reason:
    skip_all(reason)
