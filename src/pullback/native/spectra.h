// Eigenvalues, singular values and Schur forms by LAPACK, and the equations that are solved by them.
// Where LAPACK fails results are NaN. Knows nothing of Python.
#pragma once

#include <cmath>

#include "equations.h"
#include "reflections.h"

namespace pullback {

template <typename T>
void fail(T* out, int64_t count) {
    std::fill_n(out, count, T(kNan<T>));
}

// Eigenvectors as columns, and eigenvalues. Numbers: n, lower, the first that is wanted, the last
// (not included).
template <typename T>
class Eigh {
  public:
    explicit Eigh(Numbers n)
        : n_(static_cast<int>(n[0])),
          lower_(n[1]),
          start_(n[2]),
          count_(n[3] - n[2]),
          a_(workspace<T>(n[0] * n[0])),
          w_(workspace<Real<T>>(n[0])) {}

    void operator()(const Arrays& x) {
        if (!n_) return;
        transpose(x.from<T>(0), n_, n_, a_.data());
        if (find()) {
            fail(x.to<T>(0), n_ * count_);
            fail(x.to<Real<T>>(1), count_);
            return;
        }
        transpose(a_.data() + start_ * n_, count_, n_, x.to<T>(0));
        std::copy_n(w_.data() + start_, count_, x.to<Real<T>>(1));
    }

  private:
    int find() {
        int info = 0;
        if (work_.empty()) {
            int asked = -1, few = 0;
            T work{};
            Real<T> real = 0;
            call(&work, &asked, &real, &asked, &few, &asked, &info);
            lengths_[0] = wanted(work), lengths_[1] = wanted(real), lengths_[2] = std::max(few, 1);
            work_ = workspace<T>(lengths_[0]);
            real_ = workspace<Real<T>>(lengths_[1]);
            integers_ = workspace<int>(lengths_[2]);
        }
        call(work_.data(), &lengths_[0], real_.data(), &lengths_[1], integers_.data(),
             &lengths_[2], &info);
        return info;
    }

    void call(T* work, int* length, Real<T>* real, int* real_length, int* integers,
              int* integer_length, int* info) {
        const char* part = lower_ ? "L" : "U";
        if constexpr (Kind<T>::complex)
            lapack<T>(Routine::syevd, "V", part, &n_, a_.data(), &n_, w_.data(), work, length, real,
                      real_length, integers, integer_length, info);
        else
            lapack<T>(Routine::syevd, "V", part, &n_, a_.data(), &n_, w_.data(), work, length,
                      integers, integer_length, info);
    }

    int n_;
    bool lower_;
    int64_t start_, count_;
    std::vector<T> a_, work_;
    std::vector<Real<T>> w_, real_;
    std::vector<int> integers_;
    int lengths_[3];
};

// Of a matrix by columns, which is overwritten: u and vh by columns too.
template <typename T>
class SingularValues {
  public:
    SingularValues(int64_t rows, int64_t columns, char mode)
        : a(workspace<T>(rows * columns)),
          s(workspace<Real<T>>(std::min(rows, columns))),
          rows_(static_cast<int>(rows)),
          columns_(static_cast<int>(columns)),
          mode_(mode),
          left_(mode == 'A' ? rows : std::min(rows, columns)),
          right_(mode == 'A' ? columns : std::min(rows, columns)),
          integers_(workspace<int>(8 * std::min(rows, columns))) {
        if (mode != 'N') {
            u = workspace<T>(rows * left_);
            vh = workspace<T>(right_ * columns);
        }
        if constexpr (Kind<T>::complex) {
            int64_t few = std::min(rows, columns), many = std::max(rows, columns);
            int64_t most = std::max(5 * few * few + 5 * few, 2 * many * few + 2 * few * few + few);
            real_ = workspace<Real<T>>(mode == 'N' ? 7 * few : most);
        }
    }

    std::vector<T> a, u, vh;
    std::vector<Real<T>> s;

    bool find() {
        int lead_a = leading(rows_), lead_v = leading(static_cast<int>(right_));
        int info = work_([&](T* work, int* length, int* report) {
            if constexpr (Kind<T>::complex)
                lapack<T>(Routine::gesdd, &mode_, &rows_, &columns_, a.data(), &lead_a, s.data(),
                          u.data(), &lead_a, vh.data(), &lead_v, work, length, real_.data(),
                          integers_.data(), report);
            else
                lapack<T>(Routine::gesdd, &mode_, &rows_, &columns_, a.data(), &lead_a, s.data(),
                          u.data(), &lead_a, vh.data(), &lead_v, work, length, integers_.data(),
                          report);
        });
        return info == 0;
    }

    int64_t left() const { return left_; }
    int64_t right() const { return right_; }

  private:
    int rows_, columns_;
    char mode_;
    int64_t left_, right_;
    std::vector<int> integers_;
    std::vector<Real<T>> real_;
    Worker<T> work_;
};

// s, and u and vh if wanted. Numbers: rows, columns, all columns of u and rows of vh, vectors wanted,
// the first that is wanted, the last (not included).
template <typename T>
class Svd {
  public:
    explicit Svd(Numbers n)
        : rows_(n[0]),
          columns_(n[1]),
          vectors_(n[3]),
          whole_(n[2]),
          start_(n[4]),
          count_(n[5] - n[4]),
          f_(n[0], n[1], !n[3] ? 'N' : n[2] ? 'A' : 'S') {}

    void operator()(const Arrays& x) {
        int64_t left = whole_ ? rows_ : count_, right = whole_ ? columns_ : count_;
        if (!rows_ || !columns_) {
            if (vectors_) one(x.to<T>(1), rows_, left), one(x.to<T>(2), right, columns_);
            return;
        }
        transpose(x.from<T>(0), rows_, columns_, f_.a.data());
        bool fine = f_.find();
        if (fine) std::copy_n(f_.s.data() + start_, count_, x.to<Real<T>>(0));
        else fail(x.to<Real<T>>(0), count_);
        if (!vectors_) return;
        T *u = x.to<T>(1), *vh = x.to<T>(2);
        if (fine) {
            transpose(f_.u.data() + start_ * rows_, left, rows_, u);
            for (int64_t i = 0; i < right; ++i)
                for (int64_t j = 0; j < columns_; ++j)
                    *vh++ = f_.vh[static_cast<size_t>(j * f_.right() + start_ + i)];
        } else {
            fail(u, rows_ * left), fail(vh, right * columns_);
        }
    }

  private:
    static void one(T* out, int64_t rows, int64_t columns) {
        for (int64_t i = 0; i < rows; ++i)
            for (int64_t j = 0; j < columns; ++j) *out++ = static_cast<Real<T>>(i == j);
    }

    int64_t rows_, columns_;
    bool vectors_, whole_;
    int64_t start_, count_;
    SingularValues<T> f_;
};

// det(a) a^-T: by the inverse where that is accurate, else by singular values, which are never
// divided. Numbers: n.
template <typename T>
class Cofactor {
  public:
    explicit Cofactor(Numbers n)
        : n_(static_cast<int>(n[0])),
          f_(n_, n_),
          few_(workspace<T>(4 * int64_t{n_})),
          integers_(workspace<int>(2 * int64_t{n_})),
          real_(workspace<Real<T>>(2 * int64_t{n_})) {}

    void operator()(const Arrays& x) {
        int64_t size = int64_t{n_} * n_;
        const T* a = x.from<T>(0);
        if (!size) return;
        transpose(a, n_, n_, f_.factors.data());
        if (!f_.find() || !accurate(a)) return by_singular_values(a, x.to<T>(0));
        T scale = f_.determinant();
        for (int32_t& p : f_.pivots) ++p;
        work_([&](T* work, int* length, int* info) {
            lapack<T>(Routine::getri, &n_, f_.factors.data(), &n_, f_.pivots.data(), work, length,
                      info);
        });
        std::transform(f_.factors.begin(), f_.factors.end(), x.to<T>(0),
                       [=](T v) { return scale * v; });
    }

  private:
    bool accurate(const T* a) {
        Real<T> norm = 0, inverse = 0;
        for (int64_t j = 0; j < n_; ++j) {
            Real<T> sum = 0;
            for (int64_t i = 0; i < n_; ++i) sum += std::abs(a[i * n_ + j]);
            norm = norm < sum ? sum : norm;
        }
        int info = 0;
        if constexpr (Kind<T>::complex)
            lapack<T>(Routine::gecon, "1", &n_, f_.factors.data(), &n_, &norm, &inverse,
                      few_.data(), real_.data(), &info);
        else
            lapack<T>(Routine::gecon, "1", &n_, f_.factors.data(), &n_, &norm, &inverse,
                      few_.data(), integers_.data(), &info);
        return inverse > std::sqrt(std::numeric_limits<Real<T>>::epsilon());
    }

    void by_singular_values(const T* a, T* out) {
        SingularValues<T> v(n_, n_, 'A');
        transpose(a, n_, n_, v.a.data());
        if (!finite(a, int64_t{n_} * n_) || !v.find()) return fail(out, int64_t{n_} * n_);
        T scale = 1;
        for (const std::vector<T>* vectors : {&v.u, &v.vh}) {
            f_.factors = *vectors;
            f_.find();
            scale *= f_.determinant();
        }
        for (int64_t k = 0; k < n_; ++k) {
            Real<T> others = 1;
            for (int64_t i = 0; i < n_; ++i) others *= i == k ? 1 : v.s[static_cast<size_t>(i)];
            for (int64_t i = 0; i < n_; ++i) v.u[static_cast<size_t>(k * n_ + i)] *= others;
        }
        for (int64_t i = 0; i < n_; ++i)
            for (int64_t j = 0; j < n_; ++j) {
                T sum = 0;
                for (int64_t k = 0; k < n_; ++k)
                    sum += v.u[static_cast<size_t>(k * n_ + i)] * v.vh[static_cast<size_t>(j * n_ + k)];
                *out++ = scale * conjugate(sum);
            }
    }

    int n_;
    Factors<T> f_;
    std::vector<T> few_;
    std::vector<int> integers_;
    std::vector<Real<T>> real_;
    Worker<T> work_;
};

// Eigenvalues, then left and right eigenvectors, all complex. Numbers: n, left, right.
template <typename T>
class Eig {
    using Whole = std::complex<Real<T>>;

  public:
    explicit Eig(Numbers n)
        : n_(static_cast<int>(n[0])),
          wanted_{n[1] != 0, n[2] != 0},
          a_(workspace<T>(n[0] * n[0])),
          w_(workspace<T>(2 * n[0])),
          real_(workspace<Real<T>>(2 * n[0])) {
        for (int side : {0, 1}) v_[side] = workspace<T>(wanted_[side] ? n[0] * n[0] : 0);
    }

    void operator()(const Arrays& x) {
        if (!n_) return;
        transpose(x.from<T>(0), n_, n_, a_.data());
        bool fine = finite(x.from<T>(0), int64_t{n_} * n_) && find() == 0;
        Whole* values = x.to<Whole>(0);
        for (int k = 0; k < n_; ++k) values[k] = fine ? value(k) : Whole(kNan<Whole>);
        for (int side = 0, out = 1; side < 2; ++side) {
            if (!wanted_[side]) continue;
            Whole* vectors = x.to<Whole>(out++);
            if (fine) assemble(v_[side].data(), vectors);
            else fail(vectors, int64_t{n_} * n_);
        }
    }

  private:
    int find() {
        const char* jobs[] = {wanted_[0] ? "V" : "N", wanted_[1] ? "V" : "N"};
        return work_([&](T* work, int* length, int* info) {
            if constexpr (Kind<T>::complex)
                lapack<T>(Routine::geev, jobs[0], jobs[1], &n_, a_.data(), &n_, w_.data(),
                          v_[0].data(), &n_, v_[1].data(), &n_, work, length, real_.data(), info);
            else
                lapack<T>(Routine::geev, jobs[0], jobs[1], &n_, a_.data(), &n_, w_.data(),
                          w_.data() + n_, v_[0].data(), &n_, v_[1].data(), &n_, work, length, info);
        });
    }

    Whole value(int k) const {
        const T* w = w_.data();
        if constexpr (Kind<T>::complex) return w[k];
        else return {w[k], w[n_ + k]};
    }

    // Those of a pair of conjugate eigenvalues are given as real and imaginary parts.
    void assemble(const T* v, Whole* out) const {
        for (int64_t k = 0; k < n_; ++k) {
            bool pair = !Kind<T>::complex && std::imag(value(static_cast<int>(k))) != 0;
            for (int64_t i = 0; i < n_; ++i) {
                T first = v[k * n_ + i];
                if (!pair) {
                    out[i * n_ + k] = first;
                    continue;
                }
                Whole whole(std::real(first), std::real(v[(k + 1) * n_ + i]));
                out[i * n_ + k] = whole, out[i * n_ + k + 1] = std::conj(whole);
            }
            k += pair;
        }
    }

    int n_;
    bool wanted_[2];
    std::vector<T> a_, w_, v_[2];
    std::vector<Real<T>> real_;
    Worker<T> work_;
};

// t and unitary z with a = z t z^H, by columns.
template <typename T>
class SchurForm {
  public:
    SchurForm(int64_t n, bool vectors)
        : t(workspace<T>(n * n)),
          z(workspace<T>(vectors ? n * n : 0)),
          n_(static_cast<int>(n)),
          vectors_(vectors),
          w_(workspace<T>(2 * n)),
          real_(workspace<Real<T>>(n)),
          booleans_(workspace<int>(n)) {}

    std::vector<T> t, z;

    // Of what stands in t.
    bool find() {
        if (!finite(t.data(), int64_t{n_} * n_)) return false;
        int lead = leading(n_), sorted = 0;
        const char* job = vectors_ ? "V" : "N";
        void* none = nullptr;
        int info = work_([&](T* work, int* length, int* report) {
            if constexpr (Kind<T>::complex)
                lapack<T>(Routine::gees, job, "N", none, &n_, t.data(), &lead, &sorted, w_.data(),
                          z.data(), &lead, work, length, real_.data(), booleans_.data(), report);
            else
                lapack<T>(Routine::gees, job, "N", none, &n_, t.data(), &lead, &sorted, w_.data(),
                          w_.data() + n_, z.data(), &lead, work, length, booleans_.data(), report);
        });
        return info == 0;
    }

  private:
    int n_;
    bool vectors_;
    std::vector<T> w_;
    std::vector<Real<T>> real_;
    std::vector<int> booleans_;
    Worker<T> work_;
};

// Numbers: n, vectors wanted.
template <typename T>
class Schur {
  public:
    explicit Schur(Numbers n) : n_(n[0]), vectors_(n[1]), f_(n[0], n[1]) {}

    void operator()(const Arrays& x) {
        if (!n_) return;
        transpose(x.from<T>(0), n_, n_, f_.t.data());
        bool fine = f_.find();
        for (int k = 0; k <= vectors_; ++k) {
            if (fine) transpose(k ? f_.z.data() : f_.t.data(), n_, n_, x.to<T>(k));
            else fail(x.to<T>(k), n_ * n_);
        }
    }

  private:
    int64_t n_;
    bool vectors_;
    SchurForm<T> f_;
};

// c = op(a) op(b) of matrices by columns; rows, columns of c, and the terms of a sum.
template <typename T>
void multiply(const char* turn_a, const char* turn_b, int rows, int columns, int terms, const T* a,
              const T* b, T* c) {
    int lead_a = leading(*turn_a == 'N' ? rows : terms);
    int lead_b = leading(*turn_b == 'N' ? terms : columns), lead_c = leading(rows);
    T one = 1, zero = 0;
    lapack<T>(Routine::gemm, turn_a, turn_b, &rows, &columns, &terms, &one, a, &lead_a, b, &lead_b,
              &zero, c, &lead_c);
}

// x with a x + x b = c, by Schur forms of a and b (Bartels and Stewart, "Solution of the matrix
// equation AX + XB = C", 1972); NaN where there is not one solution. Numbers: rows, columns of c.
template <typename T>
class Sylvester {
  public:
    explicit Sylvester(Numbers n)
        : rows_(static_cast<int>(n[0])),
          columns_(static_cast<int>(n[1])),
          a_(n[0], true),
          b_(n[1], true),
          c_(workspace<T>(n[0] * n[1])),
          d_(c_) {}

    void operator()(const Arrays& x) {
        if (!rows_ || !columns_) return;
        transpose(x.from<T>(0), rows_, rows_, a_.t.data());
        transpose(x.from<T>(1), columns_, columns_, b_.t.data());
        transpose(x.from<T>(2), rows_, columns_, c_.data());
        if (!a_.find() || !b_.find() || !solve()) return fail(x.to<T>(0), int64_t{rows_} * columns_);
        transpose(c_.data(), columns_, rows_, x.to<T>(0));
    }

  private:
    bool solve() {
        const T *za = a_.z.data(), *zb = b_.z.data();
        T *c = c_.data(), *d = d_.data();
        multiply("C", "N", rows_, columns_, rows_, za, c, d);
        multiply("N", "N", rows_, columns_, columns_, d, zb, c);
        int sign = 1, info = 0;
        Real<T> scale = 1;
        lapack<T>(Routine::trsyl, "N", "N", &sign, &rows_, &columns_, a_.t.data(), &rows_,
                  b_.t.data(), &columns_, c, &rows_, &scale, &info);
        for (T& v : c_) v /= scale;
        multiply("N", "N", rows_, columns_, rows_, za, c, d);
        multiply("N", "C", rows_, columns_, columns_, d, zb, c);
        return info == 0;
    }

    int rows_, columns_;
    SchurForm<T> a_, b_;
    std::vector<T> c_, d_;
};

// The principal square root, complex, by the Schur form (Björck and Hammarling, "A Schur method for
// the square root of a matrix", 1983). Numbers: n.
template <typename T>
class SquareRoot {
    using Whole = std::complex<Real<T>>;

  public:
    explicit SquareRoot(Numbers n)
        : n_(static_cast<int>(n[0])), f_(n[0], true), root_(workspace<Whole>(n[0] * n[0])) {}

    void operator()(const Arrays& x) {
        if (!n_) return;
        const T* a = x.from<T>(0);
        for (int64_t i = 0; i < n_; ++i)
            for (int64_t j = 0; j < n_; ++j) f_.t[static_cast<size_t>(j * n_ + i)] = *a++;
        if (!f_.find()) return fail(x.to<Whole>(0), int64_t{n_} * n_);
        triangular();
        multiply("N", "N", n_, n_, n_, f_.z.data(), root_.data(), f_.t.data());
        multiply("N", "C", n_, n_, n_, f_.t.data(), f_.z.data(), root_.data());
        transpose(root_.data(), n_, n_, x.to<Whole>(0));
    }

  private:
    // r with r r = t, both upper triangular: r[i, j] (r[i, i] + r[j, j]) = t[i, j] - sum between.
    void triangular() {
        const Whole* t = f_.t.data();
        Whole* r = root_.data();
        std::fill(root_.begin(), root_.end(), Whole(0));
        for (int64_t j = 0; j < n_; ++j) {
            r[j * n_ + j] = std::sqrt(t[j * n_ + j]);
            for (int64_t i = j; i-- > 0;) {
                Whole rest = t[j * n_ + i], both = r[i * n_ + i] + r[j * n_ + j];
                for (int64_t k = i + 1; k < j; ++k) rest -= r[k * n_ + i] * r[j * n_ + k];
                r[j * n_ + i] = rest == Whole(0) ? rest : rest / both;
            }
        }
    }

    int n_;
    SchurForm<Whole> f_;
    std::vector<Whole> root_;
};

}  // namespace pullback
