#include "fourier.h"

#include <algorithm>
#include <new>
#include <utility>

#include "buffer.h"
#include "fourier_axis.h"

namespace pullback {
namespace {

using Axes = FourierAxes;

// Memory of a job.
struct Room {
    void* data;
    explicit Room(int64_t bytes)
        : data(buffer_alloc(static_cast<size_t>(std::max<int64_t>(bytes, 4096)))) {
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
        : kind_(kind),
          axes_(std::move(axes)),
          first_(axes_.size() - static_cast<size_t>(transformed)) {
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
        return transform_along(along);
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
        for (auto axis = found.rbegin(); axis != found.rend(); stride *= (axis++)->length)
            axis->to = stride;
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
