#include "product.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "buffer.h"
#include "pool.h"

namespace pullback {
namespace {

// Of a pass: terms, so that a panel of each operand stays in the first cache; rows and columns, so
// that all it packs stays in the last one.
constexpr int64_t kDepth = 384, kMost = 4096;
// Of a task: rows, so that its part of a stays in the second cache; tasks worth having.
constexpr int64_t kTaskRows = 96, kTaskColumns = 512, kTasks = 8;
constexpr int64_t kMostTile = 32 * 32;

int64_t up(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

void* allocate(int64_t bytes) {
    void* data = buffer_alloc(static_cast<size_t>(std::max<int64_t>(bytes, 4096)));
    if (!data) std::abort();
    return data;
}

// An operand of a pass: `count` vectors of which `width` make a panel, `depth` elements each.
template <typename T>
struct Panels {
    const T* from;
    int64_t along, across;  // from element to element of a vector, and from vector to vector
    int64_t count, width, depth;
    T* to;

    static void run(void* self, int64_t begin, int64_t end) {
        auto& p = *static_cast<Panels*>(self);
        for (int64_t j = begin; j < end; ++j) p.panel(j * p.width);
    }

    // Element after element, those of the panel's vectors side by side; missing ones are zero.
    void panel(int64_t first) const {
        const T* source = from + first * across;
        T* target = to + first * depth;
        int64_t there = std::min(width, count - first);
        if (there == width && across == 1) {
            for (int64_t e = 0; e < depth; ++e, source += along, target += width)
                for (int64_t i = 0; i < width; ++i) target[i] = source[i];
            return;
        }
        for (int64_t e = 0; e < depth; ++e, source += along, target += width) {
            for (int64_t i = 0; i < there; ++i) target[i] = source[i * across];
            for (int64_t i = there; i < width; ++i) target[i] = 0;
        }
    }

    void pack() { parallel_for(run, this, (count + width - 1) / width, 4); }
};

// What the tasks of a pass share. T is as wide as an element.
template <typename T>
struct Pass {
    const Product& p;
    T* c;
    const T *a, *b;
    int64_t m, n, depth;
    bool add;
    int64_t rows, columns;  // of a task

    int64_t across() const { return (n + columns - 1) / columns; }

    static void run(void* self, int64_t begin, int64_t end) {
        auto& pass = *static_cast<Pass*>(self);
        for (int64_t t = begin; t < end; ++t)
            pass.task(t / pass.across() * pass.rows, t % pass.across() * pass.columns);
    }

    void task(int64_t top, int64_t left) const {
        for (int64_t j = left; j < std::min(left + columns, n); j += p.columns)
            for (int64_t i = top; i < std::min(top + rows, m); i += p.rows) tile(i, j);
    }

    void tile(int64_t i, int64_t j) const {
        T* at = c + i * p.c_row + j;
        constexpr auto size = static_cast<int64_t>(sizeof(T));
        int64_t height = std::min(p.rows, m - i), width = std::min(p.columns, n - j);
        if (height == p.rows && width == p.columns) {
            p.kernel(depth, a + i * depth, b + j * depth, at, p.c_row * size, add);
            return;
        }
        // A tile that is not whole is computed beside the result.
        alignas(64) T whole[kMostTile];
        auto bytes = static_cast<size_t>(width * size);
        for (int64_t r = 0; add && r < height; ++r)
            std::memcpy(whole + r * p.columns, at + r * p.c_row, bytes);
        p.kernel(depth, a + i * depth, b + j * depth, whole, p.columns * size, add);
        for (int64_t r = 0; r < height; ++r)
            std::memcpy(at + r * p.c_row, whole + r * p.columns, bytes);
    }

    void compute() {
        int64_t down = (m + rows - 1) / rows;
        int64_t stripes = std::max((kTasks + down - 1) / down, (n + kTaskColumns - 1) / kTaskColumns);
        columns = up((n + stripes - 1) / stripes, p.columns);
        parallel_for(run, this, down * across(), 1);
    }
};

template <typename T>
void multiply_as(const Product& p) {
    int64_t depth = std::min(p.k, kDepth);
    int64_t height = up(std::min(p.m, kMost), p.rows), width = up(std::min(p.n, kMost), p.columns);
    auto* packed = static_cast<T*>(
        allocate((height + width) * depth * static_cast<int64_t>(sizeof(T))));
    for (int64_t left = 0; left < p.n; left += kMost)
        for (int64_t e = 0; e < p.k; e += kDepth) {
            depth = std::min(kDepth, p.k - e);
            int64_t n = std::min(kMost, p.n - left);
            auto* b = static_cast<const T*>(p.b) + e * p.b_row + left * p.b_column;
            Panels<T>{b, p.b_row, p.b_column, n, p.columns, depth, packed}.pack();
            for (int64_t top = 0; top < p.m; top += kMost) {
                int64_t m = std::min(kMost, p.m - top);
                auto* a = static_cast<const T*>(p.a) + e * p.a_column + top * p.a_row;
                T* packed_a = packed + width * depth;
                Panels<T>{a, p.a_column, p.a_row, m, p.rows, depth, packed_a}.pack();
                T* c = static_cast<T*>(p.c) + top * p.c_row + left;
                Pass<T>{p, c, packed_a, packed, m, n, depth, e > 0, up(kTaskRows, p.rows), 0}.compute();
            }
        }
    buffer_free(packed);
}

}  // namespace

void multiply(const Product& product) {
    if (product.item == 4)
        multiply_as<uint32_t>(product);
    else
        multiply_as<uint64_t>(product);
}

}  // namespace pullback
