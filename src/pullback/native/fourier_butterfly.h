// Fourier transforms of few complex numbers, in registers: each a number, or a vector of them.
#pragma once

#include <cstdint>

#include "fourier_lanes.h"

#define INLINE [[gnu::always_inline]] inline

namespace pullback {

template <typename T, int bytes>
struct Vector {
    typedef T Type __attribute__((vector_size(bytes)));
};
template <typename T>
struct Vector<T, 0> {
    using Type = T;
};

// A number in each lane of a vector, or one alone.
template <typename T, int bytes>
struct Complex {
    typename Vector<T, bytes>::Type re, im;

    INLINE Complex operator+(const Complex& y) const { return {re + y.re, im + y.im}; }
    INLINE Complex operator-(const Complex& y) const { return {re - y.re, im - y.im}; }
    INLINE Complex conj() const { return {re, -im}; }
    INLINE Complex times_i() const { return {-im, re}; }
    INLINE Complex over_i() const { return {im, -re}; }
    INLINE Complex scaled(T a) const { return {re * a, im * a}; }
    template <typename W>
    INLINE Complex times(W a, W b) const {
        return {re * a - im * b, re * b + im * a};
    }
};

// Transforms of the elements of x, in place.

template <typename T, int bytes>
INLINE void two(Complex<T, bytes>& a, Complex<T, bytes>& b) {
    Complex<T, bytes> sum = a + b;
    b = a - b;
    a = sum;
}

template <typename T, int bytes>
INLINE void four(Complex<T, bytes>& a, Complex<T, bytes>& b, Complex<T, bytes>& c,
                 Complex<T, bytes>& d) {
    two(a, c), two(b, d);
    Complex<T, bytes> turned = d.over_i(), odd = c;
    two(a, b);
    c = b, b = odd + turned, d = odd - turned;
}

template <typename T, int bytes>
INLINE void eight(Complex<T, bytes>* x) {
    constexpr auto half = static_cast<T>(0.70710678118654752440L);
    four(x[0], x[2], x[4], x[6]);
    four(x[1], x[3], x[5], x[7]);
    Complex<T, bytes> a = x[3], b = x[7];
    x[3] = {(a.re + a.im) * half, (a.im - a.re) * half};
    x[5] = x[5].over_i();
    x[7] = {(b.im - b.re) * half, (b.re + b.im) * -half};
    two(x[0], x[1]), two(x[2], x[3]), two(x[4], x[5]), two(x[6], x[7]);
    Complex<T, bytes> y[] = {x[0], x[2], x[4], x[6], x[1], x[3], x[5], x[7]};
#pragma GCC unroll 8
    for (int q = 0; q < 8; ++q) x[q] = y[q];
}

// By sums and differences of elements that are conjugate places apart.
template <int radix, typename T, int bytes>
INLINE void odd(Complex<T, bytes>* x, const T* roots) {
    constexpr int half = radix / 2;
    Complex<T, bytes> sum[half], difference[half], total = x[0];
#pragma GCC unroll 8
    for (int s = 0; s < half; ++s) {
        sum[s] = x[s + 1] + x[radix - 1 - s];
        difference[s] = x[s + 1] - x[radix - 1 - s];
        total = total + sum[s];
    }
    Complex<T, bytes> first = x[0];
    x[0] = total;
#pragma GCC unroll 8
    for (int q = 1; q <= half; ++q) {
        Complex<T, bytes> even = first, turned{};
#pragma GCC unroll 8
        for (int s = 0; s < half; ++s) {
            int k = q * (s + 1) % radix;
            T cosine = roots[2 * k], sine = roots[2 * k + 1];
            even = even + sum[s].scaled(cosine);
            turned = s ? turned + difference[s].scaled(sine) : difference[s].scaled(sine);
        }
        turned = turned.over_i();
        x[q] = even + turned, x[radix - q] = even - turned;
    }
}

// The same where the radix is known late.
template <typename T, int bytes>
INLINE void any_odd(Complex<T, bytes>* x, int radix, const T* roots) {
    int half = radix / 2;
    Complex<T, bytes> sum[kMostRadix / 2], difference[kMostRadix / 2], first = x[0], total = x[0];
    for (int s = 0; s < half; ++s) {
        sum[s] = x[s + 1] + x[radix - 1 - s];
        difference[s] = x[s + 1] - x[radix - 1 - s];
        total = total + sum[s];
    }
    x[0] = total;
    // Two results, or rather four, at a time, so that what they are sums of is read half as often.
    for (int q = 1; q <= half; q += 2) {
        int p = q < half ? q + 1 : q;
        Complex<T, bytes> even[] = {first, first}, turned[2]{};
        for (int s = 0, j = q, k = p; s < half; ++s) {
            even[0] = even[0] + sum[s].scaled(roots[2 * j]);
            turned[0] = turned[0] + difference[s].scaled(roots[2 * j + 1]);
            even[1] = even[1] + sum[s].scaled(roots[2 * k]);
            turned[1] = turned[1] + difference[s].scaled(roots[2 * k + 1]);
            j = j + q < radix ? j + q : j + q - radix, k = k + p < radix ? k + p : k + p - radix;
        }
        for (int t : {0, 1}) {
            Complex<T, bytes> left = turned[t].over_i();
            x[q + (p - q) * t] = even[t] + left, x[radix - q - (p - q) * t] = even[t] - left;
        }
    }
}

// The places k and m - k: of the transform of pairs, twice the spectrum of the single numbers; of a
// spectrum with swapped parts, the same of what gives pairs.
template <bool folded, typename T, int bytes, typename W>
INLINE void unfold_pair(Complex<T, bytes>& a, Complex<T, bytes>& b, W re, W im) {
    b = b.conj();
    if (folded) b = b.scaled(-1);
    Complex<T, bytes> even = a + b, turned = (a - b).times(re, im).over_i();
    a = even + turned, b = (even - turned).conj();
    if (folded) b = b.scaled(-1);
}

// The places 0 and m of a spectrum, of whose numbers only the real parts count.
template <typename T, int bytes>
INLINE void unfold_ends(const Complex<T, bytes>& x, Complex<T, bytes>& a, Complex<T, bytes>& b) {
    auto zero = x.re - x.re;
    a = {(x.re + x.im) * 2, zero}, b = {(x.re - x.im) * 2, zero};
}

}  // namespace pullback
