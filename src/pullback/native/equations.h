// Cholesky and LU factors of matrices, and equations solved by them. Row-major matrices are LAPACK's
// transposed ones: that saves copies. Knows nothing of Python.
#pragma once

#include <cmath>

#include "matrices.h"

namespace pullback {

// l with a = l l^H; NaN where a is not positive definite. Numbers: n.
template <typename T>
class Cholesky {
  public:
    explicit Cholesky(Numbers n) : n_(static_cast<int>(n[0])) {}

    // The transposed matrix is conj(a) = u^H u with u = l^T.
    void operator()(const Arrays& x) const {
        T* l = x.to<T>(0);
        int lead = leading(n_), info = 0;
        std::copy_n(x.from<T>(0), int64_t{n_} * n_, l);
        lapack<T>(Routine::potrf, "U", &n_, l, &lead, &info);
        for (int64_t i = 0; i < n_; ++i, l += n_) {
            if (info) std::fill_n(l, i + 1, T(kNan<T>));
            std::fill(l + i + 1, l + n_, T(0));
        }
    }

  private:
    int n_;
};

struct Triangle {
    bool lower;
    char turn;  // 'N', 'T' or 'C': none, transposed, adjoint
    bool unit;
};

// x with op(a) x = b (left) or x op(a) = b, in place of b: rows by columns.
template <typename T>
void substitute(const T* a, Triangle t, bool left, T* b, int rows, int columns) {
    int n = left ? rows : columns, lead_a = leading(n), lead_b = leading(columns);
    T one = 1;
    lapack<T>(Routine::trsm, left ? "R" : "L", t.lower ? "U" : "L", &t.turn, t.unit ? "U" : "N",
              &columns, &rows, &one, a, &lead_a, b, &lead_b);
}

// Numbers: rows and columns of b, left, lower, transposed, conjugated, unit diagonal.
template <typename T>
class TriangularSolve {
  public:
    explicit TriangularSolve(Numbers n)
        : rows_(static_cast<int>(n[0])),
          columns_(static_cast<int>(n[1])),
          left_(n[2]),
          copied_(n[5] && !n[4]),
          triangle_{n[3] != 0, !n[4] ? 'N' : n[5] ? 'C' : 'T', n[6] != 0},
          size_(left_ ? rows_ : columns_),
          copy_(workspace<T>(copied_ ? size_ * size_ : 0)) {}

    void operator()(const Arrays& x) {
        const T* a = x.from<T>(0);
        if (copied_) std::transform(a, a + size_ * size_, copy_.begin(), conjugate<T>);
        std::copy_n(x.from<T>(1), int64_t{rows_} * columns_, x.to<T>(0));
        substitute(copied_ ? copy_.data() : a, triangle_, left_, x.to<T>(0), rows_, columns_);
    }

  private:
    int rows_, columns_;
    bool left_, copied_;
    Triangle triangle_;
    int64_t size_;
    std::vector<T> copy_;
};

// The permutation of rows that exchanging row k with row pivots[k] in turn makes.
inline void exchanged(const int32_t* pivots, int64_t count, int64_t size, int32_t* order) {
    for (int64_t i = 0; i < size; ++i) order[i] = static_cast<int32_t>(i);
    for (int64_t k = 0; k < count; ++k) std::swap(order[k], order[pivots[k]]);
}

// Numbers: how many pivots, how many rows.
class Order {
  public:
    explicit Order(Numbers n) : count_(n[0]), size_(n[1]) {}
    void operator()(const Arrays& x) const {
        exchanged(x.from<int32_t>(0), count_, size_, x.to<int32_t>(0));
    }

  private:
    int64_t count_, size_;
};

// LU factors of a matrix by columns.
template <typename T>
class Factors {
  public:
    Factors(int64_t rows, int64_t columns)
        : factors(workspace<T>(rows * columns)),
          pivots(workspace<int32_t>(std::min(rows, columns))),
          rows_(static_cast<int>(rows)),
          columns_(static_cast<int>(columns)) {}

    std::vector<T> factors;
    std::vector<int32_t> pivots;

    // Of what stands in `factors`. False where a pivot is zero.
    bool find() {
        int lead = leading(rows_), info = 0;
        lapack<T>(Routine::getrf, &rows_, &columns_, factors.data(), &lead, pivots.data(), &info);
        for (int32_t& p : pivots) --p;
        return info == 0;
    }

    const T& on_diagonal(int64_t k) const { return factors[static_cast<size_t>(k * (rows_ + 1))]; }

    // 1, or -1 for an odd number of exchanges.
    int sign() const {
        int found = 1;
        for (int k = 0; k < std::min(rows_, columns_); ++k)
            found = pivots[static_cast<size_t>(k)] == k ? found : -found;
        return found;
    }

    T determinant() const {
        T product = static_cast<Real<T>>(sign());
        for (int k = 0; k < rows_; ++k) product *= on_diagonal(k);
        return product;
    }

  private:
    int rows_, columns_;
};

// Factors in one matrix, pivots, permutation. Numbers: rows, columns.
template <typename T>
class Lu {
  public:
    explicit Lu(Numbers n) : rows_(n[0]), columns_(n[1]), f_(rows_, columns_) {}

    void operator()(const Arrays& x) {
        int64_t count = std::min(rows_, columns_);
        transpose(x.from<T>(0), rows_, columns_, f_.factors.data());
        if (count) f_.find();
        transpose(f_.factors.data(), columns_, rows_, x.to<T>(0));
        std::copy_n(f_.pivots.data(), count, x.to<int32_t>(1));
        exchanged(x.to<int32_t>(1), count, rows_, x.to<int32_t>(2));
    }

  private:
    int64_t rows_, columns_;
    Factors<T> f_;
};

// x with a x = b, or a^T x = b, of factors, pivots and b. Numbers: n, columns of b, transposed.
template <typename T>
class LuSolve {
  public:
    explicit LuSolve(Numbers n)
        : n_(static_cast<int>(n[0])), columns_(static_cast<int>(n[1])), transposed_(n[2]) {}

    void operator()(const Arrays& x) const {
        const T* factors = x.from<T>(0);
        T* b = x.to<T>(0);
        std::copy_n(x.from<T>(2), int64_t{n_} * columns_, b);
        char turn = transposed_ ? 'T' : 'N';
        Triangle lower{true, turn, true}, upper{false, turn, false};
        const int32_t* pivots = x.from<int32_t>(1);
        if (!transposed_)
            for (int k = 0; k < n_; ++k) exchange(b, k, pivots[k]);
        substitute(factors, transposed_ ? upper : lower, true, b, n_, columns_);
        substitute(factors, transposed_ ? lower : upper, true, b, n_, columns_);
        if (transposed_)
            for (int k = n_; k-- > 0;) exchange(b, k, pivots[k]);
    }

  private:
    void exchange(T* b, int64_t i, int64_t j) const {
        if (i != j) std::swap_ranges(b + i * columns_, b + (i + 1) * columns_, b + j * columns_);
    }

    int n_, columns_;
    bool transposed_;
};

// The same of a and b; NaN where a is singular. Numbers: n, columns of b, transposed.
template <typename T>
class Solve {
  public:
    explicit Solve(Numbers n)
        : n_(static_cast<int>(n[0])),
          columns_(static_cast<int>(n[1])),
          transposed_(n[2]),
          f_(n_, n_),
          order_(workspace<int32_t>(n_)) {}

    void operator()(const Arrays& x) {
        int64_t size = int64_t{n_} * n_, count = int64_t{n_} * columns_;
        if (!count) return;
        if (transposed_) std::copy_n(x.from<T>(0), size, f_.factors.data());
        else transpose(x.from<T>(0), n_, n_, f_.factors.data());
        if (!f_.find()) {
            std::fill_n(x.to<T>(0), count, T(kNan<T>));
            return;
        }
        const T* b = x.from<T>(1);
        T* y = x.to<T>(0);
        const int32_t* order = order_.data();
        exchanged(f_.pivots.data(), n_, n_, order_.data());
        for (int64_t i = 0; i < n_; ++i)
            std::copy_n(b + int64_t{order[i]} * columns_, columns_, y + i * columns_);
        // The factors by columns are their transposes by rows.
        substitute(f_.factors.data(), {false, 'T', true}, true, y, n_, columns_);
        substitute(f_.factors.data(), {true, 'T', false}, true, y, n_, columns_);
    }

  private:
    int n_, columns_;
    bool transposed_;
    Factors<T> f_;
    std::vector<int32_t> order_;
};

// Numbers: n.
template <typename T>
class Determinant {
  public:
    explicit Determinant(Numbers n) : size_(n[0] * n[0]), f_(n[0], n[0]) {}

    void operator()(const Arrays& x) {
        std::copy_n(x.from<T>(0), size_, f_.factors.data());
        if (size_) f_.find();
        *x.to<T>(0) = f_.determinant();
    }

  private:
    int64_t size_;
    Factors<T> f_;
};

template <typename T>
T phase(T x) {
    if constexpr (Kind<T>::complex) return x == T(0) ? x : x / std::abs(x);
    else return x > 0 ? 1 : x < 0 ? -1 : x;
}

// The phase of the determinant and the logarithm of its magnitude. Numbers: n.
template <typename T>
class LogDeterminant {
  public:
    explicit LogDeterminant(Numbers n) : n_(n[0]), f_(n[0], n[0]) {}

    void operator()(const Arrays& x) {
        std::copy_n(x.from<T>(0), n_ * n_, f_.factors.data());
        if (n_) f_.find();
        T sign = static_cast<Real<T>>(n_ ? f_.sign() : 1);
        Real<T> logarithm = 0;
        for (int64_t k = 0; k < n_; ++k) {
            sign *= phase(f_.on_diagonal(k));
            logarithm += std::log(std::abs(f_.on_diagonal(k)));
        }
        *x.to<T>(0) = sign;
        *x.to<Real<T>>(1) = logarithm;
    }

  private:
    int64_t n_;
    Factors<T> f_;
};

// The upper triangular s with s^T s = r^T r + w w^T: a plane rotation a row takes w into r.
// Numbers: n.
template <typename T>
class CholeskyUpdate {
  public:
    explicit CholeskyUpdate(Numbers n) : n_(n[0]), w_(workspace<T>(n[0])) {}

    void operator()(const Arrays& x) {
        T* r = x.to<T>(0);
        std::copy_n(x.from<T>(0), n_ * n_, r);
        std::copy_n(x.from<T>(1), n_, w_.begin());
        T* w = w_.data();
        for (int64_t k = 0; k < n_; ++k, r += n_) {
            std::fill_n(r, k, T(0));
            T length = std::hypot(r[k], w[k]);
            if (length == 0) continue;
            T c = r[k] / length, s = w[k] / length;
            for (int64_t j = k; j < n_; ++j) {
                T above = r[j];
                r[j] = c * above + s * w[j];
                w[j] = c * w[j] - s * above;
            }
        }
    }

  private:
    int64_t n_;
    std::vector<T> w_;
};

// Of three diagonals and a right side; NaN where a pivot is zero. Numbers: n, columns of b.
template <typename T>
class TridiagonalSolve {
  public:
    explicit TridiagonalSolve(Numbers n)
        : n_(static_cast<int>(n[0])),
          columns_(static_cast<int>(n[1])),
          diagonals_(workspace<T>(3 * n[0])),
          b_(workspace<T>(n[0] * n[1])) {}

    void operator()(const Arrays& x) {
        int64_t count = int64_t{n_} * columns_;
        if (!count) return;
        T *low = diagonals_.data(), *middle = low + n_, *high = middle + n_;
        std::copy_n(x.from<T>(0) + 1, n_ - 1, low);
        std::copy_n(x.from<T>(1), n_, middle);
        std::copy_n(x.from<T>(2), n_ - 1, high);
        transpose(x.from<T>(3), n_, columns_, b_.data());
        int info = 0;
        lapack<T>(Routine::gtsv, &n_, &columns_, low, middle, high, b_.data(), &n_, &info);
        if (info) std::fill_n(b_.begin(), count, T(kNan<T>));
        transpose(b_.data(), columns_, n_, x.to<T>(0));
    }

  private:
    int n_, columns_;
    std::vector<T> diagonals_, b_;
};

}  // namespace pullback
