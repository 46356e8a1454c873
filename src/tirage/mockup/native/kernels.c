/* The hot loops, called through ctypes. Plain C11, no state, no allocation, no I/O. */
#if defined(_WIN32)
#define TIRAGE_API __declspec(dllexport)
#else
#define TIRAGE_API __attribute__((visibility("default")))
#endif

/* Raised with every change of a signature, so that a stale library is refused and not called. */
TIRAGE_API int tirage_kernels_version(void) { return 1; }
