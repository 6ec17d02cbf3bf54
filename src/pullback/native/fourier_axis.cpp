#include "fourier_axis.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <utility>

#include "fourier_line.h"
#include "rows.h"

namespace pullback {
namespace {

// Elements of a task.
constexpr int64_t kTask = 8192;

// Lines in the order of their places in memory, as far as one order serves both arrays.
FourierAxes ordered(FourierAxes axes) {
    std::erase_if(axes, [](const FourierAxis& a) { return a.length == 1; });
    std::stable_sort(axes.begin(), axes.end(), [](const FourierAxis& a, const FourierAxis& b) {
        return std::abs(a.from) > std::abs(b.from);
    });
    FourierAxes found;
    for (const FourierAxis& a : axes) {
        bool one = !found.empty() && found.back().from == a.length * a.from &&
                   found.back().to == a.length * a.to;
        if (one) found.back() = {found.back().length * a.length, a.from, a.to};
        else found.push_back(a);
    }
    return found;
}

// Of a real transform of even length, pairs of numbers are transformed as complex numbers.
template <typename T>
class Transformer {
  public:
    explicit Transformer(const Along<T>& given)
        : a(given), k(kernels<T>()), n_(a.axis.length), across_(ordered(a.across)) {
        for (const FourierAxis& axis : across_) count_ *= axis.length;
        real_ = a.parts != Parts::Complex;
        // One number that is repeated has no neighbour to be paired with.
        bool repeated = a.parts == Parts::FromReal && a.axis.from == 0;
        paired_ = real_ && n_ % 2 == 0 && !repeated;
        length_ = paired_ ? n_ / 2 : n_;
        half_ = n_ / 2 + 1;
        if (paired_) turns_ = plan_of<RealPlan<T>>(n_);
        if (!is_smooth(length_)) chirp_ = plan_of<ChirpPlan<T>>(length_);
        passed_ = chirp_ ? chirp_->m : length_;
        auto matrix = plan_of<Matrix<T>>(passed_);
        int64_t beside = real_ && !paired_ ? (count_ + 1) / 2 : count_;
        alone_ = matrix->rows && static_cast<double>(count_) * matrix->cost <
                                     together_cost(passed_, beside, k.lanes);
        twins_ = real_ && !paired_ && !alone_;
        if (!alone_) passes_ = plan_of<PassPlan<T>>(passed_);
        else if (!chirp_) split_ = plan_of<SplitPlan<T>>(passed_);
        from_ = numbers(a.parts == Parts::FromReal, a.axis.from);
        to_ = numbers(a.parts == Parts::ToReal, a.axis.to);
        scale_ = (paired_ || twins_) && a.parts == Parts::FromReal ? a.scale / 2 : a.scale;
    }

    bool run() {
        int64_t lanes = alone_ ? 1 : k.lanes, lines = twins_ ? 2 * lanes : lanes;
        int64_t part = 2 * lanes * (std::max(n_, alone_ ? 0 : passed_) + 1);
        share(count_, std::max<int64_t>(1, kTask / (passed_ * lanes)) * lines,
              [&](int64_t begin, int64_t end) {
                  Scratch scratch(2 * part * static_cast<int64_t>(sizeof(T)));
                  auto* room = reinterpret_cast<T*>(scratch.data());
                  if (!room) failed_ = true;
                  for (int64_t l = begin; l < end && !failed_; l += lines)
                      if (alone_) line(l, room, room + part);
                      else if (twins_) twins(l, std::min(lines, end - l), room, room + part);
                      else group(l, std::min(lines, end - l), room, room + part);
              });
        return !failed_;
    }

  private:
    // A line's numbers; at[0] is unknown yet. Odd numbers of real ones stand without imaginary
    // parts.
    Lines numbers(bool real, int64_t stride) const {
        if (!real) return {{}, 1, stride, 1, a.swapped};
        if (paired_) return {{}, 1, 2 * stride, stride, a.swapped};
        return {{}, 1, stride, 0, a.swapped};
    }

    void place(int64_t line, int64_t& x, int64_t& y) const {
        x = y = 0;
        for (auto axis = across_.rbegin(); axis != across_.rend(); line /= (axis++)->length) {
            x += line % axis->length * axis->from;
            y += line % axis->length * axis->to;
        }
    }

    // Where some lines begin; what is missing of a group stands as its first.
    void places(int64_t first, int64_t count, int64_t* x, int64_t* y) const {
        place(first, x[0], y[0]);
        FourierAxis run = across_.empty() ? FourierAxis{1, 0, 0} : across_.back();
        bool together = first % run.length + count <= run.length;
        for (int64_t l = 1; l < k.lanes; ++l) {
            int64_t index = l < count ? l : 0;
            if (together) x[l] = x[0] + index * run.from, y[l] = y[0] + index * run.to;
            else place(first + index, x[l], y[l]);
        }
    }

    // Lines side by side.
    void group(int64_t first, int64_t count, T* now, T* spare) const {
        Lines from = from_, to = to_;
        from.count = to.count = count;
        places(first, count, from.at, to.at);
        k.load(a.x, from, a.parts == Parts::ToReal ? half_ : length_, now);
        if (a.parts == Parts::ToReal)
            k.fold(now, length_, turns_->turns.data(), spare), std::swap(now, spare);
        transform(now, spare);
        if (a.parts == Parts::FromReal)
            k.unfold(now, length_, turns_->turns.data(), spare), std::swap(now, spare);
        k.store(now, a.parts == Parts::FromReal ? half_ : length_, scale_, a.y, to);
    }

    void transform(T*& now, T*& spare) const {
        if (chirp_) {
            k.times(now, length_, chirp_->before.data(), false);
            std::fill(now + 2 * k.lanes * length_, now + 2 * k.lanes * passed_, T{0});
            k.transform(passes_->passes(), now, spare), std::swap(now, spare);
            k.times(now, passed_, chirp_->spectrum.data(), true);
        }
        k.transform(passes_->passes(), now, spare), std::swap(now, spare);
        if (chirp_) k.times(now, length_, chirp_->after.data(), true);
    }

    // Of odd lengths, two real lines in each lane: the parts of complex numbers.
    void twins(int64_t first, int64_t count, T* now, T* spare) const {
        const int64_t lanes = k.lanes, size = 2 * lanes * half_;
        const int64_t counts[] = {std::min(count, lanes), std::max<int64_t>(count - lanes, 0)};
        Lines from[] = {from_, from_}, to[] = {to_, to_};
        for (int64_t t : {0, 1}) {
            from[t].count = to[t].count = std::max<int64_t>(counts[t], 1);
            places(counts[t] ? first + t * lanes : first, from[t].count, from[t].at, to[t].at);
        }
        if (a.parts == Parts::FromReal) {
            from[1].swapped = true;
            k.load(a.x, from[0], n_, now), k.load(a.x, from[1], n_, spare);
            for (int64_t i = 0; i < 2 * lanes * n_; ++i) now[i] += spare[i];
            transform(now, spare);
            apart(now, spare);
            for (int64_t t : {0, 1})
                if (counts[t]) k.store(spare + t * size, half_, scale_, a.y, to[t]);
        } else {
            for (int64_t t : {0, 1}) k.load(a.x, from[t], half_, spare + t * size);
            together(spare, now);
            transform(now, spare);
            to[1].swapped = false;
            for (int64_t t : {0, 1})
                if (counts[t]) k.store(now, n_, scale_, a.y, to[t]);
        }
    }

    // Twice the spectra of twins x + iy, from that of both: one after the other.
    void apart(const T* both, T* spectra) const {
        const int64_t lanes = k.lanes, place = 2 * lanes;
        for (int64_t j = 0; j < half_; ++j) {
            const T *p = both + j * place, *q = both + (j ? n_ - j : 0) * place;
            T *x = spectra + j * place, *y = x + half_ * place;
            for (int64_t l = 0; l < lanes; ++l) {
                x[l] = p[l] + q[l], x[lanes + l] = p[lanes + l] - q[lanes + l];
                y[l] = p[lanes + l] + q[lanes + l], y[lanes + l] = q[l] - p[l];
            }
        }
    }

    // The reverse, with swapped parts on both sides, and without factor.
    void together(const T* spectra, T* both) const {
        const int64_t lanes = k.lanes, place = 2 * lanes;
        for (int64_t j = 0; j < half_; ++j) {
            const T *x = spectra + j * place, *y = x + half_ * place;
            T *p = both + j * place, *q = both + (j ? n_ - j : 0) * place;
            for (int64_t l = 0; l < lanes; ++l) {
                T x_im = j ? x[l] : T{0}, y_im = j ? y[l] : T{0};
                q[l] = y[lanes + l] - x_im, q[lanes + l] = x[lanes + l] + y_im;
                p[l] = y[lanes + l] + x_im, p[lanes + l] = x[lanes + l] - y_im;
            }
        }
    }

    void line(int64_t index, T* room, T* spare) {
        int64_t x, y;
        place(index, x, y);
        const T* from = a.x + x;
        if (!adjacent(from_)) from = taken(from, room);
        if (a.parts == Parts::ToReal) {
            if (paired_) k.fold_line(from, length_, turns_->turns.data(), spare), from = spare;
            else from = mirrored(from, spare);
        }
        T* to = adjacent(to_) ? a.y + y : room;
        if (!transformed(from, to)) failed_ = true;
        if (a.parts == Parts::FromReal && paired_) k.unfold_line(to, length_, turns_->turns.data());
        if (to == room) give(room, a.y + y);
    }

    bool transformed(const T* from, T* to) const {
        return split_ ? transform_split(*split_, from, to, scale_, a.swapped)
                      : transform_line(length_, from, to, scale_, a.swapped);
    }

    // Whether lines are adjacent complex numbers, with room for all.
    bool adjacent(const Lines& lines) const {
        return lines.step == 2 && lines.other == 1 && (paired_ || !real_);
    }

    const T* taken(const T* from, T* room) const {
        int64_t count = a.parts == Parts::ToReal ? half_ : length_;
        for (int64_t j = 0; j < count; ++j, from += from_.step)
            room[2 * j] = from[0], room[2 * j + 1] = from_.other ? from[from_.other] : T{0};
        return room;
    }

    const T* mirrored(const T* from, T* to) const {
        to[0] = from[0], to[1] = 0;
        for (int64_t j = 1; j < half_; ++j) {
            to[2 * j] = to[2 * (n_ - j)] = from[2 * j];
            to[2 * j + 1] = from[2 * j + 1], to[2 * (n_ - j) + 1] = -from[2 * j + 1];
        }
        return to;
    }

    void give(const T* room, T* to) const {
        int64_t count = a.parts == Parts::FromReal ? half_ : length_;
        for (int64_t j = 0; j < count; ++j, to += to_.step) {
            to[0] = room[2 * j];
            if (to_.other) to[to_.other] = room[2 * j + 1];
        }
    }

    const Along<T>& a;
    const Kernels<T>& k;
    int64_t n_, count_ = 1, length_, half_, passed_;
    FourierAxes across_;
    bool real_, paired_, alone_, twins_;
    Lines from_, to_;
    T scale_;
    std::shared_ptr<const RealPlan<T>> turns_;
    std::shared_ptr<const ChirpPlan<T>> chirp_;
    std::shared_ptr<const PassPlan<T>> passes_;
    std::shared_ptr<const SplitPlan<T>> split_;
    std::atomic<bool> failed_ = false;
};

}  // namespace

template <typename T>
bool transform_along(const Along<T>& along) {
    return Transformer<T>(along).run();
}

template bool transform_along(const Along<float>&);
template bool transform_along(const Along<double>&);

}  // namespace pullback
