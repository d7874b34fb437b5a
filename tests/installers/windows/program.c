/* Plays pishkhan-edge.exe: writes how it was called into its data folder and waits; "once" as the first line of mood.txt there: it ends. */
#include <stdio.h>
#include <windows.h>

int main(int count, char **given) {
    FILE *told = fopen("called.txt", "a"), *mood = fopen("mood.txt", "r");
    for (int i = 1; i < count; i++) fprintf(told, "%s%c", given[i], i + 1 < count ? ' ' : '\n');
    fclose(told);
    fprintf(stderr, "said\n");
    fflush(stderr);
    if (mood) return 1;
    Sleep(INFINITE);
    return 0;
}
