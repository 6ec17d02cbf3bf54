// The arithmetic of Fourier transforms on blocks: as many lines side by side as a vector has lanes.
// Place j of a block is a vector of real parts, then one of imaginary parts. Each function is
// compiled for several widths of vectors, and the widest that the machine has is used.
#pragma once

#include <cstdint>

namespace pullback {

inline constexpr int64_t kMostLanes = 16;
// The largest prime factor of lengths that are computed by passes.
inline constexpr int64_t kMostRadix = 61;

// Transforms of `radix` numbers, size / radix apart, in each part of `size` places. `turns` are the
// numbers that the results but the first are multiplied with; `roots` the roots of unity of an odd
// radix.
template <typename T>
struct Pass {
    int64_t radix, size;
    const T *turns, *roots;
};

// The passes of a transform. The last leaves the place p of each of its transforms at order[p] and
// further n / radix apart.
template <typename T>
struct Passes {
    int64_t n, count;
    const Pass<T>* pass;
    const int64_t* order;
};

// Where lines stand, in parts of numbers: place j of line l at at[l] + j * step, with its imaginary
// part `other` parts later; 0 where there is none. Lanes from `count` on repeat line 0. Swapped
// parts make a transform its inverse.
struct Lines {
    int64_t at[kMostLanes];
    int64_t count, step, other;
    bool swapped;
};

template <typename T>
struct Kernels {
    int64_t lanes;
    void (*load)(const T* x, const Lines& lines, int64_t n, T* block);
    void (*store)(const T* block, int64_t n, T scale, T* y, const Lines& lines);
    // From one block, which is overwritten, to another.
    void (*transform)(const Passes<T>& passes, T* block, T* out);
    // Each place times one complex number, and conjugated if asked for.
    void (*times)(T* block, int64_t n, const T* factors, bool conjugated);
    // Place k times coarse[k] times fine[k], whose lanes differ; then lanes become places: `count`
    // of them from `to` on, with the places in blocks `pitch` apart.
    void (*twist)(T* block, int64_t n, const T* coarse, const T* fine, int64_t count, T* to,
                  int64_t pitch);
    // Twice the spectrum of 2m real numbers, m + 1 places, from the transform of m pairs of them;
    // and what gives pairs when transformed, from the spectrum, both with swapped parts. `turns`
    // are powers of the root of unity.
    void (*unfold)(const T* block, int64_t m, const T* turns, T* out);
    void (*fold)(const T* block, int64_t m, const T* turns, T* out);
    // The same on a line of complex numbers, whose parts are never swapped; unfold_line overwrites
    // it.
    void (*unfold_line)(T* line, int64_t m, const T* turns);
    void (*fold_line)(const T* line, int64_t m, const T* turns, T* out);
};

template <typename T>
const Kernels<T>& kernels();

}  // namespace pullback
