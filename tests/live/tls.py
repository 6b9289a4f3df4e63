"""A certificate authority of our own, for tests of TLS."""

import subprocess


def _openssl(*args):
    subprocess.run(['openssl', *map(str, args)], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.PIPE)


class Authority:
    def __init__(self, directory, name='Ringway tests'):
        self.dir = directory
        self.ca, self.key = directory / 'ca.pem', directory / 'ca-key.pem'
        _openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', f'/CN={name}',
                 '-keyout', self.key, '-out', self.ca)

    def issue(self, name, alternatives):
        """(certificate, key) for a server that answers to `alternatives`, such as 'IP:127.0.0.1' or 'DNS:db'."""
        key, request, certificate = (self.dir / f'{name}{end}' for end in ('-key.pem', '.csr', '.pem'))
        extensions = self.dir / f'{name}.ext'
        extensions.write_text(f"subjectAltName={','.join(alternatives)}\n")
        _openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', f'/CN={name}', '-keyout', key, '-out', request)
        _openssl('x509', '-req', '-in', request, '-CA', self.ca, '-CAkey', self.key, '-CAcreateserial', '-days', '2',
                 '-extfile', extensions, '-out', certificate)
        return certificate, key

    def server_args(self, name, alternatives):
        certificate, key = self.issue(name, alternatives)
        return [f'--ssl-ca={self.ca}', f'--ssl-cert={certificate}', f'--ssl-key={key}']
