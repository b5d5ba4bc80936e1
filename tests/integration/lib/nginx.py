# SPDX-License-Identifier: LGPL-2.1-or-later
"""nginx before a plain backend: TLS, HTTP/2, and connections that end after so many requests."""

import os

from . import procs
from .tap import Skip, wait_for

CONF = '''\
daemon off;
pid {dir}/pid;
error_log stderr;
worker_processes 1;
events {{ }}
http {{
    access_log {dir}/access.log;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    client_max_body_size 0;
    keepalive_requests {requests};
    server {{
        listen 127.0.0.1:{port} ssl{http2};
        listen 127.0.0.2:{port} ssl{http2};
        ssl_certificate {cert};
        ssl_certificate_key {key};
        location / {{
            proxy_pass {backend};
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-Proto https;
            proxy_buffering off;
            proxy_read_timeout 300;
        }}
    }}
}}
'''


class Nginx:
    """`requests` is how many a connection may carry before nginx closes it (GOAWAY)."""

    def __init__(self, backend, http2=True, requests=1000):
        self.binary = procs.program('nginx')
        if not self.binary:
            raise Skip('no nginx here (package nginx-light)')
        self.backend, self.http2, self.requests = backend, http2, requests
        self.dir = procs.temp_dir('nginx')
        self.process = None

    def __enter__(self):
        self.port = procs.free_port()
        self.cert, key = procs.certificate(self.dir)
        conf = self.dir + '/nginx.conf'
        with open(conf, 'w') as out:
            out.write(('user root;\n' if os.getuid() == 0 else '') + CONF.format(
                dir=self.dir, port=self.port, cert=self.cert, key=key, backend=self.backend,
                requests=self.requests, http2=' http2' if self.http2 else ''))
        self.process = procs.spawn([self.binary, '-p', self.dir, '-c', conf], self.dir + '/log')
        wait_for(lambda: procs.port_open(self.port), 10, 'nginx')
        return self

    def __exit__(self, *_):
        procs.stop(self.process)
        procs.remove_dir(self.dir)

    @property
    def url(self):
        return 'https://localhost:%d' % self.port

    def requests_seen(self):
        """Lines of the access log: how many requests, by protocol."""
        seen = {}
        with open(self.dir + '/access.log', errors='replace') as log:
            for line in log:
                protocol = line.split('"')[1].rsplit(' ', 1)[-1]
                seen[protocol] = seen.get(protocol, 0) + 1
        return seen
