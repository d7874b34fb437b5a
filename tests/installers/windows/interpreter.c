/* python.exe, and pishkhan-edge.exe: the program that its own name names, by the interpreter in python311.dll beside it. */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>

int wmain(int count, wchar_t **given) {
    wchar_t *all[64] = {given[0], L"-m", L"edge"};
    int ours = wcsstr(given[0], L"pishkhan-edge") ? 3 : 1, last = ours;
    for (int i = 1; i < count && last < 63; i++) all[last++] = given[i];
    _wputenv(L"PYTHONDONTWRITEBYTECODE=1");
    HMODULE python = LoadLibraryW(L"python311.dll");
    if (!python) return fprintf(stderr, "python311.dll: error %lu\n", GetLastError()), 9;
    int (*run)(int, wchar_t **) = (int (*)(int, wchar_t **))(void *)GetProcAddress(python, "Py_Main");
    return run ? run(last, all) : 9;
}
