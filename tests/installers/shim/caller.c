/* Calls the shim as a program in C does: caller LIBRARY SCRIPT ANSWERS.
 *
 * A line of SCRIPT is "NAME ROOM TEXT": the function, the bytes of the caller's buffer, and what is passed; "OPTION name value";
 * "PAUSE ms". For each one ANSWERS gets "NAME code size length" and a line end, `length` bytes, and another line end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pishkhan.h"

#ifdef _WIN32
#include <windows.h>
#define FIND(library, name) ((void *)GetProcAddress(library, name))
#else
#include <dlfcn.h>
#include <unistd.h>
#define FIND dlsym
#endif

typedef int(PISHKHAN_CALL *function)(const char *, char *, int *);
typedef int(PISHKHAN_CALL *answer)(char *, int *);
typedef int(PISHKHAN_CALL *option)(const char *, const char *);

static char line[1 << 20];

int main(int count, char **given) {
    if (count != 4) return 2;
#ifdef _WIN32
    HMODULE library = LoadLibraryA(given[1]);
#else
    void *library = dlopen(given[1], RTLD_NOW | RTLD_LOCAL);
#endif
    FILE *script = fopen(given[2], "rb"), *answers = fopen(given[3], "wb");
    if (!library || !script || !answers) return 3;
    while (fgets(line, sizeof line, script)) {
        line[strcspn(line, "\r\n")] = 0;
        char *rest = strchr(line, ' ');
        if (!rest) return 4;
        *rest++ = 0;
        int code, size = 0, room = 0;
        char *out = NULL;
        if (!strcmp(line, "PAUSE")) {
#ifdef _WIN32
            Sleep((DWORD)atoi(rest));
#else
            usleep((useconds_t)atoi(rest) * 1000);
#endif
            continue;
        }
        void *found = FIND(library, line);
        if (!found) return 5;
        if (!strcmp(line, "OPTION")) {
            char *value = strchr(rest, ' ');
            if (!value) return 4;
            *value++ = 0;
            option f;
            memcpy(&f, &found, sizeof f);
            code = f(rest, value);
        } else {
            char *text = strchr(rest, ' ');
            if (!text) return 4;
            *text++ = 0;
            size = room = atoi(rest);
            out = calloc(1, (size_t)size + 16);
            if (!out) return 6;
            memset(out + size, 0x5A, 16);
            if (!strcmp(line, "ANSWER")) {
                answer f;
                memcpy(&f, &found, sizeof f);
                code = f(out, &size);
            } else {
                function f;
                memcpy(&f, &found, sizeof f);
                code = f(text, out, &size);
            }
            for (int i = 0; i < 16; i++)
                if (out[room + i] != 0x5A) return 7; /* it wrote behind the buffer */
        }
        size_t length = room > 0 ? strlen(out) : 0; /* a buffer that has room ends with a zero, always */
        fprintf(answers, "%s %d %d %zu\n", line, code, size, length);
        fwrite(out ? out : "", 1, length, answers);
        fputc('\n', answers);
        fflush(answers);
        free(out);
    }
    printf("done\n");
    return 0;
}
