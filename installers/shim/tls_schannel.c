/* TLS of Windows: Schannel, TLS 1.2, so that nothing has to be shipped and the system's updates reach it.
 *
 * One certificate is believed, byte by byte the one in the caller's file. It is compared after the handshake and before the first byte of a call
 * leaves; the system's own store is not asked, so that nothing need be put into it.
 */
#define SECURITY_WIN32
#include "shim.h"

#include <security.h>
#include <schannel.h>
#include <wincrypt.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CERTIFICATE_BYTES_MAX 65536
#define RECORD_ROOM (48 * 1024)

struct tls {
    CredHandle credentials;
    CtxtHandle context;
    int has_credentials, has_context, ended;
    SecPkgContext_StreamSizes sizes;
    char *record;
    char coming[RECORD_ROOM]; /* received, not yet decrypted */
    size_t coming_length;
    char *plain; /* decrypted, not yet taken: points into `coming` */
    size_t plain_length, rest_length;
    char *rest;
};

static const ULONG ASKED = ISC_REQ_SEQUENCE_DETECT | ISC_REQ_REPLAY_DETECT | ISC_REQ_CONFIDENTIALITY | ISC_REQ_ALLOCATE_MEMORY |
                           ISC_REQ_STREAM | ISC_REQ_MANUAL_CRED_VALIDATION;

static int take_credentials(tls *s) {
    SCHANNEL_CRED wanted;
    memset(&wanted, 0, sizeof wanted);
    wanted.dwVersion = SCHANNEL_CRED_VERSION;
    wanted.grbitEnabledProtocols = SP_PROT_TLS1_2_CLIENT;
    wanted.dwFlags = SCH_CRED_MANUAL_CRED_VALIDATION | SCH_CRED_NO_DEFAULT_CREDS | 0x00400000 /* SCH_USE_STRONG_CRYPTO */;
    s->has_credentials = AcquireCredentialsHandleW(NULL, (SEC_WCHAR *)UNISP_NAME_W, SECPKG_CRED_OUTBOUND, NULL, &wanted, NULL, NULL,
                                                   &s->credentials, NULL) == SEC_E_OK;
    return s->has_credentials;
}

static void keep_extra(tls *s, const SecBuffer *extra) {
    size_t left = extra->BufferType == SECBUFFER_EXTRA ? extra->cbBuffer : 0;
    memmove(s->coming, s->coming + (s->coming_length - left), left);
    s->coming_length = left;
}

static int receive_more(tls *s, line *l, int64_t until) {
    if (s->coming_length == sizeof s->coming) return LINE_BROKEN;
    int got = raw_receive(l, s->coming + s->coming_length, (int)(sizeof s->coming - s->coming_length), until);
    if (got <= 0) return got == LINE_ENDED ? LINE_BROKEN : got;
    s->coming_length += (size_t)got;
    return 0;
}

static SECURITY_STATUS step(tls *s, line *l, SEC_WCHAR *host, int64_t until, int *sent) {
    SecBuffer in[2] = {{(ULONG)s->coming_length, SECBUFFER_TOKEN, s->coming}, {0, SECBUFFER_EMPTY, NULL}};
    SecBuffer out[1] = {{0, SECBUFFER_TOKEN, NULL}};
    SecBufferDesc in_all = {SECBUFFER_VERSION, 2, in}, out_all = {SECBUFFER_VERSION, 1, out};
    ULONG given;
    SECURITY_STATUS told =
        InitializeSecurityContextW(&s->credentials, s->has_context ? &s->context : NULL, host, ASKED, 0, 0,
                                   s->has_context ? &in_all : NULL, 0, s->has_context ? NULL : &s->context, &out_all, &given, NULL);
    *sent = 0;
    if (told == SEC_E_OK || told == SEC_I_CONTINUE_NEEDED) {
        int first = !s->has_context;
        s->has_context = 1;
        if (out[0].cbBuffer && out[0].pvBuffer) *sent = raw_send(l, out[0].pvBuffer, out[0].cbBuffer, until);
        if (!first) keep_extra(s, &in[1]);
    }
    if (out[0].pvBuffer) FreeContextBuffer(out[0].pvBuffer);
    return told;
}

static int shake_hands(tls *s, line *l, const target *t, int64_t until) {
    WCHAR host[sizeof t->host];
    if (!MultiByteToWideChar(CP_UTF8, 0, t->host, -1, host, (int)(sizeof host / sizeof *host))) return LINE_BROKEN;
    for (;;) {
        int sent, more = 0;
        SECURITY_STATUS told = step(s, l, host, until, &sent);
        if (sent) return sent;
        if (told == SEC_E_OK) return 0;
        if (told == SEC_E_INCOMPLETE_MESSAGE || (told == SEC_I_CONTINUE_NEEDED && !s->coming_length)) more = receive_more(s, l, until);
        else if (told != SEC_I_CONTINUE_NEEDED) return LINE_BROKEN;
        if (more) return more;
    }
}

static int read_file(const char *path, char *bytes, DWORD *length) {
    WCHAR wide[1024];
    if (!MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, (int)(sizeof wide / sizeof *wide))) return 0;
    HANDLE file = CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE) return 0;
    BOOL read = ReadFile(file, bytes, CERTIFICATE_BYTES_MAX, length, NULL) && *length && *length < CERTIFICATE_BYTES_MAX;
    CloseHandle(file);
    return read;
}

static int is_the_one(tls *s, const target *t) {
    char *pem = malloc(CERTIFICATE_BYTES_MAX), *wanted = malloc(CERTIFICATE_BYTES_MAX);
    PCCERT_CONTEXT shown = NULL;
    DWORD pem_length = 0, length = CERTIFICATE_BYTES_MAX;
    int same = pem && wanted && read_file(t->certificate, pem, &pem_length) &&
               CryptStringToBinaryA(pem, pem_length, CRYPT_STRING_BASE64HEADER, (BYTE *)wanted, &length, NULL, NULL) &&
               QueryContextAttributesW(&s->context, SECPKG_ATTR_REMOTE_CERT_CONTEXT, &shown) == SEC_E_OK && shown &&
               shown->cbCertEncoded == length && !memcmp(shown->pbCertEncoded, wanted, length) &&
               CertVerifyTimeValidity(NULL, shown->pCertInfo) == 0;
    if (shown) CertFreeCertificateContext(shown);
    free(pem);
    free(wanted);
    return same;
}

tls *tls_open(line *l, const target *t, int64_t until, const char **fault) {
    tls *s = calloc(1, sizeof *s);
    *fault = "out_of_memory";
    if (!s) return NULL;
    *fault = "tls_missing";
    if (take_credentials(s)) {
        int shaken = shake_hands(s, l, t, until);
        *fault = shaken == LINE_LATE ? "edge_unreachable" : "certificate_wrong";
        if (!shaken && is_the_one(s, t) && QueryContextAttributesW(&s->context, SECPKG_ATTR_STREAM_SIZES, &s->sizes) == SEC_E_OK) {
            s->record = malloc(s->sizes.cbHeader + s->sizes.cbMaximumMessage + s->sizes.cbTrailer);
            if (s->record) return s;
            *fault = "out_of_memory";
        }
    }
    tls_end(s);
    return NULL;
}

int tls_send(tls *s, line *l, const char *bytes, size_t length, int64_t until) {
    while (length) {
        ULONG part = length > s->sizes.cbMaximumMessage ? s->sizes.cbMaximumMessage : (ULONG)length;
        char *middle = s->record + s->sizes.cbHeader;
        memcpy(middle, bytes, part);
        SecBuffer b[4] = {{s->sizes.cbHeader, SECBUFFER_STREAM_HEADER, s->record},
                          {part, SECBUFFER_DATA, middle},
                          {s->sizes.cbTrailer, SECBUFFER_STREAM_TRAILER, middle + part},
                          {0, SECBUFFER_EMPTY, NULL}};
        SecBufferDesc all = {SECBUFFER_VERSION, 4, b};
        if (EncryptMessage(&s->context, 0, &all, 0) != SEC_E_OK) return LINE_BROKEN;
        int sent = raw_send(l, s->record, b[0].cbBuffer + b[1].cbBuffer + b[2].cbBuffer, until);
        if (sent) return sent;
        bytes += part, length -= part;
    }
    return 0;
}

static SECURITY_STATUS decrypt(tls *s) {
    SecBuffer b[4] = {{(ULONG)s->coming_length, SECBUFFER_DATA, s->coming},
                      {0, SECBUFFER_EMPTY, NULL}, {0, SECBUFFER_EMPTY, NULL}, {0, SECBUFFER_EMPTY, NULL}};
    SecBufferDesc all = {SECBUFFER_VERSION, 4, b};
    SECURITY_STATUS told = DecryptMessage(&s->context, &all, 0, NULL);
    if (told != SEC_E_OK) return told;
    s->plain_length = s->rest_length = 0;
    for (int i = 0; i < 4; i++) {
        if (b[i].BufferType == SECBUFFER_DATA) s->plain = b[i].pvBuffer, s->plain_length = b[i].cbBuffer;
        if (b[i].BufferType == SECBUFFER_EXTRA) s->rest_length = b[i].cbBuffer;
    }
    s->rest = s->coming + (s->coming_length - s->rest_length);
    return told;
}

static int take_plain(tls *s, char *bytes, int room) {
    size_t part = s->plain_length < (size_t)room ? s->plain_length : (size_t)room;
    memcpy(bytes, s->plain, part);
    s->plain += part;
    s->plain_length -= part;
    if (!s->plain_length) { /* the record is used up: what came behind it moves to the front */
        memmove(s->coming, s->rest, s->rest_length);
        s->coming_length = s->rest_length;
        s->rest_length = 0;
    }
    return (int)part;
}

int tls_receive(tls *s, line *l, char *bytes, int room, int64_t until) {
    for (;;) {
        if (s->plain_length) return take_plain(s, bytes, room);
        if (s->ended) return LINE_ENDED;
        SECURITY_STATUS told = s->coming_length ? decrypt(s) : SEC_E_INCOMPLETE_MESSAGE;
        if (told == SEC_E_INCOMPLETE_MESSAGE) {
            int more = receive_more(s, l, until);
            if (more) return more;
        } else if (told == SEC_I_CONTEXT_EXPIRED) {
            s->ended = 1;
        } else if (told != SEC_E_OK) {
            return LINE_BROKEN; /* a new handshake, too: our server asks for none */
        } else if (!s->plain_length) {
            take_plain(s, bytes, 0);
        }
    }
}

int tls_holds_bytes(const tls *s) { return s->plain_length > 0 || s->coming_length > 0; }

void tls_end(tls *s) {
    if (!s) return;
    if (s->has_context) DeleteSecurityContext(&s->context);
    if (s->has_credentials) FreeCredentialsHandle(&s->credentials);
    free(s->record);
    free(s);
}
