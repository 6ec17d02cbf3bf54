#include "small.h"

#include <cmath>

#include "clones.h"
#include "equations.h"

#define INLINE [[gnu::always_inline]] inline

namespace pullback {
namespace {

// Sizes in lanes; more columns or rows are left to LAPACK.
constexpr int64_t kMost = 16;
// Sizes from which on a call of LAPACK is worth it for a single matrix.
constexpr int64_t kAlone = 8;
// Matrices of a task.
constexpr int64_t kTask = 1 << 14;

// V is an element, or a vector of elements of as many matrices.
template <typename V>
struct Lane {
    using Element = V;
};
typedef float Floats __attribute__((vector_size(64)));
typedef double Doubles __attribute__((vector_size(64)));
template <>
struct Lane<Floats> {
    using Element = float;
};
template <>
struct Lane<Doubles> {
    using Element = double;
};
template <typename V>
using Element = typename Lane<V>::Element;
template <typename V>
constexpr int64_t kLanes = sizeof(V) / sizeof(Element<V>);

template <typename V>
INLINE V all(int64_t value) {
    return V{} + static_cast<Element<V>>(value);
}

template <typename V>
INLINE V magnitude(V x) {
    return x < V{} ? -x : x;
}

template <typename V>
INLINE Element<V>* parts(V& x) {
    return reinterpret_cast<Element<V>*>(&x);
}

template <typename V>
INLINE V root(V x) {
    for (int64_t l = 0; l < kLanes<V>; ++l) parts(x)[l] = std::sqrt(parts(x)[l]);
    return x;
}

// A matrix and, at its right, columns that take part in what is done to rows.
template <typename V>
struct Grid {
    using T = Element<V>;
    V x[kMost][2 * kMost];
    V pivots[kMost];
    // 1, or -1 after an odd number of exchanges; 1, or 0 where there is no result.
    V sign, fine;

    // f(lane, pointer to the matrix): operand k of matrices b to b + count - 1; the last one fills
    // lanes that are left.
    template <typename F>
    INLINE static void lanes(const char* data, int64_t bytes, int64_t b, int64_t count, F f) {
        for (int64_t l = 0; l < kLanes<V>; ++l) f(l, data + (b + std::min(l, count - 1)) * bytes);
    }

    // Rows by columns from column `at` on, of matrices that stand so, or transposed.
    INLINE void load(const Job& job, int k, int64_t b, int64_t count, int64_t rows, int64_t columns,
                     int64_t at = 0, bool transposed = false) {
        int64_t down = transposed ? 1 : columns, across = transposed ? rows : 1;
        lanes(static_cast<const char*>(job.in[k]), job.bytes[k], b, count,
              [&](int64_t l, const char* data) {
                  auto* from = reinterpret_cast<const T*>(data);
                  for (int64_t i = 0; i < rows; ++i)
                      for (int64_t j = 0; j < columns; ++j)
                          parts(x[i][at + j])[l] = from[i * down + j * across];
              });
    }

    INLINE void store(const Job& job, int64_t b, int64_t count, int64_t rows, int64_t columns,
                      int64_t at = 0, bool transposed = false) {
        int64_t down = transposed ? 1 : columns, across = transposed ? rows : 1;
        for (int64_t l = 0; l < count; ++l) {
            auto* to = result<T>(job, 0, b + l);
            for (int64_t i = 0; i < rows; ++i)
                for (int64_t j = 0; j < columns; ++j)
                    to[i * down + j * across] = parts(x[i][at + j])[l];
        }
    }

    template <typename U>
    INLINE static U* result(const Job& job, int64_t k, int64_t b) {
        return reinterpret_cast<U*>(static_cast<char*>(job.out[k]) + b * job.bytes[job.operands + k]);
    }

    // l with a = l l^T.
    INLINE void cholesky(int64_t n) {
        fine = all<V>(1);
        for (int64_t j = 0; j < n; ++j) {
            V d = x[j][j];
            for (int64_t k = 0; k < j; ++k) d -= x[j][k] * x[j][k];
            fine = d <= V{} ? V{} : fine;
            d = root(d);
            x[j][j] = d;
            d = all<V>(1) / d;
            for (int64_t i = j + 1; i < n; ++i) {
                V s = x[i][j];
                for (int64_t k = 0; k < j; ++k) s -= x[i][k] * x[j][k];
                x[i][j] = s * d;
                x[j][i] = V{};
            }
        }
    }

    // LU factors of rows by columns, with the same done to columns up to `width`. The lower factor
    // is of use only if it is `kept`.
    INLINE void eliminate(int64_t rows, int64_t columns, int64_t width, bool kept) {
        sign = fine = all<V>(1);
        for (int64_t k = 0; k < std::min(rows, columns); ++k) {
            V best = magnitude(x[k][k]), place = all<V>(k);
            for (int64_t i = k + 1; i < rows; ++i) {
                V size = magnitude(x[i][k]);
                place = size > best ? all<V>(i) : place;
                best = size > best ? size : best;
            }
            pivots[k] = place;
            sign = place == all<V>(k) ? sign : -sign;
            for (int64_t j = kept ? 0 : k; j < width; ++j) exchange(k, rows, j, place);
            V pivot = x[k][k];
            fine = pivot == V{} ? V{} : fine;
            V divisor = pivot == V{} ? all<V>(1) : pivot;
            for (int64_t i = k + 1; i < rows; ++i) {
                V factor = x[i][k] / divisor;
                x[i][k] = factor;
                for (int64_t j = k + 1; j < width; ++j) x[i][j] -= factor * x[k][j];
            }
        }
    }

    // The elements of column j in row k and, by lanes, in row `place`.
    INLINE void exchange(int64_t k, int64_t rows, int64_t j, V place) {
        V old = x[k][j], top = old;
        for (int64_t i = k + 1; i < rows; ++i) {
            V here = x[i][j], row = all<V>(i);
            top = place == row ? here : top;
            x[i][j] = place == row ? old : here;
        }
        x[k][j] = top;
    }

    // t y = x for the columns from n to `width` in place, with the triangle t at the left.
    INLINE void substitute(int64_t n, int64_t width, bool lower, bool unit) {
        for (int64_t step = 0; step < n; ++step) {
            int64_t i = lower ? step : n - 1 - step;
            int64_t first = lower ? 0 : i + 1, last = lower ? i : n;
            for (int64_t c = n; c < width; ++c) {
                V s = x[i][c];
                for (int64_t k = first; k < last; ++k) s -= x[i][k] * x[k][c];
                x[i][c] = unit ? s : s / x[i][i];
            }
        }
    }

    INLINE void fail(int64_t rows, int64_t columns, int64_t at) {
        V nan = V{} + kNan<T>;
        for (int64_t i = 0; i < rows; ++i)
            for (int64_t j = 0; j < columns; ++j) x[i][at + j] = fine == V{} ? nan : x[i][at + j];
    }
};

// The operations, on matrices b to b + count - 1.

template <typename V>
INLINE void cholesky(Grid<V>& g, const Job& job, int64_t b, int64_t count) {
    int64_t n = job.numbers[0];
    g.load(job, 0, b, count, n, n);
    g.cholesky(n);
    V nan = V{} + kNan<Element<V>>;
    for (int64_t i = 0; i < n; ++i)
        for (int64_t j = 0; j <= i; ++j) g.x[i][j] = g.fine == V{} ? nan : g.x[i][j];
    g.store(job, b, count, n, n);
}

template <typename V>
INLINE void lu(Grid<V>& g, const Job& job, int64_t b, int64_t count) {
    int64_t rows = job.numbers[0], columns = job.numbers[1], rank = std::min(rows, columns);
    g.load(job, 0, b, count, rows, columns);
    g.eliminate(rows, columns, columns, true);
    g.store(job, b, count, rows, columns);
    for (int64_t l = 0; l < count; ++l) {
        auto* pivots = g.template result<int32_t>(job, 1, b + l);
        for (int64_t k = 0; k < rank; ++k) pivots[k] = static_cast<int32_t>(parts(g.pivots[k])[l]);
        exchanged(pivots, rank, rows, g.template result<int32_t>(job, 2, b + l));
    }
}

template <typename V>
INLINE void determinant(Grid<V>& g, const Job& job, int64_t b, int64_t count, bool logarithm) {
    int64_t n = job.numbers[0];
    g.load(job, 0, b, count, n, n);
    g.eliminate(n, n, n, false);
    V product = g.sign;
    for (int64_t k = 0; k < n; ++k) {
        V d = g.x[k][k], one = all<V>(1);
        product *= !logarithm ? d : d > V{} ? one : d < V{} ? -one : d;
    }
    for (int64_t l = 0; l < count; ++l) {
        *g.template result<Element<V>>(job, 0, b + l) = parts(product)[l];
        if (!logarithm) continue;
        Element<V> sum = 0;
        for (int64_t k = 0; k < n; ++k) sum += std::log(std::abs(parts(g.x[k][k])[l]));
        *g.template result<Element<V>>(job, 1, b + l) = sum;
    }
}

template <typename V>
INLINE void solve(Grid<V>& g, const Job& job, int64_t b, int64_t count) {
    int64_t n = job.numbers[0], columns = job.numbers[1];
    g.load(job, 0, b, count, n, n, 0, job.numbers[2]);
    g.load(job, 1, b, count, n, columns, n);
    g.eliminate(n, n, n + columns, false);
    g.substitute(n, n + columns, false, false);
    g.fail(n, columns, n);
    g.store(job, b, count, n, columns, n);
}

template <typename V>
INLINE void triangular_solve(Grid<V>& g, const Job& job, int64_t b, int64_t count) {
    Numbers n = job.numbers;
    bool left = n[2], lower = n[3], transposed = n[4], unit = n[6];
    int64_t size = left ? n[0] : n[1], columns = left ? n[1] : n[0];
    // x op(a) = b is op(a)^T x^T = b^T.
    bool turned = transposed == left;
    g.load(job, 0, b, count, size, size, 0, turned);
    g.load(job, 1, b, count, size, columns, size, !left);
    g.substitute(size, size + columns, lower != turned, unit);
    g.store(job, b, count, size, columns, size, !left);
}

template <typename V>
INLINE void lu_solve(Grid<V>& g, const Job& job, int64_t b, int64_t count) {
    using T = Element<V>;
    int64_t n = job.numbers[0], columns = job.numbers[1];
    bool transposed = job.numbers[2];
    int32_t order[kLanes<V>][kMost];
    for (int64_t l = 0; l < kLanes<V>; ++l) {
        Arrays from = job.at(b + std::min(l, count - 1));
        exchanged(from.from<int32_t>(1), n, n, order[l]);
        for (int64_t i = 0; i < n; ++i)
            for (int64_t j = 0; j < columns; ++j)
                parts(g.x[i][n + j])[l] =
                    from.from<T>(2)[(transposed ? i : order[l][i]) * columns + j];
    }
    g.load(job, 0, b, count, n, n, 0, transposed);
    g.substitute(n, n + columns, true, !transposed);
    g.substitute(n, n + columns, false, transposed);
    if (!transposed) return g.store(job, b, count, n, columns, n);
    for (int64_t l = 0; l < count; ++l)
        for (int64_t i = 0; i < n; ++i)
            for (int64_t j = 0; j < columns; ++j)
                g.template result<T>(job, 0, b + l)[order[l][i] * columns + j] =
                    parts(g.x[i][n + j])[l];
}

template <typename V>
INLINE void run(MatrixOperation operation, const Job& job, int64_t begin, int64_t end) {
    Grid<V> g;
    for (int64_t b = begin; b < end; b += kLanes<V>) {
        int64_t count = std::min(kLanes<V>, end - b);
        switch (operation) {
            case MatrixOperation::cholesky: cholesky(g, job, b, count); break;
            case MatrixOperation::lu: lu(g, job, b, count); break;
            case MatrixOperation::det: determinant(g, job, b, count, false); break;
            case MatrixOperation::slogdet: determinant(g, job, b, count, true); break;
            case MatrixOperation::solve: solve(g, job, b, count); break;
            case MatrixOperation::lu_solve: lu_solve(g, job, b, count); break;
            default: triangular_solve(g, job, b, count);
        }
    }
}

PULLBACK_CLONES void many_floats(MatrixOperation o, const Job& job, int64_t begin, int64_t end) {
    run<Floats>(o, job, begin, end);
}
PULLBACK_CLONES void many_doubles(MatrixOperation o, const Job& job, int64_t begin, int64_t end) {
    run<Doubles>(o, job, begin, end);
}
void few_floats(MatrixOperation o, const Job& job, int64_t begin, int64_t end) {
    run<float>(o, job, begin, end);
}
void few_doubles(MatrixOperation o, const Job& job, int64_t begin, int64_t end) {
    run<double>(o, job, begin, end);
}

// The largest of the sizes; -1 for an operation that is not here.
int64_t largest(MatrixOperation operation, Numbers n) {
    switch (operation) {
        case MatrixOperation::cholesky:
        case MatrixOperation::det:
        case MatrixOperation::slogdet: return n[0];
        case MatrixOperation::lu:
        case MatrixOperation::solve:
        case MatrixOperation::lu_solve:
        case MatrixOperation::triangular_solve: return std::max(n[0], n[1]);
        default: return -1;
    }
}

}  // namespace

bool run_small(MatrixOperation operation, const Job& job) {
    int64_t size = largest(operation, job.numbers);
    if (job.kind > 1 || size < 0 || size > kMost) return false;
    int64_t lanes = job.kind == 0 ? kLanes<Floats> : kLanes<Doubles>;
    bool many = job.batch * 2 >= lanes;
    if (!many && size > kAlone) return false;
    auto* run = many ? (job.kind == 0 ? many_floats : many_doubles)
                     : (job.kind == 0 ? few_floats : few_doubles);
    int64_t block = std::max<int64_t>(1, kTask / (size * size * lanes + 1)) * lanes;
    share(job.batch, block,
          [&](int64_t begin, int64_t end) { run(operation, job, begin, end); });
    return true;
}

}  // namespace pullback
