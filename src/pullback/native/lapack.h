// Routines of LAPACK and BLAS by pointers, each for four types of numbers. Knows nothing of Python.
#pragma once

#include <complex>

namespace pullback {

enum class Routine {
    gecon, gees, geev, gehrd, gemm, geqp3, geqrf, gesdd, getrf, getri,
    gtsv, orgqr, ormqr, potrf, syevd, sytrd, trsm, trsyl, count,
};

struct Names {
    const char *real, *complex;
};

// The names of routines, without the letter of the type of numbers.
inline constexpr Names kNames[] = {
    {"gecon", "gecon"}, {"gees", "gees"},   {"geev", "geev"},   {"gehrd", "gehrd"},
    {"gemm", "gemm"},   {"geqp3", "geqp3"}, {"geqrf", "geqrf"}, {"gesdd", "gesdd"},
    {"getrf", "getrf"}, {"getri", "getri"}, {"gtsv", "gtsv"},   {"orgqr", "ungqr"},
    {"ormqr", "unmqr"}, {"potrf", "potrf"}, {"syevd", "heevd"}, {"sytrd", "hetrd"},
    {"trsm", "trsm"},   {"trsyl", "trsyl"},
};
inline constexpr char kLetters[] = {'s', 'd', 'c', 'z'};
inline constexpr int kKinds = 4, kRoutines = static_cast<int>(Routine::count);
static_assert(sizeof kNames / sizeof *kNames == kRoutines);

// By routine and type of numbers; null until `use_lapack` has been called.
extern void* lapack_table[kRoutines][kKinds];

template <typename T>
struct Kind;
template <>
struct Kind<float> {
    using Real = float;
    static constexpr int number = 0;
    static constexpr bool complex = false;
};
template <>
struct Kind<double> {
    using Real = double;
    static constexpr int number = 1;
    static constexpr bool complex = false;
};
template <typename T>
struct Kind<std::complex<T>> {
    using Real = T;
    static constexpr int number = Kind<T>::number + 2;
    static constexpr bool complex = true;
};
template <typename T>
using Real = typename Kind<T>::Real;

// All arguments are pointers, in the routine's own order.
template <typename T, typename... Pointers>
void lapack(Routine routine, Pointers... pointers) {
    void* found = lapack_table[static_cast<int>(routine)][Kind<T>::number];
    reinterpret_cast<void (*)(Pointers...)>(found)(pointers...);
}

}  // namespace pullback
