#include "fourier_lanes.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "fourier_butterfly.h"

namespace pullback {
namespace {

template <typename T, int bytes>
struct Lane {
    using V = typename Vector<T, bytes>::Type;
    using C = Complex<T, bytes>;
    static constexpr int count = bytes / static_cast<int>(sizeof(T));
    static constexpr int64_t place = 2 * count;  // parts from place to place
    using Each = std::make_integer_sequence<int, count>;

    INLINE static V get(const T* from) {
        V v;
        std::memcpy(&v, from, sizeof v);
        return v;
    }
    INLINE static void put(T* to, const V& v) { std::memcpy(to, &v, sizeof v); }
    INLINE static C at(const T* from) { return {get(from), get(from + count)}; }
    INLINE static void set(T* to, const C& x) { put(to, x.re), put(to + count, x.im); }

    // Numbers as they stand in memory, in two vectors.
    template <int... j>
    INLINE static C apart(const V& a, const V& b, std::integer_sequence<int, j...>) {
        return {__builtin_shufflevector(a, b, 2 * j...),
                __builtin_shufflevector(a, b, 2 * j + 1 ...)};
    }
    INLINE static C apart(const V& a, const V& b) { return apart(a, b, Each{}); }
    template <int... j>
    INLINE static void joined(const C& x, V& a, V& b, std::integer_sequence<int, j...>) {
        a = __builtin_shufflevector(x.re, x.im, (j / 2 + j % 2 * count)...);
        b = __builtin_shufflevector(x.re, x.im, (count / 2 + j / 2 + j % 2 * count)...);
    }
    INLINE static void joined(const C& x, V& a, V& b) { joined(x, a, b, Each{}); }
    template <int... j>
    INLINE static V reversed(const V& a, std::integer_sequence<int, j...>) {
        return __builtin_shufflevector(a, a, (count - 1 - j)...);
    }
    INLINE static C reversed(const C& x) {
        return {reversed(x.re, Each{}), reversed(x.im, Each{})};
    }
    INLINE static C numbers(const T* from) { return apart(get(from), get(from + count)); }
    INLINE static void put_numbers(T* to, const C& x) {
        V a, b;
        joined(x, a, b);
        put(to, a), put(to + count, b);
    }

    // A square transposed whose elements are `wide` lanes each.
    template <int wide, int by, int... j>
    INLINE static void swap(V* row, std::integer_sequence<int, j...> lanes) {
        if constexpr (by > 0) {
            constexpr int distance = by * wide;
#pragma GCC unroll 16
            for (int i = 0; i < count / wide; ++i)
                if (!(i & by)) {
                    V a = row[i], b = row[i + by];
                    row[i] = __builtin_shufflevector(
                        a, b, (j & distance ? count + j - distance : j)...);
                    row[i + by] =
                        __builtin_shufflevector(a, b, (j & distance ? count + j : j + distance)...);
                }
            swap<wide, by / 2>(row, lanes);
        }
    }
    template <int wide>
    INLINE static void transpose(V* row) {
        swap<wide, count / wide / 2>(row, Each{});
    }

    INLINE static bool apart_by(const Lines& lines, int64_t distance) {
        bool found = lines.count == count;
        for (int l = 1; l < count; ++l) found &= lines.at[l] == lines.at[0] + l * distance;
        return found;
    }

    INLINE static void load(const T* x, const Lines& lines, int64_t n, T* block) {
        int64_t step = lines.step, other = lines.other, j = 0;
        int64_t re = lines.swapped ? count : 0, im = count - re;
        if (other == 1 && apart_by(lines, 2)) {
            for (const T* from = x + lines.at[0]; j < n; ++j, from += step, block += place) {
                C c = numbers(from);
                put(block + re, c.re), put(block + im, c.im);
            }
        } else if (apart_by(lines, 1)) {
            for (const T* from = x + lines.at[0]; j < n; ++j, from += step, block += place)
                put(block + re, get(from)), put(block + im, other ? get(from + other) : V{});
        } else if (other == 1 && step == 2 && n >= count / 2) {
            // The last square may overlap the one before it.
            for (; j < n; j += count / 2) {
                j = std::min(j, n - count / 2);
                load_square(x + 2 * j, lines, block + j * place, re, im);
            }
        } else if (other == 0 && step == 1 && n >= count) {
            for (; j < n; j += count) {
                j = std::min(j, n - count);
                load_real_square(x + j, lines, block + j * place, re, im);
            }
        }
        for (; j < n; ++j, block += place)
            for (int l = 0; l < count; ++l) {
                const T* from = x + lines.at[l] + j * step;
                block[re + l] = from[0], block[im + l] = other ? from[other] : T{0};
            }
    }

    INLINE static void load_square(const T* x, const Lines& lines, T* block, int64_t re,
                                   int64_t im) {
        constexpr int half = count / 2;
        V low[half], high[half];
#pragma GCC unroll 8
        for (int l = 0; l < half; ++l) {
            low[l] = get(x + lines.at[l]);
            high[l] = get(x + lines.at[half + l]);
        }
        transpose<2>(low), transpose<2>(high);
#pragma GCC unroll 8
        for (int k = 0; k < half; ++k) {
            C c = apart(low[k], high[k]);
            put(block + k * place + re, c.re), put(block + k * place + im, c.im);
        }
    }

    INLINE static void load_real_square(const T* x, const Lines& lines, T* block, int64_t re,
                                        int64_t im) {
        V row[count];
#pragma GCC unroll 16
        for (int l = 0; l < count; ++l) row[l] = get(x + lines.at[l]);
        transpose<1>(row);
#pragma GCC unroll 16
        for (int k = 0; k < count; ++k)
            put(block + k * place + re, row[k]), put(block + k * place + im, V{});
    }

    INLINE static void store(const T* block, int64_t n, T scale, T* y, const Lines& lines) {
        int64_t step = lines.step, other = lines.other, j = 0;
        int64_t re = lines.swapped ? count : 0, im = count - re;
        if (other == 1 && apart_by(lines, 2)) {
            for (T* to = y + lines.at[0]; j < n; ++j, to += step, block += place)
                put_numbers(to, {get(block + re) * scale, get(block + im) * scale});
        } else if (apart_by(lines, 1)) {
            for (T* to = y + lines.at[0]; j < n; ++j, to += step, block += place) {
                put(to, get(block + re) * scale);
                if (other) put(to + other, get(block + im) * scale);
            }
        } else if (other == 1 && step == 2 && n >= count / 2) {
            for (; j < n; j += count / 2) {
                j = std::min(j, n - count / 2);
                store_square(block + j * place, re, im, scale, y + 2 * j, lines);
            }
        } else if (other == 0 && step == 1 && n >= count) {
            for (; j < n; j += count) {
                j = std::min(j, n - count);
                store_real_square(block + j * place + re, scale, y + j, lines);
            }
        }
        for (; j < n; ++j, block += place)
            for (int64_t l = 0; l < lines.count; ++l) {
                T* to = y + lines.at[l] + j * step;
                to[0] = block[re + l] * scale;
                if (other) to[other] = block[im + l] * scale;
            }
    }

    INLINE static void store_square(const T* block, int64_t re, int64_t im, T scale, T* y,
                                    const Lines& lines) {
        constexpr int half = count / 2;
        V low[half], high[half];
#pragma GCC unroll 8
        for (int k = 0; k < half; ++k)
            joined({get(block + k * place + re) * scale, get(block + k * place + im) * scale},
                   low[k], high[k]);
        transpose<2>(low), transpose<2>(high);
#pragma GCC unroll 8
        for (int l = 0; l < half; ++l) {
            if (l < lines.count) put(y + lines.at[l], low[l]);
            if (half + l < lines.count) put(y + lines.at[half + l], high[l]);
        }
    }

    INLINE static void store_real_square(const T* block, T scale, T* y, const Lines& lines) {
        V row[count];
#pragma GCC unroll 16
        for (int k = 0; k < count; ++k) row[k] = get(block + k * place) * scale;
        transpose<1>(row);
#pragma GCC unroll 16
        for (int l = 0; l < count; ++l)
            if (l < lines.count) put(y + lines.at[l], row[l]);
    }

    // A transform of any radix.
    template <int radix>
    INLINE static void butterfly(C* x, const Pass<T>& pass) {
        if constexpr (radix == 0) any_odd(x, static_cast<int>(pass.radix), pass.roots);
        else if constexpr (radix == 2) two(x[0], x[1]);
        else if constexpr (radix == 4) four(x[0], x[1], x[2], x[3]);
        else if constexpr (radix == 8) eight(x);
        else odd<radix>(x, pass.roots);
    }

    template <int radix>
    INLINE static void middle(const Pass<T>& pass, int64_t n, T* block) {
        const int64_t r = radix ? radix : pass.radix, step = pass.size / r;
        for (int64_t part = 0; part < n; part += pass.size) {
            const T* turn = pass.turns;
            T* to = block + part * place;
            for (int64_t j = 0; j < step; ++j, to += place, turn += 2 * (r - 1)) {
                C x[radix ? radix : kMostRadix];
#pragma GCC unroll 16
                for (int64_t q = 0; q < r; ++q) x[q] = at(to + q * step * place);
                butterfly<radix>(x, pass);
                set(to, x[0]);
#pragma GCC unroll 16
                for (int64_t q = 1; q < r; ++q)
                    set(to + q * step * place, x[q].times(turn[2 * q - 2], turn[2 * q - 1]));
            }
        }
    }

    template <int radix>
    INLINE static void last(const Pass<T>& pass, int64_t n, const int64_t* order, const T* block,
                            T* out) {
        const int64_t r = radix ? radix : pass.radix, groups = n / r, step = groups * place;
        for (int64_t p = 0; p < groups; ++p, block += r * place) {
            C x[radix ? radix : kMostRadix];
#pragma GCC unroll 16
            for (int64_t q = 0; q < r; ++q) x[q] = at(block + q * place);
            butterfly<radix>(x, pass);
            T* to = out + order[p] * place;
#pragma GCC unroll 16
            for (int64_t q = 0; q < r; ++q) set(to + q * step, x[q]);
        }
    }

    template <int radix>
    INLINE static void run(const Passes<T>& p, const Pass<T>& pass, T* block, T* out) {
        if (&pass == p.pass + p.count - 1) last<radix>(pass, p.n, p.order, block, out);
        else middle<radix>(pass, p.n, block);
    }

    INLINE static void transform(const Passes<T>& passes, T* block, T* out) {
        if (!passes.count) set(out, at(block));
        for (int64_t k = 0; k < passes.count; ++k) {
            const Pass<T>& pass = passes.pass[k];
            switch (pass.radix) {
                case 2: run<2>(passes, pass, block, out); break;
                case 3: run<3>(passes, pass, block, out); break;
                case 4: run<4>(passes, pass, block, out); break;
                case 5: run<5>(passes, pass, block, out); break;
                case 7: run<7>(passes, pass, block, out); break;
                case 8: run<8>(passes, pass, block, out); break;
                case 11: run<11>(passes, pass, block, out); break;
                case 13: run<13>(passes, pass, block, out); break;
                default: run<0>(passes, pass, block, out);
            }
        }
    }

    INLINE static void times(T* block, int64_t n, const T* factors, bool conjugated) {
        T sign = conjugated ? T{-1} : T{1};
        for (int64_t k = 0; k < n; ++k, block += place, factors += 2) {
            C x = at(block).times(factors[0], factors[1]);
            set(block, {x.re, x.im * sign});
        }
    }

    INLINE static void twist(T* block, int64_t n, const T* coarse, const T* fine, int64_t lanes,
                             T* to, int64_t pitch) {
        for (int64_t k = 0; k < n; ++k) {
            C turn = at(fine + k * place).times(coarse[2 * k], coarse[2 * k + 1]);
            set(block + k * place, at(block + k * place).times(turn.re, turn.im));
        }
        for (int64_t k = 0; k < n; k += count, block += count * place, to += pitch)
#pragma GCC unroll 1
            for (int64_t part = 0; part < place; part += count) {
                V row[count];
#pragma GCC unroll 16
                for (int i = 0; i < count; ++i) row[i] = get(block + i * place + part);
                transpose<1>(row);
#pragma GCC unroll 16
                for (int i = 0; i < count; ++i)
                    if (i < lanes) put(to + i * place + part, row[i]);
            }
    }

    INLINE static void unfold(const T* block, int64_t m, const T* turns, T* out) {
        C a, b;
        unfold_ends(at(block), a, b);
        set(out, a), set(out + m * place, b);
        pairs<false>(block, m, turns, out);
    }

    INLINE static void fold(const T* block, int64_t m, const T* turns, T* out) {
        V a = at(block).im, b = at(block + m * place).im;
        set(out, {a - b, a + b});
        pairs<true>(block, m, turns, out);
    }

    template <bool folded>
    INLINE static void pairs(const T* block, int64_t m, const T* turns, T* out) {
        for (int64_t k = 1; 2 * k <= m; ++k) {
            C a = at(block + k * place), b = at(block + (m - k) * place);
            unfold_pair<folded>(a, b, turns[2 * k], turns[2 * k + 1]);
            set(out + k * place, a), set(out + (m - k) * place, b);
        }
    }

    INLINE static void unfold_line(T* line, int64_t m, const T* turns) {
        Complex<T, 0> a, b;
        unfold_ends(Complex<T, 0>{line[0], line[1]}, a, b);
        line_pairs<false>(line, m, turns, line);
        line[0] = a.re, line[1] = a.im, line[2 * m] = b.re, line[2 * m + 1] = b.im;
    }

    INLINE static void fold_line(const T* line, int64_t m, const T* turns, T* out) {
        out[0] = line[0] + line[2 * m], out[1] = line[0] - line[2 * m];
        line_pairs<true>(line, m, turns, out);
    }

    // Vectors of places k and m - k while these do not meet.
    template <bool folded>
    INLINE static void line_pairs(const T* x, int64_t m, const T* turns, T* y) {
        int64_t k = 1;
        for (; 2 * (k + count) <= m; k += count) {
            const int64_t mirror = 2 * (m - k - count + 1);
            C a = numbers(x + 2 * k), b = reversed(numbers(x + mirror));
            C turn = numbers(turns + 2 * k);
            swapped_pair<folded>(a, b, turn.re, turn.im);
            put_numbers(y + 2 * k, a), put_numbers(y + mirror, reversed(b));
        }
        for (; 2 * k <= m; ++k) {
            const int64_t mirror = 2 * (m - k);
            Complex<T, 0> a{x[2 * k], x[2 * k + 1]}, b{x[mirror], x[mirror + 1]};
            swapped_pair<folded>(a, b, turns[2 * k], turns[2 * k + 1]);
            y[2 * k] = a.re, y[2 * k + 1] = a.im, y[mirror] = b.re, y[mirror + 1] = b.im;
        }
    }

    // A folded pair with its parts swapped on the way in and out.
    template <bool folded, typename Number, typename W>
    INLINE static void swapped_pair(Number& a, Number& b, W re, W im) {
        if (folded) a = {a.im, a.re}, b = {b.im, b.re};
        unfold_pair<folded>(a, b, re, im);
        if (folded) a = {a.im, a.re}, b = {b.im, b.re};
    }
};

// The functions for one width, compiled for a machine that has it.
#define PULLBACK_KERNELS(NAME, TARGET, BYTES) \
    template <typename T> \
    struct NAME { \
        using L = Lane<T, BYTES>; \
        TARGET static void load(const T* x, const Lines& lines, int64_t n, T* block) { \
            L::load(x, lines, n, block); \
        } \
        TARGET static void store(const T* block, int64_t n, T scale, T* y, const Lines& lines) { \
            L::store(block, n, scale, y, lines); \
        } \
        TARGET static void transform(const Passes<T>& passes, T* block, T* out) { \
            L::transform(passes, block, out); \
        } \
        TARGET static void times(T* block, int64_t n, const T* factors, bool conjugated) { \
            L::times(block, n, factors, conjugated); \
        } \
        TARGET static void twist(T* block, int64_t n, const T* coarse, const T* fine, int64_t count, \
                                 T* to, int64_t pitch) { \
            L::twist(block, n, coarse, fine, count, to, pitch); \
        } \
        TARGET static void unfold(const T* block, int64_t m, const T* turns, T* out) { \
            L::unfold(block, m, turns, out); \
        } \
        TARGET static void fold(const T* block, int64_t m, const T* turns, T* out) { \
            L::fold(block, m, turns, out); \
        } \
        TARGET static void unfold_line(T* line, int64_t m, const T* turns) { \
            L::unfold_line(line, m, turns); \
        } \
        TARGET static void fold_line(const T* line, int64_t m, const T* turns, T* out) { \
            L::fold_line(line, m, turns, out); \
        } \
        static constexpr Kernels<T> table{L::count, load,  store, transform,   times, \
                                          twist,    unfold, fold, unfold_line, fold_line}; \
    };

PULLBACK_KERNELS(Narrow, , 16)
#if defined(__x86_64__) && defined(__GNUC__)
PULLBACK_KERNELS(Wide, __attribute__((target("avx2,fma"))), 32)
PULLBACK_KERNELS(Widest, __attribute__((target("avx512f,avx512dq,avx512vl,fma"))), 64)
#endif

template <typename T>
const Kernels<T>& chosen() {
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        return Widest<T>::table;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Wide<T>::table;
#endif
    return Narrow<T>::table;
}

}  // namespace

template <typename T>
const Kernels<T>& kernels() {
    static const Kernels<T>& found = chosen<T>();
    return found;
}

template const Kernels<float>& kernels<float>();
template const Kernels<double>& kernels<double>();

}  // namespace pullback
