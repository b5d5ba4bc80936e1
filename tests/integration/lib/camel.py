# SPDX-License-Identifier: LGPL-2.1-or-later
"""Evolution's mail engine (libcamel with its imapx provider) as a program that tests steer.

    camel.py DIRECTORY HOST PORT none|starttls|implicit [CERTIFICATE]

Each line of input is a JSON list, the name of a function below and its arguments; each is answered
with one line, {"value": …} or {"error": …}. Messages go by the labels of corpus.one().
"""

import base64
import ctypes
import json
import sys
import threading
import time

import gi
gi.require_version('Camel', '1.2')
from gi.repository import Camel, Gio, GLib      # noqa: E402

SECURITY = {'none': Camel.NetworkSecurityMethod.NONE,
            'starttls': Camel.NetworkSecurityMethod.STARTTLS_ON_STANDARD_PORT,
            'implicit': Camel.NetworkSecurityMethod.SSL_ON_ALTERNATE_PORT}
LISTING = Camel.StoreGetFolderInfoFlags.RECURSIVE | Camel.StoreGetFolderInfoFlags.REFRESH
FLAGS = {'\\Seen': Camel.MessageFlags.SEEN, '\\Flagged': Camel.MessageFlags.FLAGGED,
         '\\Answered': Camel.MessageFlags.ANSWERED, '\\Deleted': Camel.MessageFlags.DELETED,
         '\\Draft': Camel.MessageFlags.DRAFT}


class PtrArray(ctypes.Structure):
    _fields_ = [('data', ctypes.POINTER(ctypes.c_char_p)), ('length', ctypes.c_uint)]


def uids_of(folder, expression=None):
    """All UIDs or those found. Python would free these strings, which belong to Camel's pool."""
    library = ctypes.CDLL('libcamel-1.2.so.64')
    handle = ctypes.c_void_p(hash(folder))
    if expression is None:
        ask, free, arguments = library.camel_folder_get_uids, library.camel_folder_free_uids, (handle,)
    else:
        ask, free = library.camel_folder_search_by_expression, library.camel_folder_search_free
        arguments = (handle, expression.encode(), None, None)
    ask.restype = ctypes.POINTER(PtrArray)
    found = ask(*arguments)
    if not found:
        raise RuntimeError('no answer to %s' % expression)
    uids = [found[0].data[i].decode() for i in range(found[0].length)]
    free(handle, found)
    return uids


class Session(Camel.Session):
    """Signs in with the password that the service was given, and trusts one certificate."""

    certificate = None

    def do_authenticate_sync(self, service, mechanism, cancellable):
        result = service.authenticate_sync(mechanism, cancellable)
        return result == Camel.AuthenticationResult.ACCEPTED

    def do_trust_prompt(self, _service, certificate, _errors):
        same = self.certificate and certificate.is_same(self.certificate)
        return Camel.CertTrust.FULLY if same else Camel.CertTrust.NEVER


class Engine:
    def __init__(self, folder, host, port, security, certificate=None):
        Camel.init(folder, False)
        Camel.provider_init()
        self.session = Session(user_data_dir=folder + '/data', user_cache_dir=folder + '/cache',
                               online=True)
        if certificate:
            Session.certificate = Gio.TlsCertificate.new_from_file(certificate)
        self.store = self.session.add_service('ferry', 'imapx', Camel.ProviderType.STORE)
        settings = self.store.ref_settings()
        for name, value in (('host', host), ('port', int(port)), ('user', 'alice'), ('use-idle', True),
                            ('security-method', SECURITY[security]), ('use-qresync', True),
                            ('use-subscriptions', False)):
            settings.set_property(name, value)
        self.store.set_password('secret')
        self.folders = {}

    def _folder(self, name):
        if name not in self.folders:
            self.folders[name] = self.store.get_folder_sync(name, 0, None)
        return self.folders[name]

    def _by_label(self, box):
        folder = self._folder(box)
        infos = [folder.get_message_info(uid) for uid in uids_of(folder)]
        return {info.get_subject().split()[-1]: info for info in infos if info}

    def connect(self):
        self.store.set_online_sync(True, None)
        done = self.store.connect_sync(None)
        self.store.get_folder_info_sync(None, LISTING, None)     # it opens no folder it has not seen listed
        return done

    def disconnect(self):
        return self.store.disconnect_sync(True, None)

    def refresh(self, box):
        return self._folder(box).refresh_info_sync(None)

    def list(self, box):
        """Label → [size, flags] as the summary has them; the only keyword shown is `work`."""
        out = {}
        for label, info in self._by_label(box).items():
            flags = [name for name, bit in FLAGS.items() if info.get_flags() & bit]
            flags += ['work'] if info.get_user_flag('work') else []
            out[label] = [info.get_size(), flags]
        return out

    def read(self, box, label):
        message = self._folder(box).get_message_sync(self._by_label(box)[label].get_uid(), None)
        out = Gio.MemoryOutputStream.new_resizable()
        message.write_to_output_stream_sync(out, None)
        out.close()
        return base64.b64encode(out.steal_as_bytes().get_data()).decode()

    def search(self, box, expression):
        found = uids_of(self._folder(box), expression)
        return sorted(label for label, info in self._by_label(box).items() if info.get_uid() in found)

    def flag(self, box, label, name, on):
        info = self._by_label(box)[label]
        if name in FLAGS:
            return info.set_flags(FLAGS[name], FLAGS[name] if on else 0)
        return info.set_user_flag(name, on)

    def synchronize(self, box, expunge):
        return self._folder(box).synchronize_sync(expunge, None)

    def transfer(self, box, labels, to, move):
        uids = [self._by_label(box)[label].get_uid() for label in labels]
        return self._folder(box).transfer_messages_to_sync(uids, self._folder(to), move, None)[0]

    def append(self, box, octets, flags):
        message = Camel.MimeMessage()
        message.construct_from_input_stream_sync(Gio.MemoryInputStream.new_from_bytes(
            GLib.Bytes.new(base64.b64decode(octets))), None)
        info = Camel.MessageInfo.new(None)
        for name in flags:
            info.set_flags(FLAGS[name], FLAGS[name])
        return self._folder(box).append_message_sync(message, info, None)[0]

    def create(self, parent, name):
        return self.store.create_folder_sync(parent, name, None) is not None

    def rename(self, old, new):
        self.folders.pop(old, None)
        return self.store.rename_folder_sync(old, new, None)

    def delete(self, box):
        self.folders.pop(box, None)
        return self.store.delete_folder_sync(box, None)

    def wait(self, box, label, seconds):
        """Until the message is in the summary, which the engine hears of by itself; how long it took."""
        started = time.monotonic()
        while label not in self._by_label(box):
            if time.monotonic() - started > seconds:
                raise RuntimeError('%s has not come' % label)
            time.sleep(0.02)
        return time.monotonic() - started


def main():
    threading.Thread(target=GLib.MainLoop().run, daemon=True).start()
    engine = Engine(*sys.argv[1:])
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            answer = {'value': getattr(engine, name)(*arguments)}
        except (GLib.Error, RuntimeError, KeyError, ValueError, TypeError) as problem:
            answer = {'error': repr(problem)}
        print(json.dumps(answer), flush=True)


if __name__ == '__main__':
    main()
