/* What the loader asks first: which build this is, and whether this processor runs the fast one. */
#include "kernels.h"

/* Raised with every change of a signature, so that a stale library is refused and not called. */
EXPORT int tirage_kernels_version(void) { return 30; }

#if defined(__x86_64__)
#include <cpuid.h>

/* 1 when processor and operating system have what the x86-64-v3 build needs: AVX2, FMA, F16C, BMI2. */
EXPORT int tirage_cpu_is_fast(void) {
    enum { FMA = 1 << 12, OSXSAVE = 1 << 27, F16C = 1 << 29, AVX2 = 1 << 5, BMI2 = 1 << 8, YMM_STATE = 6 };
    unsigned a, b, c, d, low, high;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
    if ((c & (FMA | OSXSAVE | F16C)) != (FMA | OSXSAVE | F16C)) return 0;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & YMM_STATE) != YMM_STATE) return 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    return (b & (AVX2 | BMI2)) == (AVX2 | BMI2);
}
#else
/* Other architectures have one build. */
EXPORT int tirage_cpu_is_fast(void) { return 1; }
#endif
