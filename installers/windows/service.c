/* Runs a console program as a Windows service: pishkhan-service.exe VERB NAME ...
 *
 *   install NAME "DISPLAY" FOLDER COMMAND...   register; started with Windows, as LocalService; FOLDER gets its log
 *   start NAME | stop NAME | remove NAME       wait until it is so; what is so already is no error
 *   run NAME FOLDER COMMAND...                 what the service manager calls
 *
 * The program is started again when it ends, after 1 to 30 seconds; nothing of it outlives the service. Told to stop it has 30 seconds: it is told by an
 * event whose handle it inherits, PISHKHAN_STOP_EVENT, for a service has no console to send it a key press. Exit status: 0, or 1 with the reason on stderr.
 */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#define COMMAND_CHARACTERS_MAX 8192
#define STOP_MS_MAX 30000
#define SETTLED_MS 60000 /* a program that ran so long starts with a short pause again */
#define LOG_BYTES_MAX (10 * 1024 * 1024)

static SERVICE_STATUS_HANDLE told_to;
static HANDLE stopping, told; /* we are to stop; the program is told so */
static wchar_t name[128], folder[MAX_PATH], command[COMMAND_CHARACTERS_MAX];

static void tell(DWORD state) {
    SERVICE_STATUS s = {SERVICE_WIN32_OWN_PROCESS, state, 0, NO_ERROR, 0, 0, 0};
    if (state == SERVICE_RUNNING) s.dwControlsAccepted = SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN;
    if (state == SERVICE_STOP_PENDING) s.dwWaitHint = STOP_MS_MAX + 5000;
    SetServiceStatus(told_to, &s);
}

static DWORD WINAPI control(DWORD what, DWORD kind, void *data, void *context) {
    (void)kind, (void)data, (void)context;
    if (what == SERVICE_CONTROL_STOP || what == SERVICE_CONTROL_SHUTDOWN) {
        tell(SERVICE_STOP_PENDING);
        SetEvent(stopping);
        return NO_ERROR;
    }
    return what == SERVICE_CONTROL_INTERROGATE ? NO_ERROR : ERROR_CALL_NOT_IMPLEMENTED;
}

static HANDLE open_log(void) {
    wchar_t path[MAX_PATH + 32], old[MAX_PATH + 32];
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    WIN32_FILE_ATTRIBUTE_DATA about;
    _snwprintf(path, MAX_PATH + 32, L"%ls\\service.log", folder);
    _snwprintf(old, MAX_PATH + 32, L"%ls\\service.old.log", folder);
    if (GetFileAttributesExW(path, GetFileExInfoStandard, &about) && (about.nFileSizeHigh || about.nFileSizeLow > LOG_BYTES_MAX))
        MoveFileExW(path, old, MOVEFILE_REPLACE_EXISTING);
    return CreateFileW(path, FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, &inherited, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
}

static HANDLE start_program(HANDLE job) {
    STARTUPINFOW how = {0};
    PROCESS_INFORMATION made;
    wchar_t line[COMMAND_CHARACTERS_MAX];
    HANDLE log = open_log();
    how.cb = sizeof how;
    how.dwFlags = STARTF_USESTDHANDLES | STARTF_USESHOWWINDOW;
    how.hStdOutput = how.hStdError = log;
    wcscpy(line, command); /* CreateProcess writes into it */
    BOOL started = CreateProcessW(NULL, line, NULL, NULL, TRUE, CREATE_NEW_PROCESS_GROUP | CREATE_SUSPENDED, NULL, folder, &how, &made);
    if (log != INVALID_HANDLE_VALUE) CloseHandle(log);
    if (!started) return NULL;
    if (job) AssignProcessToJobObject(job, made.hProcess);
    ResumeThread(made.hThread);
    CloseHandle(made.hThread);
    return made.hProcess;
}

static HANDLE new_job(void) {
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    HANDLE job = CreateJobObjectW(NULL, NULL);
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    if (job) SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
    return job;
}

static void WINAPI serve(DWORD count, wchar_t **given) {
    DWORD pause = 1000;
    (void)count, (void)given;
    told_to = RegisterServiceCtrlHandlerExW(name, control, NULL);
    stopping = CreateEventW(NULL, TRUE, FALSE, NULL);
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    wchar_t number[24];
    told = CreateEventW(&inherited, TRUE, FALSE, NULL);
    swprintf(number, 24, L"%llu", (unsigned long long)(ULONG_PTR)told);
    SetEnvironmentVariableW(L"PISHKHAN_STOP_EVENT", number);
    HANDLE job = new_job();
    tell(SERVICE_RUNNING);
    do {
        ULONGLONG since = GetTickCount64();
        HANDLE program = start_program(job);
        if (program) {
            HANDLE either[2] = {stopping, program};
            if (WaitForMultipleObjects(2, either, FALSE, INFINITE) == WAIT_OBJECT_0) {
                SetEvent(told);
                if (WaitForSingleObject(program, STOP_MS_MAX) != WAIT_OBJECT_0) TerminateProcess(program, 1);
            }
            CloseHandle(program);
        }
        if (GetTickCount64() - since > SETTLED_MS) pause = 1000;
        if (WaitForSingleObject(stopping, pause) == WAIT_OBJECT_0) break;
        pause = pause > 15000 ? 30000 : pause * 2;
    } while (1);
    if (job) CloseHandle(job);
    tell(SERVICE_STOPPED);
}

static int wrong(const char *what) {
    DWORD code = GetLastError();
    fprintf(stderr, "%s: error %lu\n", what, code);
    return 1;
}

static int join(wchar_t *line, int from, int count, wchar_t **given) { /* words with spaces in quotes; 0 if it is too long */
    size_t at = 0;
    for (int i = from; i < count; i++) {
        size_t length = wcslen(given[i]);
        if (wcschr(given[i], L'"') || at + length + 4 > COMMAND_CHARACTERS_MAX - MAX_PATH * 2) return 0;
        at += (size_t)swprintf(line + at, COMMAND_CHARACTERS_MAX - at, L"%ls\"%ls\"", at ? L" " : L"", given[i]);
    }
    return at > 0;
}

static int reached(SC_HANDLE service, DWORD wanted) {
    SERVICE_STATUS s;
    for (int i = 0; i < (STOP_MS_MAX + 10000) / 100; i++) {
        if (!QueryServiceStatus(service, &s)) return 0;
        if (s.dwCurrentState == wanted) return 1;
        Sleep(100);
    }
    return 0;
}

static int install(SC_HANDLE manager, int count, wchar_t **given) {
    wchar_t self[MAX_PATH], rest[COMMAND_CHARACTERS_MAX], all[COMMAND_CHARACTERS_MAX * 2];
    if (count < 6 || !GetModuleFileNameW(NULL, self, MAX_PATH) || !join(rest, 5, count, given)) return wrong("install NAME DISPLAY FOLDER COMMAND");
    swprintf(all, COMMAND_CHARACTERS_MAX * 2, L"\"%ls\" run \"%ls\" \"%ls\" %ls", self, given[2], given[4], rest);
    SC_HANDLE made = CreateServiceW(manager, given[2], given[3], SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START,
                                    SERVICE_ERROR_NORMAL, all, NULL, NULL, L"Tcpip\0", L"NT AUTHORITY\\LocalService", L"");
    if (!made && GetLastError() == ERROR_SERVICE_EXISTS) {
        made = OpenServiceW(manager, given[2], SERVICE_ALL_ACCESS);
        if (made && !ChangeServiceConfigW(made, SERVICE_NO_CHANGE, SERVICE_AUTO_START, SERVICE_NO_CHANGE, all, NULL, NULL, NULL, NULL, NULL, given[3]))
            return wrong("change");
    }
    if (!made) return wrong("create");
    CloseServiceHandle(made);
    return 0;
}

static int manage(int count, wchar_t **given) {
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    if (!manager) return wrong("service manager");
    if (!wcscmp(given[1], L"install")) return install(manager, count, given);
    SERVICE_STATUS s;
    SC_HANDLE service = OpenServiceW(manager, given[2], SERVICE_ALL_ACCESS);
    if (!service) return GetLastError() == ERROR_SERVICE_DOES_NOT_EXIST && wcscmp(given[1], L"start") ? 0 : wrong("open");
    if (!wcscmp(given[1], L"start")) {
        if (!StartServiceW(service, 0, NULL) && GetLastError() != ERROR_SERVICE_ALREADY_RUNNING) return wrong("start");
        return reached(service, SERVICE_RUNNING) ? 0 : wrong("start");
    }
    if (!ControlService(service, SERVICE_CONTROL_STOP, &s) && GetLastError() != ERROR_SERVICE_NOT_ACTIVE) return wrong("stop");
    if (!reached(service, SERVICE_STOPPED)) return wrong("stop");
    if (!wcscmp(given[1], L"remove") && !DeleteService(service) && GetLastError() != ERROR_SERVICE_MARKED_FOR_DELETE) return wrong("remove");
    CloseServiceHandle(service);
    return 0;
}

int wmain(int count, wchar_t **given) {
    if (count < 3) return fprintf(stderr, "install | start | stop | remove | run NAME\n"), 1;
    if (wcscmp(given[1], L"run")) return manage(count, given);
    if (count < 5 || !join(command, 4, count, given)) return 1;
    swprintf(name, 128, L"%ls", given[2]);
    swprintf(folder, MAX_PATH, L"%ls", given[3]);
    SERVICE_TABLE_ENTRYW table[] = {{name, serve}, {NULL, NULL}};
    return StartServiceCtrlDispatcherW(table) ? 0 : wrong("not called by the service manager");
}
