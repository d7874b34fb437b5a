/* bcryptprimitives.dll, which Windows has and Debian 12's Wine has not: chance for libraries written in Rust. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);

__declspec(dllexport) BOOL WINAPI ProcessPrng(BYTE *at, SIZE_T count) { return SystemFunction036(at, (ULONG)count); }
