// Elements as unsigned integers in the order of the elements, and back.
#pragma once

#include <cstdint>
#include <type_traits>

namespace pullback {

// Float: -0 and 0 are equal, and so are all NaNs, which come last. The others put the greatest first;
// TotalDown goes by sign and magnitude of a float's bits, so that -NaN < -inf < -0 < 0 < inf < NaN.
enum class Form : int64_t { Unsigned, Signed, Float, UnsignedDown, SignedDown, TotalDown };

// A part of an element that is sorted by: where it stands in the element, and how it is read.
// `infinity` has the bits of a float format's infinity.
struct KeyPart {
    int64_t operand, item, offset, bytes;  // item: bytes of an element; bytes: of the part
    Form form;
    int64_t infinity;
};

template <typename U, Form form>
struct KeyOf {
    static constexpr U sign = static_cast<U>(U{1} << (8 * sizeof(U) - 1));
    static constexpr U ones = static_cast<U>(~U{0});

    static U key(U bits, U infinity) {
        if constexpr (form == Form::Unsigned) return bits;
        if constexpr (form == Form::Signed) return bits ^ sign;
        if constexpr (form == Form::UnsignedDown) return static_cast<U>(~bits);
        if constexpr (form == Form::SignedDown) return static_cast<U>(~(bits ^ sign));
        bool nan = static_cast<U>(bits & ~sign) > infinity;
        if constexpr (form == Form::Float) bits = bits == sign ? U{0} : bits;
        // A negative float's bits reversed, a positive one's with the sign bit set.
        U total = static_cast<U>(bits ^ (bits & sign ? ones : sign));
        return form == Form::Float ? (nan ? ones : total) : static_cast<U>(~total);
    }

    // Of the forms that go up.
    static U bits(U key) {
        if constexpr (form == Form::Unsigned) return key;
        if constexpr (form == Form::Signed) return key ^ sign;
        return static_cast<U>(key ^ (key & sign ? sign : ones));
    }

    // Elements that the key does not tell apart: NaN, and -0 from 0.
    static bool special(U bits, U infinity) {
        return form == Form::Float && (bits == sign || static_cast<U>(bits & ~sign) > infinity);
    }
};

// A key of 64 bits, and the place of its element.
struct Pair {
    uint64_t key, place;
};

// A key of 32 bits above a place of 32 bits: the order of these is stable.
struct Packed {
    uint64_t word;
};

inline uint64_t key_of(uint32_t x) { return x; }
inline uint64_t key_of(uint64_t x) { return x; }
inline uint64_t key_of(Packed x) { return x.word; }
inline uint64_t key_of(Pair x) { return x.key; }
inline uint64_t place_of(Packed x) { return x.word & 0xFFFFFFFFu; }
inline uint64_t place_of(Pair x) { return x.place; }

// Among words of different places no two are equal.
template <typename Word>
bool before(Word a, Word b) {
    if constexpr (std::is_same_v<Word, Pair>)
        return a.key < b.key || (a.key == b.key && a.place < b.place);
    else
        return key_of(a) < key_of(b);
}

template <typename Word>
Word make_word(uint64_t key, uint64_t place) {
    if constexpr (std::is_same_v<Word, Pair>) return {key, place};
    else if constexpr (std::is_same_v<Word, Packed>) return {key << 32 | place};
    else return static_cast<Word>(key);
}

// Elements `step` apart as words `to_step` apart, their places counted from `place` by `by`.
// Returns whether there are elements that the key does not tell apart.
template <typename Word>
using Load = bool (*)(const char* from, int64_t step, int64_t n, Word* to, int64_t to_step,
                      int64_t place, int64_t by, uint64_t infinity);

template <typename U, Form form, typename Word>
bool load_words(const char* from, int64_t step, int64_t n, Word* to, int64_t to_step,
                int64_t place, int64_t by, uint64_t infinity) {
    auto limit = static_cast<U>(infinity);
    auto* source = reinterpret_cast<const U*>(from);
    step /= static_cast<int64_t>(sizeof(U));
    unsigned special = 0;
    auto run = [&](int64_t across, int64_t along) {
        for (int64_t i = 0; i < n; ++i) {
            U bits = source[i * across];
            special |= KeyOf<U, form>::special(bits, limit);
            to[i * along] = make_word<Word>(KeyOf<U, form>::key(bits, limit),
                                            static_cast<uint64_t>(place + i * by));
        }
    };
    if (step == 1 && to_step == 1) run(1, 1);
    else run(step, to_step);
    return special != 0;
}

// Words back to elements.
template <typename Word>
using Restore = void (*)(const Word* from, int64_t from_step, int64_t n, char* to, int64_t step);

template <typename U, Form form, typename Word>
void restore_words(const Word* from, int64_t from_step, int64_t n, char* to, int64_t step) {
    auto* target = reinterpret_cast<U*>(to);
    step /= static_cast<int64_t>(sizeof(U));
    auto run = [&](int64_t across, int64_t along) {
        for (int64_t i = 0; i < n; ++i)
            target[i * along] = KeyOf<U, form>::bits(static_cast<U>(key_of(from[i * across])));
    };
    if (step == 1 && from_step == 1) run(1, 1);
    else run(from_step, step);
}

// f(U{}, std::integral_constant<Form, form>{}) for the type of a key's bits.
template <typename F>
auto with_form(const KeyPart& part, F f) {
    auto sized = [&](auto form) {
        switch (part.bytes) {
            case 1: return f(uint8_t{}, form);
            case 2: return f(uint16_t{}, form);
            case 4: return f(uint32_t{}, form);
            default: return f(uint64_t{}, form);
        }
    };
    switch (part.form) {
        case Form::Unsigned: return sized(std::integral_constant<Form, Form::Unsigned>{});
        case Form::Signed: return sized(std::integral_constant<Form, Form::Signed>{});
        case Form::Float: return sized(std::integral_constant<Form, Form::Float>{});
        case Form::UnsignedDown: return sized(std::integral_constant<Form, Form::UnsignedDown>{});
        case Form::SignedDown: return sized(std::integral_constant<Form, Form::SignedDown>{});
        default: return sized(std::integral_constant<Form, Form::TotalDown>{});
    }
}

}  // namespace pullback
