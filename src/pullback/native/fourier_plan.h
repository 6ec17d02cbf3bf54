// What Fourier transforms of a length need beside their operands: passes and tables of roots of
// unity, made once and kept while there is room.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "fourier_lanes.h"

namespace pullback {

// Whether passes make a length.
bool is_smooth(int64_t n);

// The passes of a smooth length.
template <typename T>
struct PassPlan {
    explicit PassPlan(int64_t n);
    Passes<T> passes() const {
        return {n, static_cast<int64_t>(pass.size()), pass.data(), order.data()};
    }
    int64_t bytes() const;

    int64_t n;
    std::vector<Pass<T>> pass;
    std::vector<T> numbers;
    std::vector<int64_t> order;
};

// exp(-2 pi i k / n) for k up to n / 4: what the spectrum of n real numbers is unfolded with.
template <typename T>
struct RealPlan {
    explicit RealPlan(int64_t n);
    int64_t bytes() const { return static_cast<int64_t>(turns.size() * sizeof(T)); }

    std::vector<T> turns;
};

// The best matrix for a line: its rows, 0 where there is none, and about what the transform costs,
// in passes over an element.
template <typename T>
struct Matrix {
    explicit Matrix(int64_t n);
    int64_t bytes() const { return sizeof(Matrix); }

    int64_t rows = 0;
    double cost = 0;
};

// A line as a matrix of `rows` rows: the columns are transformed, turned, and transformed across
// (D. H. Bailey, "FFTs in external or hierarchical memory", 1990).
template <typename T>
struct SplitPlan {
    explicit SplitPlan(int64_t n);
    int64_t bytes() const {
        return static_cast<int64_t>((coarse.size() + fine.size()) * sizeof(T));
    }

    int64_t n, rows, columns;
    std::shared_ptr<const PassPlan<T>> down, across;
    // Element (k, j) is turned by exp(-2 pi i k j / n): by coarse for the first column of its
    // block, and by fine for the column within the block.
    std::vector<T> coarse, fine;
};

// A transform of any length as a convolution with a chirp, of a smooth length m (L. I. Bluestein,
// "A linear filtering approach to the computation of discrete Fourier transform", 1970).
template <typename T>
struct ChirpPlan {
    explicit ChirpPlan(int64_t n);
    int64_t bytes() const {
        return static_cast<int64_t>((before.size() + spectrum.size() + after.size()) * sizeof(T));
    }

    int64_t n, m;
    // The factors of the line, of its spectrum, and of the result; the latter two are of
    // conjugates.
    std::vector<T> before, spectrum, after;
};

// What `count` lines of a smooth length cost side by side, as in Matrix.
double together_cost(int64_t n, int64_t count, int64_t lanes);

// The plan of a length, from those that are kept.
template <typename Plan>
std::shared_ptr<const Plan> plan_of(int64_t n);

}  // namespace pullback
