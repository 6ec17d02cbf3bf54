// A function with versions for wider vectors, chosen when the library is loaded.
#pragma once

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define PULLBACK_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define PULLBACK_CLONES
#endif
