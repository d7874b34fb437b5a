/* Damages good answers, calls and texts at random and feeds them to the shim's own readers: fuzz SEED SECONDS. Compiled with the
 * sanitizers of addresses and of undefined behaviour, which end it at the first wrong step. Prints how many it tried.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shim.h"

static uint64_t state;

static uint32_t chance(uint32_t below) { /* xorshift: the same for the same SEED */
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return below ? (uint32_t)(state >> 16) % below : 0;
}

static const char *const SEEDS[] = {
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{\"return_code\":0}",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\n{\"a\":\r\n2\r\n1}\r\n0\r\nT: 1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n1a\r\nevent: line\r\ndata: {\"a\":1}\r\n\r\n\r\n",
    "{\"context\":{\"institution\":\"H\\u0030\\ud842\\udfb7\",\"operator\":\"\\\\\\\"\",\"workstation\":\"d\"},\"deadline_ms\":8000,\"a\":[[{}],1e3,null]}",
    "{\"return_code\":-2,\"token\":\"abc\",\"error\":{\"code\":\"x\"},\"return_code\":0}",
    "\xcd\xf5\xd0\xa1\xc3\xf7\x80{\"name\":\"\xe7\x8e\x8b\xda\xa9\xf0\xa0\xae\xb7\"}",
};
#define SEEDS_COUNT (sizeof SEEDS / sizeof *SEEDS)

static char *damaged(size_t *length) {
    const char *a = SEEDS[chance(SEEDS_COUNT)], *b = SEEDS[chance(SEEDS_COUNT)];
    size_t from_a = chance((uint32_t)strlen(a) + 1), from_b = chance(4) ? 0 : chance((uint32_t)strlen(b) + 1);
    if (chance(2)) from_a = strlen(a);
    char *made = malloc(from_a + from_b + 1); /* exactly as long as it says, so that one byte too far is seen */
    if (!made) exit(3);
    memcpy(made, a, from_a);
    memcpy(made + from_a, b + strlen(b) - from_b, from_b);
    *length = from_a + from_b;
    made[*length] = 0;
    for (uint32_t i = chance(8); i && *length; i--) {
        static const char telling[] = "\r\n:;,{}[]\"\\u0fF9-\x80\xff\0";
        made[chance((uint32_t)*length)] = chance(2) ? telling[chance(sizeof telling)] : (char)chance(256);
    }
    return made;
}

static void read_http(const char *bytes, size_t length) {
    http_answer a;
    size_t at = 0, taken;
    int told = HTTP_MORE;
    http_new(&a);
    while (at < length && told == HTTP_MORE) {
        size_t part = 1 + chance((uint32_t)(length - at));
        told = http_feed(&a, bytes + at, part, &taken);
        if (taken > part || (told == HTTP_MORE && taken != part) || a.body.length > ANSWER_BYTES_MAX) abort();
        at += taken;
    }
    http_end(&a);
}

static void read_json(const char *bytes, size_t length) {
    static const char *const names[] = {"context", "institution", "operator", "token", "return_code", "deadline_ms", "a"};
    slice object = {bytes, length}, value, inner;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        text said;
        long number = 0;
        text_new(&said, NAME_BYTES_MAX);
        if (json_member(object, names[i], &value)) {
            if (value.bytes < bytes || value.bytes + value.length > bytes + length) abort();
            json_string(value, &said);
            if (json_number(value, -2, 120000, &number) && (number < -2 || number > 120000)) abort();
            json_member(value, "operator", &inner);
        }
        text_end(&said);
    }
}

static void turn_text(const char *bytes, size_t length) {
    for (int set = CHARSET_UTF8; set <= CHARSET_ASCII; set++) {
        text utf8, back;
        text_new(&utf8, REQUEST_BYTES_MAX);
        text_new(&back, ANSWER_BYTES_MAX);
        if (!text_from_caller((enum charset)set, bytes, &utf8)) text_to_caller((enum charset)set, utf8.bytes ? utf8.bytes : "", utf8.length, &back);
        text_to_caller((enum charset)set, bytes, length, &back);
        text_end(&utf8);
        text_end(&back);
    }
    target t;
    target_read(bytes, &t);
}

int main(int count, char **given) {
    if (count != 3) return 2;
    state = strtoull(given[1], NULL, 10) * 2654435769u + 88172645463325252u;
    time_t until = time(NULL) + atoi(given[2]);
    unsigned long tried = 0;
    while (time(NULL) < until)
        for (int i = 0; i < 1000; i++, tried++) {
            size_t length;
            char *bytes = damaged(&length);
            read_http(bytes, length);
            read_json(bytes, length);
            turn_text(bytes, length);
#ifdef PLANTED
            if (length > 30 && ((volatile char *)bytes)[length + 1] == 'x') tried++; /* one byte too far, for the test of this test */
#endif
            free(bytes);
        }
    printf("%lu\n", tried);
    return 0;
}
