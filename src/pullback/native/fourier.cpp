#include "fourier.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>
#include <utility>
#include <vector>

#include "buffer.h"
#include "fourier_line.h"
#include "rows.h"

namespace pullback {
namespace {

// Elements of a task.
constexpr int64_t kTask = 8192;

using Axes = std::vector<FourierAxis>;

// What is on the one side and the other: complex numbers, or real ones here or there.
enum class Parts { Complex, FromReal, ToReal };

// Lines in the order of their places in memory, as far as one order serves both arrays.
Axes ordered(Axes axes) {
    std::erase_if(axes, [](const FourierAxis& a) { return a.length == 1; });
    std::stable_sort(axes.begin(), axes.end(), [](const FourierAxis& a, const FourierAxis& b) {
        return std::abs(a.from) > std::abs(b.from);
    });
    Axes found;
    for (const FourierAxis& a : axes) {
        bool one = !found.empty() && found.back().from == a.length * a.from &&
                   found.back().to == a.length * a.to;
        if (one) found.back() = {found.back().length * a.length, a.from, a.to};
        else found.push_back(a);
    }
    return found;
}

// The transforms along one axis; strides count real numbers.
template <typename T>
struct Along {
    Parts parts;
    bool swapped;
    FourierAxis axis;
    Axes across;
    const T* x;
    T* y;
    T scale;
};

// Of a real transform of even length, pairs of numbers are transformed as complex numbers.
template <typename T>
class Transformer {
  public:
    explicit Transformer(const Along<T>& given)
        : a(given), k(kernels<T>()), n_(a.axis.length), across_(ordered(a.across)) {
        for (const FourierAxis& axis : across_) count_ *= axis.length;
        real_ = a.parts != Parts::Complex;
        paired_ = real_ && n_ % 2 == 0;
        length_ = paired_ ? n_ / 2 : n_;
        half_ = n_ / 2 + 1;
        if (paired_) turns_ = plan_of<RealPlan<T>>(n_);
        if (!is_smooth(length_)) chirp_ = plan_of<ChirpPlan<T>>(length_);
        passed_ = chirp_ ? chirp_->m : length_;
        auto matrix = plan_of<Matrix<T>>(passed_);
        alone_ = matrix->rows && static_cast<double>(count_) * matrix->cost <
                                     together_cost(passed_, count_, k.lanes);
        if (!alone_) passes_ = plan_of<PassPlan<T>>(passed_);
        else if (!chirp_) split_ = plan_of<SplitPlan<T>>(passed_);
        from_ = numbers(a.parts == Parts::FromReal, a.axis.from);
        to_ = numbers(a.parts == Parts::ToReal, a.axis.to);
        scale_ = paired_ && a.parts == Parts::FromReal ? a.scale / 2 : a.scale;
    }

    bool run() {
        int64_t lanes = alone_ ? 1 : k.lanes;
        int64_t part = 2 * lanes * (std::max(n_, alone_ ? 0 : passed_) + 1);
        share(count_, std::max<int64_t>(1, kTask / (passed_ * lanes)) * lanes,
              [&](int64_t begin, int64_t end) {
                  Scratch scratch(2 * part * static_cast<int64_t>(sizeof(T)));
                  auto* room = reinterpret_cast<T*>(scratch.data());
                  if (!room) failed_ = true;
                  for (int64_t l = begin; l < end && !failed_; l += lanes)
                      if (alone_) line(l, room, room + part);
                      else group(l, std::min(lanes, end - l), room, room + part);
              });
        return !failed_;
    }

  private:
    // A line's numbers; at[0] is unknown yet. Odd numbers of real ones stand without imaginary parts.
    Lines numbers(bool real, int64_t stride) const {
        if (!real) return {{}, 1, stride, 1, a.swapped};
        return paired_ ? Lines{{}, 1, 2 * stride, stride, a.swapped} : Lines{{}, 1, stride, 0, a.swapped};
    }

    void place(int64_t line, int64_t& x, int64_t& y) const {
        x = y = 0;
        for (auto axis = across_.rbegin(); axis != across_.rend(); line /= (axis++)->length) {
            x += line % axis->length * axis->from;
            y += line % axis->length * axis->to;
        }
    }

    void group(int64_t first, int64_t count, T* now, T* spare) const {
        Lines from = from_, to = to_;
        from.count = to.count = count;
        for (int64_t l = 0; l < k.lanes; ++l)
            place(first + (l < count ? l : 0), from.at[l], to.at[l]);
        k.load(a.x, from, a.parts == Parts::ToReal ? half_ : length_, now);
        if (a.parts == Parts::ToReal) {
            if (paired_) k.fold(now, length_, turns_->turns.data(), spare), std::swap(now, spare);
            else mirror(now);
        }
        if (chirp_) {
            k.times(now, length_, chirp_->before.data(), false);
            std::fill(now + 2 * k.lanes * length_, now + 2 * k.lanes * passed_, T{0});
            k.transform(passes_->passes(), now, spare), std::swap(now, spare);
            k.times(now, passed_, chirp_->spectrum.data(), true);
        }
        k.transform(passes_->passes(), now, spare), std::swap(now, spare);
        if (chirp_) k.times(now, length_, chirp_->after.data(), true);
        if (a.parts == Parts::FromReal && paired_)
            k.unfold(now, length_, turns_->turns.data(), spare), std::swap(now, spare);
        k.store(now, a.parts == Parts::FromReal ? half_ : length_, scale_, a.y, to);
    }

    // The other half of a spectrum of odd length, in lanes and with swapped parts.
    void mirror(T* block) const {
        const int64_t lanes = k.lanes;
        std::fill(block, block + lanes, T{0});
        for (int64_t j = 1; j < half_; ++j)
            for (int64_t l = 0; l < lanes; ++l) {
                const T* from = block + 2 * lanes * j + l;
                T* to = block + 2 * lanes * (n_ - j) + l;
                to[0] = -from[0], to[lanes] = from[lanes];
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
    Axes across_;
    bool real_, paired_, alone_;
    Lines from_, to_;
    T scale_;
    std::shared_ptr<const RealPlan<T>> turns_;
    std::shared_ptr<const ChirpPlan<T>> chirp_;
    std::shared_ptr<const PassPlan<T>> passes_;
    std::shared_ptr<const SplitPlan<T>> split_;
    std::atomic<bool> failed_ = false;
};

// Memory of a job.
struct Room {
    void* data;
    explicit Room(int64_t bytes) : data(buffer_alloc(static_cast<size_t>(std::max<int64_t>(bytes, 4096)))) {
        if (!data) throw std::bad_alloc();
    }
    ~Room() { buffer_free(data); }
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;
};

template <typename T>
class Job {
  public:
    Job(FourierKind kind, Axes axes, int64_t transformed)
        : kind_(kind), axes_(std::move(axes)), first_(axes_.size() - static_cast<size_t>(transformed)) {
        inverse_ = kind_ == FourierKind::Inverse || kind_ == FourierKind::RealInverse;
    }

    // Real numbers are met in the first pass or the last one; those in between are done in place.
    bool run(const T* x, T* y) const {
        const size_t last = axes_.size() - 1;
        if (kind_ == FourierKind::RealInverse && first_ < last) {
            Axes dense = contiguous();
            int64_t elements = dense[0].to * dense[0].length;
            Room room(2 * elements * static_cast<int64_t>(sizeof(T)));
            T* middle = static_cast<T*>(room.data);
            return complex_passes(dense, last, x, middle) &&
                   pass(Parts::ToReal, joined(dense, axes_), last, middle, y);
        }
        if (kind_ == FourierKind::RealInverse) return pass(Parts::ToReal, axes_, last, x, y);
        if (kind_ != FourierKind::Real) return complex_passes(axes_, axes_.size(), x, y);
        Axes within = halved(axes_);
        return pass(Parts::FromReal, axes_, last, x, y) &&
               (first_ == last || complex_passes(joined(within, within), last, y, y));
    }

  private:
    // The axes first_ to end, the last one from x to y, the others within y.
    bool complex_passes(const Axes& axes, size_t end, const T* x, T* y) const {
        Axes within = joined(axes, axes);
        for (size_t axis = end; axis-- > first_; x = y)
            if (!pass(Parts::Complex, x == y ? within : axes, axis, x, y)) return false;
        return true;
    }

    bool pass(Parts parts, Axes axes, size_t axis, const T* x, T* y) const {
        Along<T> along{parts, inverse_, {}, {}, x, y, T{1}};
        for (FourierAxis& a : axes) {
            a.from *= parts == Parts::FromReal ? 1 : 2;
            a.to *= parts == Parts::ToReal ? 1 : 2;
        }
        along.axis = axes[axis];
        if (inverse_) along.scale = static_cast<T>(1.0 / static_cast<double>(along.axis.length));
        axes.erase(axes.begin() + static_cast<std::ptrdiff_t>(axis));
        along.across = std::move(axes);
        return Transformer<T>(along).run();
    }

    // From where `x` leaves numbers to where `y` wants them.
    static Axes joined(const Axes& x, const Axes& y) {
        Axes found = y;
        for (size_t d = 0; d < found.size(); ++d) found[d].from = x[d].to;
        return found;
    }

    // The axes of the complex array of a real transform.
    static Axes halved(Axes axes) {
        axes.back().length = axes.back().length / 2 + 1;
        return axes;
    }

    Axes contiguous() const {
        Axes found = halved(axes_);
        int64_t stride = 1;
        for (auto axis = found.rbegin(); axis != found.rend(); stride *= (axis++)->length) axis->to = stride;
        return found;
    }

    FourierKind kind_;
    Axes axes_;
    size_t first_;
    bool inverse_;
};

template <typename T>
bool run(const int64_t* plan, const void* x, void* y) {
    auto* axes = reinterpret_cast<const FourierAxis*>(plan + 4);
    Job<T> job(static_cast<FourierKind>(plan[0]), Axes(axes, axes + plan[2]), plan[3]);
    return job.run(static_cast<const T*>(x), static_cast<T*>(y));
}

}  // namespace

bool fourier(const int64_t* plan, const void* x, void* y) {
    try {
        return plan[1] == 4 ? run<float>(plan, x, y) : run<double>(plan, x, y);
    } catch (const std::bad_alloc&) {
        return false;
    }
}

}  // namespace pullback
