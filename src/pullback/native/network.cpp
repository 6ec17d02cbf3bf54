#include "network.h"

#include <algorithm>
#include <utility>

#include "clones.h"

#define INLINE [[gnu::always_inline]] inline

namespace pullback {
namespace {

// A place in registers. A comparison of vectors has all bits set where it holds.
template <typename Lanes, typename Element>
struct Keys {
    typedef Element Vector __attribute__((vector_size(64)));
    Vector key;

    INLINE static Keys load(const Lanes& x) { return {*reinterpret_cast<const Vector*>(x.key)}; }
    INLINE static Keys last() { return {~Vector{}}; }
    INLINE void store(Lanes& x) const { *reinterpret_cast<Vector*>(x.key) = key; }
    INLINE static void exchange(Keys& a, Keys& b) {
        Vector low = a.key < b.key ? a.key : b.key, high = a.key < b.key ? b.key : a.key;
        a.key = low, b.key = high;
    }
};

struct Pairs {
    typedef uint64_t Vector __attribute__((vector_size(64)));
    Vector key, place;

    INLINE static Pairs load(const LanesPair& x) {
        return {*reinterpret_cast<const Vector*>(x.key), *reinterpret_cast<const Vector*>(x.place)};
    }
    INLINE static Pairs last() { return {~Vector{}, ~Vector{}}; }
    INLINE void store(LanesPair& x) const {
        *reinterpret_cast<Vector*>(x.key) = key;
        *reinterpret_cast<Vector*>(x.place) = place;
    }
    INLINE static void exchange(Pairs& a, Pairs& b) {
        Pairs low{b.key < a.key ? b.key : a.key, b.key < a.key ? b.place : a.place};
        b = {b.key < a.key ? a.key : b.key, b.key < a.key ? a.place : b.place};
        a = low;
    }
};

// `size` places in registers.
template <typename Lanes, typename Held, int size>
struct Group {
    Held held[size];

    // Exchanges at distances `from`, from / 2, ..., 1.
    template <int from>
    INLINE void clean() {
        if constexpr (from > 0) {
#pragma GCC unroll 8
            for (int m = 0; m < size; ++m)
                if (!(m & from)) Held::exchange(held[m], held[m + from]);
            clean<from / 2>();
        }
    }

    template <int a, int b, int... more>
    INLINE void pairs() {
        Held::exchange(held[a], held[b]);
        if constexpr (sizeof...(more) > 0) pairs<more...>();
    }

    INLINE void flip() {
#pragma GCC unroll 8
        for (int m = 0; m < size / 2; ++m) Held::exchange(held[m], held[size - 1 - m]);
    }
};

template <typename Lanes, typename Held>
struct Network {
    Lanes* x;
    int64_t n;

    // Runs of eight, by Batcher's odd-even merges.
    INLINE void eights() const {
        for (int64_t base = 0; base < n; base += 8)
            with<8>([=](int m) { return base + m; }, [](auto& group) {
                group.template pairs<0, 1, 2, 3, 4, 5, 6, 7, 0, 2, 1, 3, 4, 6, 5, 7, 1, 2, 5, 6>();
                group.template pairs<0, 4, 1, 5, 2, 6, 3, 7, 2, 4, 3, 5, 1, 2, 3, 4, 5, 6>();
            });
    }

    // f on the places that `index` names. What is not there stands as the place n, which is greater
    // than all and stays so: exchanges leave the lesser value at the lesser place.
    template <int size, typename Index, typename F>
    INLINE void with(Index index, F f) const {
        Group<Lanes, Held, size> group;
        Lanes* at[size];
#pragma GCC unroll 8
        for (int m = 0; m < size; ++m) {
            at[m] = x + std::min(index(m), n);
            group.held[m] = Held::load(*at[m]);
        }
        f(group);
#pragma GCC unroll 8
        for (int m = 0; m < size; ++m) group.held[m].store(*at[m]);
    }

    // The first exchanges of a bitonic merge of two runs into one of `run` places: each place with
    // its mirror image, then at distances run / 4, ..., run / size.
    template <int size>
    INLINE void merge(int64_t run) const {
        int64_t step = run / size;
        for (int64_t base = 0; base + run / 2 < n; base += run)
            for (int64_t i = 0; i < step; ++i) {
                auto index = [=](int m) {
                    return base + (m < size / 2 ? m * step + i : (m + 1) * step - 1 - i);
                };
                with<size>(index, [](auto& group) {
                    group.flip();
                    group.template clean<size / 4>();
                });
            }
    }

    // Exchanges at distances 4 step, 2 step, step.
    INLINE void clean(int64_t step) const {
        for (int64_t base = 0; base + step < n; base += 8 * step)
            for (int64_t i = base; i < base + step; ++i)
                with<8>([=](int m) { return i + m * step; },
                        [](auto& group) { group.template clean<4>(); });
    }

    INLINE void sort() const {
        Held::last().store(x[n]);
        eights();
        int levels = 4;
        for (int64_t run = 16; run < 2 * n; run *= 2, ++levels) {
            int64_t step;
            if (levels % 3 == 1) merge<2>(run), step = run / 16;
            else if (levels % 3 == 2) merge<4>(run), step = run / 32;
            else merge<8>(run), step = run / 64;
            for (; step > 0; step /= 8) clean(step);
        }
    }
};

// A square of elements, row by row in vectors.
template <typename Lanes>
struct Square {
    static constexpr int size = static_cast<int>(Lanes::count);
    using Element = std::remove_extent_t<decltype(Lanes::key)>;
    typedef Element Vector __attribute__((vector_size(64)));
    // As it stands in rows of keys.
    typedef Element Loose __attribute__((vector_size(64), aligned(alignof(Element))));
    Vector row[size];

    // Swaps the squares of `by` off the diagonal in each square of 2 by.
    template <int by, int... j>
    INLINE void swap(std::integer_sequence<int, j...> lanes) {
#pragma GCC unroll 16
        for (int i = 0; i < size; ++i)
            if (!(i & by)) {
                Vector a = row[i], b = row[i + by];
                row[i] = __builtin_shufflevector(a, b, (j & by ? size + j - by : j)...);
                row[i + by] = __builtin_shufflevector(a, b, (j & by ? size + j : j + by)...);
            }
        if constexpr (by > 1) swap<by / 2>(lanes);
    }

    INLINE void transpose() { swap<size / 2>(std::make_integer_sequence<int, size>{}); }
};

template <typename Lanes, typename Element>
INLINE void rows_to_lanes(const Element* rows, int64_t pitch, Lanes* x, int64_t n) {
    using Square = Square<Lanes>;
    int64_t i = 0;
    for (; i + Lanes::count <= n; i += Lanes::count) {
        Square square;
        for (int64_t l = 0; l < Lanes::count; ++l)
            square.row[l] = *reinterpret_cast<const typename Square::Loose*>(rows + l * pitch + i);
        square.transpose();
        for (int64_t k = 0; k < Lanes::count; ++k)
            *reinterpret_cast<typename Square::Vector*>(x[i + k].key) = square.row[k];
    }
    for (; i < n; ++i)
        for (int64_t l = 0; l < Lanes::count; ++l) x[i].key[l] = rows[l * pitch + i];
}

template <typename Lanes, typename Element>
INLINE void lanes_to_rows(const Lanes* x, int64_t n, Element* rows, int64_t pitch) {
    using Square = Square<Lanes>;
    int64_t i = 0;
    for (; i + Lanes::count <= n; i += Lanes::count) {
        Square square;
        for (int64_t k = 0; k < Lanes::count; ++k)
            square.row[k] = *reinterpret_cast<const typename Square::Vector*>(x[i + k].key);
        square.transpose();
        for (int64_t l = 0; l < Lanes::count; ++l)
            *reinterpret_cast<typename Square::Loose*>(rows + l * pitch + i) = square.row[l];
    }
    for (; i < n; ++i)
        for (int64_t l = 0; l < Lanes::count; ++l) rows[l * pitch + i] = x[i].key[l];
}

}  // namespace

PULLBACK_CLONES void network_sort(Lanes32* x, int64_t n) {
    Network<Lanes32, Keys<Lanes32, uint32_t>>{x, n}.sort();
}
PULLBACK_CLONES void network_sort(Lanes64* x, int64_t n) {
    Network<Lanes64, Keys<Lanes64, uint64_t>>{x, n}.sort();
}
PULLBACK_CLONES void network_sort(LanesPair* x, int64_t n) {
    Network<LanesPair, Pairs>{x, n}.sort();
}

PULLBACK_CLONES void to_lanes(const uint32_t* rows, int64_t pitch, Lanes32* x, int64_t n) {
    rows_to_lanes(rows, pitch, x, n);
}
PULLBACK_CLONES void to_lanes(const uint64_t* rows, int64_t pitch, Lanes64* x, int64_t n) {
    rows_to_lanes(rows, pitch, x, n);
}
PULLBACK_CLONES void to_lanes(const uint64_t* rows, int64_t pitch, LanesPair* x, int64_t n) {
    rows_to_lanes(rows, pitch, x, n);
}
PULLBACK_CLONES void from_lanes(const Lanes32* x, int64_t n, uint32_t* rows, int64_t pitch) {
    lanes_to_rows(x, n, rows, pitch);
}
PULLBACK_CLONES void from_lanes(const Lanes64* x, int64_t n, uint64_t* rows, int64_t pitch) {
    lanes_to_rows(x, n, rows, pitch);
}

}  // namespace pullback
