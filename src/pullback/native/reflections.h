// Products of reflections as LAPACK stores them: QR factors, Hessenberg and tridiagonal forms. Knows
// nothing of Python.
#pragma once

#include "matrices.h"

namespace pullback {

// A routine whose last arguments are workspace, its length and a report: it is asked for the
// length once.
template <typename T>
class Worker {
  public:
    // call(work, length, info)
    template <typename Call>
    int operator()(Call call) {
        int info = 0;
        if (work_.empty()) {
            int asked = -1;
            T answer{};
            call(&answer, &asked, &info);
            length_ = wanted(answer);
            work_ = workspace<T>(length_);
        }
        call(work_.data(), &length_, &info);
        return info;
    }

  private:
    int length_ = 0;
    std::vector<T> work_;
};

// r above the diagonal and reflections below it, by columns, with their factors.
template <typename T>
class Reflections {
  public:
    Reflections(int64_t rows, int64_t columns)
        : a(workspace<T>(rows * columns)),
          taus(workspace<T>(std::min(rows, columns))),
          rows_(static_cast<int>(rows)),
          columns_(static_cast<int>(columns)) {}

    std::vector<T> a, taus;

    void find() {
        int lead = leading(rows_);
        work_([&](T* work, int* length, int* info) {
            lapack<T>(Routine::geqrf, &rows_, &columns_, a.data(), &lead, taus.data(), work, length,
                      info);
        });
    }

    // The same of a[:, order], where the rest of each column is the largest that is left.
    void find_pivoted(int32_t* order) {
        int lead = leading(rows_);
        auto real = workspace<Real<T>>(2 * int64_t{columns_});
        std::fill_n(order, columns_, 0);
        work_([&](T* work, int* length, int* info) {
            if constexpr (Kind<T>::complex)
                lapack<T>(Routine::geqp3, &rows_, &columns_, a.data(), &lead, order, taus.data(),
                          work, length, real.data(), info);
            else
                lapack<T>(Routine::geqp3, &rows_, &columns_, a.data(), &lead, order, taus.data(),
                          work, length, info);
        });
        for (int k = 0; k < columns_; ++k) --order[k];
    }

  private:
    int rows_, columns_;
    Worker<T> work_;
};

// The first columns of a product of reflections, in place of them. By columns.
template <typename T>
class Product {
  public:
    Product(int64_t rows, int64_t columns, int64_t count)
        : q(workspace<T>(rows * columns)),
          rows_(static_cast<int>(rows)),
          columns_(static_cast<int>(columns)),
          count_(static_cast<int>(count)) {}

    std::vector<T> q;

    void form(const T* taus) {
        int lead = leading(rows_);
        work_([&](T* work, int* length, int* info) {
            lapack<T>(Routine::orgqr, &rows_, &columns_, &count_, q.data(), &lead, taus, work,
                      length, info);
        });
    }

  private:
    int rows_, columns_, count_;
    Worker<T> work_;
};

// Numbers: rows, columns.
template <typename T>
class Geqrf {
  public:
    explicit Geqrf(Numbers n) : rows_(n[0]), columns_(n[1]), r_(n[0], n[1]) {}

    void operator()(const Arrays& x) {
        transpose(x.from<T>(0), rows_, columns_, r_.a.data());
        r_.find();
        transpose(r_.a.data(), columns_, rows_, x.to<T>(0));
        std::copy_n(r_.taus.data(), std::min(rows_, columns_), x.to<T>(1));
    }

  private:
    int64_t rows_, columns_;
    Reflections<T> r_;
};

// Numbers: rows, columns, reflections.
template <typename T>
class HouseholderProduct {
  public:
    explicit HouseholderProduct(Numbers n) : rows_(n[0]), columns_(n[1]), q_(n[0], n[1], n[2]) {}

    void operator()(const Arrays& x) {
        transpose(x.from<T>(0), rows_, columns_, q_.q.data());
        q_.form(x.from<T>(1));
        transpose(q_.q.data(), columns_, rows_, x.to<T>(0));
    }

  private:
    int64_t rows_, columns_;
    Product<T> q_;
};

// q c, or c q, or with q^H. Numbers: rows and columns of a, reflections, rows and columns of c, left,
// adjoint.
template <typename T>
class Ormqr {
  public:
    explicit Ormqr(Numbers n)
        : a_rows_(n[0]),
          a_columns_(n[1]),
          count_(static_cast<int>(n[2])),
          rows_(static_cast<int>(n[3])),
          columns_(static_cast<int>(n[4])),
          left_(n[5]),
          turn_(!n[6] ? 'N' : Kind<T>::complex ? 'C' : 'T'),
          a_(workspace<T>(n[0] * n[1])),
          c_(workspace<T>(n[3] * n[4])) {}

    void operator()(const Arrays& x) {
        int lead_a = leading(static_cast<int>(a_rows_)), lead_c = leading(rows_);
        transpose(x.from<T>(0), a_rows_, a_columns_, a_.data());
        transpose(x.from<T>(2), rows_, columns_, c_.data());
        work_([&](T* work, int* length, int* info) {
            lapack<T>(Routine::ormqr, left_ ? "L" : "R", &turn_, &rows_, &columns_, &count_,
                      a_.data(), &lead_a, x.from<T>(1), c_.data(), &lead_c, work, length, info);
        });
        transpose(c_.data(), columns_, rows_, x.to<T>(0));
    }

  private:
    int64_t a_rows_, a_columns_;
    int count_, rows_, columns_;
    bool left_;
    char turn_;
    std::vector<T> a_, c_;
    Worker<T> work_;
};

// q, r and, with exchanged columns, their order. Numbers: rows, columns, exchanged, columns of q.
template <typename T>
class Qr {
  public:
    explicit Qr(Numbers n)
        : rows_(n[0]),
          columns_(n[1]),
          width_(n[3]),
          pivoted_(n[2]),
          r_(rows_, columns_),
          q_(rows_, width_, std::min(rows_, columns_)) {}

    void operator()(const Arrays& x) {
        T* a = r_.a.data();
        transpose(x.from<T>(0), rows_, columns_, a);
        if (pivoted_) r_.find_pivoted(x.to<int32_t>(2));
        else r_.find();
        std::fill(q_.q.begin(), q_.q.end(), T(0));
        std::copy_n(a, rows_ * std::min(rows_, columns_), q_.q.data());
        q_.form(r_.taus.data());
        transpose(q_.q.data(), width_, rows_, x.to<T>(0));
        T* r = x.to<T>(1);
        for (int64_t i = 0; i < width_; ++i)
            for (int64_t j = 0; j < columns_; ++j) *r++ = i <= j ? a[j * rows_ + i] : T(0);
    }

  private:
    int64_t rows_, columns_, width_;
    bool pivoted_;
    Reflections<T> r_;
    Product<T> q_;
};

// Numbers: n.
template <typename T>
class Hessenberg {
  public:
    explicit Hessenberg(Numbers n) : n_(static_cast<int>(n[0])), a_(workspace<T>(n[0] * n[0])) {}

    void operator()(const Arrays& x) {
        int low = 1;
        transpose(x.from<T>(0), n_, n_, a_.data());
        work_([&](T* work, int* length, int* info) {
            lapack<T>(Routine::gehrd, &n_, &low, &n_, a_.data(), &n_, x.to<T>(1), work, length,
                      info);
        });
        transpose(a_.data(), n_, n_, x.to<T>(0));
    }

  private:
    int n_;
    std::vector<T> a_;
    Worker<T> work_;
};

// The form with its reflections, both diagonals, factors. Numbers: n, lower.
template <typename T>
class Tridiagonal {
  public:
    explicit Tridiagonal(Numbers n)
        : n_(static_cast<int>(n[0])), lower_(n[1]), a_(workspace<T>(n[0] * n[0])) {}

    void operator()(const Arrays& x) {
        transpose(x.from<T>(0), n_, n_, a_.data());
        work_([&](T* work, int* length, int* info) {
            lapack<T>(Routine::sytrd, lower_ ? "L" : "U", &n_, a_.data(), &n_, x.to<Real<T>>(1),
                      x.to<Real<T>>(2), x.to<T>(3), work, length, info);
        });
        transpose(a_.data(), n_, n_, x.to<T>(0));
    }

  private:
    int n_;
    bool lower_;
    std::vector<T> a_;
    Worker<T> work_;
};

}  // namespace pullback
