#include "sort.h"

#include <atomic>
#include <cstring>

#include "choose.h"
#include "network.h"
#include "radix.h"
#include "rows.h"

namespace pullback {
namespace {

// Elements of a task.
constexpr int64_t kTask = 1 << 14;
// Rows are sorted in lanes up to this length.
constexpr int64_t kLanes32 = 2048, kLanes64 = 1024, kLanesPair = 1024;
// A choice comes before sorting where no more than this part of a row is wanted.
constexpr int64_t kFew = 8;
// Rows up to this length are sorted faster than chosen from.
constexpr int64_t kAllInLanes = 200;
constexpr uint64_t kMostPlaces = uint64_t{1} << 32;

template <typename T>
void take(const char* from, char* to, int64_t step, int64_t begin, int64_t end, auto place) {
    auto* source = reinterpret_cast<const T*>(from);
    auto* target = reinterpret_cast<T*>(to);
    for (int64_t i = begin; i < end; ++i)
        target[i * step] = source[static_cast<int64_t>(place(i)) * step];
}

// Sixteen bytes of any kind.
struct Wide {
    uint32_t word[4];
};

class Sorter {
  public:
    explicit Sorter(const Sort& job) : s(job) {
        const KeyPart& part = s.parts[0];
        alone_ = s.parts.size() == 1;
        values_ = alone_ && s.results.size() == 1 && s.results[0].operand == part.operand &&
                  part.item == part.bytes && s.keep == s.n && part.form <= Form::Float;
        narrow_ = part.bytes <= 4;
    }

    void run() {
        int64_t rows = s.outer * s.inner;
        if (rows == 0 || s.keep == 0) return;
        if (!alone_) return by_rows<Pair>(rows);
        if (values_ && narrow_) return any<Lanes32, uint32_t>(rows, kLanes32);
        if (values_) return any<Lanes64, uint64_t>(rows, kLanes64);
        if (narrow_ && static_cast<uint64_t>(s.n) < kMostPlaces)
            return any<Lanes64, Packed>(rows, kLanes64);
        return any<LanesPair, Pair>(rows, kLanesPair);
    }

  private:
    bool few_wanted() const { return alone_ && s.keep * kFew <= s.n && s.n > kLook; }

    template <typename Lanes, typename Word>
    void any(int64_t rows, int64_t most) {
        if (s.n > most || rows * 2 < Lanes::count || s.n < 2 || (few_wanted() && s.n > kAllInLanes))
            return by_rows<Word>(rows);
        constexpr int64_t lanes = Lanes::count;
        int64_t block = std::max<int64_t>(1, kTask / (s.n * lanes)) * lanes;
        share(rows, block, [&](int64_t begin, int64_t end) {
            int64_t places = (s.n + 1) * static_cast<int64_t>(sizeof(Lanes));
            Scratch scratch(places + s.n * static_cast<int64_t>(sizeof(Lanes::key)));
            auto* x = reinterpret_cast<Lanes*>(scratch.data());
            for (int64_t r = begin; r < end; r += lanes)
                in_lanes<Word>(x, scratch.data() + places, r, std::min(lanes, end - r));
        });
    }

    template <typename Word>
    void by_rows(int64_t rows) {
        constexpr auto size = static_cast<int64_t>(sizeof(Word));
        if (rows == 1) runs_ = run_count(s.n);
        int64_t counts = runs_ * count_words(s.n) * 4, places = alone_ ? 0 : s.n * 8;
        // Half of what sorting a row takes, or choosing its first elements.
        int64_t room = few_wanted() ? kept_words(s.keep) : s.n;
        share(rows, std::max<int64_t>(1, kTask / s.n), [&](int64_t begin, int64_t end) {
            Scratch scratch(2 * room * size + counts + places);
            auto* words = reinterpret_cast<Word*>(scratch.data());
            auto* order = reinterpret_cast<uint64_t*>(words + 2 * room);
            auto* digits = reinterpret_cast<uint32_t*>(scratch.data() + 2 * room * size + places);
            for (int64_t r = begin; r < end; ++r) {
                if constexpr (!std::is_integral_v<Word>)
                    if (few_wanted()) {
                        few(words, digits, r);
                        continue;
                    }
                row(words, order, digits, r);
            }
        });
    }

    // The first elements of one row.
    template <typename Word>
    void few(Word* words, uint32_t* counts, int64_t r) const {
        using Key = typename Chooser<Word>::Key;
        const KeyPart& part = s.parts[0];
        Chooser<Word> chooser(words, s.keep);
        Load<Key> load = loader<Key>(part);
        const char* from = operand(part.operand) + row_start(r, s.n, s.inner) * part.item + part.offset;
        int64_t step = s.inner * part.item;
        Key keys[kLook];
        for (int64_t i = 0; i < s.n; i += kLook) {
            int64_t n = std::min(kLook, s.n - i);
            load(from + i * step, step, n, keys, 1, 0, 0, static_cast<uint64_t>(part.infinity));
            chooser.look(keys, n, i);
        }
        Word* spare = words + kept_words(s.keep);
        const Word* found = chooser.finish(spare, counts);
        results(r, [&](int64_t i) { return place_of(found[i]); });
    }

    // One row by its digits.

    template <typename Word>
    void row(Word* words, uint64_t* order, uint32_t* counts, int64_t r) {
        Word* found = words;
        bool special = false, first = true;
        for (size_t end = s.parts.size(); end > 0; first = false) {
            size_t begin = narrow_from(end);
            Word* other = words + s.n;
            special |= first ? load_key(begin, end, r, words, other) : load_key(begin, end, r, other, words);
            for (int64_t i = 0; !first && i < s.n; ++i)
                words[i] = make_word<Word>(key_of(other[order[i]]), static_cast<uint64_t>(i));
            found = sorted(words, other, counts);
            if constexpr (std::is_same_v<Word, Pair>) {
                if (first && begin == 0) break;
                for (int64_t i = 0; i < s.n; ++i)
                    found[i].key = first ? found[i].place : order[found[i].place];
                for (int64_t i = 0; i < s.n; ++i) order[i] = found[i].place = found[i].key;
            }
            end = begin;
        }
        if constexpr (std::is_integral_v<Word>) {
            restore(found, 1, r);
            if (special) keep_order(r);
        } else {
            results(r, [&](int64_t i) { return place_of(found[i]); });
        }
    }

    // The first of the parts before `end` that together are one key.
    size_t narrow_from(size_t end) const {
        size_t begin = end - 1;
        int64_t bytes = s.parts[begin].bytes;
        while (begin > 0 && (bytes += s.parts[begin - 1].bytes) <= 8) --begin;
        return begin;
    }

    // The parts as one key, of which the last is the lowest.
    template <typename Word>
    bool load_key(size_t begin, size_t end, int64_t r, Word* to, Word* spare) const {
        bool special = load(s.parts[end - 1], r, to);
        if constexpr (std::is_same_v<Word, Pair>) {
            int64_t shift = 8 * s.parts[end - 1].bytes;
            for (size_t k = end - 1; k-- > begin; shift += 8 * s.parts[k].bytes) {
                special |= load(s.parts[k], r, spare);
                for (int64_t i = 0; i < s.n; ++i) to[i].key |= spare[i].key << shift;
            }
        }
        return special;
    }

    template <typename Word>
    Word* sorted(Word* words, Word* spare, uint32_t* counts) const {
        if (static_cast<uint64_t>(s.n) < kMostPlaces) return sort_runs(words, spare, s.n, counts, runs_);
        std::sort(words, words + s.n, before<Word>);
        return words;
    }

    const char* operand(int64_t k) const { return static_cast<const char*>(s.operands[k]); }

    template <typename Word>
    bool load(const KeyPart& part, int64_t r, Word* to) const {
        std::atomic<bool> special = false;
        const char* from = operand(part.operand) + row_start(r, s.n, s.inner) * part.item + part.offset;
        int64_t step = s.inner * part.item;
        Load<Word> load = loader<Word>(part);
        share(s.n, block_size(s.n), [&](int64_t begin, int64_t end) {
            if (load(from + begin * step, step, end - begin, to + begin, 1, begin, 1,
                     static_cast<uint64_t>(part.infinity)))
                special = true;
        });
        return special;
    }

    template <typename Word>
    static Load<Word> loader(const KeyPart& part) {
        return with_form(part, [](auto bits, auto form) -> Load<Word> {
            return load_words<decltype(bits), form.value, Word>;
        });
    }

    template <typename Word>
    static Restore<Word> restorer(const KeyPart& part) {
        return with_form(part, [](auto bits, auto form) -> Restore<Word> {
            return restore_words<decltype(bits), form.value, Word>;
        });
    }

    template <typename Word>
    void restore(const Word* from, int64_t from_step, int64_t r) const {
        int64_t item = s.parts[0].item, step = s.inner * item;
        auto* to = static_cast<char*>(s.out[0]) + row_start(r, s.n, s.inner) * item;
        Restore<Word> put = restorer<Word>(s.parts[0]);
        share(s.n, block_size(s.n), [&](int64_t begin, int64_t end) {
            put(from + begin * from_step, from_step, end - begin, to + begin * step, step);
        });
    }

    // Zeros and NaNs that are equal as keys, in the order in which they were given.
    void keep_order(int64_t r) const {
        const KeyPart& part = s.parts[0];
        with_form(part, [&](auto bits, auto form) {
            if constexpr (form.value == Form::Float) keep_order<decltype(bits)>(r, part.infinity);
        });
    }

    template <typename U>
    void keep_order(int64_t r, int64_t infinity) const {
        using Key = KeyOf<U, Form::Float>;
        int64_t start = row_start(r, s.n, s.inner);
        auto* from = reinterpret_cast<const U*>(operand(s.parts[0].operand)) + start;
        auto* to = static_cast<U*>(s.out[0]) + start;
        int64_t less = 0, numbers = s.n;
        auto limit = static_cast<U>(infinity);
        for (int64_t i = 0; i < s.n; ++i) {
            U key = Key::key(from[i * s.inner], limit);
            less += key < Key::sign;
            numbers -= key == Key::ones;
        }
        for (int64_t i = 0; i < s.n; ++i) {
            U bits = from[i * s.inner], key = Key::key(bits, limit);
            if (key == Key::sign) to[less++ * s.inner] = bits;
            else if (key == Key::ones) to[numbers++ * s.inner] = bits;
        }
    }

    template <typename Place>
    void results(int64_t r, Place place) const {
        int64_t start = row_start(r, s.n, s.inner);
        for (size_t k = 0; k < s.results.size(); ++k) {
            auto [source, item] = s.results[k];
            const char* from = source < 0 ? nullptr : operand(source) + start * item;
            auto* to = static_cast<char*>(s.out[k]) + row_start(r, s.keep, s.inner) * item;
            share(s.keep, block_size(s.keep), [&](int64_t begin, int64_t end) {
                if (from) moved(item, from, to, begin, end, place);
                else counted(item, to, begin, end, place);
            });
        }
    }

    template <typename Place>
    void moved(int64_t item, const char* from, char* to, int64_t begin, int64_t end, Place place) const {
        switch (item) {
            case 0: return;
            case 1: return take<uint8_t>(from, to, s.inner, begin, end, place);
            case 2: return take<uint16_t>(from, to, s.inner, begin, end, place);
            case 4: return take<uint32_t>(from, to, s.inner, begin, end, place);
            case 8: return take<uint64_t>(from, to, s.inner, begin, end, place);
            default: return take<Wide>(from, to, s.inner, begin, end, place);
        }
    }

    template <typename Place>
    void counted(int64_t item, char* to, int64_t begin, int64_t end, Place place) const {
        for (int64_t i = begin; i < end; ++i) {
            auto p = static_cast<int64_t>(place(i));
            if (item == 4) reinterpret_cast<int32_t*>(to)[i * s.inner] = static_cast<int32_t>(p);
            else reinterpret_cast<int64_t*>(to)[i * s.inner] = p;
        }
    }

    // Rows side by side in lanes.

    template <typename Word, typename Lanes>
    void in_lanes(Lanes* x, char* rest, int64_t first, int64_t rows) {
        using Key = std::remove_extent_t<decltype(Lanes::key)>;
        auto* lines = reinterpret_cast<Key*>(rest);
        for (int64_t i = 0; rows < Lanes::count && i < s.n; ++i)
            std::fill_n(x[i].key, Lanes::count, Key{0});
        bool special = gather_lanes<Word>(x, lines, first, rows);
        if constexpr (std::is_same_v<Word, Pair>)
            for (int64_t i = 0; i < s.n; ++i)
                std::fill_n(x[i].place, Lanes::count, static_cast<uint64_t>(i));
        network_sort(x, s.n);
        if constexpr (std::is_integral_v<Word>) {
            spread_lanes<Word>(x, lines, first, rows);
            for (int64_t l = 0; special && l < rows; ++l) keep_order(first + l);
        } else if constexpr (std::is_same_v<Word, Packed>) {
            for (int64_t l = 0; l < rows; ++l)
                results(first + l, [&](int64_t i) { return x[i].key[l] & 0xFFFFFFFFu; });
        } else {
            order_ties(x);
            for (int64_t l = 0; l < rows; ++l)
                results(first + l, [&](int64_t i) { return x[i].place[l]; });
        }
    }

    // Whether the elements of these rows that have one index are adjacent.
    bool beside(int64_t first, int64_t rows) const { return first % s.inner + rows <= s.inner; }

    template <typename Word, typename Lanes, typename Key>
    bool gather_lanes(Lanes* x, Key* lines, int64_t first, int64_t rows) const {
        using Stored = std::conditional_t<std::is_same_v<Word, Packed>, Packed, Key>;
        const KeyPart& part = s.parts[0];
        auto infinity = static_cast<uint64_t>(part.infinity);
        Load<Stored> load = loader<Stored>(part);
        const char* base = operand(part.operand) + part.offset;
        bool special = false;
        if (s.inner > 1 && beside(first, rows)) {
            const char* from = base + row_start(first, s.n, s.inner) * part.item;
            for (int64_t i = 0; i < s.n; ++i)
                special |= load(from + i * s.inner * part.item, part.item, rows,
                                reinterpret_cast<Stored*>(x[i].key), 1, i, 0, infinity);
            return special;
        }
        for (int64_t l = 0; l < rows; ++l)
            special |= load(base + row_start(first + l, s.n, s.inner) * part.item,
                            s.inner * part.item, s.n, reinterpret_cast<Stored*>(lines + l * s.n), 1,
                            0, 1, infinity);
        to_lanes(lines, s.n, x, s.n);
        return special;
    }

    template <typename Word, typename Lanes>
    void spread_lanes(const Lanes* x, Word* lines, int64_t first, int64_t rows) const {
        int64_t item = s.parts[0].item;
        if (s.inner > 1 && beside(first, rows)) {
            auto* to = static_cast<char*>(s.out[0]) + row_start(first, s.n, s.inner) * item;
            Restore<Word> put = restorer<Word>(s.parts[0]);
            for (int64_t i = 0; i < s.n; ++i) put(x[i].key, 1, rows, to + i * s.inner * item, item);
            return;
        }
        from_lanes(x, s.n, lines, s.n);
        for (int64_t l = 0; l < rows; ++l) restore(lines + l * s.n, 1, first + l);
    }

    // The network leaves the places of equal keys in any order.
    void order_ties(LanesPair* x) const {
        unsigned ties = 0;
        for (int64_t i = 1; i < s.n; ++i)
            for (int64_t l = 0; l < LanesPair::count; ++l) ties |= x[i].key[l] == x[i - 1].key[l];
        for (int64_t l = 0; ties && l < LanesPair::count; ++l) order_ties(x, l);
    }

    void order_ties(LanesPair* x, int64_t l) const {
        uint64_t places[kLanesPair];
        for (int64_t i = 0, end; i < s.n; i = end) {
            for (end = i; end < s.n && x[end].key[l] == x[i].key[l]; ++end)
                places[end - i] = x[end].place[l];
            if (end - i < 2) continue;
            std::sort(places, places + (end - i));
            for (int64_t k = i; k < end; ++k) x[k].place[l] = places[k - i];
        }
    }

    const Sort& s;
    bool alone_, values_, narrow_;
    int64_t runs_ = 1;  // in which threads sort a row
};

}  // namespace

void sort(const Sort& job) { Sorter(job).run(); }

Sort sort_of(const int64_t* plan, const void* const* operands, void* const* out) {
    static_assert(sizeof(KeyPart) == 6 * sizeof(int64_t) && sizeof(Sorted) == 2 * sizeof(int64_t));
    auto* parts = reinterpret_cast<const KeyPart*>(plan + 6);
    auto* results = reinterpret_cast<const Sorted*>(parts + plan[4]);
    return {plan[0],
            plan[1],
            plan[2],
            plan[3],
            {parts, static_cast<size_t>(plan[4])},
            {results, static_cast<size_t>(plan[5])},
            operands,
            out};
}

}  // namespace pullback
