#include "fourier_plan.h"

#include <pthread.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <mutex>
#include <numbers>

#include "fourier_line.h"

namespace pullback {
namespace {

// Kept plans of one kind: so many, and so large together.
constexpr size_t kMostPlans = 256;
constexpr int64_t kMostBytes = int64_t{16} << 20;

// Passes of eight, and of four where eight does not divide; odd ones, the least first.
std::vector<int64_t> radices(int64_t n) {
    std::vector<int64_t> found;
    int twos = 0;
    for (; n % 2 == 0; n /= 2) ++twos;
    for (int64_t p = 3; n > 1; p += 2)
        for (; n % p == 0; n /= p) found.push_back(p);
    if (twos == 1) found.push_back(2);
    int fours = twos == 1 ? 0 : (3 - twos % 3) % 3;
    for (; fours; --fours, twos -= 2) found.push_back(4);
    for (; twos >= 3; twos -= 3) found.push_back(8);
    return found;
}

// exp(-2 pi i k / n) for 0 <= k < n, in higher precision than needed: the angle is brought into an
// eighth of a circle and is the sum of two, of which there are tables.
class Roots {
  public:
    struct Root {
        long double re, im;
    };

    explicit Roots(int64_t length) : n_(length) {
        while (int64_t{2} << 2 * bits_ < n_) ++bits_;
        for (int64_t j = 0; j < int64_t{1} << bits_; ++j) fine_.push_back(at(j));
        for (int64_t j = 0; j <= n_ / 2; j += int64_t{1} << bits_) coarse_.push_back(at(j));
    }

    Root operator()(int64_t k) const {
        int64_t quarter = (8 * k / n_ + 1) / 2, rest = 4 * k - quarter * n_;
        auto place = static_cast<size_t>(std::abs(rest));
        auto [a, b] = coarse_[place >> bits_];
        auto [c, d] = fine_[place & ((size_t{1} << bits_) - 1)];
        long double re = a * c - b * d, im = rest < 0 ? -(a * d + b * c) : a * d + b * c;
        switch (quarter % 4) {
            case 0: return {re, -im};
            case 1: return {-im, -re};
            case 2: return {-re, im};
            default: return {im, re};
        }
    }

  private:
    // The root at j / 4n of a circle, upwards.
    Root at(int64_t j) const {
        long double angle = std::numbers::pi_v<long double> / 2 * static_cast<long double>(j) /
                            static_cast<long double>(n_);
        return {std::cos(angle), std::sin(angle)};
    }

    int64_t n_;
    int bits_ = 0;
    std::vector<Root> fine_, coarse_;
};

template <typename T>
void add(std::vector<T>& to, Roots::Root root) {
    to.push_back(static_cast<T>(root.re)), to.push_back(static_cast<T>(root.im));
}

// About the time of a pass on an element, in that of one of radix two to eight.
double weight(int64_t radix) { return radix < 9 ? 1.0 : 0.5 + 0.12 * static_cast<double>(radix); }

double weight_of_passes(int64_t n) {
    double total = 0;
    for (int64_t radix : radices(n)) total += weight(radix);
    return total;
}

int64_t over(int64_t n, int64_t by) { return (n + by - 1) / by; }

// The length of the convolution.
int64_t chirp_length(int64_t n) {
    int64_t least = 2 * n - 1, best = 1;
    while (best < least) best *= 2;
    for (int64_t odd : {3, 5, 9, 15}) {
        int64_t m = odd * 4;
        while (m < least) m *= 2;
        best = std::min(best, m);
    }
    return best;
}

// The lock of kept plans, which a child must not find held by a thread that it does not have.
std::mutex& plans_lock() {
    static auto* lock = new std::mutex;
    static bool once = [] {
        pthread_atfork([] { plans_lock().lock(); }, [] { plans_lock().unlock(); },
                       [] { plans_lock().unlock(); });
        return true;
    }();
    static_cast<void>(once);
    return *lock;
}

}  // namespace

bool is_smooth(int64_t n) {
    for (; n % 2 == 0;) n /= 2;
    for (int64_t p = 3; p <= kMostRadix; p += 2)
        while (n % p == 0) n /= p;
    return n == 1;
}

template <typename T>
PassPlan<T>::PassPlan(int64_t length) : n(length) {
    std::vector<int64_t> all = radices(n);
    std::vector<size_t> turns, roots;
    Roots root(n);
    int64_t size = n;
    for (int64_t radix : all) {
        turns.push_back(numbers.size());
        int64_t step = size / radix;
        for (int64_t j = 0; step > 1 && j < step; ++j)
            for (int64_t q = 1; q < radix; ++q) add(numbers, root(j * q * (n / size)));
        roots.push_back(numbers.size());
        for (int64_t k = 0; radix % 2 && k < radix; ++k) {
            auto [re, im] = root(k * (n / radix));
            add(numbers, {re, -im});
        }
        size = step;
    }
    size = n;
    for (size_t k = 0; k < all.size(); ++k, size /= all[k - 1])
        pass.push_back({all[k], size, numbers.data() + turns[k], numbers.data() + roots[k]});
    order = {0};
    // The places of a part's results begin where those of the parts before it do, times its radix.
    int64_t stride = 1;
    for (size_t k = 0; k + 1 < all.size(); stride *= all[k++]) {
        std::vector<int64_t> next;
        for (int64_t place : order)
            for (int64_t q = 0; q < all[k]; ++q) next.push_back(place + q * stride);
        order = std::move(next);
    }
}

template <typename T>
int64_t PassPlan<T>::bytes() const {
    return static_cast<int64_t>(numbers.size() * sizeof(T) + order.size() * sizeof(int64_t));
}

template <typename T>
RealPlan<T>::RealPlan(int64_t n) {
    Roots root(n);
    for (int64_t k = 0; 4 * k <= n; ++k) add(turns, root(k));
}

template <typename T>
SplitPlan<T>::SplitPlan(int64_t length) : n(length) {
    const int64_t lanes = kernels<T>().lanes;
    rows = plan_of<Matrix<T>>(n)->rows, columns = n / rows;
    down = plan_of<PassPlan<T>>(rows), across = plan_of<PassPlan<T>>(columns);
    Roots root(n);
    for (int64_t j = 0; j < columns; j += lanes)
        for (int64_t k = 0; k < rows; ++k) add(coarse, root(k * j));
    fine.resize(static_cast<size_t>(2 * lanes * rows));
    for (int64_t k = 0; k < rows; ++k)
        for (int64_t l = 0; l < lanes; ++l) {
            auto [re, im] = root(k * l % n);
            T* to = fine.data() + 2 * lanes * k + l;
            to[0] = static_cast<T>(re), to[lanes] = static_cast<T>(im);
        }
}

template <typename T>
Matrix<T>::Matrix(int64_t n) {
    const int64_t lanes = kernels<T>().lanes;
    for (int64_t down = 2; down * down <= n * kMostRadix && down < n; ++down) {
        if (n % down) continue;
        int64_t across = n / down;
        double first = static_cast<double>(over(across, lanes) * lanes * down);
        double second = static_cast<double>(over(down, lanes) * lanes * across);
        double found = first * (3 + weight_of_passes(down));
        found += second * (1 + weight_of_passes(across));
        // Blocks of long lines do not stay in cache.
        double uneven = std::log2(static_cast<double>(down) / static_cast<double>(across));
        found += static_cast<double>(n) * 0.25 * std::abs(uneven);
        if (!rows || found < cost) rows = down, cost = found;
    }
}

double together_cost(int64_t n, int64_t count, int64_t lanes) {
    double block = static_cast<double>(over(count, lanes) * lanes * n);
    return block * (1.5 + weight_of_passes(n)) * (n > 1024 ? 1.5 : 1.0);
}

// The chirp is exp(-pi i k^2 / n). Its spectrum is computed in double precision.
template <typename T>
ChirpPlan<T>::ChirpPlan(int64_t length) : n(length), m(chirp_length(n)) {
    std::vector<double> chirp(static_cast<size_t>(2 * m));
    Roots roots(2 * n);
    for (int64_t k = 0, square = 0; k < n; square = (square + 2 * k + 1) % (2 * n), ++k) {
        auto [re, im] = roots(square);
        add(before, {re, im});
        for (int64_t at : {2 * k, (m - k) % m * 2}) {
            chirp[static_cast<size_t>(at)] = static_cast<double>(re);
            chirp[static_cast<size_t>(at + 1)] = static_cast<double>(-im);
        }
    }
    if (!transform_line<double>(m, chirp.data(), chirp.data(), 1.0 / static_cast<double>(m), false))
        throw std::bad_alloc();
    spectrum.assign(chirp.begin(), chirp.end());
    after = before;
    for (size_t k = 1; k < after.size(); k += 2) after[k] = -after[k];
}

template <typename Plan>
std::shared_ptr<const Plan> plan_of(int64_t n) {
    static auto& kept = *new std::map<int64_t, std::shared_ptr<const Plan>>;
    static int64_t bytes = 0;
    {
        std::lock_guard lock(plans_lock());
        if (auto found = kept.find(n); found != kept.end()) return found->second;
    }
    auto made = std::make_shared<const Plan>(n);
    std::lock_guard lock(plans_lock());
    if (kept.size() >= kMostPlans || bytes + made->bytes() > kMostBytes) kept.clear(), bytes = 0;
    if (kept.emplace(n, made).second) bytes += made->bytes();
    return made;
}

#define PULLBACK_PLANS(T)                                              \
    template std::shared_ptr<const PassPlan<T>> plan_of(int64_t);      \
    template std::shared_ptr<const RealPlan<T>> plan_of(int64_t);      \
    template std::shared_ptr<const Matrix<T>> plan_of(int64_t);        \
    template std::shared_ptr<const SplitPlan<T>> plan_of(int64_t);     \
    template std::shared_ptr<const ChirpPlan<T>> plan_of(int64_t);
PULLBACK_PLANS(float)
PULLBACK_PLANS(double)

}  // namespace pullback
