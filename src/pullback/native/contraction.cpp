#include "contraction.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "buffer.h"
#include "pool.h"

namespace pullback {
namespace {

// Of a pass: terms, so that a packed panel stays in the first cache. Of a task: vectors.
constexpr int64_t kMostTerms = 384, kLeastTerms = 64, kPanelBytes = 24 << 10, kBlock = 128;
// Tasks worth having, and the multiplications from which on there are any.
constexpr int64_t kTasks = 8, kShared = 1000000;
// Elements that are copied one by one go through the first cache, this many terms at a time.
constexpr int64_t kChunk = 64, kTogether = 4;
// Runs of at least this many vectors are copied as they are.
constexpr int64_t kLong = 16;
// Terms that are adjacent, from which on an operand is read as it lies.
constexpr int64_t kNear = 8;

using Places = std::vector<int64_t>;

int64_t over(int64_t value, int64_t step) { return (value + step - 1) / step; }

template <typename T>
Block room_for(int64_t elements) {
    return Block(static_cast<size_t>(elements) * sizeof(T));
}

struct Axes {
    const Axis* axes;
    int64_t number;

    int64_t count() const {
        int64_t total = 1;
        for (int64_t d = 0; d < number; ++d) total *= axes[d].extent;
        return total;
    }

    // The places of points begin to end, the last axis fastest.
    Places places(int64_t Axis::*stride, int64_t begin, int64_t end) const {
        Places found(static_cast<size_t>(end - begin)), index(static_cast<size_t>(number));
        int64_t place = 0, rest = begin;
        for (int64_t d = number; d-- > 0; rest /= axes[d].extent) {
            index[d] = rest % axes[d].extent;
            place += index[d] * axes[d].*stride;
        }
        for (int64_t& one : found) {
            one = place;
            for (int64_t d = number; d-- > 0;) {
                place += axes[d].*stride;
                if (++index[d] < axes[d].extent) break;
                place -= axes[d].extent * (axes[d].*stride);
                index[d] = 0;
            }
        }
        return found;
    }
};

// In how many runs of adjacent elements places lie.
int64_t runs(const int64_t* places, int64_t count) {
    int64_t found = 1;
    for (int64_t k = 1; k < count; ++k) found += places[k] != places[k - 1] + 1;
    return found;
}

// Four terms of four vectors, transposed in registers where the compiler has the means.
template <typename T>
void square(const T* p, const T* q, const T* r, const T* s, T* to, int64_t width) {
#if defined(__GNUC__) && defined(__has_builtin) && __has_builtin(__builtin_shufflevector)
    typedef T Four __attribute__((vector_size(4 * sizeof(T))));
    Four a, b, c, d;
    std::memcpy(&a, p, sizeof a), std::memcpy(&b, q, sizeof b);
    std::memcpy(&c, r, sizeof c), std::memcpy(&d, s, sizeof d);
    Four ac = __builtin_shufflevector(a, c, 0, 4, 1, 5), bd = __builtin_shufflevector(b, d, 0, 4, 1, 5);
    a = __builtin_shufflevector(a, c, 2, 6, 3, 7), b = __builtin_shufflevector(b, d, 2, 6, 3, 7);
    Four rows[] = {
        __builtin_shufflevector(ac, bd, 0, 4, 1, 5), __builtin_shufflevector(ac, bd, 2, 6, 3, 7),
        __builtin_shufflevector(a, b, 0, 4, 1, 5), __builtin_shufflevector(a, b, 2, 6, 3, 7)};
    for (const Four& row : rows) std::memcpy(to, &row, sizeof row), to += width;
#else
    for (int64_t e = 0; e < kTogether; ++e, to += width)
        to[0] = p[e], to[1] = q[e], to[2] = r[e], to[3] = s[e];
#endif
}

// Vectors side by side: `width` of them fill a panel, of which `count` are there. The elements of a
// vector are adjacent for about `deep` terms.
template <typename T>
struct Panel {
    const int64_t *across, *along;
    int64_t count, width, depth, deep;

    // Term after term, those of the vectors side by side; missing ones are zero.
    void pack(const T* from, T* to) const {
        int64_t wide = count / runs(across, count);
        if (wide >= kLong || (wide >= kTogether && wide >= deep))
            for (int64_t v = 0; v < count;) v = run(from, v, to);
        else
            for (int64_t e = 0; e < depth;) e = chunk(from, e, to);
        for (int64_t e = 0; count < width && e < depth; ++e)
            std::fill(to + e * width + count, to + (e + 1) * width, T{0});
    }

    // The vectors from v on whose elements are adjacent.
    int64_t run(const T* from, int64_t v, T* to) const {
        int64_t end = v + 1;
        while (end < count && across[end] == across[end - 1] + 1) ++end;
        int64_t length = end - v;
        from += across[v], to += v;
        for (int64_t e = 0; e < depth; ++e, to += width) {
            const T* source = from + along[e];
            int64_t i = 0;
            for (; i + kLong <= length; i += kLong) copy<kLong>(source + i, to + i);
            for (; i + kTogether <= length; i += kTogether) copy<kTogether>(source + i, to + i);
            for (; i < length; ++i) to[i] = source[i];
        }
        return end;
    }

    template <int64_t kCount>
    static void copy(const T* from, T* to) {
        std::memcpy(to, from, kCount * sizeof(T));
    }

    // Some terms from `begin` on, of all vectors.
    int64_t chunk(const T* from, int64_t begin, T* to) const {
        int64_t end = std::min(begin + kChunk, depth), v = 0;
        if (deep >= kTogether) {
            int64_t stop = begin + 1;
            while (stop < end && along[stop] == along[stop - 1] + 1) ++stop;
            end = stop;
        }
        to += begin * width;
        for (; v + kTogether <= count; v += kTogether) together(from, v, begin, end, to + v);
        for (; v < count; ++v)
            for (int64_t e = begin; e < end; ++e)
                to[(e - begin) * width + v] = from[across[v] + along[e]];
        return end;
    }

    void together(const T* from, int64_t v, int64_t e, int64_t end, T* to) const {
        const T *p = from + across[v], *q = from + across[v + 1];
        const T *r = from + across[v + 2], *s = from + across[v + 3];
        if (deep >= kTogether)
            for (int64_t k = along[e]; e + kTogether <= end; e += kTogether, k += kTogether) {
                square(p + k, q + k, r + k, s + k, to, width);
                to += kTogether * width;
            }
        for (; e < end; ++e, to += width) {
            int64_t k = along[e];
            to[0] = p[k], to[1] = q[k], to[2] = r[k], to[3] = s[k];
        }
    }
};

// A panel in the result: where its vectors are, and how far apart: 0 where that varies.
struct Span {
    const int64_t* places;
    int64_t count, step;

    Span(const int64_t* from, int64_t number) : places(from), count(number), step(1) {
        if (count > 1) step = places[1] - places[0];
        for (int64_t v = 2; v < count; ++v)
            if (places[v] - places[v - 1] != step) step = 0;
    }
};

// The terms of a panel: packed, or where they are in the operand.
template <typename T>
struct Terms {
    const T* from;
    int64_t step;  // from vector to vector
    const int64_t* along;
};

template <typename T>
struct Tiles {
    const Contraction& p;

    // One pass of a tile. One that is not whole, or not in rows, grows in `aside`.
    void add_to(T* c, const Span& down, const Span& across, const Terms<T>& a, const Terms<T>& b,
                int64_t depth, bool first, bool last, T* aside) const {
        constexpr auto size = static_cast<int64_t>(sizeof(T));
        if (down.count == p.rows && across.count == p.columns && across.step == 1 && down.step) {
            c += down.places[0] + across.places[0];
            p.kernel(depth, a.from, a.step, a.along, b.from, b.along, c, down.step * size, !first);
            return;
        }
        p.kernel(depth, a.from, a.step, a.along, b.from, b.along, aside, p.columns * size, !first);
        if (last)
            for (int64_t r = 0; r < down.count; ++r)
                spread(aside + r * p.columns, across, c + down.places[r]);
    }

    static void spread(const T* row, const Span& across, T* to) {
        if (across.step == 1)
            std::memcpy(to + across.places[0], row, static_cast<size_t>(across.count) * sizeof(T));
        else
            for (int64_t j = 0; j < across.count; ++j) to[across.places[j]] = row[j];
    }
};

// The operand with more vectors streams: a task packs some of them. The other is packed at once.
template <typename T>
struct Contractor {
    const Contraction& p;
    bool left;  // Does a stream?
    Axes stream, shared;
    int64_t stream_width, shared_width, stream_count, shared_count, depth;
    int64_t stream_deep, shared_deep, terms;
    Places stream_along, shared_along, shared_across, shared_places;
    Places stream_packed, shared_packed;  // Where terms of packed panels are.
    std::vector<Span> spans;
    T* packed = nullptr;
    int64_t block = 0, blocks = 0, parts = 1;

    explicit Contractor(const Contraction& given) : p(given) {
        Axes rows{p.axes, p.row_axes}, columns{p.axes + p.row_axes, p.column_axes};
        Axes summed{columns.axes + p.column_axes, p.term_axes};
        left = rows.count() >= columns.count();
        stream = left ? rows : columns, shared = left ? columns : rows;
        stream_width = left ? p.rows : p.columns, shared_width = left ? p.columns : p.rows;
        stream_count = stream.count(), shared_count = shared.count(), depth = summed.count();
        stream_along = summed.places(left ? &Axis::first : &Axis::second, 0, depth);
        shared_along = summed.places(left ? &Axis::second : &Axis::first, 0, depth);
        int64_t most = kPanelBytes / static_cast<int64_t>(sizeof(T)) / stream_width;
        terms = over(depth, over(depth, std::clamp(most, kLeastTerms, kMostTerms)));
        stream_deep = depth / runs(stream_along.data(), depth);
        shared_deep = depth / runs(shared_along.data(), depth);
        shared_across = shared.places(&Axis::first, 0, shared_count);
        shared_places = shared.places(&Axis::second, 0, shared_count);
        spans = spans_of(shared_places, shared_width);
        Axis packed_terms{terms, stream_width, shared_width};
        stream_packed = Axes{&packed_terms, 1}.places(&Axis::first, 0, terms);
        shared_packed = Axes{&packed_terms, 1}.places(&Axis::second, 0, terms);
    }

    static std::vector<Span> spans_of(const Places& places, int64_t width) {
        std::vector<Span> found;
        auto count = static_cast<int64_t>(places.size());
        for (int64_t v = 0; v < count; v += width)
            found.emplace_back(places.data() + v, std::min(width, count - v));
        return found;
    }

    const T* stream_from(int64_t group) const {
        return static_cast<const T*>(left ? p.a : p.b) + group * (left ? p.a_group : p.b_group);
    }

    int64_t panels() const { return static_cast<int64_t>(spans.size()); }

    // Where a panel of the shared operand lies: the panels of a pass stand together.
    T* shared_panel(int64_t group, int64_t panel, int64_t e) const {
        int64_t of_pass = std::min(terms, depth - e);
        int64_t across = panels() * shared_width;
        return packed + (group * depth + e) * across + panel * shared_width * of_pass;
    }

    static void pack_shared(void* self, int64_t begin, int64_t end) {
        auto& c = *static_cast<Contractor*>(self);
        for (int64_t t = begin; t < end; ++t) {
            int64_t group = t / c.panels(), panel = t % c.panels(), v = panel * c.shared_width;
            int64_t there = std::min(c.shared_width, c.shared_count - v);
            auto* from = static_cast<const T*>(c.left ? c.p.b : c.p.a);
            from += group * (c.left ? c.p.b_group : c.p.a_group);
            for (int64_t e = 0; e < c.depth; e += c.terms)
                Panel<T>{&c.shared_across[v], &c.shared_along[e], there, c.shared_width,
                         std::min(c.terms, c.depth - e), c.shared_deep}
                    .pack(from, c.shared_panel(group, panel, e));
        }
    }

    static void run(void* self, int64_t begin, int64_t end) {
        auto& c = *static_cast<Contractor*>(self);
        for (int64_t t = begin; t < end; ++t) {
            int64_t rest = t / c.parts;
            c.task(rest / c.blocks, rest % c.blocks * c.block, t % c.parts);
        }
    }

    void task(int64_t group, int64_t first, int64_t part) const {
        int64_t last = std::min(first + block, stream_count), each = over(panels(), parts);
        int64_t begin = part * each, end = std::min(begin + each, panels());
        Places across = stream.places(&Axis::first, first, last);
        Places places = stream.places(&Axis::second, first, last);
        auto mine = spans_of(places, stream_width);
        auto rows = static_cast<int64_t>(mine.size());
        // Tiles that are not computed in their place wait for the next pass, each beside the others.
        int64_t tile = p.rows * p.columns, tiles = depth > terms ? rows * (end - begin) : 1;
        int64_t panel = stream_width * terms;
        Block memory = room_for<T>(rows * panel + tiles * tile);
        T *room = memory.as<T>(), *aside = room + rows * panel;
        T* c = static_cast<T*>(p.c) + group * p.c_group;
        std::vector<Terms<T>> streamed(mine.size());
        for (int64_t e = 0; e < depth; e += terms) {
            for (int64_t s = 0; s < rows; ++s)
                streamed[s] = terms_of(group, &across[s * stream_width], mine[s].count, e,
                                       room + s * panel);
            for (int64_t h = begin; h < end; ++h)
                for (int64_t s = 0; s < rows; ++s)
                    add_to(c, mine[s], streamed[s], spans[h],
                           {shared_panel(group, h, e), 1, shared_packed.data()}, e,
                           aside + ((h - begin) * rows + s) % tiles * tile);
        }
    }

    // What the kernel reads of a streamed panel: the operand itself where vectors are evenly spaced
    // and its lines are used well, else a copy.
    Terms<T> terms_of(int64_t group, const int64_t* vectors, int64_t count, int64_t e, T* room) const {
        const T* from = stream_from(group);
        int64_t step = Span(vectors, count).step;
        bool near = step == 1 || (left && step && (stream_deep >= kNear || panels() == 1));
        if (count == stream_width && near) return {from + vectors[0], step, &stream_along[e]};
        Panel<T>{vectors, &stream_along[e], count, stream_width, std::min(terms, depth - e),
                 stream_deep}
            .pack(from, room);
        return {room, 1, stream_packed.data()};
    }

    void add_to(T* c, const Span& mine, const Terms<T>& streamed, const Span& other,
                const Terms<T>& packed_panel, int64_t e, T* aside) const {
        Tiles<T> tiles{p};
        int64_t pass = std::min(terms, depth - e);
        bool last = e + pass == depth;
        if (left)
            tiles.add_to(c, mine, other, streamed, packed_panel, pass, e == 0, last, aside);
        else
            tiles.add_to(c, other, mine, packed_panel, streamed, pass, e == 0, last, aside);
    }

    void choose_tasks(bool worth) {
        int64_t wanted = worth ? over(kTasks, p.groups) : 1;
        int64_t most = std::min(kBlock, over(stream_count, wanted));
        block = over(most, stream_width) * stream_width;
        blocks = over(stream_count, block);
        parts = std::min(panels(), over(wanted, blocks));
        parts = over(panels(), over(panels(), parts));
    }

    void compute() {
        bool worth = p.groups * stream_count * shared_count * depth > kShared;
        choose_tasks(worth);
        Block memory = room_for<T>(p.groups * depth * panels() * shared_width);
        packed = memory.as<T>();
        int64_t packing = p.groups * panels(), tasks = p.groups * blocks * parts;
        if (worth) {
            parallel_for(pack_shared, this, packing, 1);
            parallel_for(run, this, tasks, 1);
        } else {
            pack_shared(this, 0, packing);
            run(this, 0, tasks);
        }
    }
};

}  // namespace

void contract(const Contraction& contraction) {
    if (contraction.item == 4)
        Contractor<uint32_t>(contraction).compute();
    else
        Contractor<uint64_t>(contraction).compute();
}

}  // namespace pullback
