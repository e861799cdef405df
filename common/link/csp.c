/* SHA-256 in base 64, as browsers compute it. */
#include "common/link/csp.h"

#include <assert.h>
#include <openssl/evp.h>

void csp_put_hash(struct buf *out, struct span text)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned char base64[2 * EVP_MAX_MD_SIZE];
    unsigned int n = 0;
    int ok = EVP_Digest(text.p, text.n, digest, &n, EVP_sha256(), NULL);
    assert(ok == 1);
    (void)ok;
    buf_put_str(out, "'sha256-");
    buf_put(out, base64, (size_t)EVP_EncodeBlock(base64, digest, (int)n));
    buf_put_str(out, "'");
}

static void put_directive(struct buf *out, const char *name, struct span text)
{
    buf_printf(out, "; %s ", name);
    if (text.n > 0)
        csp_put_hash(out, text);
    else
        buf_put_str(out, "'none'");
}

void csp_put_policy(struct buf *out, struct span script, struct span style)
{
    buf_put_str(out, "default-src 'none'");
    put_directive(out, "script-src", script);
    put_directive(out, "style-src", style);
    buf_put_str(out, "; base-uri 'none'; form-action 'none'");
}
