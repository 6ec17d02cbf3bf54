#include "fourier_line.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "rows.h"

namespace pullback {
namespace {

// Elements of a task.
constexpr int64_t kTask = 8192;

int64_t over(int64_t n, int64_t by) { return (n + by - 1) / by; }

// Columns side by side of a matrix of complex numbers.
Lines columns_from(int64_t first, int64_t count, int64_t lanes, int64_t columns, bool swapped) {
    Lines found{{}, std::min(lanes, count - first), 2 * columns, 1, swapped};
    for (int64_t l = 0; l < lanes; ++l) found.at[l] = 2 * (first + (l < found.count ? l : 0));
    return found;
}

// x times factors, conjugated if asked for.
template <typename T>
void times_line(const T* x, int64_t n, const T* factors, bool conjugated, T* y) {
    T sign = conjugated ? T{-1} : T{1};
    for (int64_t k = 0; k < 2 * n; k += 2) {
        T re = x[k] * factors[k] - x[k + 1] * factors[k + 1];
        T im = x[k] * factors[k + 1] + x[k + 1] * factors[k];
        y[k] = re, y[k + 1] = im * sign;
    }
}

// A line alone in a lane.
template <typename T>
bool transform_passes(int64_t n, const T* x, T* y, T scale, bool swapped) {
    const Kernels<T>& k = kernels<T>();
    int64_t part = 2 * k.lanes * n;
    Scratch scratch(2 * part * static_cast<int64_t>(sizeof(T)));
    auto* block = reinterpret_cast<T*>(scratch.data());
    if (!block) return false;
    Lines line{{}, 1, 2, 1, swapped};
    k.load(x, line, n, block);
    k.transform(plan_of<PassPlan<T>>(n)->passes(), block, block + part);
    k.store(block + part, n, scale, y, line);
    return true;
}

template <typename T>
bool transform_chirp(int64_t n, const T* x, T* y, T scale, bool swapped) {
    auto plan = plan_of<ChirpPlan<T>>(n);
    int64_t m = plan->m;
    Scratch scratch(2 * m * static_cast<int64_t>(sizeof(T)));
    auto* line = reinterpret_cast<T*>(scratch.data());
    if (!line) return false;
    for (int64_t k = 0; k < n; ++k) {
        line[2 * k] = x[2 * k + swapped] * scale;
        line[2 * k + 1] = x[2 * k + !swapped] * scale;
    }
    times_line(line, n, plan->before.data(), false, line);
    std::fill(line + 2 * n, line + 2 * m, T{0});
    if (!transform_line(m, line, line, T{1}, false)) return false;
    times_line(line, m, plan->spectrum.data(), true, line);
    if (!transform_line(m, line, line, T{1}, false)) return false;
    times_line(line, n, plan->after.data(), true, line);
    for (int64_t k = 0; k < n; ++k) {
        y[2 * k + swapped] = line[2 * k];
        y[2 * k + !swapped] = line[2 * k + 1];
    }
    return true;
}

}  // namespace

template <typename T>
bool transform_split(const SplitPlan<T>& plan, const T* x, T* y, T scale, bool swapped) {
    const Kernels<T>& k = kernels<T>();
    const int64_t lanes = k.lanes, place = 2 * lanes, rows = plan.rows, columns = plan.columns;
    const int64_t padded = over(rows, lanes) * lanes, pitch = columns * place;
    constexpr auto size = static_cast<int64_t>(sizeof(T));
    Scratch scratch(padded / lanes * pitch * size);
    auto* turned = reinterpret_cast<T*>(scratch.data());
    std::atomic<bool> failed = !turned;
    auto blocks = [&](int64_t count, int64_t length, auto f) {
        share(over(count, lanes), std::max<int64_t>(1, kTask / (length * lanes)),
              [&](int64_t begin, int64_t end) {
                  int64_t part = over(length, lanes) * lanes * place;
                  Scratch room(2 * part * size);
                  auto* block = reinterpret_cast<T*>(room.data());
                  if (!block || failed) {
                      failed = true;
                      return;
                  }
                  std::fill(block + part + length * place, block + 2 * part, T{0});
                  for (int64_t b = begin; b < end; ++b) f(b, block, block + part);
              });
    };
    blocks(columns, rows, [&](int64_t b, T* block, T* out) {
        Lines lines = columns_from(b * lanes, columns, lanes, columns, swapped);
        k.load(x, lines, rows, block);
        k.transform(plan.down->passes(), block, out);
        k.twist(out, rows, plan.coarse.data() + b * 2 * rows, plan.fine.data(), lines.count,
                turned + b * lanes * place, pitch);
    });
    blocks(rows, columns, [&](int64_t b, T* block, T* out) {
        static_cast<void>(block);
        k.transform(plan.across->passes(), turned + b * pitch, out);
        k.store(out, columns, scale, y, columns_from(b * lanes, rows, lanes, rows, swapped));
    });
    return !failed;
}

template <typename T>
bool transform_line(int64_t n, const T* x, T* y, T scale, bool swapped) {
    if (!is_smooth(n)) return transform_chirp(n, x, y, scale, swapped);
    if (!plan_of<Matrix<T>>(n)->rows) return transform_passes(n, x, y, scale, swapped);
    return transform_split(*plan_of<SplitPlan<T>>(n), x, y, scale, swapped);
}

#define PULLBACK_LINES(T)                                                                   \
    template bool transform_line(int64_t, const T*, T*, T, bool);                           \
    template bool transform_split(const SplitPlan<T>&, const T*, T*, T, bool);
PULLBACK_LINES(float)
PULLBACK_LINES(double)

}  // namespace pullback
