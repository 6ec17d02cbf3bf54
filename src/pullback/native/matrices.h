// What operations on many matrices share: the job, its threads, and matrices by columns. Knows
// nothing of Python.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <new>
#include <vector>

#include "lapack.h"
#include "rows.h"

namespace pullback {

// Sizes and switches of an operation, in an order of its own.
using Numbers = const int64_t*;

// The operands and results of one matrix.
struct Arrays {
    static constexpr int kMost = 4;
    const char* in[kMost];
    char* out[kMost];

    template <typename T>
    const T* from(int k) const {
        return reinterpret_cast<const T*>(in[k]);
    }
    template <typename T>
    T* to(int k) const {
        return reinterpret_cast<T*>(out[k]);
    }
};

// An operation on `batch` matrices, of which a task takes `block`. `bytes` are the distances between
// one matrix and the next, of operands and then of results.
struct Job {
    int64_t kind, batch, block, operands, results;
    const int64_t* bytes;
    Numbers numbers;
    const void* const* in;
    void* const* out;

    Arrays at(int64_t b) const {
        Arrays found{};
        for (int64_t k = 0; k < operands; ++k)
            found.in[k] = static_cast<const char*>(in[k]) + b * bytes[k];
        for (int64_t k = 0; k < results; ++k)
            found.out[k] = static_cast<char*>(out[k]) + b * bytes[operands + k];
        return found;
    }
};

// Op(numbers) makes the workspace of a task; op(arrays) does one matrix. False when memory ran out.
template <typename Op>
bool each_of(const Job& job) {
    std::atomic<bool> failed = false;
    share(job.batch, job.block, [&](int64_t begin, int64_t end) {
        try {
            Op op(job.numbers);
            for (int64_t b = begin; b < end; ++b) op(job.at(b));
        } catch (const std::bad_alloc&) {
            failed = true;
        }
    });
    return !failed;
}

template <template <typename> class Op>
bool each_real(const Job& job) {
    return job.kind == 0 ? each_of<Op<float>>(job) : each_of<Op<double>>(job);
}

template <template <typename> class Op>
bool each(const Job& job) {
    if (job.kind < 2) return each_real<Op>(job);
    return job.kind == 2 ? each_of<Op<std::complex<float>>>(job)
                         : each_of<Op<std::complex<double>>>(job);
}

// Matrices

template <typename T>
inline constexpr Real<T> kNan = std::numeric_limits<Real<T>>::quiet_NaN();

// The distance of columns, which LAPACK wants positive.
inline int leading(int rows) { return std::max(rows, 1); }

template <typename T>
std::vector<T> workspace(int64_t count) {
    return std::vector<T>(static_cast<size_t>(std::max<int64_t>(count, 1)));
}

template <typename T>
T conjugate(T x) {
    if constexpr (Kind<T>::complex) return std::conj(x);
    else return x;
}

template <typename T>
bool finite(const T* x, int64_t count) {
    return std::all_of(x, x + count, [](T v) {
        return std::isfinite(std::real(v)) && std::isfinite(std::imag(v));
    });
}

// y[j, i] = x[i, j], both row-major: rows to columns, and back.
template <typename T>
void transpose(const T* x, int64_t rows, int64_t columns, T* y) {
    constexpr int64_t tile = 16;
    for (int64_t top = 0; top < rows; top += tile)
        for (int64_t left = 0; left < columns; left += tile)
            for (int64_t i = top; i < std::min(rows, top + tile); ++i)
                for (int64_t j = left; j < std::min(columns, left + tile); ++j)
                    y[j * rows + i] = x[i * columns + j];
}

// How much memory a routine said that it wants, in its first element.
template <typename T>
int wanted(T answer) {
    return std::max(1, static_cast<int>(std::real(answer)));
}

}  // namespace pullback
