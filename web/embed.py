#!/usr/bin/python3
"""Writes the status page as a C file: its bytes, and the content security policy that lets exactly its own script and style run.

    embed.py index.html page.c
"""

import base64
import hashlib
import re
import sys


def digest(page, tag):
    """What a browser computes of the one element of that name."""
    bodies = re.findall(rf'<{tag}>(.*?)</{tag}>'.encode(), page, re.DOTALL)
    if len(bodies) != 1 or page.count(f'<{tag}'.encode()) != 1:
        sys.exit(f'embed.py: the page needs exactly one <{tag}> without attributes')
    return "'sha256-" + base64.b64encode(hashlib.sha256(bodies[0]).digest()).decode() + "'"


def main(source, target):
    with open(source, 'rb') as file:
        page = file.read()
    policy = '; '.join([
        "default-src 'none'", "connect-src 'self'", 'img-src data:', f'script-src {digest(page, "script")}',
        f'style-src {digest(page, "style")}', "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"])
    lines = [page[i:i + 24] for i in range(0, len(page), 24)]
    with open(target, 'w', encoding='ascii') as file:
        file.write('#include "http/page.h"\n\n')
        file.write(f'const char rw_page_policy[] = "{policy}";\n')
        file.write(f'const size_t rw_page_bytes = {len(page)};\n')
        file.write('const unsigned char rw_page[] = {\n')
        for line in lines:
            file.write(', '.join(str(byte) for byte in line) + ',\n')
        file.write('};\n')


main(*sys.argv[1:])
