"""A certificate authority of our own, and what it signs: for servers, brokers and clients of one test."""

import pathlib
import subprocess

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
LONG_AGO = "3 years ago"  # an `expired` certificate is made then, and for a year


def _openssl(*words, at=None):
    argv = [*(["faketime", at] if at else []), "openssl", *[str(word) for word in words]]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(argv)} ended with {done.returncode}:\n{done.stderr}"


class Authority:
    """`ca` is its certificate; each `sign` gives a Certificate."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True)
        self.ca = self.directory / "ca.pem"
        self.key = self.directory / "ca.key"
        subject = ["-subj", "/CN=authority of a test", "-days", 3650]
        _openssl("req", "-x509", *KEY, "-keyout", self.key, "-out", self.ca, *subject, at=LONG_AGO)

    def sign(self, name, *names, expired=False, seconds=None):
        """For `names`, such as "IP:127.0.0.1" or "DNS:db1.example"; none: a client's. `seconds`: it expires so soon."""
        at = LONG_AGO if expired else f"{365 * 86400 - seconds} seconds ago" if seconds else None
        certificate = Certificate(self.directory, name)
        request, extensions = self.directory / f"{name}.csr", self.directory / f"{name}.ext"
        extensions.write_text(f"subjectAltName={','.join(names)}\n" if names else "", encoding="ascii")
        _openssl("req", "-new", *KEY, "-keyout", certificate.key, "-out", request, "-subj", f"/CN={name}")
        words = ["-CA", self.ca, "-CAkey", self.key, "-CAcreateserial", "-extfile", extensions, "-days", 365]
        _openssl("x509", "-req", "-in", request, "-out", certificate.cert, *words, at=at)
        certificate.chain.write_text(certificate.key.read_text() + certificate.cert.read_text(), encoding="ascii")
        return certificate


class Certificate:
    """Its files: `cert`, `key`, and `chain`, which has both."""

    def __init__(self, directory, name):
        self.cert = directory / f"{name}.pem"
        self.key = directory / f"{name}.key"
        self.chain = directory / f"{name}-chain.pem"
