# SPDX-License-Identifier: LGPL-2.1-or-later
"""Thunderbird without a window, steered by Marionette from a profile of its own.

Scripts run with the rights of Thunderbird's own code; what they need of its modules is in PRELUDE.
Nothing in the profile asks for the network beyond loopback.
"""

import json
import os
import socket
import time

from . import procs
from .tap import Failure

BINARY = '/usr/lib/thunderbird/thunderbird-bin'

# A proxy that nobody is behind takes what would leave the machine.
PREFS = {
    'app.update.enabled': False, 'app.normandy.enabled': False, 'browser.safebrowsing.enabled': False,
    'browser.safebrowsing.malware.enabled': False, 'browser.safebrowsing.phishing.enabled': False,
    'captivedetect.canonicalURL': '', 'datareporting.healthreport.uploadEnabled': False,
    'datareporting.policy.dataSubmissionEnabled': False, 'extensions.blocklist.enabled': False,
    'extensions.getAddons.cache.enabled': False, 'extensions.systemAddon.update.enabled': False,
    'extensions.update.enabled': False, 'media.gmp-manager.updateEnabled': False,
    'network.captive-portal-service.enabled': False, 'network.connectivity-service.enabled': False,
    'network.dns.disablePrefetch': True, 'network.trr.mode': 5,
    'network.proxy.type': 1, 'network.proxy.http': '127.0.0.1', 'network.proxy.http_port': 9,
    'network.proxy.ssl': '127.0.0.1', 'network.proxy.ssl_port': 9,
    'services.settings.server': 'http://127.0.0.1:9/', 'toolkit.telemetry.enabled': False,
    'toolkit.telemetry.server': '', 'toolkit.telemetry.unified': False,
    'mail.cloud_files.enabled': False, 'mail.instrumentation.postUrl': '', 'mail.provider.enabled': False,
    'mail.rights.version': 1, 'mail.shell.checkDefaultClient': False, 'mail.spotlight.firstRunDone': True,
    'mail.winsearch.firstRunDone': True, 'mailnews.start_page.enabled': False,
    'mailnews.start_page_override.mstone': 'ignore', 'mail.biff.show_alert': False,
    'mail.inappnotifications.enabled': False, 'mail.serverDefaultStoreContractID':
    '@mozilla.org/msgstore/maildirstore;1', 'mail.check_all_imap_folders_for_new': False,
}

PRELUDE = '''
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const { setTimeout } = ChromeUtils.importESModule("resource://gre/modules/Timer.sys.mjs");
'''


class Thunderbird:
    """`prefs` are added to the profile in the directory `home`."""

    def __init__(self, home, prefs):
        self.home, self.log = home, os.path.join(home, 'log')
        self.port = procs.free_port()
        os.makedirs(home + '/profile', exist_ok=True)   # one that was used before goes on
        everything = dict(PREFS, **prefs, **{'marionette.port': self.port})
        with open(home + '/profile/user.js', 'w') as out:
            for name, value in everything.items():
                out.write('user_pref(%s, %s);\n' % (json.dumps(name), json.dumps(value)))
        self.process = self.sock = self.file = None
        self.count = 0

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.sock:
            self.sock.close()
        if self.process:
            procs.stop(self.process, seconds=15)

    def _start(self):
        env = dict(os.environ, HOME=self.home, LC_ALL='C.UTF-8', MOZ_HEADLESS='1',
                   MOZ_CRASHREPORTER_DISABLE='1', TMPDIR=self.home)
        env.pop('DISPLAY', None)
        self.process = procs.spawn(
            [BINARY, '--headless', '--no-remote', '--profile', self.home + '/profile',
             '--marionette', '--remote-allow-system-access'], self.log, env=env, cwd=self.home)
        deadline = time.monotonic() + 60 * procs.PATIENCE
        while not procs.port_open(self.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Failure('Thunderbird does not start\n' + procs.tail(self.log))
            time.sleep(0.1)
        self.sock = socket.create_connection(('127.0.0.1', self.port), 60 * procs.PATIENCE)
        self.file = self.sock.makefile('rb')
        self._receive(30)
        self._call('WebDriver:NewSession', capabilities={})
        self._call('Marionette:SetContext', value='chrome')

    def _receive(self, seconds):
        self.sock.settimeout(seconds * procs.PATIENCE)
        length = b''
        try:
            while (octet := self.file.read(1)) != b':':
                if not octet:
                    raise Failure('Thunderbird ended\n' + procs.tail(self.log))
                length += octet
            return json.loads(self.file.read(int(length)))
        except TimeoutError as late:
            raise Failure('Thunderbird does not answer within %d s' % seconds) from late

    def _call(self, name, seconds=60, **parameters):
        self.count += 1
        data = json.dumps([0, self.count, name, parameters]).encode()
        self.sock.sendall(b'%d:%s' % (len(data), data))
        _, _, error, value = self._receive(seconds)
        if error:
            raise Failure('%s: %s' % (error.get('error'), error.get('message')))
        return value

    def run(self, script, *arguments, seconds=45):
        """The result of the body of an async function, given `arguments` as its `args`."""
        body = PRELUDE + '''
const args = [...arguments], done = args.pop();
(async () => { %s })().then(value => done([value ?? null, null]),
                             problem => done([null, String(problem) + " " + problem?.stack]));
''' % script
        self._call('WebDriver:SetTimeouts', script=seconds * 1000 * procs.PATIENCE)
        value, problem = self._call('WebDriver:ExecuteAsyncScript', seconds + 15, script=body,
                                    args=list(arguments), sandbox='system')['value'] or (None, 'it asked')
        if problem:
            raise Failure('Thunderbird: ' + problem)
        return value
