// What compilers and systems name differently: GCC and Clang, MSVC, Windows.
#pragma once

#if defined(__x86_64__) || defined(_M_X64)
#define HAS_AVX2_CODE 1
#endif

// The functions that model/native/library.py calls.
#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT
#endif

#if defined(HAS_AVX2_CODE)

#include <immintrin.h>
#include <stdlib.h>

#if defined(__GNUC__) || defined(__clang__)

#define VECTOR __attribute__((target("avx2,fma")))
#define UNROLLED _Pragma("GCC unroll 8")
#define INLINE VECTOR static inline __attribute__((always_inline))
static inline int runs_here(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

#else // MSVC takes the intrinsics of every processor

#include <intrin.h>
#define VECTOR
#define UNROLLED
#define INLINE static __forceinline

// The system must save the wide registers (OSXSAVE, and bits 1 and 2 of XCR0), the processor have FMA and AVX2.
static inline int runs_here(void) {
    int found[4];
    __cpuid(found, 0);
    if (found[0] < 7) return 0;
    __cpuid(found, 1);
    if (!(found[2] & (1 << 27)) || !(found[2] & (1 << 12)) || (_xgetbv(0) & 6) != 6) return 0;
    __cpuidex(found, 7, 0);
    return (found[1] >> 5) & 1;
}

#endif

// Memory on a boundary of `line` bytes; it is freed by free_aligned.
#if defined(_WIN32)
#include <malloc.h>
static inline void *allocate_aligned(size_t line, size_t bytes) { return _aligned_malloc(bytes, line); }
static inline void free_aligned(void *memory) { _aligned_free(memory); }
#else
static inline void *allocate_aligned(size_t line, size_t bytes) { return aligned_alloc(line, bytes); }
static inline void free_aligned(void *memory) { free(memory); }
#endif

#endif
